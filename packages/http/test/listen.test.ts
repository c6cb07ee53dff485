// Listening, the choice of the driver, and ends that leave nothing behind.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createHttpServer, isUwsAvailable } from '@kaon/http';
import t from 'tap';
import { RawClient, rawExchange } from './builders/raw-client.ts';
import { DRIVERS, serve } from './builders/served.ts';

const AT_ANY_PORT = { host: '127.0.0.1', port: 0 };

for (const driver of DRIVERS) {
  t.test(`listening on ${driver}`, async (t) => {
    const { server, port } = await serve(t, { driver }, (server) => {
      server.route('GET', '/version', (exchange) => exchange.respond({ status: 200, body: 'v' }));
    });

    t.test('port 0 takes a free port and says which', async (t) => {
      t.ok(port > 0);
      t.equal(server.driver, driver);
    });

    for (const second of DRIVERS) {
      t.test(`a taken port is a coded error for a second server on ${second}`, async (t) => {
        await t.rejects(createHttpServer({ driver: second }).listen({ host: '127.0.0.1', port }), {
          code: 'KAON_PORT_IN_USE',
          message: `127.0.0.1:${port} is in use by another server`,
        });
      });
    }

    t.test('an address that is not ours is another coded error', async (t) => {
      const other = createHttpServer({ driver });
      await t.rejects(other.listen({ host: '203.0.113.1', port: 0 }), {
        code: 'KAON_LISTEN_FAILED',
        host: '203.0.113.1',
      });
      await other.close();
    });

    t.test('handlers that fail are answered 500, without their reason', async (t) => {
      const { server, port } = await serve(t, { driver }, (server) => {
        server.route('GET', '/throws', () => {
          throw new Error('secret');
        });
        server.route('GET', '/rejects', async () => {
          throw new Error('secret');
        });
        server.route('GET', '/twice', (exchange) => {
          exchange.respond({ status: 200, body: 'once' });
          exchange.respond({ status: 200, body: 'twice' });
        });
      });
      for (const path of ['/throws', '/rejects']) {
        const request = `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
        const answer = await rawExchange(port, request);
        t.match(answer, /^HTTP\/1.1 500 Internal Server Error\r\n/);
        t.notMatch(answer, /secret/);
      }
      await rawExchange(port, 'GET /twice HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
      t.equal(server.stats.handlersFailed, 3);
    });

    t.test('header values cannot smuggle lines', async (t) => {
      const { port } = await serve(t, { driver }, (server) => {
        server.route('GET', '/header', (exchange) => {
          const headers = { 'X-User': 'a\r\nX-Evil: yes\u20ac' };
          exchange.respond({ status: 200, headers });
        });
      });
      const answer = await rawExchange(
        port,
        'GET /header HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      );
      t.match(answer, /X-User: a\?\?X-Evil: yes\?\r\n/);
    });

    t.test('statuses without a body have none', async (t) => {
      const { port } = await serve(t, { driver }, (server) => {
        server.route('GET', '/none', (exchange) => exchange.respond({ status: 204, body: 'x' }));
      });
      const answer = await rawExchange(
        port,
        'GET /none HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
      );
      t.match(answer, /^HTTP\/1.1 204 No Content\r\n[\s\S]*\r\n\r\n$/);
      t.notMatch(answer, /Content-Length/);
    });

    t.test('requests are counted by the class of their answers', async (t) => {
      const { server, port } = await serve(t, { driver }, (server) => {
        server.route('GET', '/version', (exchange) => exchange.respond({ status: 200 }));
      });
      for (const path of ['/version', '/nope', '/version']) {
        await rawExchange(port, `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
      }
      t.match(server.stats, { requests: 3, openExchanges: 0, aborted: 0 });
      t.match(server.stats.answers, { '2xx': 2, '4xx': 1, '5xx': 0 });
    });

    t.test('close waits for an open request, then refuses', async (t) => {
      let answer: () => void = () => undefined;
      const arrived = new Promise<void>((resolve) => {
        void serve(t, { driver }, (server) => {
          server.route('GET', '/slow', (exchange) => {
            answer = () => exchange.respond({ status: 200, body: 'late' });
            resolve();
          });
        }).then(async ({ server, port }) => {
          serverUnderTest = server;
          client = await RawClient.open(port, 'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n');
        });
      });
      let serverUnderTest = server;
      let client: RawClient | undefined;
      await arrived;
      const closed = serverUnderTest.close({ graceMs: 60_000 });
      answer();
      await closed;
      t.match(await client?.untilClosed(), /200 OK[\s\S]*late$/);
      await serverUnderTest.close();
      t.pass('closing twice is fine');
    });

    t.test('a process whose server is closed ends by itself', async (t) => {
      const script = `
        import { createHttpServer } from '@kaon/http';
        const server = createHttpServer({ driver: '${driver}' });
        server.route('GET', '/', (exchange) => exchange.stream({ status: 200 }).write(Buffer.from('a')));
        const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
        const { body } = await fetch('http://127.0.0.1:' + port + '/');
        const reader = body.getReader();
        await reader.read();
        await server.close({ graceMs: 60_000 });
        await reader.cancel();
      `;
      const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
        cwd: import.meta.dirname,
        stdio: ['ignore', 'inherit', 'inherit'],
      });
      const [code] = await once(child, 'exit');
      t.equal(code, 0);
    });
  });
}

t.test('auto takes uWebSockets.js only for servers without HTTP routes', async (t) => {
  const plain = createHttpServer();
  plain.route('GET', '/', (exchange) => exchange.respond({ status: 200 }));
  await plain.listen(AT_ANY_PORT);
  t.equal(plain.driver, 'node');
  await plain.close();

  const sockets = createHttpServer({ driver: 'auto' });
  await sockets.listen(AT_ANY_PORT);
  t.equal(sockets.driver, isUwsAvailable() ? 'uws' : 'node');
  await sockets.close();
});

t.test('a server that never listened closes too', async (t) => {
  await createHttpServer().close({ graceMs: 1000 });
  t.pass();
});
