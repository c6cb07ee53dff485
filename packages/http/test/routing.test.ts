// Which handler answers, and what is answered when none does. Runs on every driver.

import { type HttpServer, httpClient } from '@kaon/http';
import { utf8 } from '@kaon/primitives';
import t from 'tap';
import { parseAnswer, rawExchange } from './builders/raw-client.ts';
import { DRIVERS, serve } from './builders/served.ts';

function addNamedRoute(
  server: HttpServer,
  methods: string | readonly string[],
  path: string,
): void {
  server.route(methods, path, (exchange) => {
    const { params } = exchange.request;
    exchange.respond({ status: 200, body: `${path} ${JSON.stringify(params)}` });
  });
}

for (const driver of DRIVERS) {
  t.test(`routing on ${driver}`, async (t) => {
    const client = httpClient();
    t.teardown(() => client.close());
    const { port } = await serve(t, { driver }, (server) => {
      addNamedRoute(server, 'GET', '/');
      addNamedRoute(server, 'GET', '/version');
      addNamedRoute(server, ['GET', 'POST'], '/weights');
      addNamedRoute(server, '*', '/health');
      addNamedRoute(server, 'GET', '/slave(1)/state');
      addNamedRoute(server, 'GET', '/files/*');
      addNamedRoute(server, 'GET', '/files/read');
      addNamedRoute(server, 'GET', '/agents/:id/tasks/:task');
      addNamedRoute(server, 'GET', '/agents/all/tasks/:task');
      server.route('POST', '/api/v1', (exchange) => exchange.respond({ status: 202 }), {
        matchesBelow: true,
      });
      addNamedRoute(server, 'POST', '/api/v1/scheduler');
    });
    const get = async (path: string, method = 'GET'): Promise<string> => {
      const answer = await rawExchange(
        port,
        `${method} ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`,
      );
      const { statusLine, body } = parseAnswer(answer);
      return `${statusLine.slice(9, 12)} ${body}`;
    };

    t.equal(await get('/'), '200 / {}');
    t.equal(await get('/version'), '200 /version {}');
    t.equal(await get('/version/'), '200 /version {}', 'a slash at the end does not count');
    t.equal(await get('//version'), '200 /version {}');
    t.equal(await get('/version?a=/b'), '200 /version {}');
    t.equal(await get('/slave(1)/state'), '200 /slave(1)/state {}');
    t.equal(
      await get('/slave%281%29/state'),
      '200 /slave(1)/state {}',
      'an actor id may be escaped',
    );
    t.equal(await get('/slave(1)/%73tate'), '404 404 Not Found.', 'an endpoint may not');
    t.equal(await get('/%zz'), '404 404 Not Found.');
    t.equal(await get('/nope'), '404 404 Not Found.');
    t.equal(await get('/slave(1)'), '404 404 Not Found.');
    t.equal(await get('/files'), '200 /files/* {"*":""}', 'a prefix route serves its own root');
    t.equal(await get('/files/read'), '200 /files/read {}', 'an exact route wins');
    t.equal(await get('/files/a/b%20c'), '200 /files/* {"*":"a/b c"}');
    t.equal(await get('/files/%zz'), '404 404 Not Found.');
    t.equal(
      await get('/agents/S0/tasks/t%2F1'),
      '200 /agents/:id/tasks/:task {"id":"S0","task":"t/1"}',
    );
    t.equal(await get('/agents/all/tasks/x'), '200 /agents/all/tasks/:task {"task":"x"}');
    t.equal(await get('/health', 'DELETE'), '200 /health {}', 'any method');
    t.equal(await get('/api/v1/anything/below', 'POST'), '202 ');
    t.equal(await get('/api/v1', 'POST'), '202 ');
    t.equal(await get('/api/v1/scheduler', 'POST'), '200 /api/v1/scheduler {}');

    t.test('a path that exists under other methods is 405, as in Mesos', async (t) => {
      const answer = parseAnswer(
        await rawExchange(port, 'PUT /api/v1 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'),
      );
      t.equal(answer.statusLine, 'HTTP/1.1 405 Method Not Allowed');
      t.equal(answer.headers['allow'], 'POST');
      t.equal(answer.headers['content-type'], 'text/plain; charset=utf-8');
      t.ok(answer.headers['date'], 'both drivers say the date');
      t.equal(
        answer.body,
        "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'PUT'.",
      );
      t.match(await get('/weights', 'PATCH'), "{ 'GET', 'POST' }, but received 'PATCH'");
    });

    t.test('a HEAD request gets the head of a GET answer', async (t) => {
      const request = 'HEAD /version HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
      const { statusLine, headers, body } = parseAnswer(await rawExchange(port, request));
      t.equal(statusLine, 'HTTP/1.1 200 OK');
      t.equal(headers['content-length'], String('/version {}'.length));
      t.equal(body, '');
    });

    t.test('requests come whole: method, path, query, headers, body, peer', async (t) => {
      const { port } = await serve(t, { driver }, (server) => {
        server.route('PUT', '/echo', (exchange) => {
          const { method, path, query, queryText, remoteAddress, body } = exchange.request;
          const seen = {
            method,
            path,
            limit: query.get('limit'),
            text: query.get('text'),
            queryText,
            remoteAddress,
            header: exchange.request.header('x-custom'),
            missing: exchange.request.header('x-missing') === undefined,
            body: Buffer.from(body).toString(),
          };
          exchange.respond({ status: 200, body: JSON.stringify(seen) });
        });
      });
      const response = await client.request({
        method: 'PUT',
        url: `http://127.0.0.1:${port}/echo?limit=%zz&text=a+b%20c`,
        headers: { 'X-Custom': 'yes' },
        body: utf8('hello'),
      });
      t.same(JSON.parse(Buffer.from(response.body).toString()), {
        method: 'PUT',
        path: '/echo',
        limit: '%zz',
        text: 'a b c',
        queryText: 'limit=%zz&text=a+b%20c',
        remoteAddress: '127.0.0.1',
        header: 'yes',
        missing: true,
        body: 'hello',
      });
    });
  });
}
