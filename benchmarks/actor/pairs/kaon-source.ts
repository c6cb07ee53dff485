// The end that Kaon's pairs are measured from: the same actor, whether the other end lives in another
// process or in another thread.
import { type ActorSystem, defineActor, defineProtocol, localMessage, type Pid } from '@kaon/actor';
import { Flow, type OneWay, type Pair } from './pair.ts';
import { type sinkProtocol, sourceProtocol } from './protocols.ts';

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

/** Starts the measuring end in `system`; ready once `sink` has answered. `close` ends the other one. */
export async function openPair(
  system: ActorSystem,
  sink: Pid<typeof sinkProtocol>,
  close: () => Promise<void>,
): Promise<Pair> {
  const pid = await new Promise<Pid<typeof driver>>((resolve) => {
    const started: Pid<typeof driver> = system.spawn(source, {
      sink,
      ready: () => resolve(started),
    });
  });
  return {
    oneWay: (bytes, durationMs) =>
      new Promise((done) => system.send(pid, 'oneWay', { bytes, durationMs, done })),
    roundTrips: (count) => new Promise((done) => system.send(pid, 'roundTrips', { count, done })),
    close,
  };
}
