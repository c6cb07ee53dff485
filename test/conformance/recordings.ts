// The recorded exchanges with a real Mesos: one line of JSON each, in files by what they were sent to.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Header } from './raw-http.ts';

/** What was answered. */
export interface RecordedAnswer {
  /** `200 OK`. */
  readonly status?: string;
  readonly headers?: readonly Header[];
  readonly body?: string;
  readonly bodyBase64?: string;
  /** In place of a body of figures: its keys. */
  readonly keys?: readonly string[];
  /** The connection was closed without an answer. */
  readonly closed?: true;
}

/** One exchange. `Date`, `Host` and lengths are left out of the headers. */
export interface Recording {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly headers: readonly Header[];
  readonly body: string;
  readonly bodyBase64?: string;
  /** In place of method, path and headers: the bytes as they were sent. */
  readonly raw?: string;
  readonly answer: RecordedAnswer;
}

interface StoredRecording extends Partial<Recording> {
  readonly name: string;
  /** `sameAs` names the exchange whose body was the same, up to times. */
  readonly answer: RecordedAnswer & { readonly sameAs?: string };
}

/** The exchanges of one file of `fixtures`. */
export function recordingsOf(file: string): readonly Recording[] {
  const stored = linesOf(file);
  return stored.map((recording) => ({
    method: 'GET',
    path: '/',
    headers: [],
    body: '',
    ...recording,
    answer: completed(recording.answer),
  }));
}

/** An exchange of any file. Throws when there is none of that name. */
export function recordingNamed(name: string): Recording {
  for (const file of [...FILES, ...STORY_FILES]) {
    const found = recordingsOf(file).find((one) => one.name === name);
    if (found !== undefined) return found;
  }
  throw new Error(`there is no recording ${name}`);
}

function completed({ sameAs, ...answer }: StoredRecording['answer']): RecordedAnswer {
  if (sameAs === undefined) return answer;
  for (const file of [...FILES, ...STORY_FILES]) {
    const found = linesOf(file).find(({ name }) => name === sameAs);
    if (found !== undefined) {
      const { body, keys } = found.answer;
      return { ...answer, ...(body !== undefined && { body }), ...(keys && { keys }) };
    }
  }
  throw new Error(`there is no recording ${sameAs}`);
}

/** Files of exchanges that change nothing: each is answered so at any time. */
export const FILES = [
  'master-reads',
  'master-methods',
  'master-wire',
  'master-calls',
  'master-protobuf',
  'agent-reads',
  'agent-calls',
  'agent-protobuf',
  'agent-errors',
  'executor-errors',
] as const;

/** Files of exchanges that belong to a story: each is answered so after those before it. */
export const STORY_FILES = ['writes', 'life-exchanges'] as const;

const loaded = new Map<string, readonly StoredRecording[]>();

function linesOf(file: string): readonly StoredRecording[] {
  let lines = loaded.get(file);
  if (lines === undefined) {
    // The compiled test runs from `test/lib/conformance`.
    const url = new URL(`../../conformance/fixtures/${file}.jsonl`, import.meta.url);
    lines = readFileSync(fileURLToPath(url), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as StoredRecording);
    loaded.set(file, lines);
  }
  return lines;
}
