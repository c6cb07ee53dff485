// Bodies: limits of size and time, compression both ways, chunked requests. Runs on every driver.
import { gunzipSync, gzipSync } from 'node:zlib';
import { type HttpHandler, httpClient } from '@kaon/http';
import t from 'tap';
import { manualClock } from './builders/manual-clock.ts';
import { parseAnswer, RawClient, rawExchange } from './builders/raw-client.ts';
import { DRIVERS, serve } from './builders/served.ts';

const echo: HttpHandler = (exchange) => {
  exchange.respond({ status: 200, body: exchange.request.body });
};

const head = (...lines: readonly string[]): string =>
  ['POST /echo HTTP/1.1', 'Host: a', 'Connection: close', ...lines, '', ''].join('\r\n');

for (const driver of DRIVERS) {
  t.test(`bodies on ${driver}`, async (t) => {
    const clock = manualClock();
    const options = { driver, bodyBytesMax: 1000, bodyTimeoutMs: 5000, clock };
    const { server, port } = await serve(t, options, (server) => {
      server.route('POST', '/echo', echo);
      server.route('GET', '/large', (exchange) => {
        const size = Number(exchange.request.query.get('size'));
        exchange.respond({ status: 200, body: 'x'.repeat(size) });
      });
    });

    t.test('a body at the limit passes, one byte more is 413 and closes', async (t) => {
      const full = parseAnswer(
        await rawExchange(port, head('Content-Length: 1000') + 'a'.repeat(1000)),
      );
      t.equal(full.statusLine, 'HTTP/1.1 200 OK');
      t.equal(full.body.length, 1000);

      const before = server.stats.bodiesRefused;
      const client = await RawClient.open(
        port,
        'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n',
      );
      client.write('a'.repeat(1001));
      const refused = parseAnswer(await client.untilClosed());
      t.equal(refused.statusLine, 'HTTP/1.1 413 Payload Too Large');
      t.equal(refused.headers['connection'], 'close');
      t.equal(server.stats.bodiesRefused, before + 1, 'and it is counted');
    });

    t.test('a chunked body is read, and refused when it grows too large', async (t) => {
      const chunked = head('Transfer-Encoding: chunked');
      const small = parseAnswer(
        await rawExchange(port, `${chunked}5\r\nhello\r\n1\r\n!\r\n0\r\n\r\n`),
      );
      t.equal(small.body, 'hello!');
      const chunk = `190\r\n${'a'.repeat(400)}\r\n`;
      const large = await rawExchange(port, `${chunked}${chunk}${chunk}${chunk}0\r\n\r\n`);
      t.match(large, /^HTTP\/1.1 413 /);
    });

    t.test('a gzip body is inflated', async (t) => {
      const body = gzipSync('compressed');
      const lines = ['Content-Encoding: gzip', `Content-Length: ${body.length}`];
      const answer = await rawExchange(port, Buffer.concat([Buffer.from(head(...lines)), body]));
      t.equal(parseAnswer(answer).body, 'compressed');
    });

    t.test('a body that only claims to be gzip is 500, as in Mesos', async (t) => {
      const lines = ['Content-Encoding: gzip', 'Content-Length: 5'];
      const { statusLine, headers, body } = parseAnswer(
        await rawExchange(port, `${head(...lines)}hello`),
      );
      t.equal(statusLine, 'HTTP/1.1 500 Internal Server Error');
      t.equal(headers['content-type'], 'text/plain; charset=utf-8');
      t.equal(body, 'failed to decode body');
    });

    t.test('a gzip bomb is 413', async (t) => {
      const body = gzipSync('a'.repeat(100_000));
      const lines = ['Content-Encoding: gzip', `Content-Length: ${body.length}`];
      const answer = await rawExchange(port, Buffer.concat([Buffer.from(head(...lines)), body]));
      t.match(answer, /^HTTP\/1.1 413 /);
    });

    t.test('a body that does not arrive in time is 408', async (t) => {
      const client = await RawClient.open(
        port,
        'POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\nExpect: 100-continue\r\n\r\n',
      );
      await client.until((text) => text.includes('100 Continue'));
      client.write('hello');
      clock.advance(4999);
      t.equal(server.stats.bodiesTimedOut, 0);
      clock.advance(1);
      t.equal(server.stats.bodiesTimedOut, 1);
      clock.advance(1000);
      t.match(await client.untilClosed(), /HTTP\/1.1 408 Request Timeout\r\n/);
    });

    t.test('a body that is cut off reaches no handler', async (t) => {
      for (const cut of [
        'Content-Length: 10\r\n\r\nhello',
        'Transfer-Encoding: chunked\r\n\r\n5\r\nhel',
      ]) {
        const { openExchanges, aborted, answers } = server.stats;
        const before = answers['2xx'];
        const client = await RawClient.open(port, `POST /echo HTTP/1.1\r\nHost: a\r\n${cut}`);
        while (server.stats.openExchanges === openExchanges) {
          await new Promise<void>((resolve) => setImmediate(resolve));
        }
        client.socket.end();
        t.notMatch(await client.untilClosed(), /200 OK/);
        t.match(server.stats, { openExchanges, aborted: aborted + 1 });
        t.equal(server.stats.answers['2xx'], before);
      }
    });

    t.test('who expects 100-continue is told to go on', async (t) => {
      const client = await RawClient.open(port, head('Content-Length: 5', 'Expect: 100-continue'));
      await client.until((text) => text.includes('\r\n\r\n'));
      t.equal(client.text, 'HTTP/1.1 100 Continue\r\n\r\n');
      client.write('hello');
      t.match(await client.untilClosed(), /200 OK[\s\S]*hello$/);
    });

    t.test('answers are compressed when the client asks and it is worth it', async (t) => {
      const client = httpClient();
      t.teardown(() => client.close());
      const get = (size: number, accepted?: string) =>
        client.request({
          method: 'GET',
          url: `http://127.0.0.1:${port}/large?size=${size}`,
          headers: accepted === undefined ? {} : { 'Accept-Encoding': accepted },
        });
      for (const size of [1024, 200_000]) {
        const zipped = await get(size, 'gzip, deflate');
        t.equal(zipped.headers['content-encoding'], 'gzip');
        t.equal(Number(zipped.headers['content-length']), zipped.body.length);
        t.equal(gunzipSync(zipped.body).length, size);
        t.equal((await get(size)).headers['content-encoding'], undefined, 'not unasked');
      }
      t.equal((await get(1023, 'gzip')).headers['content-encoding'], undefined, 'not when small');
      t.equal((await get(2000, 'gzip;q=0')).headers['content-encoding'], undefined, 'not refused');
      t.equal((await get(2000, '*')).headers['content-encoding'], 'gzip');
    });

    t.test('a large answer arrives whole, however slow its reader', async (t) => {
      const size = 20_000_000;
      const client = await RawClient.open(port);
      client.socket.pause();
      client.write(`GET /large?size=${size} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      await new Promise<void>((resolve) => setImmediate(resolve));
      client.socket.resume();
      const { body } = parseAnswer(await client.untilClosed());
      t.equal(body.length, size);
    });

    t.test('a head that is too large is 431 and counted', async (t) => {
      const answer = await rawExchange(port, head(`X-Long: ${'a'.repeat(20_000)}`));
      t.match(answer, driver === 'node' ? /^HTTP\/1.1 431 / : /^HTTP\/1.1 4\d\d /);
    });
  });
}

t.test('the node driver turns connections away beyond the limit', async (t) => {
  const { server, port } = await serve(t, { driver: 'node', connectionsMax: 1 }, (server) => {
    server.route('POST', '/echo', echo);
  });
  const first = await RawClient.open(port, 'POST /echo HTTP/1.1\r\nHost: a\r\n\r\n');
  await first.until((text) => text.includes('200 OK'));
  const second = await RawClient.open(port);
  t.equal(await second.untilClosed(), '');
  t.equal(server.stats.connectionsRefused, 1);
  first.close();
});

t.test('the node driver understands what old clients send', async (t) => {
  const { server, port } = await serve(t, { driver: 'node' }, (server) => {
    server.route('GET', '/version', (exchange) => exchange.respond({ status: 200, body: 'v' }));
  });
  t.match(await rawExchange(port, 'GET /version HTTP/1.0\r\n\r\n'), /200 OK[\s\S]*\r\nv$/);
  const noHost = await rawExchange(port, 'GET /version HTTP/1.1\r\nConnection: close\r\n\r\n');
  t.match(noHost, /200 OK[\s\S]*\r\nv$/, 'no Host is fine');
  const upgrade =
    'Connection: close, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n';
  const h2c = await rawExchange(port, `GET /version HTTP/1.1\r\nHost: a\r\n${upgrade}\r\n`);
  t.match(h2c, /^HTTP\/1.1 200 OK[\s\S]*\r\nv$/, 'an offer of HTTP/2 is ignored');
  t.match(await rawExchange(port, 'this is not http\r\n\r\n'), /^HTTP\/1.1 400 Bad Request\r\n/);
  t.equal(server.stats.badRequests, 1);

  const pipelined = await RawClient.open(
    port,
    'GET /version HTTP/1.1\r\nHost: a\r\n\r\nGET /nope HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  );
  t.match(
    await pipelined.untilClosed(),
    /200 OK[\s\S]*404 Not Found/,
    'pipelining keeps the order',
  );
});
