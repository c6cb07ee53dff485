// Asks: answered once, or failed with a code that says why.
import {
  type ActorContext,
  AskError,
  ask,
  createActorSystem,
  defineActor,
  defineProtocol,
  Later,
  Pid,
  pidOf,
} from '@kaon/actor';
import { decodeInteger, decodeNothing, decodeString } from '@kaon/primitives';
import t from 'tap';
import { counter, counterActor, fragileActor, puppet, puppetActor } from './builders/actors.ts';
import { givenSystem, givenTwoSystems } from './builders/world.ts';

t.test('an ask that nobody answers fails when its time is up, and is gone', async (t) => {
  const { sim, system } = givenSystem(t);
  const silent = system.spawn(puppetActor, { log: [], answer: () => new Later<string>() });
  const asked = system.ask(silent, 'question', 'there?', { timeoutMs: 100 });
  const failure = asked.catch((error: unknown) => error);
  await sim.advance(99);
  t.equal(system.pendingAsks, 1);
  await sim.advance(1);
  const error = await failure;
  t.ok(error instanceof AskError);
  t.match(error, { code: 'KAON_ASK_TIMEOUT', failure: 'timeout', ask: 'question' });
  t.match(
    (error as AskError).message,
    /^ask 'question' to .*@a:1 failed: no answer within 100 ms$/,
  );
  t.equal(system.pendingAsks, 0);
});

t.test('an ask waits five seconds when nothing else is said', async (t) => {
  const { sim, system } = givenSystem(t);
  const silent = system.spawn(puppetActor, { log: [], answer: () => new Later<string>() });
  const failure = t.rejects(system.ask(silent, 'question', ''), { code: 'KAON_ASK_TIMEOUT' });
  await sim.advance(4999);
  t.equal(system.pendingAsks, 1);
  await sim.advance(1);
  await failure;
});

t.test('an answer that comes too late is dropped and counted', async (t) => {
  const { sim, system } = givenSystem(t);
  const later = new Later<string>();
  const slow = system.spawn(puppetActor, { log: [], answer: () => later });
  const failure = t.rejects(system.ask(slow, 'question', '', { timeoutMs: 10 }), {
    code: 'KAON_ASK_TIMEOUT',
  });
  await sim.advance(10);
  await failure;
  later.resolve('at last');
  await sim.settle();
  t.equal(system.stats.lateAnswers, 1);
});

t.test('each reason for no answer has its code', async (t) => {
  const { sim, system } = givenSystem(t);
  const nobody = pidOf(counter, 'nobody@a:1');
  if (!nobody.ok) return t.fail(nobody.error);
  await t.rejects(system.ask(nobody.value, 'total', undefined), { code: 'KAON_ASK_NO_ACTOR' });

  const stopping = system.spawn(counterActor, { start: 0 });
  const asked = t.rejects(system.ask(stopping, 'total', undefined), { code: 'KAON_ASK_STOPPED' });
  system.stop(stopping);
  await sim.settle();
  await asked;

  const fragile = system.spawn(fragileActor, {});
  const failed = t.rejects(system.ask(fragile, 'failingAsk', undefined), {
    code: 'KAON_ASK_FAILED',
    message: /no answer from me/,
  });
  await sim.settle();
  await failed;

  const pid = system.spawn(counterActor, { start: 0 });
  const unknown = t.rejects(system.ask(pid, 'toString' as 'total', undefined), {
    code: 'KAON_ASK_REFUSED',
  });
  await sim.settle();
  await unknown;

  const elsewhere = pidOf(counter, 'c@z:9');
  if (!elsewhere.ok) return t.fail(elsewhere.error);
  await t.rejects(system.ask(elsewhere.value, 'total', undefined), {
    code: 'KAON_ASK_UNREACHABLE',
  });
});

