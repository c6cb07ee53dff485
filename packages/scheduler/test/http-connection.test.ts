// The HTTP connection against a small master over real sockets, in both encodings.
import { encodeRecord, textAnswer } from '@kaon/http';
import { seededRandom, utf8 } from '@kaon/primitives';
import { createMessage, FrameworkInfo } from '@kaon/protocol';
import {
  connectScheduler,
  type HttpConnectionOptions,
  HttpSchedulerConnection,
  type SchedulerSignal,
} from '@kaon/scheduler';
import { VirtualClock } from '@kaon/testkit';
import t, { type Test } from 'tap';
import { FakeMaster, type FakeMasterOptions } from './builders/fake-master.ts';

async function givenMaster(t: Test, options: FakeMasterOptions = {}): Promise<FakeMaster> {
  const master = new FakeMaster(options);
  await master.listen();
  t.teardown(() => master.close());
  return master;
}

function connect(t: Test, master: FakeMaster, options: Partial<HttpConnectionOptions> = {}) {
  const clock = new VirtualClock();
  const connection = new HttpSchedulerConnection({
    master: `127.0.0.1:${master.port}`,
    clock,
    random: seededRandom(7),
    ...options,
  });
  t.teardown(() => connection.close());
  const info = { name: 'test', user: 'tester', roles: ['*'], failoverTimeout: 600 };
  let framework = createMessage<FrameworkInfo>(FrameworkInfo, info);
  const signals = connection
    .subscribe({ framework: () => framework, suppressedRoles: () => ['*'] })
    [Symbol.asyncIterator]();
  const next = async (): Promise<SchedulerSignal | undefined> => {
    const { value, done } = await signals.next();
    if (done) return undefined;
    const signal = value as SchedulerSignal;
    if (signal.kind === 'event' && signal.event.subscribed !== undefined) {
      framework = { ...framework, id: signal.event.subscribed.frameworkId };
    }
    return signal;
  };
  /** The next signal that is no heartbeat. */
  const nextNews = async (): Promise<SchedulerSignal | undefined> => {
    const signal = await next();
    return signal?.kind === 'event' && signal.event.type === 'HEARTBEAT' ? nextNews() : signal;
  };
  return { connection, clock, next: nextNews };
}

for (const encoding of ['json', 'protobuf'] as const) {
  t.test(`a task runs to its end over ${encoding}`, async (t) => {
    const master = await givenMaster(t);
    const scheduler = await connectScheduler({
      master: `127.0.0.1:${master.port}`,
      framework: { name: 'test', user: 'tester' },
      encoding,
    });
    t.teardown(() => scheduler.close());
    t.equal(scheduler.frameworkId, 'fw-1');
    const task = scheduler.launch({ command: 'true', env: { GREETING: 'grüß "dich"' } });
    const status = await task.finished;
    t.match(status, { state: 'TASK_FINISHED', message: 'Command exited with status 0' });
    await master.called('ACKNOWLEDGE', 2);
    await scheduler.close();
    t.equal(master.calls.at(-1)?.type, 'TEARDOWN', 'it comes after everything else');
    const types = new Set(master.headers.map(({ contentType }) => contentType));
    t.same([...types], [encoding === 'json' ? 'application/json' : 'application/x-protobuf']);
    const accept = master.calls.find(({ type }) => type === 'ACCEPT');
    const command = accept?.accept?.operations[0]?.launch?.taskInfos[0]?.command;
    t.equal(command?.environment?.variables[0]?.value, 'grüß "dich"');
    t.match(accept?.frameworkId, { value: 'fw-1' });
  });
}

t.test('calls carry the stream id and the credentials', async (t) => {
  const master = await givenMaster(t);
  const { connection, next } = connect(t, master, {
    credential: { principal: 'me', secret: 'hidden' },
  });
  t.match(await next(), { event: { type: 'SUBSCRIBED' } });
  await connection.call({ type: 'REVIVE' });
  t.same(master.headers[0]?.streamId, undefined);
  t.same(master.headers[1]?.streamId, 'stream-1');
  t.equal(master.headers[1]?.authorization, `Basic ${btoa('me:hidden')}`);
});

