// Passing on: asks that another actor answers, messages sent for somebody else, messages sent later.
import { type ActorContext, ask, defineActor, defineProtocol, type Pid } from '@kaon/actor';
import { decodeString } from '@kaon/primitives';
import t from 'tap';
import { type puppet, puppetActor } from './builders/actors.ts';
import { givenTwoSystems } from './builders/world.ts';

const desk = defineProtocol({ ask: ask(decodeString, decodeString) });

/** Hands every question on to `expert`. */
const deskActor = defineActor(desk, (ctx, { expert }: { readonly expert: Pid<typeof puppet> }) => ({
  receive: { ask: (question) => ctx.delegate(expert, 'question', question) },
}));

const expertOptions = { log: [], answer: (question: string) => `${question}?` };

t.test('a delegated ask is answered by the other actor, in any mix of places', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const third = sim.createSystem('c:3');
  const systems = [system, other, third];
  for (const [asker, a] of systems.entries()) {
    for (const [place, b] of systems.entries()) {
      for (const [expertPlace, c] of systems.entries()) {
        const name = `${asker}-${place}-${expertPlace}`;
        const expert = c.spawn(puppetActor, expertOptions, { id: `expert-${name}` });
        const pid = b.spawn(deskActor, { expert }, { id: `desk-${name}` });
        const answer = a.ask(pid, 'ask', name);
        await sim.settle();
        t.equal(await answer, `${name}?`);
        a.stop(pid);
      }
    }
  }
  t.equal(system.pendingAsks + other.pendingAsks + third.pendingAsks, 0);
});

t.test('who delegated need not live until the answer', async (t) => {
  const { sim, system } = givenTwoSystems(t);
  let answerNow: () => void = () => undefined;
  const slow = {
    log: [],
    answer: (_question: string, ctx: ActorContext) => {
      const later = ctx.later<string>();
      answerNow = () => later.resolve('at last');
      return later;
    },
  };
  const expert = system.spawn(puppetActor, slow);
  const pid = system.spawn(deskActor, { expert });
  const answer = system.ask(pid, 'ask', 'x');
  await sim.settle();
  system.stop(pid);
  await sim.settle();
  answerNow();
  await sim.settle();
  t.equal(await answer, 'at last');
});

t.test('a delegated ask fails as the other actor does', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const expert = other.spawn(puppetActor, { log: [] }, { id: 'expert' });
  other.stop(expert);
  await sim.settle();
  for (const place of [system, other]) {
    const pid = place.spawn(deskActor, { expert });
    const answer = t.rejects(system.ask(pid, 'ask', 'x'), { code: 'KAON_ASK_NO_ACTOR' });
    await sim.settle();
    await answer;
  }
});

t.test('a forwarded message comes in the name of its sender', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const log: string[] = [];
  const target = other.spawn(puppetActor, { log }, { id: 'target' });
  const via = system.spawn(puppetActor, { log: [] }, { id: 'via' });
  const origin = system.spawn(puppetActor, { log: [] }, { id: 'origin' });
  system.send(via, 'run', (ctx) => ctx.forward(target, 'note', 'hello', origin));
  await sim.settle();
  t.same(log, ['hello from origin']);
});

t.test('no node speaks for another: a message from a third one goes in the own name', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  const log: string[] = [];
  const target = other.spawn(puppetActor, { log }, { id: 'target' });
  const via = system.spawn(puppetActor, { log: [] }, { id: 'via' });
  const origin = sim.createSystem('c:3').spawn(puppetActor, { log: [] }, { id: 'origin' });
  system.send(via, 'run', (ctx) => ctx.forward(target, 'note', 'hello', origin));
  await sim.settle();
  t.same(log, ['hello from via']);
});

t.test('a delayed message is sent when its time has come, and can be taken back', async (t) => {
  const { sim, system } = givenTwoSystems(t);
  const log: string[] = [];
  const target = system.spawn(puppetActor, { log }, { id: 'target' });
  const via = system.spawn(puppetActor, { log: [] }, { id: 'via' });
  system.send(via, 'run', (ctx) => {
    ctx.delay(200, target, 'note', 'second');
    ctx.delay(100, target, 'note', 'first');
    ctx.timers.cancel(ctx.delay(150, target, 'note', 'never'));
  });
  await sim.advance(99);
  t.same(log, []);
  await sim.advance(200);
  t.same(log, ['first from via', 'second from via']);
});

t.test('a delayed message ends with its sender', async (t) => {
  const { sim, system } = givenTwoSystems(t);
  const log: string[] = [];
  const target = system.spawn(puppetActor, { log }, { id: 'target' });
  const via = system.spawn(puppetActor, { log: [] });
  system.send(via, 'run', (ctx) => void ctx.delay(100, target, 'note', 'late'));
  await sim.settle();
  system.stop(via);
  await sim.advance(1000);
  t.same(log, []);
});