t.test('asks beyond the limit fail at once and are counted', async (t) => {
  const system = createActorSystem({ pendingAsksMax: 2 });
  const silent = system.spawn(puppetActor, { log: [], answer: () => new Later<string>() });
  const open = [1, 2].map(() => system.ask(silent, 'question', '').catch(() => undefined));
  await t.rejects(system.ask(silent, 'question', ''), {
    code: 'KAON_ASK_LIMIT',
    message: /2 asks are open/,
  });
  t.equal(system.stats.refusedAsks, 1);
  await system.shutdown();
  await Promise.all(open);
});

t.test('inside an actor exactly one of the callbacks runs, as a turn of its own', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const nobody = new Pid('nobody', 'a:1', counter);
  const pid = system.spawn(counterActor, { start: 7 });
  const asker = system.spawn(puppetActor, { log });
  system.send(asker, 'run', (ctx) => {
    ctx.ask(
      pid,
      'total',
      undefined,
      {},
      (total) => log.push(`total ${total}`),
      (error) => log.push(error.code),
    );
    ctx.ask(
      nobody,
      'total',
      undefined,
      {},
      () => log.push('answered'),
      (error) => log.push(error.code),
    );
    log.push('handler done');
  });
  await sim.settle();
  t.same(log.slice(0, 1), ['handler done'], 'even a failure known at once waits for its turn');
  t.same(log.slice(1).sort(), ['KAON_ASK_NO_ACTOR', 'total 7']);
});

t.test('an answer to an actor that stopped meanwhile runs nothing', async (t) => {
  const { sim, system } = givenSystem(t);
  const log: string[] = [];
  const later = new Later<string>();
  const slow = system.spawn(puppetActor, { log: [], answer: () => later });
  const asker = system.spawn(puppetActor, { log }, { id: 'asker' });
  system.send(asker, 'run', (ctx) => {
    const note = (): void => void log.push('called');
    ctx.ask(slow, 'question', '', { timeoutMs: 1000 }, note, note);
  });
  await sim.settle();
  system.stop(asker);
  await sim.settle();
  later.resolve('too late');
  await sim.advance(2000);
  t.same(log, ['asker stopping']);
  t.equal(system.pendingAsks, 0);
});

t.test('a later answer arrives when it is known, however early or often that is', async (t) => {
  const { sim, system } = givenSystem(t);
  const known = new Later<string>();
  known.resolve('first');
  known.resolve('second');
  known.reject(new Error('third'));
  const pid = system.spawn(puppetActor, { log: [], answer: () => known });
  const asked = system.ask(pid, 'question', '');
  await sim.settle();
  t.equal(await asked, 'first');
  t.ok(known.isSettled);
});

t.test('one later answer serves all who asked for it', async (t) => {
  const { sim, system } = givenSystem(t);
  const shared = new Later<string>();
  const pid = system.spawn(puppetActor, { log: [], answer: () => shared });
  const asked = [1, 2, 3].map(() => system.ask(pid, 'question', ''));
  await sim.settle();
  shared.resolve('for all');
  await sim.settle();
  t.same(await Promise.all(asked), ['for all', 'for all', 'for all']);
});

t.test('a later answer may fail, with the text of its error', async (t) => {
  const { sim, system } = givenSystem(t);
  const later = new Later<string>();
  const pid = system.spawn(puppetActor, { log: [], answer: () => later });
  const asked = t.rejects(system.ask(pid, 'question', ''), {
    code: 'KAON_ASK_FAILED',
    message: /disk full/,
  });
  await sim.settle();
  later.reject(new Error('disk full'));
  await asked;
});

