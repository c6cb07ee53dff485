// Messages and asks between two nodes over real sockets.
import { Pid, pidOf } from '@kaon/actor';
import t, { type Test } from 'tap';
import { givenNode, type NoteProtocol, notebook, noteProtocol } from './builders/actors.ts';

/** The PID as another process would have it: text only. */
function remotely(pid: Pid): Pid<NoteProtocol> {
  const result = pidOf(noteProtocol, pid.toString());
  if (!result.ok) throw new Error(result.error);
  return result.value;
}

async function givenTwo(t: Test) {
  const left = await givenNode(t);
  const right = await givenNode(t);
  const notes = remotely(right.system.spawn(notebook, undefined, { id: 'notes' }));
  return { left, right, notes };
}

t.test('messages arrive in order, and asks are answered', async (t) => {
  const { left, right, notes } = await givenTwo(t);
  const lines = Array.from({ length: 1000 }, (_, index) => `line ${index}`);
  for (const line of lines) left.system.send(notes, 'note', line);
  t.same(await left.system.ask(notes, 'read', undefined), lines);
  t.equal(left.remote.stats.messagesSent, 1001);
  t.equal(right.remote.stats.messagesReceived, 1001);
  t.ok(left.remote.stats.framesSent < 100, 'in few frames');
  t.equal(left.remote.stats.connections, 1);
  t.equal(right.remote.stats.connections, 1);
});

t.test('the receiver sees the sender, and can send to it over the same connection', async (t) => {
  const { left, right, notes } = await givenTwo(t);
  t.equal(await left.system.ask(notes, 'whoAmI', undefined), `system@${left.address}`);
  const back = remotely(left.system.spawn(notebook, undefined, { id: 'back' }));
  right.system.send(back, 'note', 'hello');
  t.same(await right.system.ask(back, 'read', undefined), ['hello']);
  t.equal(left.remote.stats.connections, 1);
  t.equal(right.remote.stats.connections, 1);
  t.equal(right.remote.stats.dialsFailed, 0);
});

t.test('bodies arrive as they were', async (t) => {
  const { left, notes } = await givenTwo(t);
  const values = [
    undefined,
    null,
    0,
    -1.5,
    2 ** 52,
    'text é \u{1f600}',
    [1, [2, []]],
    { a: { b: undefined, c: true } },
    new Uint8Array([1, 2, 255]),
    'x'.repeat(300_000),
  ];
  for (const value of values) {
    const echoed = await left.system.ask(notes, 'echo', value);
    if (value instanceof Uint8Array) t.same([...(echoed as Uint8Array)], [...value]);
    else t.same(echoed, value);
  }
});

t.test('an unknown actor, name or body is a dead letter there and fails the ask', async (t) => {
  const { left, right, notes } = await givenTwo(t);
  const nobody = remotely(new Pid('nobody', right.address));
  await t.rejects(left.system.ask(nobody, 'read', undefined), { code: 'KAON_ASK_NO_ACTOR' });
  t.match(right.letters.at(-1), {
    reason: 'noActor',
    from: `system@${left.address}`,
    to: nobody.toString(),
  });

  const dead = right.nextDeadLetter();
  left.system.send(notes, 'note', 7 as unknown as string);
  t.match(await dead, { reason: 'undecodable', name: 'note', from: `system@${left.address}` });

  const unknown = right.nextDeadLetter();
  const liar = left.system as unknown as { send(to: Pid, name: string, body: unknown): void };
  liar.send(notes, 'constructor', 1);
  t.match(await unknown, { reason: 'unknownMessage', name: 'constructor' });
  t.same(await left.system.ask(notes, 'read', undefined), [], 'the connection stays');
});

t.test('a message that is too large is a dead letter here, and the connection stays', async (t) => {
  const left = await givenNode(t);
  const right = await givenNode(t, { remote: { frameBytesMax: 256 * 1024 } });
  const notes = remotely(right.system.spawn(notebook, undefined, { id: 'notes' }));
  t.same(await left.system.ask(notes, 'read', undefined), []);
  left.system.send(notes, 'note', 'x'.repeat(200_000));
  t.match(left.letters.at(-1), { reason: 'undecodable', detail: /takes frames of 262144/ });
  await t.rejects(left.system.ask(notes, 'echo', 'x'.repeat(200_000)), {
    code: 'KAON_ASK_REFUSED',
  });
  t.equal(left.remote.stats.messagesRefused, 2);
  t.equal(await left.system.ask(notes, 'echo', 'small'), 'small');
  t.equal(left.remote.stats.connectionsLost, 0);
});

t.test('a body that cannot be encoded is a dead letter', async (t) => {
  const { left, notes } = await givenTwo(t);
  const cycle: { self?: unknown } = {};
  cycle.self = cycle;
  left.system.send(notes, 'note', cycle as unknown as string);
  t.match(left.letters, [{ reason: 'undecodable', detail: /cannot be encoded/ }]);
});

t.test('both nodes may dial at once and end with one connection', async (t) => {
  const left = await givenNode(t);
  const right = await givenNode(t);
  const atLeft = remotely(left.system.spawn(notebook, undefined, { id: 'notes' }));
  const atRight = remotely(right.system.spawn(notebook, undefined, { id: 'notes' }));
  for (let round = 0; round < 50; round += 1) {
    left.system.send(atRight, 'note', `l${round}`);
    right.system.send(atLeft, 'note', `r${round}`);
  }
  const [fromLeft, fromRight] = await Promise.all([
    left.system.ask(atRight, 'read', undefined),
    right.system.ask(atLeft, 'read', undefined),
  ]);
  t.same(
    fromLeft,
    Array.from({ length: 50 }, (_, round) => `l${round}`),
  );
  t.same(
    fromRight,
    Array.from({ length: 50 }, (_, round) => `r${round}`),
  );
  t.equal(left.remote.stats.connections, 1);
  t.equal(right.remote.stats.connections, 1);
  t.equal(left.remote.stats.connectionsLost + right.remote.stats.connectionsLost, 0);
});

t.test('a hundred nodes talk to one', async (t) => {
  const hub = await givenNode(t);
  const notes = remotely(hub.system.spawn(notebook, undefined, { id: 'notes' }));
  const nodes = await Promise.all(Array.from({ length: 100 }, () => givenNode(t)));
  await Promise.all(nodes.map((node) => node.system.ask(notes, 'echo', node.address)));
  t.equal(hub.remote.stats.connections, 100);
});

t.test('it works on the node driver too, beside HTTP routes', async (t) => {
  const left = await givenNode(t, { http: { driver: 'node' } });
  const right = await givenNode(t, {
    addRoutes: (server) => {
      server.route('GET', '/version', (exchange) => exchange.respond({ status: 200, body: 'v' }));
    },
  });
  t.equal(right.http.driver, 'node');
  const notes = remotely(right.system.spawn(notebook, undefined, { id: 'notes' }));
  t.equal(await left.system.ask(notes, 'echo', 'x'.repeat(1_000_000)), 'x'.repeat(1_000_000));
});
