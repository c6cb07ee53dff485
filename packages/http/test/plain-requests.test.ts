// The node driver answers plain requests itself and gives all others to node:http. Whatever comes, in whatever
// pieces, a client must not be able to tell. An empty line before a request makes it node:http's.
import t, { type Test } from 'tap';
import { manualClock } from './builders/manual-clock.ts';
import { RawClient } from './builders/raw-client.ts';
import { serve } from './builders/served.ts';

const HOST = 'Host: a\r\n';
const LAST = `GET /last HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`;

/** A server that says what it understood of each request. */
function givenEcho(t: Test) {
  return serve(t, { driver: 'node', bodyBytesMax: 1000, headerBytesMax: 2000 }, (server) => {
    server.route('*', '/*', (exchange) => {
      const { method, path, queryText, body } = exchange.request;
      const names = ['host', 'x-a', 'x-b', 'cookie', 'content-length', 'connection'];
      const headers = names.map((name) => exchange.request.header(name));
      const seen = JSON.stringify([method, path, queryText, Buffer.from(body).toString(), headers]);
      const answer = { status: path === '/204' ? 204 : 200, body: seen };
      if (path.startsWith('/later')) setImmediate(() => exchange.respond(answer));
      else exchange.respond(answer);
    });
  });
}

/** What a client sees, without the date and with headers in order of name. */
async function answersTo(port: number, pieces: readonly string[]): Promise<readonly string[]> {
  const client = await RawClient.open(port);
  for (const piece of pieces) {
    client.socket.write(piece, 'latin1');
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  const text = await client.untilClosed();
  client.close();
  return text
    .replace(/Date: [^\r]*\r\n/g, '')
    .split(/(?=HTTP\/1\.1 )/)
    .map((answer) => {
      const [head = '', body = ''] = answer.split('\r\n\r\n');
      const [statusLine = '', ...headers] = head.split('\r\n');
      return [statusLine, ...headers.sort(), body].join('|');
    });
}

const REQUESTS: Readonly<Record<string, string>> = {
  'a GET': `GET /a?b=c HTTP/1.1\r\n${HOST}\r\n`,
  'a HEAD': `HEAD /a HTTP/1.1\r\n${HOST}\r\n`,
  'no header at all': 'GET /a HTTP/1.1\r\n\r\n',
  'headers with blanks around their values': `GET /a HTTP/1.1\r\n${HOST}X-A: \t a b \t\r\nX-B:\r\n\r\n`,
  'bytes above ASCII in a value': `GET /a HTTP/1.1\r\n${HOST}X-A: \xe9\r\n\r\n`,
  'a body': `POST /a HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
  'an empty body': `POST /a HTTP/1.1\r\n${HOST}Content-Length: 0\r\n\r\n`,
  'a body on a GET': `GET /a HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello`,
  'a body that is too large': `POST /a HTTP/1.1\r\n${HOST}Content-Length: 1001\r\n\r\n${'x'.repeat(1001)}`,
  'a chunked body': `POST /a HTTP/1.1\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n`,
  'chunked and a length': `POST /a HTTP/1.1\r\n${HOST}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
  'two lengths': `POST /a HTTP/1.1\r\n${HOST}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
  'a length with a sign': `POST /a HTTP/1.1\r\n${HOST}Content-Length: +5\r\n\r\nhello`,
  'a length with blanks inside': `POST /a HTTP/1.1\r\n${HOST}Content-Length: 5 5\r\n\r\nhello`,
  'a folded header': `GET /a HTTP/1.1\r\n${HOST}X-A: a\r\n b\r\n\r\n`,
  'a blank before the colon': `GET /a HTTP/1.1\r\n${HOST}X-A : a\r\n\r\n`,
  'a line without colon': `GET /a HTTP/1.1\r\n${HOST}X-A\r\n\r\n`,
  'a header without name': `GET /a HTTP/1.1\r\n${HOST}: a\r\n\r\n`,
  'a bare line feed': `GET /a HTTP/1.1\r\n${HOST}X-A: a\nX-B: b\r\n\r\n`,
  'a bare carriage return': `GET /a HTTP/1.1\r\n${HOST}X-A: a\rX-B: b\r\n\r\n`,
  'a zero byte': `GET /a HTTP/1.1\r\n${HOST}X-A: a\0b\r\n\r\n`,
  'a repeated header': `GET /a HTTP/1.1\r\n${HOST}X-A: a\r\nX-A: b\r\nCookie: c\r\nCookie: d\r\n\r\n`,
  'two hosts': `GET /a HTTP/1.1\r\n${HOST}Host: b\r\n\r\n`,
  'an absolute form': `GET http://a/a HTTP/1.1\r\n${HOST}\r\n`,
  'a fragment': `GET /a#b HTTP/1.1\r\n${HOST}\r\n`,
  'an asterisk': `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`,
  'two blanks in the request line': `GET  /a HTTP/1.1\r\n${HOST}\r\n`,
  'a blank in the path': `GET /a b HTTP/1.1\r\n${HOST}\r\n`,
  'a path beyond ASCII': `GET /\xe9 HTTP/1.1\r\n${HOST}\r\n`,
  'HTTP/1.0': `GET /a HTTP/1.0\r\n${HOST}\r\n`,
  'HTTP/1.0 kept alive': `GET /a HTTP/1.0\r\n${HOST}Connection: keep-alive\r\n\r\n`,
  'HTTP/0.9': `GET /a HTTP/0.9\r\n${HOST}\r\n`,
  'an unknown method': `BREW /a HTTP/1.1\r\n${HOST}\r\n`,
  'a method in lower case': `get /a HTTP/1.1\r\n${HOST}\r\n`,
  'a kept connection': `GET /a HTTP/1.1\r\n${HOST}Connection: Keep-Alive\r\n\r\n`,
  'a closed connection': `GET /a HTTP/1.1\r\n${HOST}Connection: CLOSE\r\n\r\n`,
  'several wishes for the connection': `GET /a HTTP/1.1\r\n${HOST}Connection: keep-alive, close\r\n\r\n`,
  'an upgrade where no WebSocket is': `GET /a HTTP/1.1\r\n${HOST}Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n`,
  'a head that is too large': `GET /a HTTP/1.1\r\n${HOST}X-A: ${'a'.repeat(2100)}\r\n\r\n`,
  'a path that is too large': `GET /${'a'.repeat(2100)} HTTP/1.1\r\n${HOST}\r\n`,
  'many headers': `GET /a HTTP/1.1\r\n${HOST}${'X-A: b\r\n'.repeat(150)}\r\n`,
  'no HTTP': 'this is not http\r\n\r\n',
  'an answer that takes a while': `GET /later HTTP/1.1\r\n${HOST}\r\n`,
  'several requests at once': `GET /later1 HTTP/1.1\r\n${HOST}\r\nPOST /b HTTP/1.1\r\n${HOST}Content-Length: 2\r\n\r\nhiGET /later2 HTTP/1.1\r\n${HOST}\r\n`,
  'plain ones before one that is not': `GET /later1 HTTP/1.1\r\n${HOST}\r\nGET /b HTTP/1.1\r\n${HOST}\r\nGET /c HTTP/1.1\r\n${HOST}X-A: a\r\nX-A: b\r\n\r\nGET /d HTTP/1.1\r\n${HOST}\r\n`,
  'an answer without body': `GET /204 HTTP/1.1\r\n${HOST}\r\n`,
};

t.test('every request gets what node:http would answer', async (t) => {
  const { port } = await givenEcho(t);
  for (const [name, request] of Object.entries(REQUESTS)) {
    const text = /connection:.*close/i.test(request) ? request : request + LAST;
    t.same(await answersTo(port, [text]), await answersTo(port, [`\r\n${text}`]), name);
  }
});

t.test('a version of the future is taken for HTTP/1.1, as in Mesos', async (t) => {
  const { port } = await givenEcho(t);
  const [first, ...others] = await answersTo(port, [`GET /a HTTP/9.9\r\n\r\n${LAST}`]);
  t.match(first, /^HTTP\/1.1 200 OK.*"\/a"/);
  t.equal(others.length, 1);
});

t.test('an offer of HTTP/2 is not taken, and the connection serves on', async (t) => {
  const { port } = await givenEcho(t);
  const offer = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n';
  const answers = await answersTo(port, [`GET /a HTTP/1.1\r\n${HOST}${offer}\r\n${LAST}`]);
  t.equal(answers.length, 2);
  t.match(answers[0], /^HTTP\/1.1 200 OK.*"\/a"/);
});

t.test('what follows a request that ends the connection is not served', async (t) => {
  const { port, server } = await givenEcho(t);
  t.equal((await answersTo(port, [LAST + LAST])).length, 1);
  t.equal(server.stats.requests, 1);
});

t.test('a request may come in any two pieces', async (t) => {
  const { port } = await givenEcho(t);
  const text = `POST /later HTTP/1.1\r\n${HOST}Content-Length: 5\r\n\r\nhello${LAST}`;
  const whole = await answersTo(port, [text]);
  t.equal(whole.length, 2);
  for (let at = 1; at < text.length; at += 1) {
    t.same(await answersTo(port, [text.slice(0, at), text.slice(at)]), whole, `cut at ${at}`);
  }
});

t.test('who asks without reading is not served ahead of what the system takes', async (t) => {
  let served = 0;
  const { port } = await serve(t, { driver: 'node' }, (server) => {
    server.route('GET', '/large', (exchange) => {
      served += 1;
      exchange.respond({ status: 200, body: new Uint8Array(4_000_000) });
    });
  });
  const count = 20;
  const request = `GET /large HTTP/1.1\r\n${HOST}\r\n`;
  const client = await RawClient.open(port);
  client.socket.pause();
  client.write(request.repeat(count) + LAST);
  for (let turn = 0; turn < 50; turn += 1) {
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
  t.ok(served < 10, `${served} answers for one that reads none`);
  client.socket.resume();
  await client.untilClosed();
  t.equal(served, count, 'all are served to one who reads');
});

t.test('idle connections are closed, silent ones with a word', async (t) => {
  const clock = manualClock();
  const options = { driver: 'node', clock, headTimeoutMs: 8000, keepAliveMs: 16_000 } as const;
  const { server, port } = await serve(t, options, (server) => {
    server.route('GET', '/a', (exchange) => exchange.respond({ status: 200 }));
  });
  const served = await RawClient.open(port, `GET /a HTTP/1.1\r\n${HOST}\r\n`);
  await served.until((text) => text.endsWith('\r\n\r\n'));
  const silent = await RawClient.open(port);
  // The server has accepted both once a later one is answered.
  const later = await RawClient.open(port, `GET /a HTTP/1.1\r\n${HOST}Connection: close\r\n\r\n`);
  await later.untilClosed();
  for (let second = 0; second < 8; second += 1) clock.advance(1000);
  t.match(await silent.untilClosed(), /^HTTP\/1.1 408 Request Timeout\r\n/);
  t.equal(server.stats.badRequests, 1);
  t.notOk(served.isClosed);
  for (let second = 0; second < 8; second += 1) clock.advance(1000);
  t.match(await served.untilClosed(), /^HTTP\/1.1 200 OK\r\n[\s\S]*\r\n\r\n$/);
  await server.close();
  t.equal(clock.timerCount, 0, 'no timer is left');
});