t.test('an answer still owed fails when its actor stops, and restarts', async (t) => {
  const { sim, system } = givenSystem(t);
  const laters: Later<string>[] = [];
  const owing = defineActor(
    defineProtocol({
      question: ask(decodeString, decodeString),
      crash: ask(decodeNothing, decodeInteger),
    }),
    (ctx, _options: undefined) => ({
      receive: {
        question: () => {
          const later = ctx.later<string>();
          laters.push(later);
          return later;
        },
        crash: () => {
          throw new Error('crash');
        },
      },
    }),
  );
  const stopped = system.spawn(owing, undefined);
  const stoppedAsk = t.rejects(system.ask(stopped, 'question', ''), { code: 'KAON_ASK_STOPPED' });
  await sim.settle();
  system.stop(stopped);
  await sim.settle();
  await stoppedAsk;

  const restarted = system.spawn(owing, undefined, {
    supervision: { onFailure: 'restart', restartsMax: 1, windowMs: 1000 },
  });
  const restartedAsk = t.rejects(system.ask(restarted, 'question', ''), {
    code: 'KAON_ASK_FAILED',
    message: /restarted before it answered/,
  });
  const crash = t.rejects(system.ask(restarted, 'crash', undefined), { code: 'KAON_ASK_FAILED' });
  await sim.settle();
  await Promise.all([restartedAsk, crash]);
  t.same(
    laters.map((later) => later.isSettled),
    [true, true],
  );
  for (const later of laters) later.resolve('ignored');
  await sim.settle();
  t.equal(system.stats.lateAnswers, 0, 'what was given up is not answered again');
});

t.test('an ask across systems is answered, and fails as one at home does', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  other.spawn(counterActor, { start: 5 }, { id: 'c' });
  other.spawn(fragileActor, {}, { id: 'f' });
  const at = (id: string) => {
    const pid = pidOf(counter, `${id}@b:2`);
    if (!pid.ok) throw new Error(pid.error);
    return pid.value;
  };
  const total = system.ask(at('c'), 'total', undefined);
  const none = t.rejects(system.ask(at('nobody'), 'total', undefined), {
    code: 'KAON_ASK_NO_ACTOR',
  });
  const unknown = t.rejects(system.ask(at('c'), 'add' as 'total', undefined), {
    code: 'KAON_ASK_REFUSED',
  });
  const failing = t.rejects(system.ask(at('f'), 'failingAsk' as 'total', undefined), {
    code: 'KAON_ASK_FAILED',
    message: /no answer from me/,
  });
  await sim.settle();
  t.equal(await total, 5);
  await Promise.all([none, unknown, failing]);
});

t.test('a broken connection fails the asks that went over it, and those alone', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const third = sim.createSystem('c:3');
  const far = other.spawn(puppetActor, { log: [], answer: () => new Later() }, { id: 'p' });
  const near = third.spawn(puppetActor, { log: [], answer: () => new Later() }, { id: 'p' });
  const lost = t.rejects(system.ask(asRemote(far.toString()), 'question', ''), {
    code: 'KAON_ASK_UNREACHABLE',
  });
  const kept = system.ask(asRemote(near.toString()), 'question', '').catch(() => undefined);
  await sim.settle();
  sim.network.disconnect('a:1', 'b:2');
  await sim.settle();
  await lost;
  t.equal(system.pendingAsks, 1);
  await system.shutdown();
  await kept;
});

function asRemote(text: string) {
  const pid = pidOf(puppet, text);
  if (!pid.ok) throw new Error(pid.error);
  return pid.value;
}

t.test('a late answer to a former run of the system is not taken for a new one', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const answers: (() => void)[] = [];
  const slow = {
    log: [],
    answer: (question: string, ctx: ActorContext) => {
      const later = ctx.later<string>();
      answers.push(() => later.resolve(`answer to ${question}`));
      return later;
    },
  };
  const target = other.spawn(puppetActor, slow, { id: 'slow' });
  system.ask(target, 'question', 'old').catch(() => undefined);
  await sim.settle();
  sim.crash('a:1');
  const again = sim.createSystem('a:1');
  const asked = again.ask(target, 'question', 'new');
  await sim.settle();
  for (const answer of answers) answer();
  await sim.settle();
  t.equal(await asked, 'answer to new');
  t.equal(again.stats.lateAnswers, 1);
});
