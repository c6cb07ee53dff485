// What comes from peers is checked: name, kind, body, and whose answer it is.
import {
  type ActorSystem,
  createActorSystem,
  defineActor,
  defineProtocol,
  localAsk,
  localMessage,
  message,
  messages,
  Pid,
  pidOf,
  type Transport,
  type TransportHost,
  type WireMessage,
} from '@kaon/actor';
import { decodeInteger, decodeString } from '@kaon/primitives';
import t from 'tap';
import { counter, counterActor, puppet } from './builders/actors.ts';
import { givenTwoSystems, type Teardown } from './builders/world.ts';

/** A system whose transport is the test: what it sends is kept, what it hears is made up. */
function givenBorder(t: Teardown): {
  system: ActorSystem;
  host: TransportHost;
  sent: WireMessage[];
} {
  const sent: WireMessage[] = [];
  let host: TransportHost | undefined;
  const transport: Transport = {
    send: (message) => void sent.push(message),
    link: () => undefined,
    unlink: () => undefined,
    exited: () => undefined,
    close: async () => undefined,
  };
  const system = createActorSystem({
    address: 'a:1',
    transport: (given) => {
      host = given;
      return transport;
    },
  });
  t.teardown(() => system.shutdown());
  if (!host) throw new Error('the transport is made with the system');
  return { system, host, sent };
}

const peer = new Pid('peer', 'b:2');

