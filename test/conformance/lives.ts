// Recorded lives: all that schedulers and executors sent and saw over their streams, a line each.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { schedulerV1 } from '@kaon/protocol';
import type { Header } from './raw-http.ts';
import { type Json, jsonOf } from './v1-scheduler.ts';

/** A call that is sent. `stream` names the connection whose stream id goes with it. */
export interface SentLine {
  readonly kind: 'sent';
  readonly conn: string;
  readonly stream?: string;
  readonly headers: readonly Header[];
  readonly encoding: 'json' | 'protobuf';
  /** In JSON, whatever the encoding is. */
  readonly text: string;
}

/** What happened, in the order it was recorded. */
export type LifeLine =
  | SentLine
  | {
      readonly kind: 'answered';
      readonly conn: string;
      readonly status: string;
      readonly headers: readonly Header[];
      readonly body: string;
    }
  | { readonly kind: 'event'; readonly conn: string; readonly text: string }
  | { readonly kind: 'closed'; readonly conn: string; readonly byMaster: boolean }
  /** What else was done meanwhile. */
  | { readonly kind: 'note'; readonly text: string }
  /** An operator's call, recorded under that name, in the midst of the life. */
  | { readonly kind: 'exchange'; readonly name: string };

interface StoredLine {
  readonly conn: string;
  readonly note?: string;
  readonly exchange?: string;
  readonly send?: string;
  readonly base64?: string;
  readonly stream?: string;
  readonly headers?: readonly Header[];
  readonly status?: string;
  readonly body?: string;
  readonly event?: string;
  readonly base64event?: string;
  readonly closed?: string;
}

const JSON_HEADERS: readonly Header[] = [
  ['Content-Type', 'application/json'],
  ['Accept', 'application/json'],
];

// The compiled test runs from `test/lib/conformance`.
const FOLDER = new URL('../../conformance/fixtures/lives/', import.meta.url);

/** The names of all lives. */
export function lifeNames(): readonly string[] {
  return readdirSync(fileURLToPath(FOLDER)).map((file) => file.replace(/\.jsonl$/, ''));
}

/** One file of `fixtures/lives`. */
export function lifeOf(name: string): readonly LifeLine[] {
  return readFileSync(fileURLToPath(new URL(`${name}.jsonl`, FOLDER)), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => lineOf(JSON.parse(line) as StoredLine));
}

function lineOf(stored: StoredLine): LifeLine {
  const { conn, note, status, closed, stream, headers } = stored;
  if (note !== undefined) return { kind: 'note', text: note };
  if (stored.exchange !== undefined) return { kind: 'exchange', name: stored.exchange };
  if (status !== undefined) {
    return { kind: 'answered', conn, status, headers: headers ?? [], body: stored.body ?? '' };
  }
  if (closed !== undefined) return { kind: 'closed', conn, byMaster: closed === 'by the master' };
  if (stored.event !== undefined) return { kind: 'event', conn, text: stored.event };
  if (stored.base64event !== undefined) {
    return { kind: 'event', conn, text: textOf(schedulerV1.Event, stored.base64event) };
  }
  return {
    kind: 'sent',
    conn,
    ...(stream !== undefined && { stream }),
    headers: headers ?? JSON_HEADERS,
    encoding: stored.base64 === undefined ? 'json' : 'protobuf',
    text: stored.send ?? textOf(schedulerV1.Call, stored.base64 ?? ''),
  };
}

function textOf(schema: typeof schedulerV1.Call | typeof schedulerV1.Event, base64: string) {
  const decoded: Json = jsonOf('protobuf', schema as never, Buffer.from(base64, 'base64'));
  return JSON.stringify(decoded);
}
