// Subscribers for `event stream`: many raw sockets in one process that count what comes.
import { connect, type Socket } from 'node:net';
import { percentile } from '../harness.ts';
import { endWithParent } from '../orphans.ts';

/** A burst as its subscribers saw it. */
export interface BurstSeen {
  readonly seconds: number;
  readonly records: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** What the parent asks for: `bytes` more for each subscriber that reads. */
export interface Expectation {
  readonly bytes: number;
  readonly wireBytes: number;
}

/** Subscribers whose records are opened to look at their times; the others only count bytes. */
const SAMPLED = 20;
const TIME = /\n(\d{10,}\.\d{3})\./g;

endWithParent();
const [portText, countText, stalledText] = process.argv.slice(2);
const count = Number(countText);
const stalled = Number(stalledText);
const received = new Float64Array(count);
const delaysMs: number[] = [];
let expectation: Expectation | undefined;
let startedMs = 0;
let waiting = 0;

function arrived(index: number, bytes: Uint8Array, length: number): void {
  if (index < SAMPLED) {
    const nowMs = performance.timeOrigin + performance.now();
    const text = Buffer.from(bytes.buffer, bytes.byteOffset, length).toString('latin1');
    for (const [, time] of text.matchAll(TIME)) delaysMs.push(nowMs - Number(time));
  }
  if (expectation === undefined) return;
  const before = received[index] as number;
  received[index] = before + length;
  if (before < expectation.bytes && before + length >= expectation.bytes) {
    waiting -= 1;
    if (waiting === 0) finish(expectation);
  }
}

function finish({ wireBytes }: Expectation): void {
  let total = 0;
  for (const bytes of received) total += bytes;
  const seen: BurstSeen = {
    seconds: (performance.now() - startedMs) / 1000,
    records: total / wireBytes,
    p50Ms: percentile(delaysMs, 0.5),
    p99Ms: percentile(delaysMs, 0.99),
  };
  process.send?.(seen);
}

function subscribe(index: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    let isOpen = false;
    const socket = connect({
      port: Number(portText),
      host: '127.0.0.1',
      onread: {
        buffer: Buffer.allocUnsafe(64 * 1024),
        callback(length, bytes) {
          if (isOpen) arrived(index, bytes, length);
          isOpen = true;
          if (index >= count - stalled) {
            resolve(socket);
            return false;
          }
          resolve(socket);
          return true;
        },
      },
    });
    socket.once('error', reject);
    socket.once('connect', () => socket.write('GET /events HTTP/1.1\r\nHost: a\r\n\r\n'));
  });
}

for (let index = 0; index < count; index += 1) await subscribe(index);
process.on('message', (next: Expectation) => {
  received.fill(0);
  delaysMs.length = 0;
  expectation = next;
  waiting = count - stalled;
  startedMs = performance.now();
  process.send?.('ready');
});
process.send?.('subscribed');
