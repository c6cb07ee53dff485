// The master of `master's events`: whole, its registry in memory. Tells what its streams hold unread.
import { startHostMaster } from '@kaon/local';
import { silentLogger } from '@kaon/primitives';
import { startNode } from '@kaon/remote';
import { serveParent } from '../launch/child.ts';

/** What became of those that do not read. */
export interface Unread {
  /** Bytes given to streams and not taken by the system, all streams together. */
  readonly bytes: number;
  /** Subscribers that fell behind, since the master was started. */
  readonly behind: number;
}

const node = await startNode();
const { system, http } = node;
const { master } = await startHostMaster({
  system,
  http,
  workDir: '/',
  isDurable: false,
  logger: silentLogger,
  allocator: { allocationIntervalMs: 100 },
});
serveParent(node.address, () => 0, {
  unread: () =>
    Promise.resolve({
      bytes: http.stats.bufferedBytes,
      behind: master.counters.get('eventSubscribersBehind'),
    } satisfies Unread),
});
