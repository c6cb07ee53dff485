// Chunked answers: framing, backpressure, ends of all kinds. Runs on every driver.

import { chunk, type HttpExchange, type ResponseStream } from '@kaon/http';
import { utf8 } from '@kaon/primitives';
import t, { type Test } from 'tap';
import { RawClient } from './builders/raw-client.ts';
import { DRIVERS, serve } from './builders/served.ts';

const REQUEST = 'GET /stream HTTP/1.1\r\nHost: a\r\n\r\n';

/** A server that hands each exchange of `/stream` to the test. */
async function givenStreams(t: Test, driver: 'node' | 'uws', streamBytesMax?: number) {
  const waiting: ((exchange: HttpExchange) => void)[] = [];
  const { server, port } = await serve(t, { driver, streamBytesMax }, (server) => {
    server.route('GET', '/stream', (exchange) => waiting.shift()?.(exchange));
  });
  const open = async (): Promise<{ client: RawClient; exchange: HttpExchange }> => {
    const arrived = new Promise<HttpExchange>((resolve) => waiting.push(resolve));
    const client = await RawClient.open(port, REQUEST);
    t.teardown(() => client.close());
    return { client, exchange: await arrived };
  };
  return { server, open };
}

const closed = (stream: ResponseStream): Promise<void> =>
  new Promise((resolve) => stream.onClose(resolve));

const bodyOf = (text: string): string => text.slice(text.indexOf('\r\n\r\n') + 4);

