// A clock that runs with another until it is stopped: tried on a base clock that a test can move, and
// on the machine's with a real socket.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { createActorSystem, defineActor, defineProtocol, message } from '@kaon/actor';
import { decodeNothing } from '@kaon/primitives';
import { spawnProbe, TestClock, VIRTUAL_EPOCH_MS, VirtualClock } from '@kaon/testkit';
import t from 'tap';
import { chatter } from './builders/chatter.ts';

/** Lets the base clock run on. */
function pass(base: VirtualClock, durationMs: number): void {
  const untilMs = base.monotonicMs() + durationMs;
  while (base.step(untilMs));
  base.jump(untilMs);
}

t.test('running, it follows its base and fires its timers', async (t) => {
  const base = new VirtualClock();
  base.jump(500);
  const clock = new TestClock({ base });
  const fired: number[] = [];
  clock.setTimer(30, () => void fired.push(clock.monotonicMs()));
  clock.setTimer(10, () => void fired.push(clock.monotonicMs()));
  clock.clearTimer(clock.setTimer(5, () => t.fail('cleared')));
  pass(base, 9);
  t.same(fired, []);
  pass(base, 21);
  t.same(fired, [10, 30]);
  t.equal(clock.nowMs(), VIRTUAL_EPOCH_MS + 530);
  t.equal(base.nextDueMs(), undefined, 'nothing is left behind in the base');
});

t.test('paused, only advance moves it; resumed, it runs on from where it stands', async (t) => {
  const base = new VirtualClock();
  const clock = new TestClock({ base });
  const fired: number[] = [];
  pass(base, 100);
  clock.setTimer(50, () => void fired.push(clock.monotonicMs()));
  clock.pause();
  clock.pause();
  t.ok(clock.isPaused);
  pass(base, 10_000);
  t.equal(clock.monotonicMs(), 100);
  t.same(fired, []);
  await clock.advance(20);
  t.equal(clock.monotonicMs(), 120);
  clock.resume();
  t.equal(clock.monotonicMs(), 120, 'no jump, neither back nor to catch up');
  const wallMs = clock.nowMs();
  pass(base, 29);
  t.same(fired, []);
  pass(base, 1);
  t.same(fired, [150], 'a timer keeps what it had left');
  t.equal(clock.nowMs() - wallMs, 30);
  await t.rejects(clock.advance(1), { name: 'InvariantError' });
});

t.test('a timer that only stands by lets the process go, others hold it', async (t) => {
  const holds: boolean[] = [];
  class WatchedBase extends VirtualClock {
    keepAlive(_timer: object, keepsAlive: boolean): void {
      holds.push(keepsAlive);
    }
  }
  const base = new WatchedBase();
  const clock = new TestClock({ base });
  const standby = clock.setTimer(10, () => undefined);
  t.equal(holds.at(-1), true);
  clock.keepAlive(standby, false);
  t.equal(holds.at(-1), false);
  const busy = clock.setTimer(20, () => undefined);
  t.equal(holds.at(-1), true);
  clock.clearTimer(busy);
  t.equal(holds.at(-1), false);
  clock.keepAlive(standby, true);
  t.equal(holds.at(-1), true);
  pass(base, 10);
  t.equal(base.nextDueMs(), undefined);
});

t.test('advance stops at each timer, also at those that are set on the way', async (t) => {
  const clock = new TestClock({ base: new VirtualClock() });
  clock.pause();
  const fired: number[] = [];
  const tick = (): void => {
    fired.push(clock.monotonicMs());
    clock.setTimer(10, tick);
  };
  clock.setTimer(10, tick);
  await clock.advance(35);
  t.same(fired, [10, 20, 30]);
  t.equal(clock.monotonicMs(), 35);
  t.equal(clock.nextDueMs(), 40);
});

t.test('advance lets the watched systems take their turns between two timers', async (t) => {
  const clock = new TestClock();
  const log: string[] = [];
  const system = clock.watch(createActorSystem({ clock }));
  t.teardown(() => system.shutdown());
  const ticker = defineActor(
    defineProtocol({ note: message(decodeNothing) }),
    (ctx, _options: undefined) => {
      ctx.timers.every('tick', 100, () =>
        ctx.send(ctx.self as never, 'note' as never, undefined as never),
      );
      return { receive: { note: () => void log.push('note') } };
    },
  );
  clock.pause();
  system.spawn(ticker, undefined);
  await clock.advance(1000);
  t.equal(log.length, 10);
});

t.test('settle waits for deferred promises of real sockets, while time stands still', async (t) => {
  const clock = new TestClock();
  const system = clock.watch(createActorSystem({ clock }));
  t.teardown(() => system.shutdown());
  const server = createServer((socket) => socket.end('hello'));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => server.close());
  const { port } = server.address() as { port: number };
  const log: string[] = [];
  const reader = defineActor(
    defineProtocol({ read: message(decodeNothing) }),
    (ctx, _options: undefined) => ({
      receive: {
        read: () => {
          const note = (text: unknown): void => void log.push(String(text));
          ctx.timers.once('timeout', 60_000, () => note('timeout'));
          ctx.defer(readAll(port), note, note);
        },
      },
    }),
  );
  clock.pause();
  system.send(system.spawn(reader, undefined), 'read', undefined);
  await clock.settle();
  t.same(log, ['hello']);
  await clock.advance(60_000);
  t.same(log, ['hello', 'timeout'], 'a minute passed at once');
});

/** All that a server on this machine says. */
async function readAll(port: number): Promise<string> {
  const { connect } = await import('node:net');
  const socket = connect(port, '127.0.0.1');
  let text = '';
  socket.on('data', (bytes) => {
    text += bytes.toString();
  });
  await once(socket, 'close');
  return text;
}

t.test('settle says who does not come to rest', async (t) => {
  const base = new VirtualClock();
  const clock = new TestClock({ base });
  const system = clock.watch(createActorSystem({ address: 'here:1', clock }));
  t.teardown(() => system.shutdown());
  const waiting = defineActor(
    defineProtocol({ wait: message(decodeNothing) }),
    (ctx, _options: undefined) => ({
      receive: {
        wait: () => {
          const nothing = (): void => undefined;
          // What it waits for comes with time alone.
          ctx.defer(new Promise<void>((done) => clock.setTimer(10, done)), nothing, nothing);
        },
      },
    }),
  );
  clock.pause();
  system.send(system.spawn(waiting, undefined), 'wait', undefined);
  const rejected = t.rejects(clock.settle({ timeoutMs: 1000 }), {
    code: 'KAON_SETTLE_TIMEOUT',
    message: /here:1 has 0 ready actors and 1 deferred promises/,
  });
  setImmediate(() => pass(base, 1001));
  await rejected;
  await clock.advance(10);
  await clock.settle();
  t.equal(system.deferredCount, 0, 'advance does not wait for what waits for it');
});

t.test('a probe waits on a paused test clock, and on a running one', async (t) => {
  const clock = new TestClock();
  const system = clock.watch(createActorSystem({ clock }));
  t.teardown(() => system.shutdown());
  const driven = spawnProbe(system, chatter, { id: 'driven', world: clock });
  const free = spawnProbe(system, chatter, { id: 'free' });
  clock.pause();
  clock.setTimer(3_600_000, () => system.send(driven.pid, 'say', 1));
  t.equal((await driven.next('say', { timeoutMs: 4_000_000 })).body, 1);
  clock.resume();
  setImmediate(() => system.send(free.pid, 'say', 2));
  t.equal((await free.next('say')).body, 2);
});
