// A server for `small GETs`: a whole master; node:http giving the same answers with nothing around it; or a
// socket that gives the first of them to whatever it is sent, which is as little as Node's own sockets can do.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startHostMaster } from '@kaon/local';
import { silentLogger } from '@kaon/primitives';
import { startNode } from '@kaon/remote';
import { endWithParent } from '../orphans.ts';

/** An answer the bare server gives. */
export interface BareAnswer {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function startBare(answers: Readonly<Record<string, BareAnswer>>): Promise<number> {
  const byPath = new Map(Object.entries(answers));
  const server = createServer((request, response) => {
    const answer = byPath.get(request.url ?? '');
    if (answer === undefined) {
      response.writeHead(404).end();
      return;
    }
    response.writeHead(200, answer.headers);
    response.end(answer.body);
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

function startSockets(answers: Readonly<Record<string, BareAnswer>>): Promise<number> {
  const [{ headers, body } = { headers: {}, body: '' }] = Object.values(answers);
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const date = `Date: ${new Date().toUTCString()}\r\n`;
  const answer = Buffer.from(`HTTP/1.1 200 OK\r\n${date}${lines.join('')}\r\n${body}`);
  const server = createSocketServer({ noDelay: true }, (socket) => {
    socket.on('data', () => socket.write(answer));
    socket.on('error', () => socket.destroy());
  });
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port));
  });
}

async function startMaster(): Promise<number> {
  const workDir = mkdtempSync(join(tmpdir(), 'kaon-bench-'));
  process.on('exit', () => rmSync(workDir, { recursive: true, force: true }));
  const { system, http, address } = await startNode({ http: { driver: 'node' } });
  await startHostMaster({ system, http, workDir, logger: silentLogger });
  return Number(address.slice(address.lastIndexOf(':') + 1));
}

endWithParent();
const [kind, answers] = process.argv.slice(2);
const START = { bare: startBare, sockets: startSockets, master: startMaster };
const port = await START[kind as keyof typeof START](JSON.parse(answers ?? '{}'));
process.on('message', () => {
  const { user, system } = process.cpuUsage();
  process.send?.({ cpuSeconds: (user + system) / 1e6 });
});
process.send?.({ port });
