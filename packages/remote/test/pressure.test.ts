// Batching, slow peers and floods: what bounds a connection, and what happens at each bound.
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { Pid } from '@kaon/actor';
import type { RemoteOptions } from '@kaon/remote';
import t, { type Test } from 'tap';
import { type WebSocket, WebSocketServer } from 'ws';
import { exitOf, givenNode, notebook, noteProtocol } from './builders/actors.ts';
import { announce, hello, parsed, record, welcome } from './builders/hand-made.ts';
import { type MemorySocket, World } from './builders/world.ts';

/** Two connected nodes in memory. */
async function givenPair(t: Test, options: RemoteOptions) {
  const world = new World(t);
  const left = world.node('a:1', options);
  const right = world.node('b:1');
  right.system.spawn(notebook, undefined, { id: 'notes' });
  const notes = new Pid('notes', 'b:1', noteProtocol);
  left.system.send(notes, 'note', 'first');
  await world.settle();
  const end = world.connections[0]?.[0] as MemorySocket;
  return { world, left, right, notes, end };
}

t.test('what one turn sends leaves in one frame at its end', async (t) => {
  const { world, left, notes, end } = await givenPair(t, {});
  const before = end.sent.length;
  for (let index = 0; index < 100; index += 1) left.system.send(notes, 'note', 'x');
  t.equal(end.sent.length, before);
  await world.settle();
  t.equal(end.sent.length, before + 1);
});

t.test('a frame that has grown to `flushBytes` leaves at once', async (t) => {
  const { left, notes, end } = await givenPair(t, { flushBytes: 1000 });
  const before = end.sent.length;
  for (let index = 0; index < 95; index += 1) left.system.send(notes, 'note', 'x'.repeat(87));
  const sizes = end.sent.slice(before).map((frame) => frame.length);
  t.equal(sizes.length, 9, 'a message takes 101 bytes, ten make a frame and the last five wait');
  t.ok(sizes.every((bytes) => bytes >= 1000 && bytes < 1101));
});

t.test('with `flushMs` a frame waits that long for more, over many turns', async (t) => {
  const { world, left, notes, end } = await givenPair(t, { flushMs: 20 });
  await world.advance(20);
  const before = end.sent.length;
  left.system.send(notes, 'note', 'x');
  await world.advance(19);
  left.system.send(notes, 'note', 'y');
  t.equal(end.sent.length, before);
  await world.advance(1);
  t.equal(end.sent.length, before + 1, 'both in one');
  left.system.send(notes, 'note', 'z');
  await world.advance(20);
  const read = left.system.ask(notes, 'read', undefined);
  await world.advance(40);
  t.same(await read, ['first', 'x', 'y', 'z']);
});

t.test('with `failLink` a peer that takes too little is given up', async (t) => {
  const options: RemoteOptions = { outboundBytesMax: 1000, onCongested: 'failLink' };
  const { world, left, notes, end } = await givenPair(t, options);
  const exit = exitOf(left, notes);
  const asked = left.system.ask(notes, 'read', undefined);
  end.isMute = true;
  end.bufferedBytes = 1001;
  left.system.send(notes, 'note', 'fills');
  await world.settle();
  t.equal(left.remote.stats.connections, 1);
  left.system.send(notes, 'note', 'too much');
  await t.rejects(asked, { code: 'KAON_ASK_UNREACHABLE' });
  await world.settle();
  t.equal(await exit, 'notes unreachable');
  t.match(left.letters.at(-1), { reason: 'unreachable', detail: /too much is waiting for b:1/ });
  t.match(left.remote.stats, { congestionsDetected: 1, connections: 0, messagesDropped: 1 });
});

