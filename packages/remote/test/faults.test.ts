// Bad frames, silence, overload and lost connections, on sockets in memory and virtual time.
import { Pid } from '@kaon/actor';
import t, { type Test } from 'tap';
import { exitOf, notebook, noteProtocol } from './builders/actors.ts';
import { announce, hello, record } from './builders/hand-made.ts';
import { type MemorySocket, World, type WorldNode } from './builders/world.ts';

const HOST = 'a:1';
const MESSAGE = 3;
const ASK = 4;
const LINK = 7;
const EXITED = 9;

const NAMES = Buffer.concat([
  announce(0, 0, 'notes'),
  announce(1, 0, 'sender'),
  announce(2, 0, 'note'),
]);
/** msgpack of the string `hi`. */
const HI = Buffer.from([0xa2, 0x68, 0x69]);

async function givenConnection(t: Test) {
  const world = new World(t);
  const node = world.node(HOST);
  const notes = node.system.spawn(notebook, undefined, { id: 'notes' });
  const { socket, frames } = world.dialByHand(node);
  socket.send(hello(HOST));
  await world.settle();
  const lines = async () => {
    const read = node.system.ask(notes, 'read', undefined);
    await world.settle();
    return read;
  };
  return { world, node, socket, frames, lines };
}

t.test('frames made by hand are understood', async (t) => {
  const { world, socket, lines } = await givenConnection(t);
  socket.send(Buffer.concat([NAMES, record({ kind: MESSAGE, body: HI })]));
  await world.settle();
  t.same(await lines(), ['hi']);
});

t.test('a frame that does not parse closes the connection and is counted', async (t) => {
  const cases: readonly (readonly [title: string, frame: Uint8Array])[] = [
    ['a header cut off', Buffer.alloc(11)],
    ['a body cut off', Buffer.concat([NAMES, record({ kind: MESSAGE, body: HI }).subarray(0, -1)])],
    ['a correlation cut off', Buffer.concat([NAMES, record({ kind: ASK })])],
    ['an unknown kind', record({ kind: 77 })],
    ['an index that was not announced', Buffer.concat([NAMES, record({ kind: MESSAGE, to: 1 })])],
    ['a signal to nobody announced', record({ kind: LINK })],
    ['announcements out of order', announce(0, 1, 'notes')],
    ['an announcement twice', Buffer.concat([announce(0, 0, 'a'), announce(0, 0, 'b')])],
    ['an unknown table', announce(3, 0, 'notes')],
    ['a reset of an unknown table', record({ kind: 2, flags: 3 })],
    ['an id that is none', announce(1, 0, 'a@b')],
    ['a name that is too long', announce(2, 0, 'x'.repeat(256))],
    ['an exit without a reason', Buffer.concat([NAMES, record({ kind: EXITED, flags: 3 })])],
  ];
  for (const [title, frame] of cases) {
    t.test(title, async (t) => {
      const { world, node, socket } = await givenConnection(t);
      socket.send(frame);
      await world.settle();
      t.match(socket.closedWith, /^4000 a bad frame/);
      t.match(node.remote.stats, { framesBad: 1, connections: 0, connectionsLost: 1 });
    });
  }
});

t.test(
  'a body that is no msgpack is a dead letter with its sender; the connection stays',
  async (t) => {
    const { world, node, socket, lines } = await givenConnection(t);
    const bad = record({ kind: MESSAGE, body: Buffer.from([0x92, 0x01]) });
    socket.send(Buffer.concat([NAMES, bad, record({ kind: MESSAGE, body: HI })]));
    await world.settle();
    t.match(node.letters, [{ reason: 'undecodable', from: 'sender@hand:1', to: `notes@${HOST}` }]);
    t.equal(node.remote.stats.bodiesUndecodable, 1);
    t.same(await lines(), ['hi']);
  },
);

t.test('a table that was reset is filled anew', async (t) => {
  const { world, socket, lines } = await givenConnection(t);
  socket.send(NAMES);
  socket.send(
    Buffer.concat([
      record({ kind: 2, flags: 2 }),
      announce(2, 0, 'stop'),
      announce(2, 1, 'note'),
      record({ kind: MESSAGE, name: 1, body: HI }),
    ]),
  );
  await world.settle();
  t.same(await lines(), ['hi']);
});

t.test('more actors than a table holds are no obstacle', async (t) => {
  const world = new World(t);
  const left = world.node('a:1');
  const right = world.node('b:1');
  right.system.spawn(notebook, undefined, { id: 'notes' });
  for (let index = 0; index < 70_000; index += 1) {
    left.system.send(new Pid(`nobody-${index}`, 'b:1', noteProtocol), 'note', 'x');
    if (index % 5000 === 0) await world.settle();
  }
  left.system.send(new Pid('notes', 'b:1', noteProtocol), 'note', 'last');
  const read = left.system.ask(new Pid('notes', 'b:1', noteProtocol), 'read', undefined);
  await world.settle();
  t.same(await read, ['last']);
  t.equal(right.system.deadLetters.counts.noActor, 70_000);
  t.equal(right.remote.stats.framesBad, 0);
});

