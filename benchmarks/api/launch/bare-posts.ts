// What `launch path` is held against over HTTP: as many POSTs as there are acknowledgements, by node:http to
// node:http, one after another on each of a few kept-alive connections.
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveParent } from './child.ts';
import type { BurstResult } from './scheduler.ts';

/** Roughly an ACKNOWLEDGE in JSON. */
const BODY = Buffer.alloc(260, '.');
const CONNECTIONS = 8;

const [role, port] = process.argv.slice(2) as [string, string];

function post(agent: Agent): Promise<void> {
  return new Promise((resolve, reject) => {
    const headers = { 'Content-Type': 'application/json', 'Content-Length': BODY.length };
    const sent = request(
      { host: '127.0.0.1', port, method: 'POST', path: '/api/v1/scheduler', headers, agent },
      (response) => response.resume().on('end', resolve),
    );
    sent.on('error', reject);
    sent.end(BODY);
  });
}

async function launch(tasks: number): Promise<BurstResult> {
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const startedMs = performance.now();
  let left = tasks;
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      while (left > 0) {
        left -= 1;
        await post(agent);
      }
    }),
  );
  agent.destroy();
  return { seconds: (performance.now() - startedMs) / 1000, p50Ms: 0, p99Ms: 0 };
}

if (role === 'server') {
  const server = createServer((incoming, response) => {
    incoming.resume().on('end', () => response.writeHead(202, { 'Content-Length': 0 }).end());
  });
  server.listen(0, '127.0.0.1', () => {
    serveParent(String((server.address() as AddressInfo).port), () => 0);
  });
} else {
  const nothing = (): Promise<void> => Promise.resolve();
  serveParent('', () => 0, { prepare: nothing, launch, end: nothing });
}
