// Compressed bodies and answers, and answers the client has already. Runs on every driver.
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
} from 'node:zlib';
import { compress, entityTag, hasEntity } from '@kaon/http';
import t from 'tap';

import { parseAnswer, rawExchange } from './builders/raw-client.ts';
import { DRIVERS, serve } from './builders/served.ts';

const LARGE = Buffer.from('a large body, '.repeat(10_000));
const SMALL = Buffer.from('a small body, '.repeat(100));
const TAG = entityTag('state 7');

for (const driver of DRIVERS) {
  t.test(`codings on ${driver}`, async (t) => {
    const { server, port } = await serve(t, { driver, bodyBytesMax: 100_000 }, (server) => {
      server.route('POST', '/echo', (exchange) => {
        exchange.respond({ status: 200, body: exchange.request.body });
      });
      for (const [path, body] of [
        ['/large', LARGE],
        ['/small', SMALL],
      ] as const) {
        server.route('GET', path, (exchange) => exchange.respond({ status: 200, body }));
      }
      server.route('*', '/tagged', (exchange) => {
        exchange.respond({ status: 200, headers: { ETag: TAG, 'Content-Type': 'x' }, body: SMALL });
      });
      server.route('GET', '/encoded', (exchange) => {
        const headers = { 'content-encoding': 'zstd' };
        exchange.respond({ status: 200, headers, body: SMALL });
      });
    });
    const ask = async (start: string, headers: readonly string[] = [], body?: Uint8Array) => {
      const lines = [`${start} HTTP/1.1`, 'Host: a', 'Connection: close', ...headers];
      if (body !== undefined) lines.push(`Content-Length: ${body.length}`);
      const head = Buffer.from([...lines, '', ''].join('\r\n'));
      const sent = body === undefined ? head : Buffer.concat([head, body]);
      return parseAnswer(await rawExchange(port, sent));
    };

    t.test('answers are compressed as the client wants most', async (t) => {
      const codings = { br: brotliDecompressSync, gzip: gunzipSync };
      for (const [coding, decode] of Object.entries(codings)) {
        for (const [path, plain] of [
          ['/large', LARGE],
          ['/small', SMALL],
        ] as const) {
          const answer = await ask(`GET ${path}`, [`Accept-Encoding: deflate, ${coding}`]);
          t.equal(answer.headers['content-encoding'], coding);
          t.equal(answer.headers['vary'], 'Accept-Encoding');
          const body = Buffer.from(answer.body, 'latin1');
          t.equal(answer.headers['content-length'], String(body.length));
          t.ok(decode(body).equals(plain), `${coding} of ${path}`);
        }
      }
      const plain = await ask('GET /large');
      t.equal(plain.headers['content-encoding'], undefined);
      t.equal(plain.headers['vary'], undefined);
      const encoded = await ask('GET /encoded', ['Accept-Encoding: br']);
      t.equal(encoded.headers['content-encoding'], 'zstd', 'what is encoded is left alone');
      t.equal(encoded.body, SMALL.toString());
    });

    t.test('who has an answer already is told so', async (t) => {
      const first = await ask('GET /tagged');
      t.equal(first.headers['etag'], TAG);
      t.equal(first.headers['vary'], 'Accept-Encoding');
      t.equal(first.body, SMALL.toString());
      for (const known of [TAG, TAG.slice(2), `"x", ${TAG}`, '*']) {
        const again = await ask('GET /tagged', [`If-None-Match: ${known}`, 'Accept-Encoding: br']);
        t.equal(again.statusLine, 'HTTP/1.1 304 Not Modified', known);
        t.equal(again.headers['etag'], TAG);
        t.equal(again.headers['content-length'], undefined);
        t.equal(again.body, '');
      }
      const before = server.stats.answers['3xx'];
      for (const known of ['"other"', 'state_7', '"', 'W/']) {
        t.match((await ask('GET /tagged', [`If-None-Match: ${known}`])).statusLine, / 200 /, known);
      }
      const posted = await ask('POST /tagged', [`If-None-Match: ${TAG}`], Buffer.from(''));
      t.match(posted.statusLine, / 200 /, 'only reads are spared');
      t.equal(server.stats.answers['3xx'], before);
    });

    t.test('bodies may be plain or gzip, all else is 415', async (t) => {
      const body = Buffer.from('hello');
      const echoed = (coding: string, bytes: Uint8Array) =>
        ask('POST /echo', [`Content-Encoding: ${coding}`], bytes);
      t.equal((await echoed('identity', body)).body, 'hello');
      t.equal((await echoed('GZip', gzipSync(body))).body, 'hello');
      t.equal((await echoed('x-gzip', gzipSync(body))).body, 'hello');
      const others = {
        br: brotliCompressSync(body),
        deflate: deflateSync(body),
        'gzip, gzip': body,
      };
      for (const [coding, bytes] of Object.entries(others)) {
        const { statusLine, body: text } = await echoed(coding, bytes);
        t.match(statusLine, /^HTTP\/1.1 415 /, coding);
        t.equal(text, "Expecting 'Content-Encoding' of gzip or identity");
      }
    });

    t.test('a gzip body that is cut off or goes on too long is refused', async (t) => {
      const bytes = gzipSync(LARGE.subarray(0, 50_000));
      const cut = await ask('POST /echo', ['Content-Encoding: gzip'], bytes.subarray(0, -9));
      t.equal(cut.body, 'failed to decode body');
      const bomb = gzipSync(Buffer.alloc(100_001));
      t.match((await ask('POST /echo', ['Content-Encoding: gzip'], bomb)).statusLine, / 413 /);
      // Two members of one stream count together.
      const half = gzipSync(Buffer.alloc(60_000));
      const two = await ask('POST /echo', ['Content-Encoding: gzip'], Buffer.concat([half, half]));
      t.match(two.statusLine, / 413 /);
    });
  });
}

t.test('large bytes given to many are compressed once', async (t) => {
  const body = Buffer.from(LARGE);
  t.equal(compress(body, 'br'), compress(body, 'br'));
  t.not(compress(body, 'gzip'), compress(body, 'br'));
  t.not(compress(Buffer.from(LARGE), 'br'), compress(body, 'br'));
});

t.test('a tag holds nothing that ends it', async (t) => {
  t.equal(entityTag(7), 'W/"7"');
  t.equal(entityTag('a"b c\r\n\u20ac'), 'W/"a_b_c___"');
  const asking = (value: string) => ({ header: () => value });
  t.ok(hasEntity(asking(entityTag('a"b')), entityTag('a"b')));
  t.notOk(hasEntity({ header: () => undefined }, entityTag(7)));
});
