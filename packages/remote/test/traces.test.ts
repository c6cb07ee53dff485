// What travels beside a message: the context of its trace, and the error of an exit.
import { type ActorFailedError, defineActor, defineProtocol, message, type Pid } from '@kaon/actor';
import { decodeString } from '@kaon/primitives';
import t from 'tap';
import { givenNode } from './builders/actors.ts';

const glass = defineProtocol({ drop: message(decodeString), look: message(decodeString) });
const glassActor = defineActor(glass, (_ctx, _options: undefined) => ({
  receive: {
    drop: (sentence) => {
      throw new Error(sentence);
    },
    look: () => undefined,
  },
}));

const TRACEPARENT = '00-0123456789abcdef0123456789abcdef-0123456789abcdef-01';

t.test('the context of a trace crosses processes with its message, and only with it', async (t) => {
  const parents: (string | undefined)[] = [];
  const here = await givenNode(t, {
    system: {
      tracing: {
        start: () => ({ traceparent: TRACEPARENT, end: () => undefined, run: (work) => work() }),
        current: () => TRACEPARENT,
      },
    },
  });
  const there = await givenNode(t, {
    system: {
      tracing: {
        start: (_work, parent) => {
          parents.push(parent);
          return { traceparent: TRACEPARENT, end: () => undefined, run: (work) => work() };
        },
      },
    },
  });
  const untraced = await givenNode(t);
  const pid = there.system.spawn(glassActor, undefined, { id: 'glass' });
  const large = 'x'.repeat(300_000);
  for (const text of ['', 'short', large]) here.system.send(pid, 'look', text);
  untraced.system.send(pid, 'look', 'x');
  while (there.system.stats.handled < 4) await new Promise((resolve) => setImmediate(resolve));
  t.same(
    parents.filter((parent) => parent === TRACEPARENT),
    [TRACEPARENT, TRACEPARENT, TRACEPARENT],
  );
  t.equal(parents.filter((parent) => parent === undefined).length, 1);
});

t.test('the text of the error that ended an actor reaches who linked to it, clipped', async (t) => {
  const [here, there] = [await givenNode(t), await givenNode(t)];
  const watcher = defineActor(
    defineProtocol({}),
    (ctx, options: { readonly pid: Pid; readonly tell: (error: Error | undefined) => void }) => {
      ctx.link(options.pid);
      return { receive: {}, exited: (_pid, _reason, error) => options.tell(error) };
    },
  );
  for (const [sentence, length] of [
    ['it broke', 8],
    ['é'.repeat(5000), 1000],
  ] as const) {
    const pid = there.system.spawn(glassActor, undefined, { id: 'glass' });
    const told = new Promise<Error | undefined>((tell) => {
      here.system.spawn(watcher, { pid, tell });
    });
    here.system.send(pid, 'drop', sentence);
    const error = (await told) as ActorFailedError;
    t.match(error, { code: 'KAON_ACTOR_FAILED', pid: pid.toString() });
    t.equal(error.detail, sentence.slice(0, length));
  }
});

t.test('a name that is too long is refused here, and the connection stays', async (t) => {
  const [here, there] = [await givenNode(t), await givenNode(t)];
  const pid = there.system.spawn(glassActor, undefined, { id: 'glass' });
  here.system.send(pid, 'look', 'x');
  while (here.remote.stats.connections === 0) await new Promise((resolve) => setImmediate(resolve));
  here.system.send(pid, 'n'.repeat(256) as 'look', 'x');
  t.match(here.system.deadLetters.recent().at(-1), { reason: 'undecodable', detail: /255 bytes/ });
  t.match(here.remote.stats, { messagesRefused: 1, connections: 1 });
});
