// Many subscribers of a master's events in one process. All of them are to get the same bytes, and those are to hold
// each event of each task once, in its order.
import type { BodyEncoding } from '@kaon/http';
import { serveParent } from '../launch/child.ts';
import { Delays } from './delays.ts';
import { Laggard } from './laggard.ts';
import { type Subscriber, subscribe } from './subscriber.ts';
import { Tape } from './tape.ts';

/** What the subscribers that read got, from one `expect` on. */
export interface Seen {
  /** When the last one had everything, in milliseconds of the wall clock. */
  readonly endedMs: number;
  /** Events of tasks, times subscribers. */
  readonly deliveries: number;
  /** Bytes on the wire of a subscriber. */
  readonly bytes: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Subscribers that got something else than the others. */
  readonly differing: number;
  /** Events that came twice, too early, or did not come. */
  readonly misplaced: number;
  /** What a subscriber has got so far, to compare with those of other processes. */
  readonly digest: string;
}

const [address, countText, encodingText] = process.argv.slice(2) as [string, string, BodyEncoding];
const count = Number(countText);
const encoding = encodingText;
/** Subscriptions under way at once. */
const CONNECTING_MAX = 50;
/** After so long without news, what is missing is lost. */
const SILENCE_MS = 20_000;

const subscribers: Subscriber[] = [];
const tape = new Tape(encoding);
const delays = new Delays();
const differing = new Set<number>();
/** How far on the tape each subscriber is, and how many events that are. */
const offsets = new Float64Array(count);
const events = new Uint32Array(count);
let reading = count;
let laggard: Laggard | undefined;

/** What is waited for. */
interface Expectation {
  readonly taskEvents: number;
  readonly bytesBefore: number;
  readonly done: (seen: Seen) => void;
}
let expectation: Expectation | undefined;
let expectedInAll = 0;
/** Whether what comes counts: what came while others subscribed does not. */
let isFollowing = false;
let heardMs = 0;

function follow(index: number, bytes: Buffer): void {
  if (!isFollowing || differing.has(index)) return;
  const offset = offsets[index] as number;
  const nowMs = performance.timeOrigin + performance.now();
  heardMs = nowMs;
  if (!tape.take(offset, bytes, bytes.length)) {
    differing.add(index);
    return;
  }
  const end = offset + bytes.length;
  offsets[index] = end;
  let event = events[index] as number;
  while (event < tape.ends.length && (tape.ends[event] as number) <= end) {
    const madeMs = tape.madeMs[event] as number;
    if (!Number.isNaN(madeMs)) delays.add(nowMs - madeMs);
    event += 1;
  }
  events[index] = event;
  if (end >= tape.taskEventsEnd) finishIfDone(nowMs);
}

function finishIfDone(nowMs: number): void {
  if (expectation === undefined || tape.taskEvents < expectedInAll) return;
  for (let index = 0; index < reading; index += 1) {
    if (!differing.has(index) && (offsets[index] as number) < tape.taskEventsEnd) return;
  }
  finish(expectation, nowMs);
}

function finish({ taskEvents, bytesBefore, done }: Expectation, endedMs: number): void {
  expectation = undefined;
  const launched = expectedInAll / 2;
  done({
    endedMs,
    deliveries: taskEvents * reading,
    bytes: tape.length - bytesBefore,
    p50Ms: delays.percentileMs(0.5),
    p99Ms: delays.percentileMs(0.99),
    differing: differing.size,
    misplaced: tape.misplaced + launched - tape.running(launched),
    digest: tape.digest(),
  });
}

/** The next `taskEvents` events of tasks, two for each. */
function expect(taskEvents: number): Promise<Seen> {
  isFollowing = true;
  delays.clear();
  expectedInAll += taskEvents;
  return new Promise((done) => {
    expectation = { taskEvents, bytesBefore: tape.length, done };
    heardMs = performance.timeOrigin + performance.now();
    process.send?.('expecting');
  });
}

setInterval(() => {
  if (expectation === undefined) return;
  const nowMs = performance.timeOrigin + performance.now();
  if (nowMs - heardMs < SILENCE_MS) return;
  console.error(`subscribers got ${tape.taskEvents} events of ${expectedInAll}`);
  process.exit(1);
}, 1000).unref();

for (let first = 0; first < count; first += CONNECTING_MAX) {
  const indexes = Array.from(
    { length: Math.min(CONNECTING_MAX, count - first) },
    (_, at) => first + at,
  );
  const begun = await Promise.all(indexes.map(() => subscribe(address, encoding)));
  for (const [at, subscriber] of begun.entries()) {
    subscriber.onBytes = (bytes) => follow(first + at, bytes);
    subscribers.push(subscriber);
  }
}
serveParent('', () => 0, {
  expect,
  /** From now on the last subscriber does not read. */
  async stall() {
    reading = count - 1;
    const last = subscribers[reading] as Subscriber;
    laggard = new Laggard(last, encoding, tape.tasks);
  },
  /** The last one reads again, until it knows of all `launched` tasks that they run. */
  resume: (launched) => laggard?.catchUp(launched) ?? Promise.resolve(),
});
