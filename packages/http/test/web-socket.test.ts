// WebSocket endpoints: messages, limits, idleness, ends. Runs on every driver.
import type { HttpServer, ServerWebSocket, WebSocketOptions } from '@kaon/http';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { manualClock } from './builders/manual-clock.ts';
import { RawClient, rawExchange } from './builders/raw-client.ts';
import { DRIVERS, serve } from './builders/served.ts';

/** What the server's end heard, as text lines, and the way to wait for the next. */
class Heard {
  readonly lines: string[] = [];
  #wake: () => void = () => undefined;

  add(line: string): void {
    this.lines.push(line);
    this.#wake();
  }

  async until(line: string): Promise<void> {
    while (!this.lines.includes(line)) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

type Limits = Pick<WebSocketOptions, 'messageBytesMax' | 'bufferedBytesMax' | 'idleTimeoutMs'>;

function addEndpoint(server: HttpServer, heard: Heard, sockets: ServerWebSocket[], limits: Limits) {
  server.webSocket('/__actors__', {
    ...limits,
    open: (socket) => {
      sockets.push(socket);
      heard.add(`open ${socket.header('x-name')} ${socket.remoteAddress}`);
      return {
        message: (bytes) => heard.add(`message ${Buffer.from(bytes).toString()}`),
        drain: () => heard.add('drain'),
        close: (code) => heard.add(`close ${code}`),
      };
    },
  });
}

async function givenEndpoint(t: Test, driver: 'node' | 'uws', limits: Limits = {}) {
  const heard = new Heard();
  const sockets: ServerWebSocket[] = [];
  const clock = manualClock();
  const { server, port } = await serve(t, { driver, clock }, (server) => {
    addEndpoint(server, heard, sockets, limits);
    server.route('GET', '/version', (exchange) => exchange.respond({ status: 200, body: 'v' }));
  });
  const open = async (): Promise<WebSocket> => {
    const client = new WebSocket(`ws://127.0.0.1:${port}/__actors__`, {
      headers: { 'X-Name': 'a' },
    });
    client.on('error', () => undefined);
    t.teardown(() => client.terminate());
    await new Promise((resolve) => client.once('open', resolve));
    return client;
  };
  return { heard, sockets, server, port, clock, open };
}

const message = (client: WebSocket): Promise<Buffer> =>
  new Promise((resolve) => client.once('message', (data) => resolve(data as Buffer)));

const closeCode = (client: WebSocket): Promise<number> =>
  new Promise((resolve) => client.once('close', (code) => resolve(code)));

for (const driver of DRIVERS) {
  t.test(`WebSocket on ${driver}`, async (t) => {
    t.test('a sender hears when its bytes may be changed', async (t) => {
      const { sockets, open } = await givenEndpoint(t, driver);
      const client = await open();
      const bytes = Buffer.alloc(100_000, 1);
      const received = message(client);
      await new Promise<void>((resolve) => sockets[0]?.send(bytes, resolve));
      bytes.fill(2);
      t.ok((await received).every((byte) => byte === 1));
    });

    t.test('binary messages go both ways, and both sides learn of the end', async (t) => {
      const { heard, sockets, server, open } = await givenEndpoint(t, driver);
      const client = await open();
      t.same(heard.lines, ['open a 127.0.0.1']);
      t.equal(server.stats.openWebSockets, 1);
      client.send(Buffer.from('hello'));
      await heard.until('message hello');
      const answered = message(client);
      t.ok(sockets[0]?.send(Buffer.from('back')));
      t.equal((await answered).toString(), 'back');
      client.close(1000);
      await heard.until('close 1000');
      t.notOk(sockets[0]?.send(Buffer.from('late')), 'sending after the end is harmless');
      sockets[0]?.close();
      sockets[0]?.abort();
      t.equal(sockets[0]?.bufferedBytes, 0);
      t.equal(server.stats.openWebSockets, 0);
    });

    t.test('the server may say goodbye', async (t) => {
      const { heard, sockets, open } = await givenEndpoint(t, driver);
      const client = await open();
      const code = closeCode(client);
      sockets[0]?.close(4001, 'not you');
      t.equal(await code, 4001);
      await heard.until('close 4001');
    });

    t.test('a broken connection is told as 1006', async (t) => {
      const { heard, open } = await givenEndpoint(t, driver);
      const client = await open();
      client.terminate();
      await heard.until('close 1006');
      t.pass();
    });

    t.test('a message over the limit closes with 1009 and is counted', async (t) => {
      const { heard, server, open } = await givenEndpoint(t, driver, { messageBytesMax: 1000 });
      const client = await open();
      client.send(Buffer.alloc(1000, 'a'));
      await heard.until(`message ${'a'.repeat(1000)}`);
      client.send(Buffer.alloc(1001));
      await heard.until('close 1009');
      t.equal(server.stats.messagesTooLarge, 1);
    });

    t.test('a peer that does not read is closed and counted', async (t) => {
      const { heard, sockets, server, open } = await givenEndpoint(t, driver, {
        bufferedBytesMax: 1_000_000,
      });
      const client = await open();
      client.pause();
      const socket = sockets[0] as ServerWebSocket;
      let sent = 0;
      while (socket.send(new Uint8Array(100_000)) && sent < 1000) {
        sent += 1;
        t.ok(socket.bufferedBytes <= 1_000_000);
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      t.ok(sent < 1000);
      await heard.until('close 1006');
      t.equal(server.stats.webSocketsOverflowed, 1);
    });

    t.test('drain is told when a slow peer has caught up', async (t) => {
      const { heard, sockets, open } = await givenEndpoint(t, driver);
      const client = await open();
      client.pause();
      const socket = sockets[0] as ServerWebSocket;
      do {
        socket.send(new Uint8Array(1_000_000));
        await new Promise<void>((resolve) => setImmediate(resolve));
      } while (socket.bufferedBytes === 0);
      heard.lines.length = 0;
      client.resume();
      await heard.until('drain');
      t.equal(socket.bufferedBytes, 0);
    });

    t.test('paths without an endpoint do not upgrade; the endpoint is no page', async (t) => {
      const { port } = await givenEndpoint(t, driver);
      const client = new WebSocket(`ws://127.0.0.1:${port}/nope`);
      const error = await new Promise<Error>((resolve) => client.once('error', resolve));
      t.match(error.message, /404/);
      const page = await rawExchange(
        port,
        'GET /__actors__ HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      );
      t.match(page, /^HTTP\/1.1 404 /);
    });

    t.test('closing the server says goodbye to all and leaves nothing behind', async (t) => {
      const { heard, server, open } = await givenEndpoint(t, driver);
      const code = closeCode(await open());
      await server.close({ graceMs: 60_000 });
      t.equal(await code, 1001);
      t.equal(server.stats.openWebSockets, 0);
      await heard.until('close 1001');
    });
  });
}

t.test('on the node driver a silent peer is pinged, then given up', async (t) => {
  const { heard, clock, open, port } = await givenEndpoint(t, 'node', { idleTimeoutMs: 10_000 });
  const client = await open();
  const pinged = new Promise<void>((resolve) => client.once('ping', () => resolve()));
  clock.advance(10_000);
  clock.advance(10_000);
  await pinged;
  t.equal(heard.lines.length, 1, 'it answers the ping and stays');
  client.terminate();
  await heard.until('close 1006');

  const mute = await RawClient.open(
    port,
    [
      'GET /__actors__ HTTP/1.1',
      'Host: a',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
      '',
      '',
    ].join('\r\n'),
  );
  await mute.until((text) => text.includes('\r\n\r\n'));
  heard.lines.length = 0;
  for (let period = 0; period < 3; period += 1) clock.advance(10_000);
  await heard.until('close 1006');
  await mute.untilClosed();
  t.pass('who does not answer is closed');
});
