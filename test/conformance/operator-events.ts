// An operator's subscription: opened as the recorded one was, and compared with it when all has happened that had
// happened then.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import { type Difference, differences, parseTree } from './json-tree.ts';
import { PATIENCE_MS } from './life-player.ts';
import { inRecordedWords, type Stage } from './life-stage.ts';
import { LifeStream, type SeenEvent } from './life-stream.ts';
import { masked } from './masks.ts';
import { type Header, headerOf, openStream, type RawStream } from './raw-http.ts';
import type { Json } from './v1-scheduler.ts';

/** The recording, by its name among all. */
export const RECORDED_EVENTS = 'master/api_v1/SUBSCRIBE.jsonl';

interface Recorded {
  readonly status: string;
  readonly headers: readonly Header[];
  /** Without the heartbeats that the clock brought. */
  readonly events: readonly string[];
}

/** The events of an operator, from now on. */
export interface OperatorEvents {
  /** Waits for as many events as were recorded; tells in what they are not the recorded ones. */
  differences(): Promise<readonly Difference[]>;
}

/** Subscribes; the stream ends with the test. */
export async function subscribeToEvents(t: Test, stage: Stage): Promise<OperatorEvents> {
  const opened = await openStream(stage.nodes.addresses[5050], {
    method: 'POST',
    path: '/api/v1',
    headers: [
      ['Content-Type', 'application/json'],
      ['Accept', 'application/json'],
    ],
    body: '{"type": "SUBSCRIBE"}',
  });
  const recorded = recordedEvents();
  const seen: SeenEvent[] = [];
  const stream = new LifeStream(opened, 'json', (event) => {
    if (seen.length < OPENING || !isHeartbeat(event.json)) seen.push(event);
    return 'taken';
  });
  t.teardown(() => stream.close());
  await stream.until(() => seen.length >= OPENING, PATIENCE_MS);
  return {
    async differences() {
      await stream.until(() => seen.length >= recorded.events.length, PATIENCE_MS);
      return [
        ...headDifferences(recorded, opened),
        ...stream.faults.map((what) => ({ path: '(framing)', what })),
        ...eventDifferences(
          recorded.events,
          seen.map(({ text }) => inRecordedWords(stage, text)),
        ),
      ];
    },
  };
}

/** `SUBSCRIBED` and the heartbeat that follows it at once. */
const OPENING = 2;

function recordedEvents(): Recorded {
  // The compiled test runs from `test/lib/conformance`.
  const url = new URL('../../conformance/fixtures/operator-events.jsonl', import.meta.url);
  const [head, ...lines] = readFileSync(fileURLToPath(url), 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Json);
  const events = lines
    .map(({ event }) => event as string)
    .filter((event, at) => at < OPENING || !isHeartbeat(JSON.parse(event) as Json));
  return { ...(head as unknown as Omit<Recorded, 'events'>), events };
}

function isHeartbeat({ type }: Json): boolean {
  return type === 'HEARTBEAT';
}

function headDifferences({ status, headers }: Recorded, opened: RawStream): readonly Difference[] {
  const statusLine = `HTTP/1.1 ${status}`;
  const found: Difference[] = [];
  if (opened.statusLine !== statusLine) {
    found.push({ path: '(status)', what: `${status} recorded, ${opened.statusLine}` });
  }
  for (const [name, then] of headers) {
    const now = headerOf(opened.headers, name);
    if (now !== then) found.push({ path: `(${name})`, what: `${then} recorded, ${now} answered` });
  }
  return found;
}

/** Everything happened one after the other: the order is that of then. */
function eventDifferences(then: readonly string[], now: readonly string[]): readonly Difference[] {
  const types = (events: readonly string[]): string =>
    events.map((event) => (JSON.parse(event) as Json)['type']).join();
  if (types(then) !== types(now)) {
    return [{ path: '(types)', what: `${types(then)} recorded, ${types(now)}` }];
  }
  return then.flatMap((event, at) => {
    const { type } = JSON.parse(event) as Json;
    const today = now[at] ?? '{}';
    const isAhead = then.slice(at).some((later) => stateIn(later) === stateIn(today));
    return differences(masked(parseTree(event)), masked(parseTree(today)))
      .filter(({ path }) => path !== STATE || !isAhead)
      .map(({ path, what }) => ({ path: `${type} ${path}`, what }));
  });
}

/** The state a task is in by the time its agent tells of a status: it may be further by now. */
const STATE = 'task_updated/state';

function stateIn(event: string): unknown {
  const { task_updated } = JSON.parse(event) as { readonly task_updated?: Json };
  return task_updated?.['state'];
}