t.test('a peer that falls silent is lost, and its watchers hear unreachable', async (t) => {
  const world = new World(t);
  const left = world.node('a:1');
  const right = world.node('b:1');
  right.system.spawn(notebook, undefined, { id: 'notes' });
  const exit = exitOf(left, new Pid('notes', 'b:1'));
  await world.settle();
  t.equal(left.remote.stats.connections, 1);
  await world.advance(60_000);
  t.equal(left.remote.stats.connections, 1, 'heartbeats keep an idle connection');
  for (const ends of world.connections) for (const end of ends) end.isMute = true;
  await world.advance(21_000);
  t.equal(await exit, 'notes unreachable');
  t.equal(left.remote.stats.silencesDetected, 1);
  t.equal(right.remote.stats.silencesDetected, 1);
  t.equal(right.system.stats.remoteLinks, 0, 'the other side forgets the watcher');
});

t.test(
  'attempts to connect are spaced, and what waits goes with the first that succeeds',
  async (t) => {
    const world = new World(t);
    const node = world.node('a:1', { backoff: { factorMs: 1000, capMs: 8000 } });
    const target = new Pid('notes', 'b:1', noteProtocol);
    node.system.send(target, 'note', 'lost');
    await world.settle();
    t.match(node.letters, [{ reason: 'unreachable', detail: /connection refused/ }]);
    for (let attempt = 0; attempt < 5; attempt += 1) {
      node.system.send(target, 'note', 'lost too');
      await world.advance(8000);
    }
    t.equal(world.connections.length, 6);

    const other = world.node('b:1');
    const notes = other.system.spawn(notebook, undefined, { id: 'notes' });
    await world.advance(8000);
    node.system.send(target, 'note', 'then');
    await world.advance(8000);
    const read = other.system.ask(notes, 'read', undefined);
    await world.settle();
    t.equal((await read).at(-1), 'then');
  },
);

t.test('what waits for a connection is bounded; the newest are dropped and counted', async (t) => {
  const world = new World(t);
  const node = world.node('a:1', { waitingMessagesMax: 3 });
  const other = world.node('b:1');
  const notes = other.system.spawn(notebook, undefined, { id: 'notes' });
  for (let index = 0; index < 5; index += 1) {
    node.system.send(new Pid('notes', 'b:1', noteProtocol), 'note', String(index));
  }
  t.match(node.letters, [{ reason: 'unreachable' }, { reason: 'unreachable' }]);
  t.equal(node.remote.stats.messagesDropped, 2);
  await world.settle();
  const read = other.system.ask(notes, 'read', undefined);
  await world.settle();
  t.same(await read, ['0', '1', '2']);
});

t.test('a peer that does not read costs messages, not memory', async (t) => {
  const world = new World(t);
  const node = world.node('a:1', { outboundBytesMax: 1000 });
  const other = world.node('b:1');
  other.system.spawn(notebook, undefined, { id: 'notes' });
  const target = new Pid('notes', 'b:1', noteProtocol);
  node.system.send(target, 'note', 'first');
  await world.settle();
  const end = world.connections[0]?.[0] as MemorySocket;
  end.bufferedBytes = 1001;
  node.system.send(target, 'note', 'fills');
  await world.settle();
  node.system.send(target, 'note', 'dropped');
  t.match(node.letters, [{ reason: 'unreachable', detail: /too much is waiting/ }]);
  t.equal(node.remote.stats.messagesDropped, 1);
  end.bufferedBytes = 0;
  node.system.send(target, 'note', 'again');
  const read = node.system.ask(target, 'read', undefined);
  await world.settle();
  t.same(await read, ['first', 'fills', 'again']);
});

t.test('signals get through an overload, until the peer counts as gone', async (t) => {
  const world = new World(t);
  const node = world.node('a:1', { outboundBytesMax: 1000 });
  const other = world.node('b:1');
  other.system.spawn(notebook, undefined, { id: 'notes' });
  node.system.send(new Pid('notes', 'b:1', noteProtocol), 'note', 'first');
  await world.settle();
  const end = world.connections[0]?.[0] as MemorySocket;
  end.bufferedBytes = 1500;
  node.system.send(new Pid('notes', 'b:1', noteProtocol), 'note', 'fills');
  await world.settle();
  t.equal(await exitSoon(world, node, 'nobody'), 'nobody stopped');
  end.bufferedBytes = 2001;
  t.equal(await exitSoon(world, node, 'notes'), 'notes unreachable');
  t.equal(node.remote.stats.connections, 0);
});

async function exitSoon(world: World, node: WorldNode, id: string): Promise<string> {
  const exit = exitOf(node, new Pid(id, 'b:1'));
  await world.settle();
  return exit;
}

t.test('what a stopping node still had to send is a dead letter', async (t) => {
  const world = new World(t);
  const node = world.node('a:1');
  node.system.send(new Pid('notes', 'b:1', noteProtocol), 'note', 'late');
  await node.system.shutdown();
  t.match(node.letters, [{ reason: 'unreachable', detail: 'this node stops' }]);
  t.equal(world.clock.nextDueMs(), undefined, 'and no timer is left');
});
