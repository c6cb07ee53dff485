// The floor of `master's events`: bare node:http, a `write` of every record to every answer. The records say what a
// master's say, in as many bytes as it took on the average.
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { serveParent } from '../launch/child.ts';
import type { Launched } from './launcher.ts';

const [bytesText, paceText] = process.argv.slice(2);
const recordBytes = Number(bytesText);
/** Time between two tasks of `pace`. */
const paceMs = Number(paceText);
/** Unread bytes of a stream with which the others wait for it. */
const AHEAD_BYTES_MAX = 256 * 1024;
const answers = new Set<ServerResponse>();
let launched = 0;

const nowMs = (): number => performance.timeOrigin + performance.now();

function record(event: object): Buffer {
  const text = JSON.stringify(event);
  // The padding is part of the text, so that subscribers read it as they read a master's.
  const padded = text.padEnd(recordBytes, ' ');
  return Buffer.from(`${padded.length}\n${padded}`);
}

function send(event: object): void {
  const bytes = record(event);
  for (const answer of answers) answer.write(bytes);
}

async function drained(): Promise<void> {
  do await new Promise((resolve) => setImmediate(resolve));
  while ([...answers].some(({ writableLength }) => writableLength > AHEAD_BYTES_MAX));
}

async function sendTask(): Promise<void> {
  launched += 1;
  const task_id = { value: `task-${launched}` };
  const task = { task_id, name: nowMs().toFixed(3), state: 'TASK_STAGING' };
  send({ type: 'TASK_ADDED', task_added: { task } });
  await drained();
  const state = 'TASK_RUNNING';
  const status = { task_id, state, timestamp: nowMs() / 1000 };
  send({ type: 'TASK_UPDATED', task_updated: { status, state } });
  await drained();
}

async function burst(tasks: number): Promise<Launched> {
  const startedMs = nowMs();
  for (let index = 0; index < tasks; index += 1) await sendTask();
  return { startedMs };
}

async function pace(tasks: number): Promise<Launched> {
  const startedMs = nowMs();
  for (let index = 0; index < tasks; index += 1) {
    const dueMs = startedMs + index * paceMs;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - nowMs())));
    await sendTask();
  }
  return { startedMs };
}

const server = createServer((request, answer) => {
  request.resume();
  answer.writeHead(200, { 'Content-Type': 'application/json' });
  for (const event of [{ type: 'SUBSCRIBED' }, { type: 'HEARTBEAT' }]) answer.write(record(event));
  answers.add(answer);
});
server.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  serveParent(`127.0.0.1:${port}`, () => 0, { burst, pace });
});
