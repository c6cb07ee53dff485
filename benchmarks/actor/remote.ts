// Two processes over loopback: how many messages a second cross, and how long a round trip takes.
// Expected on the machine of the house plan: above 500,000 messages of 100 bytes a second one way,
// a round trip near 100 µs when the other core is free.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import {
  ask,
  decodeBytes,
  decodeInteger,
  decodeNothing,
  defineProtocol,
  message,
  type Pid,
  pidOf,
} from '@kaon/actor';
import { type KaonNode, startNode } from '@kaon/remote';
import { type BenchOptions, type Figure, measure, percentile, timed } from '../harness.ts';

/** What the second process answers to. */
export const sinkProtocol = defineProtocol({
  take: message(decodeBytes),
  taken: ask(decodeNothing, decodeInteger),
  echo: ask(decodeBytes, decodeBytes),
});

/** Messages sent before the sender waits for them to arrive: stays below the outbound bound. */
const WINDOW = 10_000;

async function oneWay(
  node: KaonNode,
  sink: Pid<typeof sinkProtocol>,
  count: number,
  bytes: number,
): Promise<number> {
  const body = new Uint8Array(bytes);
  const before = await node.system.ask(sink, 'taken', undefined);
  return timed(async () => {
    for (let sent = 0; sent < count; sent += WINDOW) {
      for (let index = 0; index < WINDOW; index += 1) node.system.send(sink, 'take', body);
      // Ordered behind the messages: the answer means that they were handled.
      const taken = await node.system.ask(sink, 'taken', undefined, { timeoutMs: 60_000 });
      if (taken - before !== sent + WINDOW)
        throw new Error(`${sent + WINDOW - taken + before} messages were lost`);
    }
  });
}

async function roundTrips(
  node: KaonNode,
  sink: Pid<typeof sinkProtocol>,
  count: number,
): Promise<number[]> {
  const body = new Uint8Array(100);
  const microseconds: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const seconds = await timed(async () => {
      await node.system.ask(sink, 'echo', body);
    });
    microseconds.push(seconds * 1e6);
  }
  return microseconds;
}

/** All figures of two processes. */
export async function runRemote(options: BenchOptions): Promise<readonly Figure[]> {
  const child = fork(fileURLToPath(new URL('./remote-sink.js', import.meta.url)));
  const node = await startNode();
  try {
    const [place] = (await once(child, 'message')) as [string];
    const sink = pidOf(sinkProtocol, place);
    if (!sink.ok) throw new Error(sink.error);
    const count = options.quick ? 50_000 : 500_000;
    const trips = options.quick ? 2_000 : 20_000;
    const figures: Figure[] = [];
    for (const bytes of [100, 1000]) {
      const workload = `two processes, one way, ${bytes} B, ${count}`;
      figures.push(
        await measure(options, workload, count, () => oneWay(node, sink.value, count, bytes)),
      );
    }
    const latencies: number[] = [];
    const figure = await measure(
      options,
      `two processes, ask and answer, 100 B, ${trips}`,
      trips,
      async () => {
        const microseconds = await roundTrips(node, sink.value, trips);
        latencies.push(...microseconds);
        return microseconds.reduce((sum, one) => sum + one, 0) / 1e6;
      },
    );
    const extra = { 'p50 µs': percentile(latencies, 0.5), 'p99 µs': percentile(latencies, 0.99) };
    return [...figures, { ...figure, extra }];
  } finally {
    await node.close();
    child.kill();
    await once(child, 'exit');
  }
}
