// Constant answers: what `constant` promises holds however a client asks. Runs on every driver.
import t from 'tap';
import { manualClock } from './builders/manual-clock.ts';
import { parseAnswer, RawClient } from './builders/raw-client.ts';
import { DRIVERS, serve } from './builders/served.ts';

const ASK = 'GET /version HTTP/1.1\r\nHost: a\r\n\r\n';
const HEAD_END = '\r\n\r\n';

for (const driver of DRIVERS) {
  t.test(`constant answers on ${driver}`, async (t) => {
    let asked = 0;
    const answer = { status: 200, headers: { 'Content-Type': 'x' }, body: 'constant' };
    const { server, port } = await serve(t, { driver }, (server) => {
      server.constant('/version', answer);
      server.route('*', '/version', (exchange) => {
        asked += 1;
        exchange.respond(exchange.request.queryText === '' ? answer : { status: 200, body: 'q' });
      });
    });
    const client = await RawClient.open(port);
    t.teardown(() => client.close());
    const ask = async (request: string): Promise<string> => {
      const before = client.text.length;
      client.write(request);
      const isWhole = (text: string): boolean =>
        /(constant|q)$/.test(text.slice(before)) ||
        (request.startsWith('HEAD') && text.slice(before).endsWith(HEAD_END));
      return (await client.until(isWhole)).slice(before);
    };

    for (const time of ['first', 'second', 'third']) {
      const { statusLine, headers, body } = parseAnswer(await ask(ASK));
      t.equal(statusLine, 'HTTP/1.1 200 OK', time);
      t.match(headers, { 'content-type': 'x', 'content-length': '8', date: / GMT$/ });
      t.equal(headers['connection'], undefined);
      t.equal(body, 'constant');
    }
    t.match(server.stats, { requests: 3, openExchanges: 0, answers: { '2xx': 3 } });

    const before = asked;
    t.match(await ask(ASK.replace('version', 'version?a')), /\r\nq$/, 'a query is for the handler');
    t.match(await ask(ASK.replace('GET', 'POST')), /\r\nconstant$/, 'another method too');
    t.match(await ask(ASK.replace('GET', 'HEAD')), /Content-Length: 8\r\n[\s\S]*\r\n$/i);
    t.equal(asked, before + 3);
    t.match(await ask(ASK.replace('Host', 'Accept-Encoding: gzip\r\nHost')), /\r\nconstant$/);
    t.match(await ask(ASK), /\r\nconstant$/);

    client.write(ASK.replace('Host', 'Connection: close\r\nHost'));
    t.match(await client.untilClosed(), /\r\n\r\nconstant$/);
  });
}

t.test('the node driver asks no handler for a constant answer, and dates it anew', async (t) => {
  const clock = manualClock();
  const { port } = await serve(t, { driver: 'node', clock }, (server) => {
    server.constant('/version', { status: 200, body: 'constant' });
    server.route('GET', '/version', () => {
      t.fail('the handler was asked');
    });
  });
  const client = await RawClient.open(port, ASK);
  t.match(await client.until((text) => text.endsWith('constant')), /Date: .* 00:00:00 GMT/);
  clock.advance(999);
  client.write(ASK);
  await client.until((text) => text.split('constant').length === 3);
  t.notMatch(client.text, /00:00:01/);
  clock.advance(1);
  client.write(ASK);
  t.match(
    await client.until((text) => text.split('constant').length === 4),
    /Date: Thu, 01 Jan 1970 00:00:01 GMT\r\n/,
  );
  client.close();
});

for (const driver of DRIVERS) {
  t.test(`a large constant answer is compressed on ${driver} for who asks`, async (t) => {
    const answer = { status: 200, body: 'x'.repeat(5000) };
    const { port } = await serve(t, { driver }, (server) => {
      server.constant('/version', answer);
      server.route('GET', '/version', (exchange) => exchange.respond(answer));
    });
    const asking = ASK.replace('Host', 'Accept-Encoding: gzip\r\nHost');
    const client = await RawClient.open(port, ASK);
    await client.until((text) => text.endsWith('x'.repeat(5000)));
    client.write(asking.replace('Host', 'Connection: close\r\nHost'));
    const [, second = ''] = (await client.untilClosed()).split(/(?=HTTP\/1\.1 )/);
    t.match(parseAnswer(second).headers, { 'content-encoding': 'gzip' });
  });
}

t.test('many requests for a constant answer at once all get it', async (t) => {
  const { server, port } = await serve(t, { driver: 'node' }, (server) => {
    server.constant('/version', { status: 200, body: 'x'.repeat(10_000) });
    server.route('GET', '/version', (exchange) => {
      exchange.respond({ status: 200, body: 'x'.repeat(10_000) });
    });
  });
  const client = await RawClient.open(port);
  client.socket.pause();
  client.write(ASK.repeat(2000));
  client.write(ASK.replace('Host', 'Connection: close\r\nHost'));
  for (let turn = 0; turn < 50; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  t.ok(server.stats.requests < 1500, 'nobody is served far ahead of what they read');
  client.socket.resume();
  const text = await client.untilClosed();
  t.equal(text.split('HTTP/1.1 200 OK\r\n').length - 1, 2001);
});
