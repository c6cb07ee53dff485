// The client against a real server: whole answers, streams, limits, aborts.

import { encodeRecord, type HttpExchange, httpClient, type OpenedStream } from '@kaon/http';
import { fromUtf8, utf8 } from '@kaon/primitives';
import t, { type Test } from 'tap';
import { manualClock } from './builders/manual-clock.ts';
import { serve } from './builders/served.ts';

async function givenServer(t: Test) {
  const clock = manualClock();
  const client = httpClient({ clock, timeoutMs: 5000, bodyBytesMax: 1000 });
  t.teardown(() => client.close());
  const waiting: ((exchange: HttpExchange) => void)[] = [];
  const { server, port } = await serve(t, { driver: 'node' }, (server) => {
    server.route('POST', '/echo', (exchange) => {
      const { body } = exchange.request;
      exchange.respond({ status: 202, headers: { 'X-Seen': 'yes' }, body });
    });
    server.route('*', '/held', (exchange) => waiting.shift()?.(exchange));
  });
  const held = (): Promise<HttpExchange> => new Promise((resolve) => waiting.push(resolve));
  return { client, clock, server, held, url: (path: string) => `http://127.0.0.1:${port}${path}` };
}

/** Records and the end of a stream, in order. */
function listener() {
  const heard: string[] = [];
  let finish: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const handlers = {
    record: (record: Uint8Array): void => {
      heard.push(fromUtf8(record));
    },
    end: (error: { readonly code: string } | undefined): void => {
      heard.push(`end ${error?.code}`);
      finish();
    },
  };
  return { heard, handlers, ended };
}

t.test('an answer comes whole, whatever its status', async (t) => {
  const { client, url } = await givenServer(t);
  const echoed = await client.request({ method: 'POST', url: url('/echo'), body: 'hé' });
  t.equal(echoed.status, 202);
  t.equal(echoed.headers['x-seen'], 'yes');
  t.equal(fromUtf8(echoed.body), 'hé');
  const missing = await client.request({ method: 'GET', url: url('/nope') });
  t.equal(missing.status, 404);
  t.equal(fromUtf8(missing.body), '404 Not Found.');
});

t.test('an answer over the limit is an error', async (t) => {
  const { client, url } = await givenServer(t);
  const request = { method: 'POST', url: url('/echo'), body: 'a'.repeat(1001) };
  await t.rejects(client.request(request), { code: 'KAON_HTTP_BODY_TOO_LARGE', bytesMax: 1000 });
  const response = await client.request({ ...request, bodyBytesMax: 2000 });
  t.equal(response.body.length, 1001);
});

t.test(
  'an answer that does not come in time is an error, and the server hears of it',
  async (t) => {
    const { client, clock, held, url } = await givenServer(t);
    const arrived = held();
    const pending = client.request({ method: 'GET', url: url('/held') });
    const exchange = await arrived;
    const aborted = new Promise<void>((resolve) => exchange.onAborted(resolve));
    clock.advance(5000);
    await t.rejects(pending, { code: 'KAON_HTTP_TIMEOUT', timeoutMs: 5000 });
    await aborted;
    t.equal(clock.timerCount, 0, 'no timer is left');
  },
);

t.test('a caller can give up', async (t) => {
  const { client, held, url } = await givenServer(t);
  const controller = new AbortController();
  const arrived = held();
  const request = { method: 'GET', url: url('/held'), signal: controller.signal };
  const pending = client.request(request);
  await arrived;
  controller.abort();
  await t.rejects(pending, { code: 'KAON_HTTP_ABORTED' });
  await t.rejects(client.request(request), { code: 'KAON_HTTP_ABORTED' }, 'also beforehand');
});

t.test('where nobody listens the error says so', async (t) => {
  const { client, server, url } = await givenServer(t);
  await server.close();
  await t.rejects(client.request({ method: 'GET', url: url('/') }), {
    code: 'KAON_HTTP_REQUEST_FAILED',
    message: /GET .* failed: .*ECONNREFUSED/,
  });
  await t.rejects(client.request({ method: 'GET', url: 'nonsense' }), {
    code: 'KAON_HTTP_REQUEST_FAILED',
  });
});

t.test('a stream delivers records as they come and its end', async (t) => {
  const { client, clock, held, url } = await givenServer(t);
  const { heard, handlers, ended } = listener();
  const arrived = held();
  const opening = client.openStream({ method: 'POST', url: url('/held'), body: '{}' }, handlers);
  const stream = (await arrived).stream({ status: 200, headers: { 'X-Id': '7' } });
  const opened = await opening;
  t.match(opened, { kind: 'stream', status: 200, headers: { 'x-id': '7' } });
  clock.advance(60_000);
  stream.write(encodeRecord(utf8('one')));
  stream.write(utf8('3\ntw'));
  stream.write(utf8('o5\nthree'));
  stream.end();
  await ended;
  t.same(heard, ['one', 'two', 'three', 'end undefined'], 'the timeout covers the head only');
});

t.test('a refusal comes as a whole answer', async (t) => {
  const { client, held, url } = await givenServer(t);
  const { heard, handlers } = listener();
  const arrived = held();
  const opening = client.openStream({ method: 'POST', url: url('/held') }, handlers);
  (await arrived).respond({ status: 503, body: 'no leader' });
  const opened = await opening;
  t.match(opened, { kind: 'refused', response: { status: 503 } });
  t.same(heard, []);
});

t.test('every way a stream breaks has its code', async (t) => {
  const { client, held, url } = await givenServer(t);
  const broken = async (breakIt: (exchange: HttpExchange, opened: () => OpenedStream) => void) => {
    const { heard, handlers, ended } = listener();
    const arrived = held();
    const opening = client.openStream({ method: 'POST', url: url('/held') }, handlers);
    const exchange = await arrived;
    const stream = exchange.stream({ status: 200 });
    stream.write(encodeRecord(utf8('first')));
    const opened = await opening;
    while (heard.length === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    breakIt({ ...exchange, stream: () => stream } as unknown as HttpExchange, () => opened);
    await ended;
    return heard.at(-1);
  };
  t.equal(
    await broken((exchange) => exchange.stream({ status: 200 }).close()),
    'end KAON_HTTP_REQUEST_FAILED',
    'the connection broke',
  );
  t.equal(
    await broken((exchange) => exchange.stream({ status: 200 }).write(utf8('x'))),
    'end KAON_BAD_RECORD_IO',
    'no RecordIO',
  );
  t.equal(
    await broken((exchange) => exchange.stream({ status: 200 }).write(utf8('1001\n'))),
    'end KAON_BAD_RECORD_IO',
    'a record over the limit',
  );
  t.equal(
    await broken((_, opened) => {
      const stream = opened();
      if (stream.kind === 'stream') stream.close();
    }),
    'end KAON_HTTP_ABORTED',
    'the caller closed it',
  );
  t.equal(await broken(() => client.close()), 'end KAON_HTTP_ABORTED', 'the client was closed');
});