for (const driver of DRIVERS) {
  t.test(`streams on ${driver}`, async (t) => {
    t.test('each write is one chunk', async (t) => {
      const { server, open } = await givenStreams(t, driver);
      const { client, exchange } = await open();
      const stream = exchange.stream({ status: 200, headers: { 'Content-Type': 'x' } });
      t.equal(server.stats.openStreams, 1);
      t.ok(stream.write(utf8('20\n{"type":"HEARTBEAT"}')));
      t.ok(stream.write(utf8('')), 'an empty write is no chunk');
      t.ok(stream.write(utf8('ab')));
      stream.end();
      t.notOk(stream.write(utf8('late')), 'nothing after the end');
      const text = await client.until((text) => text.endsWith('0\r\n\r\n'));
      t.match(text, /^HTTP\/1.1 200 OK\r\n/);
      t.match(text, /Transfer-Encoding: chunked\r\n/);
      t.match(text, /Content-Type: x\r\n/);
      t.equal(bodyOf(text), '17\r\n20\n{"type":"HEARTBEAT"}\r\n2\r\nab\r\n0\r\n\r\n');
      t.equal(server.stats.openStreams, 0);
      t.equal(server.stats.openExchanges, 0);
    });

    t.test('flush hands over what was written in the same turn', async (t) => {
      const { open } = await givenStreams(t, driver);
      const { client, exchange } = await open();
      const stream = exchange.stream({ status: 200 });
      stream.write(utf8('now'));
      t.not(stream.bufferedBytes, 0, 'without it, it waits for the end of the turn');
      stream.flush();
      t.equal(stream.bufferedBytes, 0);
      stream.write(utf8('later'));
      stream.flush();
      stream.end();
      const text = await client.until((text) => text.endsWith('0\r\n\r\n'));
      t.equal(bodyOf(text), '3\r\nnow\r\n5\r\nlater\r\n0\r\n\r\n');
    });

    t.test('the connection serves on after a stream', async (t) => {
      const { open } = await givenStreams(t, driver);
      const { client, exchange } = await open();
      const stream = exchange.stream({ status: 200 });
      stream.write(utf8('a'));
      stream.end();
      await client.until((text) => text.endsWith('0\r\n\r\n'));
      client.write('GET /nope HTTP/1.1\r\nHost: a\r\n\r\n');
      t.match(await client.until((text) => text.includes('404 Not Found.')), /404 Not Found/);
    });

    t.test('a peer that goes away closes the stream, and later writes are ignored', async (t) => {
      const { server, open } = await givenStreams(t, driver);
      const { client, exchange } = await open();
      const stream = exchange.stream({ status: 200 });
      stream.write(utf8('a'));
      await client.until((text) => text.includes('\r\n\r\n'));
      const over = closed(stream);
      client.close();
      await over;
      t.notOk(stream.isOpen);
      t.notOk(stream.write(utf8('b')));
      stream.end();
      stream.close();
      t.equal(stream.bufferedBytes, 0);
      t.match(server.stats, { openStreams: 0, openExchanges: 0, aborted: 1 });
      await closed(stream);
      t.pass('who listens late is told at once');
    });

    t.test('a request whose peer went away before the answer cannot be harmed', async (t) => {
      const { server, open } = await givenStreams(t, driver);
      const { client, exchange } = await open();
      const aborted = new Promise<void>((resolve) => exchange.onAborted(resolve));
      client.close();
      await aborted;
      t.notOk(exchange.isOpen);
      const stream = exchange.stream({ status: 200 });
      t.notOk(stream.isOpen);
      t.notOk(stream.write(utf8('a')));
      exchange.respond({ status: 200, body: 'x' });
      t.match(server.stats, { openStreams: 0, openExchanges: 0, aborted: 1 });
    });

    t.test('a reader that is too slow is closed and counted', async (t) => {
      const { server, open } = await givenStreams(t, driver, 200_000);
      const { client, exchange } = await open();
      client.socket.pause();
      const stream = exchange.stream({ status: 200 });
      const chunk = new Uint8Array(50_000);
      const over = closed(stream);
      let written = 0;
      while (stream.write(chunk) && written < 1000) {
        written += 1;
        t.ok(stream.bufferedBytes <= 200_000);
        await new Promise<void>((resolve) => setImmediate(resolve));
      }
      t.ok(written < 1000, 'the limit was met');
      await over;
      t.equal(server.stats.streamsOverflowed, 1);
      t.equal(server.stats.bufferedBytes, 0);
    });

    t.test(
      'an offer a slow reader has no room for is left out, and the stream goes on',
      async (t) => {
        const { server, open } = await givenStreams(t, driver, 200_000);
        const { client, exchange } = await open();
        client.socket.pause();
        const stream = exchange.stream({ status: 200 });
        const bytes = chunk(new Uint8Array(50_000).fill(97));
        let taken = 0;
        while (stream.offer(bytes) && taken < 1000) {
          taken += 1;
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
        t.ok(taken < 1000, 'the limit was met');
        t.ok(stream.isOpen);
        t.match(server.stats, { writesRefused: 1, streamsOverflowed: 0 });
        const drained = new Promise<void>((resolve) => stream.onDrain(resolve));
        client.socket.resume();
        await drained;
        t.ok(stream.offer(utf8('snapshot')));
        stream.end();
        const text = await client.until((text) => text.endsWith('0\r\n\r\n'));
        t.equal(text.split('c350\r\n').length - 1, taken, 'what was taken came');
        t.ok(text.endsWith('\r\n8\r\nsnapshot\r\n0\r\n\r\n'));
        t.notOk(stream.offer(utf8('late')));
      },
    );

    t.test('a chunk made once goes to many streams, between chunks of their own', async (t) => {
      const { open } = await givenStreams(t, driver);
      const opened = [await open(), await open(), await open()];
      const shared = [
        chunk(utf8('shared')),
        chunk(new Uint8Array(20_000).fill(97)),
        chunk(utf8('')),
      ];
      for (const [index, { exchange }] of opened.entries()) {
        const stream = exchange.stream({ status: 200 });
        if (index === 1) stream.write(utf8('own'));
        for (const each of [...shared, ...shared]) stream.write(each);
        stream.end();
      }
      const both = `6\r\nshared\r\n4e20\r\n${'a'.repeat(20_000)}\r\n`;
      for (const [index, { client }] of opened.entries()) {
        const text = await client.until((text) => text.endsWith('0\r\n\r\n'));
        const own = index === 1 ? '3\r\nown\r\n' : '';
        t.equal(bodyOf(text), `${own}${both}${both}0\r\n\r\n`);
      }
    });

    t.test('a stream says when all it had buffered is gone', async (t) => {
      const { open } = await givenStreams(t, driver);
      const { client, exchange } = await open();
      client.socket.pause();
      const stream = exchange.stream({ status: 200 });
      const chunk = new Uint8Array(1_000_000).fill(97);
      let written = 0;
      do {
        stream.write(chunk);
        written += 1;
        await new Promise<void>((resolve) => setImmediate(resolve));
      } while (stream.bufferedBytes === 0);
      t.ok(stream.bufferedBytes > 0);
      const drained = new Promise<void>((resolve) => stream.onDrain(resolve));
      client.socket.resume();
      await drained;
      t.equal(stream.bufferedBytes, 0);
      stream.write(utf8('last'));
      stream.end();
      const text = await client.until((text) => text.endsWith('0\r\n\r\n'));
      t.equal(text.split('f4240\r\n').length - 1, written, 'no chunk was lost');
      t.match(text.slice(-20), /4\r\nlast\r\n0\r\n\r\n$/);
    });

    t.test('closing the server ends streams and lets their readers have the rest', async (t) => {
      const { server, open } = await givenStreams(t, driver);
      const { client, exchange } = await open();
      const stream = exchange.stream({ status: 200 });
      stream.write(utf8('rest'));
      await server.close({ graceMs: 60_000 });
      t.match(await client.untilClosed(), /4\r\nrest\r\n0\r\n\r\n$/);
    });

    t.test('closing the server without grace breaks off who does not read', async (t) => {
      const { server, open } = await givenStreams(t, driver);
      const { client, exchange } = await open();
      client.socket.pause();
      const stream = exchange.stream({ status: 200 });
      stream.write(new Uint8Array(30_000_000));
      const over = closed(stream);
      await server.close({ graceMs: 0 });
      await over;
      t.match(server.stats, { openStreams: 0, openExchanges: 0 });
    });
  });
}

t.test('on the node driver a chunk is whole at once, its end included', async (t) => {
  const { open } = await givenStreams(t, 'node');
  const { client, exchange } = await open();
  const stream = exchange.stream({ status: 200 });
  await client.until((text) => text.endsWith('\r\n\r\n'));
  t.pass('the head comes before the first chunk');
  stream.write(utf8('first'));
  t.match(await client.until((text) => text.includes('first\r\n')), /\r\n\r\n5\r\nfirst\r\n$/);
  stream.close();
  await client.untilClosed();
});