t.test('a call outside a subscription is not sent', async (t) => {
  const master = await givenMaster(t);
  const { connection } = connect(t, master);
  await t.rejects(connection.call({ type: 'REVIVE' }), { code: 'KAON_NOT_SUBSCRIBED' });
  t.equal(master.calls.length, 0);
});

t.test('calls arrive in the order made', async (t) => {
  const master = await givenMaster(t);
  const { connection, next } = connect(t, master);
  await next();
  const calls = ['REVIVE', 'SUPPRESS', 'REVIVE', 'SUPPRESS', 'SUPPRESS'] as const;
  await Promise.all(calls.map((type) => connection.call({ type })));
  t.same(
    master.calls.slice(1).map(({ type }) => type),
    calls,
  );
});

t.test('a refused call tells what the master said', async (t) => {
  const master = await givenMaster(t, {
    onCall: (call, exchange) => {
      if (call.type !== 'KILL') return false;
      exchange.respond(textAnswer(400, 'Expecting a task'));
      return true;
    },
  });
  const { connection, next } = connect(t, master);
  await next();
  const call = connection.call({ type: 'KILL', kill: { taskId: { value: 't' } } });
  await t.rejects(call, { code: 'KAON_CALL_REFUSED', status: 400, answer: 'Expecting a task' });
});

t.test('a broken stream is subscribed anew with the framework id', async (t) => {
  const master = await givenMaster(t);
  const { connection, clock, next } = connect(t, master);
  await next();
  master.breakStream();
  t.match(await next(), { kind: 'disconnected' });
  await t.rejects(connection.call({ type: 'REVIVE' }), { code: 'KAON_NOT_SUBSCRIBED' });
  const waiting = await next();
  t.match(waiting, { kind: 'waiting' });
  t.ok(waiting?.kind === 'waiting' && waiting.retryMs <= 2000, 'the first pause is short');
  const resumed = next();
  await new Promise<void>((resolve) => setImmediate(resolve));
  clock.step(clock.monotonicMs() + 2000);
  t.match(await resumed, { event: { type: 'SUBSCRIBED' } });
  t.same(master.calls[1]?.frameworkId, { value: 'fw-1' });
  t.same(master.calls[1]?.subscribe?.frameworkInfo.id, { value: 'fw-1' });
  await connection.call({ type: 'REVIVE' });
  t.equal(master.headers.at(-1)?.streamId, 'stream-2');
});

t.test('silence for five heartbeats counts as a broken stream', async (t) => {
  const master = await givenMaster(t);
  const { clock, next } = connect(t, master);
  await next();
  // Reads the heartbeat that follows the subscription, then waits.
  const signal = next();
  await new Promise<void>((resolve) => setImmediate(resolve));
  master.event({ type: 'RESCIND', rescind: { offerId: { value: 'o' } } });
  t.match(await signal, { event: { type: 'RESCIND' } });
  const broken = next();
  const silentFromMs = clock.monotonicMs();
  t.equal(clock.step(silentFromMs + 74_999), false);
  t.equal(clock.step(silentFromMs + 75_000), true);
  t.match(await broken, { kind: 'disconnected', reason: /nothing heard .* for 75 s/ });
});

t.test('a redirect leads to the leader', async (t) => {
  const leader = await givenMaster(t);
  const follower = await givenMaster(t, {
    onCall: (_call, exchange) => {
      const location = `//127.0.0.1:${leader.port}/master/api/v1/scheduler`;
      exchange.respond({ status: 307, headers: { Location: location } });
      return true;
    },
  });
  const { connection, next } = connect(t, follower);
  t.match(await next(), { event: { type: 'SUBSCRIBED' } });
  await connection.call({ type: 'REVIVE' });
  t.equal(leader.calls.length, 2);
  t.equal(follower.calls.length, 1);
});

