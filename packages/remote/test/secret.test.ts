// The shared secret: who proves it comes in, who cannot is refused, and both sides hear why.
import { createHmac } from 'node:crypto';
import { Pid } from '@kaon/actor';
import { createRemote, PROTOCOL_VERSION, type RemoteOptions } from '@kaon/remote';
import t, { type Test } from 'tap';
import { givenNode, notebook, noteProtocol } from './builders/actors.ts';
import { hello, parsed, welcome } from './builders/hand-made.ts';
import { World } from './builders/world.ts';

const HOST = 'a:1';
const SECRET = 'the secret of these two nodes';
const NONCE = 'a nonce of the hand-made node';

/** Two nodes; one sends to the other at once. */
async function givenPair(t: Test, left: RemoteOptions, right: RemoteOptions) {
  const world = new World(t);
  const dialling = world.node(HOST, left);
  const accepting = world.node('b:1', right);
  accepting.system.spawn(notebook, undefined, { id: 'notes' });
  const answer = dialling.system.ask(new Pid('notes', 'b:1', noteProtocol), 'echo', 1);
  answer.catch(() => undefined);
  await world.settle();
  return { world, dialling, accepting, answer };
}

/** The proof a node would give that knows `secret`. */
function proofBy(secret: string, role: string, parts: readonly (Uint8Array | undefined)[]): string {
  const hmac = createHmac('sha256', secret).update(`kaon handshake, ${role}`);
  for (const part of parts) hmac.update(`\n${part?.length}\n`).update(part ?? '');
  return hmac.digest('base64');
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value));
}

t.test('nodes with the same secret talk, and the secret is in no frame', async (t) => {
  const { world, dialling, accepting, answer } = await givenPair(
    t,
    { secret: SECRET },
    { secret: SECRET },
  );
  t.equal(await answer, 1);
  t.same([dialling.refusals, accepting.refusals], [[], []]);
  const [ends] = world.connections;
  for (const frame of [...(ends?.[0].sent ?? []), ...(ends?.[1].sent ?? [])]) {
    t.notOk(Buffer.from(frame).includes(SECRET));
  }
  t.equal(parsed(ends?.[0].sent[0])['nonce'] === parsed(ends?.[1].sent[0])['challenge'], false);
});

t.test('who has another secret, or alone has one, is refused; both sides hear why', async (t) => {
  const other = 'another secret of 16 and more';
  const cases: readonly (readonly [string, RemoteOptions, RemoteOptions, RegExp])[] = [
    ['another secret', { secret: other }, { secret: SECRET }, /another secret than this node/],
    ['only the dialling one', { secret: SECRET }, {}, /b:1 has no secret, a:1 has one/],
    ['only the accepting one', {}, { secret: SECRET }, /b:1 has a secret, a:1 has none/],
  ];
  for (const [title, left, right, detail] of cases) {
    t.test(title, async (t) => {
      const { dialling, accepting, answer } = await givenPair(t, left, right);
      await t.rejects(answer, { code: 'KAON_ASK_UNREACHABLE' });
      const refusal = { code: 'KAON_REMOTE_HANDSHAKE', problem: 'secret', message: detail };
      t.match(dialling.refusals, [{ ...refusal, peer: 'b:1' }]);
      t.match(accepting.refusals, [{ ...refusal, peer: 'a:1' }]);
      t.equal(dialling.refusals.length, 1);
      t.equal(accepting.refusals.length, 1);
      t.match(dialling.remote.stats, { handshakesRefused: 1, connections: 0 });
      t.match(accepting.remote.stats, { handshakesRefused: 1, connections: 0 });
    });
  }
});

t.test('a proof that was recorded fits no other handshake', async (t) => {
  const world = new World(t);
  const node = world.node(HOST, { secret: SECRET });
  const first = hello(HOST, { nonce: NONCE });
  const honest = world.dialByHand(node);
  honest.socket.send(first);
  await world.settle();
  const proof = proofBy(SECRET, 'dialling', [first, honest.frames[0]]);
  honest.socket.send(json({ kaon: PROTOCOL_VERSION, proof }));
  await world.settle();
  const answer = parsed(honest.frames[1]);
  const covered = json([PROTOCOL_VERSION, HOST, answer['incarnation'], answer['frameBytesMax']]);
  const expected = proofBy(SECRET, 'accepting', [first, honest.frames[0], covered]);
  t.match(answer, { address: HOST, proof: expected }, 'the right proof is taken and answered');
  honest.socket.close(1000, 'enough');
  await world.settle();

  const replayed = world.dialByHand(node);
  for (const frame of honest.socket.sent) {
    replayed.socket.send(frame);
    await world.settle();
  }
  t.match(parsed(replayed.frames[1]), { refused: 'secret' });
  t.match(node.remote.stats, { handshakesRefused: 1, connections: 0 });
});

