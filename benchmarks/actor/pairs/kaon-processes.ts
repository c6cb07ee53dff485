// Kaon between two processes: nodes with their defaults, actors that speak through them.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { defineActor, defineProtocol, localMessage, type Pid, pidOf } from '@kaon/actor';
import { startNode } from '@kaon/remote';
import { Flow, type OneWay, type Pair } from './pair.ts';
import { sinkProtocol, sourceProtocol } from './protocols.ts';

const driver = defineProtocol({
  ...sourceProtocol,
  oneWay: localMessage<{ bytes: number; durationMs: number; done: (result: OneWay) => void }>(),
  roundTrips: localMessage<{ count: number; done: (microseconds: readonly number[]) => void }>(),
});

interface SourceOptions {
  readonly sink: Pid<typeof sinkProtocol>;
  readonly ready: () => void;
}

const source = defineActor(driver, (ctx, { sink, ready }: SourceOptions) => {
  let body = new Uint8Array(100);
  let flow: Flow | undefined;
  let tripStartedMs = 0;
  let microseconds: number[] = [];
  let trips = { count: 0, done: (_: readonly number[]): void => undefined };
  ctx.send(sink, 'open', ctx.self.toString());

  const send = (count: number): void => {
    for (let sent = 0; sent < count; sent += 1) ctx.send(sink, 'take', body);
  };
  const ping = (): void => {
    tripStartedMs = performance.now();
    ctx.send(sink, 'ping', body);
  };
  return {
    receive: {
      ready,
      oneWay: ({ bytes, durationMs, done }) => {
        body = new Uint8Array(bytes);
        flow = new Flow(durationMs, done);
        send(flow.start());
      },
      credit: (count) => send(flow?.credit(count) ?? 0),
      roundTrips: (wanted) => {
        body = new Uint8Array(100);
        microseconds = [];
        trips = wanted;
        ping();
      },
      pong: () => {
        microseconds.push((performance.now() - tripStartedMs) * 1000);
        if (microseconds.length === trips.count) trips.done(microseconds);
        else ping();
      },
    },
  };
});

/** Starts the other process and connects to it. */
export async function openKaonProcesses(): Promise<Pair> {
  const child = fork(fileURLToPath(new URL('./kaon-sink.js', import.meta.url)));
  // Listened for at once: the child may be ready before this node is.
  const told = once(child, 'message');
  const node = await startNode();
  const [place] = (await told) as [string];
  const sink = pidOf(sinkProtocol, place);
  if (!sink.ok) throw new Error(sink.error);
  const { system } = node;
  const pid = await new Promise<Pid<typeof driver>>((resolve) => {
    const started: Pid<typeof driver> = system.spawn(source, {
      sink: sink.value,
      ready: () => resolve(started),
    });
  });
  return {
    oneWay: (bytes, durationMs) =>
      new Promise((done) => system.send(pid, 'oneWay', { bytes, durationMs, done })),
    roundTrips: (count) => new Promise((done) => system.send(pid, 'roundTrips', { count, done })),
    async close() {
      await node.close();
      child.kill();
      await once(child, 'exit');
    },
  };
}