t.test('masters that lead in circles are given up for now', async (t) => {
  const master = await givenMaster(t, {
    onCall: (_call, exchange) => {
      const hops = master.calls.length;
      const location = `//127.0.0.${1 + (hops % 2)}:${master.port}/`;
      exchange.respond({ status: 307, headers: { Location: location } });
      return true;
    },
  });
  const { next } = connect(t, master);
  t.match(await next(), { kind: 'waiting' });
});

t.test('a master that is not ready is tried again, one that refuses is not', async (t) => {
  const statuses = [503, 403];
  const master = await givenMaster(t, {
    onCall: (_call, exchange) => {
      exchange.respond(textAnswer(statuses.shift() ?? 500, 'Master has not finished recovery'));
      return true;
    },
  });
  const { clock, next } = connect(t, master);
  t.match(await next(), { kind: 'waiting', reason: /503 Master has not finished recovery/ });
  const refused = next();
  await new Promise<void>((resolve) => setImmediate(resolve));
  clock.step(clock.monotonicMs() + 2000);
  await t.rejects(refused, { code: 'KAON_CALL_REFUSED', status: 403 });
});

t.test('a path that is gone while a master restarts is waited for', async (t) => {
  let isStarting = false;
  const master = await givenMaster(t, {
    onCall: (_call, exchange) => {
      if (isStarting) exchange.respond(textAnswer(404, '404 Not Found.'));
      return isStarting;
    },
  });
  const { clock, next } = connect(t, master);
  t.match(await next(), { event: { type: 'SUBSCRIBED' } });
  isStarting = true;
  master.breakStream();
  t.match(await next(), { kind: 'disconnected' });
  t.match(await next(), { kind: 'waiting' });
  const again = next();
  await new Promise<void>((resolve) => setImmediate(resolve));
  clock.step(clock.monotonicMs() + 2000);
  t.match(await again, { kind: 'waiting', reason: /404/ });
});

t.test('of several masters the next one is tried', async (t) => {
  const gone = await givenMaster(t);
  await gone.close();
  const master = await givenMaster(t);
  const both = `127.0.0.1:${gone.port},127.0.0.1:${master.port}`;
  const { clock, next } = connect(t, master, { master: both });
  t.match(await next(), { kind: 'waiting', reason: /ECONNREFUSED/ });
  const found = next();
  await new Promise<void>((resolve) => setImmediate(resolve));
  clock.step(clock.monotonicMs() + 2000);
  t.match(await found, { event: { type: 'SUBSCRIBED' } });
});

t.test(
  'an event that does not decode is skipped, bytes that are no records end the stream',
  async (t) => {
    const master = await givenMaster(t);
    const { next } = connect(t, master);
    await next();
    master.write(encodeRecord(utf8('{"type": 7')));
    master.event({ type: 'RESCIND', rescind: { offerId: { value: 'o' } } });
    t.match(await next(), { event: { type: 'RESCIND' } });
    master.write(utf8('x\n'));
    t.match(await next(), { kind: 'disconnected' });
  },
);

t.test('an ERROR event is the last signal', async (t) => {
  const master = await givenMaster(t);
  const { next } = connect(t, master);
  await next();
  master.event({ type: 'ERROR', error: { message: 'Framework has been removed' } });
  t.match(await next(), { event: { error: { message: 'Framework has been removed' } } });
  t.equal(await next(), undefined);
});

t.test('closing ends the signals, also while waiting', async (t) => {
  const gone = await givenMaster(t);
  await gone.close();
  const { connection, next } = connect(t, gone);
  t.match(await next(), { kind: 'waiting' });
  const last = next();
  await new Promise<void>((resolve) => setImmediate(resolve));
  connection.close();
  t.equal(await last, undefined);
});
