// Who may connect with whom, and how refusals read on both sides.
import { Pid } from '@kaon/actor';
import { PROTOCOL_VERSION } from '@kaon/remote';
import t, { type Test } from 'tap';
import { notebook, noteProtocol } from './builders/actors.ts';
import { hello, parsed, welcome } from './builders/hand-made.ts';
import { World } from './builders/world.ts';

const HOST = 'a:1';

function givenNode(t: Test) {
  const world = new World(t);
  const node = world.node(HOST);
  node.system.spawn(notebook, undefined, { id: 'notes' });
  return { world, node };
}

t.test('a proper hello is welcomed', async (t) => {
  const { world, node } = givenNode(t);
  const { socket, frames } = world.dialByHand(node);
  socket.send(hello(HOST));
  await world.settle();
  t.match(parsed(frames[0]), { kaon: PROTOCOL_VERSION, address: HOST, incarnation: String });
  t.equal(node.remote.stats.connections, 1);
});

t.test('every wrong hello is refused, with a reason for both sides', async (t) => {
  const cases: readonly (readonly [title: string, frame: Uint8Array, expected: object])[] = [
    [
      'another version, whatever else it says',
      Buffer.from('{"kaon":77,"new":true}'),
      { refused: 'version', detail: 'protocol version 77 there, 2 here' },
    ],
    ['no JSON', Buffer.from([1, 2, 3]), { refused: 'malformed' }],
    ['no version', Buffer.from('{}'), { refused: 'malformed', detail: /^kaon: expected/ }],
    ['a field missing', hello(HOST, { incarnation: undefined }), { refused: 'malformed' }],
    ['no address', hello(HOST, { address: 'a b' }), { refused: 'malformed' }],
    ['frames too small', hello(HOST, { frameBytesMax: 10 }), { refused: 'malformed' }],
    ['far too large', Buffer.alloc(5000, ' '), { refused: 'malformed' }],
    [
      'meant for another node',
      hello('b:1'),
      { refused: 'address', detail: 'this node is a:1, not b:1' },
    ],
    ['from its own address', hello(HOST, { address: HOST }), { refused: 'address' }],
  ];
  for (const [title, frame, expected] of cases) {
    t.test(title, async (t) => {
      const { world, node } = givenNode(t);
      const { socket, frames } = world.dialByHand(node);
      socket.send(frame);
      await world.settle();
      t.match(parsed(frames[0]), expected);
      t.match(socket.closedWith, /^4001 /);
      t.match(node.refusals, [{ code: 'KAON_REMOTE_HANDSHAKE' }]);
      t.equal(node.remote.stats.handshakesRefused, 1);
      t.equal(node.remote.stats.connections, 0);
    });
  }
});

t.test('who says nothing is closed', async (t) => {
  const { world, node } = givenNode(t);
  const { socket } = world.dialByHand(node);
  await world.advance(9999);
  t.equal(socket.closedWith, undefined);
  await world.advance(1);
  t.equal(socket.closedWith, '4001 malformed');
});

t.test('a dialled node that answers wrongly is unreachable', async (t) => {
  const cases: readonly (readonly [title: string, answer: Uint8Array, message: RegExp])[] = [
    [
      'it refuses',
      Buffer.from(`{"kaon":${PROTOCOL_VERSION},"refused":"address","detail":"I am not b"}`),
      /no connection with b:1: it says: I am not b/,
    ],
    ['an older one', Buffer.from('{"kaon":1}'), /protocol version 1 there, \d+ here/],
    ['another version', Buffer.from('{"kaon":99}'), /protocol version 99 there, \d+ here/],
    ['another name', welcome('c:1'), /dialled as b:1, it calls itself c:1/],
    ['nonsense', Buffer.from('hello'), /no JSON/],
  ];
  for (const [title, answer, message] of cases) {
    t.test(title, async (t) => {
      const { world, node } = givenNode(t);
      world.listen('b:1', (socket) => ({
        opened: () => undefined,
        frame: () => socket.send(answer),
        closed: () => undefined,
      }));
      const asked = node.system.ask(new Pid('x', 'b:1', noteProtocol), 'read', undefined);
      asked.catch(() => undefined);
      await world.settle();
      await t.rejects(asked, { code: 'KAON_ASK_UNREACHABLE' });
      t.match(node.refusals, [{ message }]);
      t.match(node.remote.stats, { handshakesRefused: 1, dialsFailed: 1, connections: 0 });
    });
  }
});

t.test('a dialled node that says nothing is given up in time', async (t) => {
  const { world, node } = givenNode(t);
  world.listen('b:1', () => ({
    opened: () => undefined,
    frame: () => undefined,
    closed: () => undefined,
  }));
  node.system.send(new Pid('x', 'b:1', noteProtocol), 'note', 'lost');
  await world.advance(9999);
  t.same(node.letters, []);
  await world.advance(1);
  t.match(node.letters, [{ reason: 'unreachable', detail: 'no connection within 10000 ms' }]);
});

t.test('a node that is not ready yet refuses', async (t) => {
  const world = new World(t);
  const { createRemote } = await import('@kaon/remote');
  const starting = createRemote();
  world.listen('b:1', (socket) => starting.accept(socket, 'memory'));
  const node = world.node(HOST);
  node.system.send(new Pid('x', 'b:1', noteProtocol), 'note', 'lost');
  await world.settle();
  t.match(node.letters, [{ reason: 'unreachable' }]);
});

t.test('a second connection of the same node is a duplicate', async (t) => {
  const { world, node } = givenNode(t);
  const first = world.dialByHand(node);
  first.socket.send(hello(HOST, { connection: 'c1' }));
  await world.settle();
  const second = world.dialByHand(node);
  second.socket.send(hello(HOST, { connection: 'c2' }));
  await world.settle();
  t.match(parsed(second.frames[0]), { refused: 'duplicate' });
  t.equal(first.socket.closedWith, undefined);
});

t.test('a node that lost its connection, or started anew, replaces it', async (t) => {
  const changes = [{ previous: 'c1' }, { incarnation: 'second' }];
  for (const change of changes) {
    const { world, node } = givenNode(t);
    const first = world.dialByHand(node);
    first.socket.send(hello(HOST, { connection: 'c1' }));
    await world.settle();
    const second = world.dialByHand(node);
    second.socket.send(hello(HOST, { connection: 'c2', ...change }));
    await world.settle();
    t.match(parsed(second.frames[0]), { address: HOST });
    t.match(first.socket.closedWith, /^4002 /);
    t.match(node.remote.stats, { connections: 1, connectionsLost: 1 });
  }
});

t.test('when both dial at once the smaller address keeps its dialling', async (t) => {
  const world = new World(t);
  const left = world.node('a:1');
  const right = world.node('b:1');
  left.system.spawn(notebook, undefined, { id: 'notes' });
  right.system.spawn(notebook, undefined, { id: 'notes' });
  const asks = [
    left.system.ask(new Pid('notes', 'b:1', noteProtocol), 'echo', 1),
    right.system.ask(new Pid('notes', 'a:1', noteProtocol), 'echo', 2),
  ];
  await world.settle();
  t.same(await Promise.all(asks), [1, 2]);
  t.equal(world.connections.length, 2, 'both dialled');
  t.equal(left.remote.stats.connections + right.remote.stats.connections, 2);
  const [fromLeft, fromRight] = world.connections;
  t.equal(fromLeft?.[0].closedWith, undefined);
  t.ok(fromRight?.[0].closedWith);
});
