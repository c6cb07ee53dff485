// Memory: messages through a bounded link to a peer that has stopped reading. How many bytes does the
// sender hold at most, and how much does its process grow? The peer is stopped by a signal, so that its
// kernel still takes what fits into its buffers, as that of a hung process does.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pidOf } from '@kaon/actor';
import { startNode } from '@kaon/remote';
import type { JobInput, Sample } from '../sample.ts';
import { kernelBytes } from './kernel-queues.ts';
import { peerProtocol } from './peer.ts';

const MESSAGES = { full: 10_000_000, quick: 1_000_000 } as const;
const OUTBOUND_BYTES_MAX = 16 * 1024 ** 2;
const BODY_BYTES = 100;
const WARM_UP_MESSAGES = 50_000;
/** Messages sent before sockets and timers get their chance. */
const SLICE = 1_000;
/** Slices between two looks at the memory. */
const SLICES_PER_LOOK = 20;
/** Longer than the run: the link must stay up, stalled, and not be given up for silence. */
const HEARTBEAT_MS = 600_000;

/** The row of the stalled peer. */
export async function runMemory({ quick }: JobInput): Promise<readonly Sample[]> {
  const messages = MESSAGES[quick ? 'quick' : 'full'];
  const child = fork(fileURLToPath(new URL('./peer.js', import.meta.url)), ['serve']);
  // A stopped process does not notice that its parent is gone.
  process.once('exit', () => child.kill('SIGKILL'));
  // Listened for at once: the child may be ready before this node is.
  const told = once(child, 'message');
  const node = await startNode({
    remote: { outboundBytesMax: OUTBOUND_BYTES_MAX, heartbeatMs: HEARTBEAT_MS },
  });
  try {
    const [place] = (await told) as [string];
    const peer = pidOf(peerProtocol, place);
    if (!peer.ok) throw new Error(peer.error);
    const port = Number(place.slice(place.lastIndexOf(':') + 1));
    const { system, remote } = node;
    const body = new Uint8Array(BODY_BYTES);
    const send = (count: number): void => {
      for (let sent = 0; sent < count; sent += 1) system.send(peer.value, 'take', body);
    };

    // Everything that is made once is made now, and everything sent so far has been read.
    await system.ask(peer.value, 'taken', undefined);
    for (let sent = 0; sent < WARM_UP_MESSAGES; sent += SLICE) {
      send(SLICE);
      await system.ask(peer.value, 'taken', undefined);
    }
    child.kill('SIGSTOP');
    global.gc?.();
    const before = remote.stats;
    const rssBefore = process.memoryUsage().rss;
    let bufferedPeak = 0;
    let rssPeak = rssBefore;
    let kernelPeak = 0;
    const look = (): void => {
      const kernel = kernelBytes(port) ?? 0;
      const handedOver = remote.stats.bytesSent - before.bytesSent;
      kernelPeak = Math.max(kernelPeak, kernel);
      bufferedPeak = Math.max(bufferedPeak, handedOver - kernel);
      rssPeak = Math.max(rssPeak, process.memoryUsage().rss);
    };
    const startedMs = performance.now();
    for (let sent = 0, slice = 0; sent < messages; sent += SLICE, slice += 1) {
      send(SLICE);
      await new Promise((resolve) => setImmediate(resolve));
      if (slice % SLICES_PER_LOOK === 0) look();
    }
    look();
    const seconds = (performance.now() - startedMs) / 1000;
    const after = remote.stats;
    if (after.connectionsLost > before.connectionsLost) throw new Error('the link was given up');
    return [
      {
        row: 'stalled',
        contender: 'kaon',
        values: [bufferedPeak],
        operations: messages,
        extra: {
          boundBytes: OUTBOUND_BYTES_MAX,
          rssGrowthBytes: rssPeak - rssBefore,
          kernelBytes: kernelPeak,
          dropped: after.messagesDropped - before.messagesDropped,
          seconds,
        },
      },
    ];
  } finally {
    child.kill('SIGKILL');
    await once(child, 'exit');
    await node.close();
  }
}