/** A peer over a real socket that welcomes whoever dials and stops to read when told. */
async function givenStallingPeer(t: Test) {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0 });
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  let accepted: WebSocket | undefined;
  const frames: Buffer[] = [];
  server.on('connection', (socket) => {
    accepted = socket;
    socket.once('message', () => socket.send(welcome(address)));
    socket.on('message', (frame: Buffer) => frames.push(frame));
  });
  t.teardown(() => {
    accepted?.terminate();
    server.close();
  });
  return {
    target: new Pid('notes', address, noteProtocol),
    stall: () => accepted?.pause(),
    resume: () => accepted?.resume(),
    frames,
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const BOUND = 256 * 1024;
/** The message that filled the last frame may come on top of the bound. */
const SLACK = 2 * 1024;

t.test('a real peer that stops reading costs no more than the bound', async (t) => {
  const peer = await givenStallingPeer(t);
  const node = await givenNode(t, { remote: { outboundBytesMax: BOUND } });
  node.system.send(peer.target, 'note', 'first');
  while (node.remote.stats.connections === 0) await turn();
  peer.stall();

  const count = 50_000;
  let bufferedMax = 0;
  for (let sent = 0; sent < count; sent += 1) {
    node.system.send(peer.target, 'note', 'x'.repeat(1000));
    if (sent % 100 === 0) {
      bufferedMax = Math.max(bufferedMax, node.remote.stats.bufferedBytes);
      await turn();
    }
  }
  const { messagesSent, messagesDropped } = node.remote.stats;
  t.equal(messagesSent + messagesDropped, count + 1, 'each is sent or counted');
  t.ok(messagesDropped > 0);
  t.equal(node.system.deadLetters.counts.unreachable, messagesDropped);
  t.ok(bufferedMax > BOUND / 2, 'the buffer was used');
  t.ok(bufferedMax <= BOUND + SLACK, `${bufferedMax} bytes`);
  t.equal(node.remote.stats.connections, 1);

  peer.resume();
  while (node.remote.stats.bufferedBytes > 0) await turn();
  node.system.send(peer.target, 'note', 'again');
  t.equal(node.remote.stats.messagesSent, messagesSent + 1, 'and it may have more again');
});

t.test('what waits for a slow peer arrives as it was sent', async (t) => {
  const peer = await givenStallingPeer(t);
  const node = await givenNode(t);
  node.system.send(peer.target, 'note', 'first');
  while (node.remote.stats.connections === 0) await turn();
  peer.stall();
  const count = 20_000;
  for (let sent = 0; sent < count; sent += 1) {
    node.system.send(peer.target, 'note', `<${sent}>`.padEnd(1000, '.'));
    if (sent % 100 === 0) await turn();
  }
  peer.resume();
  while (peer.frames.at(-1)?.includes(`<${count - 1}>`) !== true) await turn();
  const text = Buffer.concat(peer.frames).toString('latin1');
  const arrived = [...text.matchAll(/<(\d+)>/g)].map(([, digits]) => Number(digits));
  t.same(
    arrived,
    Array.from({ length: count }, (_, index) => index),
  );
});

t.test('a real peer that stops reading is given up with `failLink`', async (t) => {
  const peer = await givenStallingPeer(t);
  const remote: RemoteOptions = { outboundBytesMax: BOUND, onCongested: 'failLink' };
  const node = await givenNode(t, { remote });
  node.system.send(peer.target, 'note', 'first');
  while (node.remote.stats.connections === 0) await turn();
  const exit = exitOf(node, peer.target);
  peer.stall();
  while (node.remote.stats.congestionsDetected === 0) {
    for (let sent = 0; sent < 100; sent += 1) {
      node.system.send(peer.target, 'note', 'x'.repeat(1000));
    }
    await turn();
  }
  t.equal(await exit, 'notes unreachable');
  t.match(node.remote.stats, { congestionsDetected: 1, connectionsLost: 1 });
});

t.test('who floods an actor fills its mailbox; the rest are dead letters here', async (t) => {
  const world = new World(t);
  const node = world.node('a:1');
  node.system.spawn(notebook, undefined, { id: 'notes', mailboxMax: 10 });
  const { socket } = world.dialByHand(node);
  socket.send(hello('a:1'));
  await world.settle();
  const names = [announce(0, 0, 'notes'), announce(1, 0, 'sender'), announce(2, 0, 'note')];
  const flood = Array.from({ length: 1000 }, () =>
    record({ kind: 3, body: Buffer.from([0xa1, 0x78]) }),
  );
  socket.send(Buffer.concat([...names, ...flood]));
  await world.settle();
  t.equal(node.system.deadLetters.counts.full, 990);
  t.match(node.letters[0], { reason: 'full', from: 'sender@hand:1', to: 'notes@a:1' });
  t.equal(node.remote.stats.messagesReceived, 1000);
  t.equal(node.remote.stats.connections, 1);
});

t.test('an answer after its ask timed out is dropped and counted', async (t) => {
  const world = new World(t);
  const node = world.node('a:1');
  let peer: MemorySocket | undefined;
  world.listen('b:1', (socket) => {
    peer = socket;
    return {
      opened: () => undefined,
      frame: () => {
        if (socket.sent.length === 0) socket.send(welcome('b:1'));
      },
      closed: () => undefined,
    };
  });
  const target = new Pid('slow', 'b:1', noteProtocol);
  const asked = node.system.ask(target, 'echo', 1, { timeoutMs: 100 });
  asked.catch(() => undefined);
  await world.advance(100);
  await t.rejects(asked, { code: 'KAON_ASK_TIMEOUT' });
  const names = [announce(0, 0, 'system'), announce(1, 0, 'slow'), announce(2, 0, 'echo')];
  peer?.send(
    Buffer.concat([...names, record({ kind: 5, correlation: 1, body: Buffer.from([1]) })]),
  );
  await world.settle();
  t.equal(node.system.stats.lateAnswers, 1);
  t.equal(node.remote.stats.connections, 1);
});

t.test('more peers than `peersMax` are refused, and cannot be sent to', async (t) => {
  const world = new World(t);
  const node = world.node('a:1', { peersMax: 2 });
  const dial = async (address: string) => {
    const hand = world.dialByHand(node);
    hand.socket.send(hello('a:1', { address }));
    await world.settle();
    return hand;
  };
  await dial('hand:1');
  const second = await dial('hand:2');
  const third = await dial('hand:3');
  const refusal = { refused: 'unavailable', detail: /2 connections already/ };
  t.match(parsed(third.frames[0]), refusal);
  t.match(node.refusals, [{ problem: 'unavailable' }]);
  second.socket.close(1000, 'bye');
  await world.settle();
  const fourth = await dial('hand:4');
  t.match(parsed(fourth.frames[0]), { detail: /knows 2 peers already/ }, 'one is remembered');
  node.system.send(new Pid('notes', 'c:1', noteProtocol), 'note', 'x');
  t.match(node.letters, [{ reason: 'unreachable', detail: /knows 2 peers already/ }]);
  t.equal(await exitOf(node, new Pid('notes', 'c:1')), 'notes unreachable');
  t.equal(node.remote.stats.messagesDropped, 1);
  await world.advance(8000);
  t.match(parsed((await dial('hand:5')).frames[0]), { address: 'a:1' }, 'for a while');
});
