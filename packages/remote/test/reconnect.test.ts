// Connections that break in every way, and what comes after: found, told, dialled again, linked again.
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Pid } from '@kaon/actor';
import { type Dial, webSocketDial } from '@kaon/remote';
import { VirtualClock } from '@kaon/testkit';
import t, { type Test } from 'tap';
import { exitOf, givenNode, notebook, noteProtocol } from './builders/actors.ts';
import { announce, hello, record } from './builders/hand-made.ts';
import { World } from './builders/world.ts';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Lets virtual time pass while real sockets do what they can. */
async function advance(clock: VirtualClock, byMs: number): Promise<void> {
  const untilMs = clock.monotonicMs() + byMs;
  while (clock.step(untilMs)) await turn();
  clock.jump(untilMs);
}

t.test('who lost a link can link again, and hears of the next end', async (t) => {
  const world = new World(t);
  const left = world.node('a:1');
  const right = world.node('b:1');
  const notes = right.system.spawn(notebook, undefined, { id: 'notes' });
  const target = new Pid('notes', 'b:1');
  const first = exitOf(left, target);
  await world.settle();
  world.connections[0]?.[0].abort();
  await world.settle();
  t.equal(await first, 'notes unreachable');
  t.equal(right.system.stats.remoteLinks, 0);

  const second = exitOf(left, target);
  await world.advance(2000);
  t.equal(left.remote.stats.connections, 1);
  right.system.send(notes, 'stop', undefined);
  await world.settle();
  t.equal(await second, 'notes stopped');
});

t.test(
  'an answer whose connection is gone is a dead letter: nobody is dialled for it',
  async (t) => {
    const world = new World(t);
    const node = world.node('a:1');
    node.system.spawn(notebook, undefined, { id: 'notes' });
    const { socket } = world.dialByHand(node);
    socket.send(hello('a:1'));
    await world.settle();
    const names = [announce(0, 0, 'notes'), announce(1, 0, 'asker'), announce(2, 0, 'echo')];
    // The ask arrives and the connection breaks before the actor has its turn.
    socket.send(Buffer.concat([...names, record({ kind: 4, correlation: 7, body: Buffer.of(1) })]));
    socket.abort();
    await world.settle();
    t.match(node.letters, [{ reason: 'unreachable', name: 'echo', detail: /asked over is gone/ }]);
    t.match(node.remote.stats, { messagesReceived: 1, messagesDropped: 1, pending: 0 });
    t.equal(world.connections.length, 0);
  },
);

t.test('pauses between attempts double up to the cap and differ by node', async (t) => {
  const pausesOf = async (address: string): Promise<number[]> => {
    const world = new World(t);
    const dialledMs: number[] = [];
    // Each node of a world has a seed of its own.
    world.node('x:1');
    if (address === 'b:1') world.node('y:1');
    const node = world.node(address, {
      backoff: { factorMs: 100, capMs: 800 },
      dial: (_address, _limits, events) => {
        dialledMs.push(world.clock.monotonicMs());
        queueMicrotask(() => events.closed(1006, 'connection refused'));
        return { bufferedBytes: 0, send() {}, close() {}, abort() {} };
      },
    });
    const target = new Pid('notes', 'nowhere:1', noteProtocol);
    while (dialledMs.length < 12) {
      node.system.send(target, 'note', 'x');
      await world.advance(1);
    }
    return dialledMs.slice(1).map((ms, index) => ms - (dialledMs[index] as number));
  };
  const [left, right] = [await pausesOf('a:1'), await pausesOf('b:1')];
  for (const pauses of [left, right]) {
    pauses.forEach((ms, attempt) => {
      // One more millisecond: the test sends at whole ones.
      t.ok(ms <= Math.min(800, 100 * 2 ** attempt) + 2, `pause ${attempt} was ${ms} ms`);
    });
    t.ok(Math.max(...pauses) > 200, 'they grow');
  }
  t.notSame(left, right, 'and do not meet');
});

t.test('a peer that takes the connection and says nothing is given up in time', async (t) => {
  const sockets: Socket[] = [];
  const server = createServer((socket) => sockets.push(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const clock = new VirtualClock();
  const node = await givenNode(t, { clock });
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const asked = node.system.ask(new Pid('notes', address, noteProtocol), 'read', undefined, {
    timeoutMs: 60_000,
  });
  asked.catch(() => undefined);
  await once(server, 'connection');
  await advance(clock, 9999);
  t.match(node.remote.stats, { pending: 1, dialsFailed: 0 });
  await advance(clock, 1);
  await t.rejects(asked, { code: 'KAON_ASK_UNREACHABLE' });
  t.match(node.remote.stats, { pending: 0, dialsFailed: 1 });
});

/** Passes bytes between whoever connects and `port`, until told to swallow them. */
async function givenProxy(t: Test, port: number) {
  const pairs: [Socket, Socket][] = [];
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const other = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    for (const one of [socket, other]) one.on('error', () => undefined);
    socket.pipe(other);
    other.pipe(socket);
    pairs.push([socket, other]);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => {
    for (const pair of pairs) for (const socket of pair) socket.destroy();
    server.close();
  });
  return {
    port: (server.address() as AddressInfo).port,
    /** From now on nothing passes the connections there are, not even their end. */
    cut: () => {
      for (const [left, right] of pairs) {
        left.unpipe(right);
        right.unpipe(left);
        for (const socket of [left, right]) socket.resume();
      }
    },
  };
}

t.test('a link that is cut without a word is found by silence, then made anew', async (t) => {
  const right = await givenNode(t);
  const proxy = await givenProxy(t, Number(right.address.split(':')[1]));
  const clock = new VirtualClock();
  const dial: Dial = (_, limits, events) =>
    webSocketDial('/__actors__')(`127.0.0.1:${proxy.port}`, limits, events);
  const left = await givenNode(t, { clock, remote: { dial } });
  right.system.spawn(notebook, undefined, { id: 'notes' });
  const target = new Pid('notes', right.address, noteProtocol);
  t.equal(await left.system.ask(target, 'echo', 1), 1);
  const exit = exitOf(left, target);
  t.equal(await left.system.ask(target, 'echo', 2), 2);

  proxy.cut();
  await advance(clock, 20_000);
  t.equal(await exit, 'notes unreachable');
  t.equal(left.remote.stats.silencesDetected, 1);
  t.equal(right.remote.stats.connections, 1, 'the other side has not noticed yet');

  t.equal(await left.system.ask(target, 'echo', 3), 3, 'and lets the new connection replace it');
  t.match(right.remote.stats, { connections: 1, connectionsLost: 1 });
});
