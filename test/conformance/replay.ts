// Sends a recorded request to today's cluster and tells in what the answer is not the recorded one.
import { gunzipSync } from 'node:zlib';
import { MEDIA_TYPES } from '@kaon/http';
import { type Difference, differences, type JsonTree, parseTree } from './json-tree.ts';
import { masked, maskedText, sortedLists, withoutOps } from './masks.ts';
import { exchange, exchangeRaw, headerOf, type RawResponse } from './raw-http.ts';
import type { Recording } from './recordings.ts';

/** Headers that say something about the answer rather than about the moment. */
const COMPARED_HEADERS = [
  'content-type',
  'content-encoding',
  'content-disposition',
  'allow',
  'location',
  'www-authenticate',
];

/** The nodes of today, and how to say there what was said then. */
export interface Today {
  /** By the ports of the recordings. */
  readonly addresses: Readonly<Record<5050 | 5051 | 5052, string>>;
  /** What to send for what was sent then. */
  readonly forToday: (text: string) => string;
  /** An answer of today with the names of then. */
  readonly asRecorded: (text: string) => string;
}

/** The port of the node that a recording was made with: the master's, or that of the first agent. */
export function portOf(name: string): 5050 | 5051 {
  return /^(errors\/)?(master|scheduler)/.test(name) ? 5050 : 5051;
}

/** Every difference between the recorded answer and that of today. */
export async function replay(
  recording: Recording,
  port: 5050 | 5051,
  today: Today,
): Promise<Difference[]> {
  const address = today.addresses[port];
  const { answer: recorded } = recording;
  const answered = await ask(address, recording, today);
  if (answered === undefined || recorded.closed) {
    const what = `${recorded.closed ? 'closed' : recorded.status} recorded, ${
      answered === undefined ? 'closed' : answered.statusLine
    } answered`;
    return answered === undefined && recorded.closed ? [] : [{ path: '(status)', what }];
  }
  const found: Difference[] = [];
  const expected = `HTTP/1.1 ${recorded.status}`;
  if (answered.statusLine !== expected) {
    const what = `${recorded.status} recorded, ${answered.statusLine.slice(9)} answered`;
    return [{ path: '(status)', what: `${what}: ${answered.body.slice(0, 200)}` }];
  }
  for (const name of COMPARED_HEADERS) {
    const then = headerOf(recorded.headers ?? [], name);
    const now = headerOf(answered.headers, name);
    const nowThen = now === undefined ? undefined : today.asRecorded(now);
    if (then !== nowThen) found.push({ path: `(${name})`, what: `${then} recorded, ${now}` });
  }
  found.push(...bodyDifferences(recording, answered, today));
  return found;
}

async function ask(
  address: string,
  { method, path, headers, body, bodyBase64, raw }: Recording,
  today: Today,
): Promise<RawResponse | undefined> {
  try {
    if (raw !== undefined) return await exchangeRaw(address, raw);
    return await exchange(address, {
      method,
      path: today.forToday(path),
      headers,
      body: bodyBase64 === undefined ? today.forToday(body) : Buffer.from(bodyBase64, 'base64'),
    });
  } catch {
    return undefined;
  }
}

function bodyDifferences(
  { answer }: Recording,
  { bytes, headers, body: text }: RawResponse,
  today: Today,
): Difference[] {
  if (answer.keys !== undefined) {
    // Figures: `metrics.test.ts` is about them.
    return [];
  }
  const type = headerOf(headers, 'content-type') ?? '';
  // Compared with the answer in JSON, see `protobuf.test.ts`.
  if (type === MEDIA_TYPES.protobuf) return [];
  if (headerOf(headers, 'content-encoding') === 'gzip' && answer.bodyBase64 !== undefined) {
    const then = gunzipSync(Buffer.from(answer.bodyBase64, 'base64')).toString();
    return treeDifferences(then, gunzipSync(bytes).toString(), today);
  }
  const recorded = answer.body ?? '';
  // Left out of the recordings: prose and logs.
  if (/^<(prose|log text|page) left out/.test(recorded)) return [];
  if (type === 'application/json') return treeDifferences(recorded, text, today);
  if (type === 'text/javascript') {
    const json = /^cb\((.*)\)(;?)$/s;
    const [then, now] = [json.exec(recorded), json.exec(text)];
    const inside = treeDifferences(then?.[1] ?? '', now?.[1] ?? '', today);
    if (then?.[2] === now?.[2]) return inside;
    return [
      { path: '(script)', what: `'${then?.[2]}' at the end recorded, '${now?.[2]}'` },
      ...inside,
    ];
  }
  const [then, now] = [recorded, today.asRecorded(text)].map((one) =>
    withoutOps(sortedLists(maskedText(one))),
  );
  return then === now
    ? []
    : [{ path: '', what: `${JSON.stringify(then)} recorded, ${JSON.stringify(now)}` }];
}

/** In what one text of JSON is not another, both masked. */
export function treeDifferences(recorded: string, answered: string, today: Today): Difference[] {
  const tree = (text: string): JsonTree => masked(text === '' ? parseTree('""') : parseTree(text));
  return differences(tree(recorded), tree(today.asRecorded(answered)));
}
