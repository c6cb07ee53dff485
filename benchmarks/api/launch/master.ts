// The master of `launch path`: whole, with its allocator and endpoints, its registry in memory.
import { startHostMaster } from '@kaon/local';
import { silentLogger } from '@kaon/primitives';
import { startNode } from '@kaon/remote';
import { serveParent } from './child.ts';

const node = await startNode();
const { system, http } = node;
await startHostMaster({
  system,
  http,
  workDir: '/',
  isDurable: false,
  logger: silentLogger,
  allocator: { allocationIntervalMs: 100 },
});
serveParent(node.address, () => 0);