t.test('a proof is bound to the addresses and the connection it was made for', async (t) => {
  for (const change of [{ address: 'c:1' }, { connection: 'c2' }, { incarnation: 'other' }]) {
    const world = new World(t);
    const node = world.node(HOST, { secret: SECRET });
    const { socket, frames } = world.dialByHand(node);
    socket.send(hello(HOST, { nonce: NONCE, ...change }));
    await world.settle();
    const proof = proofBy(SECRET, 'dialling', [hello(HOST, { nonce: NONCE }), frames[0]]);
    socket.send(json({ kaon: PROTOCOL_VERSION, proof }));
    await world.settle();
    t.match(parsed(frames[1]), { refused: 'secret' });
  }
});

t.test('what is sent instead of a proof is refused, messages too', async (t) => {
  const frames = [
    json({ kaon: PROTOCOL_VERSION }),
    Buffer.alloc(12),
    hello(HOST, { nonce: NONCE }),
  ];
  for (const frame of frames) {
    const world = new World(t);
    const node = world.node(HOST, { secret: SECRET });
    const hand = world.dialByHand(node);
    hand.socket.send(hello(HOST, { nonce: NONCE }));
    hand.socket.send(frame);
    await world.settle();
    t.match(parsed(hand.frames[1]), { refused: 'malformed' });
    t.match(hand.socket.closedWith, /^4001 /);
    t.equal(node.remote.stats.connections, 0);
  }
});

t.test('an unproven hello does not touch the connection of the node it names', async (t) => {
  const { world, accepting, dialling, answer } = await givenPair(
    t,
    { secret: SECRET },
    { secret: SECRET },
  );
  t.equal(await answer, 1);
  const liar = world.dialByHand(accepting);
  const taken = { address: HOST, incarnation: 'newer', nonce: NONCE };
  liar.socket.send(hello('b:1', taken));
  liar.socket.send(
    json({ kaon: PROTOCOL_VERSION, proof: proofBy('a guess at the secret', 'dialling', []) }),
  );
  await world.settle();
  t.match(parsed(liar.frames[1]), { refused: 'secret' });
  t.match(dialling.remote.stats, { connections: 1, connectionsLost: 0 });
});

t.test('a dialled node that cannot prove the secret is not believed', async (t) => {
  const cases: readonly (readonly [string, readonly Uint8Array[], RegExp])[] = [
    ['it asks for no proof', [welcome('b:1')], /asks for no proof/],
    [
      'its nonce is too short',
      [json({ kaon: PROTOCOL_VERSION, challenge: 'short' })],
      /asks for no proof/,
    ],
    [
      'it gives none',
      [json({ kaon: PROTOCOL_VERSION, challenge: NONCE }), welcome('b:1')],
      /its proof of the shared secret is wrong/,
    ],
    [
      'it gives a wrong one',
      [json({ kaon: PROTOCOL_VERSION, challenge: NONCE }), welcome('b:1', { proof: 'wrong' })],
      /its proof of the shared secret is wrong/,
    ],
  ];
  for (const [title, answers, message] of cases) {
    t.test(title, async (t) => {
      const world = new World(t);
      const node = world.node(HOST, { secret: SECRET });
      let turn = 0;
      let closed = '';
      world.listen('b:1', (socket) => ({
        opened: () => undefined,
        frame: () => {
          const answer = answers[turn];
          turn += 1;
          if (answer !== undefined) socket.send(answer);
        },
        closed: (code, reason) => {
          closed = `${code} ${reason}`;
        },
      }));
      const asked = node.system.ask(new Pid('x', 'b:1', noteProtocol), 'echo', 1);
      asked.catch(() => undefined);
      await world.settle();
      await t.rejects(asked, { code: 'KAON_ASK_UNREACHABLE' });
      t.match(node.refusals, [{ problem: 'secret', message }]);
      t.equal(closed, '4001 secret', 'and it hears so');
    });
  }
});

t.test('a node whose welcome is not believed counts and tells the refusal', async (t) => {
  const world = new World(t);
  const node = world.node(HOST);
  const { socket } = world.dialByHand(node);
  socket.send(hello(HOST));
  await world.settle();
  socket.close(4001, 'secret');
  await world.settle();
  t.match(node.refusals, [{ problem: 'secret', peer: 'hand:1' }]);
});

t.test('a secret that is too short is not taken', async (t) => {
  t.throws(() => createRemote({ secret: 'short' }), /at least 16 characters/);
});

t.test('it works over real sockets too', async (t) => {
  const left = await givenNode(t, { secret: SECRET });
  const right = await givenNode(t, { secret: SECRET, http: { driver: 'node' } });
  right.system.spawn(notebook, undefined, { id: 'notes' });
  const notes = new Pid('notes', right.address, noteProtocol);
  t.equal(await left.system.ask(notes, 'echo', 'hello'), 'hello');
  const stranger = await givenNode(t, { secret: 'not the secret of the two' });
  await t.rejects(stranger.system.ask(notes, 'echo', 1), { code: 'KAON_ASK_UNREACHABLE' });
  t.match(stranger.remote.stats, { handshakesRefused: 1, dialsFailed: 1 });
});