function wire(fields: Partial<WireMessage>): WireMessage {
  return {
    kind: 'message',
    from: peer,
    to: new Pid('c', 'a:1'),
    name: 'add',
    body: 1,
    correlation: 0,
    ...fields,
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test('a body that does not decode is a dead letter with the peer’s PID', async (t) => {
  const { system, host } = givenBorder(t);
  system.spawn(counterActor, { start: 0 }, { id: 'c' });
  host.receive(wire({ body: 'one' }));
  t.match(system.deadLetters.recent(), [
    {
      reason: 'undecodable',
      from: 'peer@b:2',
      to: 'c@a:1',
      name: 'add',
      detail: 'expected an integer, got "one"',
    },
  ]);
});

t.test('an ask whose question does not decode is refused to its asker', async (t) => {
  const { system, host, sent } = givenBorder(t);
  const answerer = defineActor(defineProtocol({ ...puppet }), (_ctx, _options: undefined) => ({
    receive: { run: () => undefined, note: () => undefined, question: (text) => text },
  }));
  system.spawn(answerer, undefined, { id: 'c' });
  host.receive(wire({ kind: 'ask', name: 'question', body: 1, correlation: 9 }));
  t.match(sent, [
    { kind: 'failure', to: peer, correlation: 9, body: { failure: 'refused' }, name: 'question' },
  ]);
  host.receive(wire({ kind: 'ask', name: 'question', body: 'hi', correlation: 10 }));
  await turn();
  t.match(sent[1], { kind: 'reply', to: peer, correlation: 10, body: 'hi' });
});

t.test('unknown names, names of all objects and wrong kinds are dead letters', async (t) => {
  const { system, host, sent } = givenBorder(t);
  system.spawn(counterActor, { start: 0 }, { id: 'c' });
  for (const name of ['nope', 'constructor', '__proto__', 'toString', 'total']) {
    host.receive(wire({ name }));
  }
  host.receive(wire({ kind: 'ask', name: 'add', correlation: 3 }));
  t.equal(system.deadLetters.counts.unknownMessage, 6);
  t.match(sent, [{ kind: 'failure', correlation: 3, body: { failure: 'refused' } }]);
  host.receive(wire({ to: new Pid('nobody', 'a:1') }));
  host.receive(wire({ to: new Pid('__proto__', 'a:1') }));
  t.equal(system.deadLetters.counts.noActor, 2);
});

t.test('local messages and asks are not accepted from peers', async (t) => {
  const { system, host, sent } = givenBorder(t);
  const heard: unknown[] = [];
  const inner = defineProtocol({
    secret: localMessage<() => void>(),
    secretAsk: localAsk<number, number>(),
  });
  const actor = defineActor(inner, (_ctx, _options: undefined) => ({
    receive: { secret: (body) => void heard.push(body), secretAsk: (body) => body },
  }));
  system.spawn(actor, undefined, { id: 'c' });
  host.receive(wire({ name: 'secret', body: {} }));
  host.receive(wire({ kind: 'ask', name: 'secretAsk', body: 1, correlation: 4 }));
  await turn();
  t.same(heard, []);
  t.equal(system.deadLetters.counts.undecodable, 2);
  t.match(sent, [{ kind: 'failure', body: { failure: 'refused' } }]);
});

t.test('a message has no answer, whatever correlation its sender claims', async (t) => {
  const { system, host, sent } = givenBorder(t);
  system.spawn(counterActor, { start: 0 }, { id: 'c' });
  host.receive(wire({ correlation: 12 }));
  host.receive(wire({ body: 'bad', correlation: 12 }));
  await turn();
  t.same(sent, []);
});

t.test('an answer is taken from the asked system only', async (t) => {
  const { system, host, sent } = givenBorder(t);
  const pid = pidOf(counter, 'c@b:2');
  if (!pid.ok) return t.fail(pid.error);
  const asked = system.ask(pid.value, 'total', undefined);
  const correlation = sent[0]?.correlation ?? 0;
  const reply = {
    kind: 'reply',
    to: new Pid('system', 'a:1'),
    name: 'total',
    correlation,
  } as const;
  host.receive(wire({ ...reply, from: new Pid('c', 'evil:6'), body: 666 }));
  t.match(system.deadLetters.recent(), [{ from: 'c@evil:6', name: 'total' }]);
  host.receive(wire({ ...reply, from: new Pid('c', 'b:2'), body: 7 }));
  t.equal(await asked, 7);
});

t.test(
  'an ask in the name of a local actor is refused: its answer would settle ours',
  async (t) => {
    const { system, host } = givenBorder(t);
    system.spawn(counterActor, { start: 0 }, { id: 'c' });
    const from = new Pid('system', 'a:1');
    host.receive(wire({ kind: 'ask', name: 'total', from, body: undefined, correlation: 1 }));
    t.equal(system.deadLetters.counts.undecodable, 1);
    host.receive(wire({ from }));
    await turn();
    t.equal(system.deadLetters.total, 1, 'a forwarded message may come home');
  },
);

t.test('an answer is decoded by the protocol of the PID that was asked', async (t) => {
  const { system, host, sent } = givenBorder(t);
  const pid = pidOf(counter, 'c@b:2');
  if (!pid.ok) return t.fail(pid.error);
  const asked = t.rejects(system.ask(pid.value, 'total', undefined), {
    code: 'KAON_ASK_REFUSED',
    message: /answer: expected an integer, got "many"/,
  });
  const correlation = sent[0]?.correlation ?? 0;
  host.receive(wire({ kind: 'reply', from: pid.value, name: 'total', body: 'many', correlation }));
  await asked;
  host.receive(wire({ kind: 'reply', from: pid.value, name: 'total', body: 1, correlation }));
  t.equal(system.stats.lateAnswers, 1, 'what comes after is late');
});

t.test('a failure from a peer is told whatever its body looks like', async (t) => {
  const { system, host, sent } = givenBorder(t);
  const pid = pidOf(counter, 'c@b:2');
  if (!pid.ok) return t.fail(pid.error);
  const bodies: readonly (readonly [unknown, string])[] = [
    [{ failure: 'limit', detail: 'mailbox full' }, 'KAON_ASK_LIMIT'],
    [{ failure: 'timeout', detail: 'not yours to say' }, 'KAON_ASK_FAILED'],
    [{ failure: '__proto__', detail: { deep: true } }, 'KAON_ASK_FAILED'],
    [undefined, 'KAON_ASK_FAILED'],
    [null, 'KAON_ASK_FAILED'],
    ['text', 'KAON_ASK_FAILED'],
    [{ failure: 'stopped', detail: 'x'.repeat(5000) }, 'KAON_ASK_STOPPED'],
  ];
  for (const [body, code] of bodies) {
    const asked = system.ask(pid.value, 'total', undefined);
    const correlation = sent.at(-1)?.correlation ?? 0;
    host.receive(wire({ kind: 'failure', from: pid.value, name: 'total', body, correlation }));
    const error = await asked.then(
      () => undefined,
      (failure: Error) => failure,
    );
    t.match(error, { code });
    t.ok((error?.message.length ?? 0) < 1200);
  }
});

t.test('exits are believed about links that exist, and only about peers', async (t) => {
  const { sim, system, other } = givenTwoSystems(t);
  t.ok(sim && other);
  const { host, system: alone } = givenBorder(t);
  const target = alone.spawn(counterActor, { start: 0 }, { id: 'target' });
  host.receiveExited(new Pid('c', 'a:1'), target, 'failed');
  host.receiveExited(new Pid('nobody', 'a:1'), peer, 'failed');
  host.receiveLink(new Pid('c', 'a:1'), target);
  host.receiveUnlink(new Pid('c', 'a:1'), target);
  host.receiveUnlink(peer, target);
  t.equal(alone.stats.remoteLinks, 0);
  host.receiveLink(peer, target);
  host.receiveLink(peer, target);
  t.equal(alone.stats.remoteLinks, 1, 'twice the same link is one');
  host.receiveUnlink(peer, target);
  t.equal(alone.stats.remoteLinks, 0);
  t.ok(system);
});

t.test('what a transport cannot deliver is a dead letter, and fails its ask', async (t) => {
  const { system, host, sent } = givenBorder(t);
  const pid = pidOf(counter, 'c@b:2');
  if (!pid.ok) return t.fail(pid.error);
  const asked = t.rejects(system.ask(pid.value, 'total', undefined), {
    code: 'KAON_ASK_UNREACHABLE',
  });
  host.undeliverable(sent[0] as WireMessage, 'unreachable', 'buffer is full');
  await asked;
  host.undeliverable(wire({ kind: 'reply', correlation: 1 }), 'unreachable', 'gone');
  t.equal(system.deadLetters.counts.unreachable, 2);
  t.equal(system.pendingAsks, 0);
});

t.test('a table of decoders becomes messages of the same names', async (t) => {
  const table = messages({ one: decodeInteger, two: decodeString });
  t.same(Object.keys(table), ['one', 'two']);
  t.equal(table.one.kind, 'message');
  t.same(table.two.decode('x'), { ok: true, value: 'x' });
  t.equal(message(decodeInteger).kind, 'message');
});
