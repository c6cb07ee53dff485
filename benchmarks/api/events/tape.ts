// What every subscriber of one kind must be sent: the bytes as the first one got them, and the events in them, each
// checked once. That another subscriber lost nothing is then a comparison of bytes.
import { createHash } from 'node:crypto';
import type { BodyEncoding } from '@kaon/http';
import { decodeProto, masterV1 } from '@kaon/protocol';

/** A chunk of an answer, and where the next one begins. */
export interface CutChunk {
  readonly data: Buffer;
  readonly end: number;
}

/** Longest size line of a chunk. */
const SIZE_LINE_BYTES_MAX = 16;

/** The chunk that begins at `offset`, when all of it lies before `end`. */
export function chunkAt(bytes: Buffer, offset: number, end: number): CutChunk | undefined {
  const line = bytes.subarray(offset, Math.min(end, offset + SIZE_LINE_BYTES_MAX));
  const lineLength = line.indexOf('\r\n');
  if (lineLength < 0) return undefined;
  const size = Number.parseInt(line.toString('latin1', 0, lineLength), 16);
  const start = offset + lineLength + 2;
  const chunkEnd = start + size + 2;
  return chunkEnd > end ? undefined : { data: bytes.subarray(start, start + size), end: chunkEnd };
}

/** The event in a chunk that holds one record. */
export function eventIn({ data }: CutChunk, encoding: BodyEncoding): SeenEvent {
  const record = data.subarray(data.indexOf('\n') + 1);
  if (encoding === 'json') return JSON.parse(record.toString()) as SeenEvent;
  const decoded = decodeProto(masterV1.Event, record);
  if (!decoded.ok) throw decoded.error;
  return plain(decoded.value);
}

/** What is looked at in an event. */
export interface SeenEvent {
  readonly type: string;
  readonly task_added?: { readonly task: SeenTask };
  readonly task_updated?: {
    readonly status: { readonly task_id: SeenId; readonly timestamp: number };
    readonly state: string;
  };
  readonly subscribed?: {
    readonly get_state: { readonly get_tasks: { readonly tasks?: readonly SeenTask[] } };
  };
}
interface SeenId {
  readonly value: string;
}
interface SeenTask {
  readonly task_id: SeenId;
  readonly name: string;
  readonly state: string;
}

function plain({ type, taskAdded, taskUpdated, subscribed }: masterV1.Event): SeenEvent {
  const taskOf = ({ taskId, name, state }: SeenProto): SeenTask => ({
    task_id: taskId,
    name,
    state,
  });
  return {
    type: type ?? 'UNKNOWN',
    ...(taskAdded && { task_added: { task: taskOf(taskAdded.task) } }),
    ...(taskUpdated && {
      task_updated: {
        status: {
          task_id: taskUpdated.status.taskId,
          timestamp: taskUpdated.status.timestamp ?? Number.NaN,
        },
        state: taskUpdated.state ?? '',
      },
    }),
    ...(subscribed && {
      subscribed: {
        get_state: {
          get_tasks: { tasks: (subscribed.getState?.getTasks?.tasks ?? []).map(taskOf) },
        },
      },
    }),
  };
}
interface SeenProto {
  readonly taskId: SeenId;
  readonly name: string;
  readonly state: string;
}

/** The bytes of one stream after its snapshot. */
export class Tape {
  readonly #encoding: BodyEncoding;
  #bytes = Buffer.allocUnsafe(1024 * 1024);
  #length = 0;
  #parsed = 0;
  readonly #hash = createHash('sha256');
  /** Where each event ends, and when what it tells of was made, in milliseconds; NaN where nobody knows. */
  readonly ends: number[] = [];
  readonly madeMs: number[] = [];
  readonly #tasks = new Map<string, string>();
  /** Events that tell of a task. */
  taskEvents = 0;
  /** Where the last of them ends. */
  taskEventsEnd = 0;
  /** Events that came twice, too early, or not at all where they should. */
  misplaced = 0;

  constructor(encoding: BodyEncoding) {
    this.#encoding = encoding;
  }

  get length(): number {
    return this.#length;
  }

  /** Tasks by the state they were told to be in. */
  get tasks(): ReadonlyMap<string, string> {
    return this.#tasks;
  }

  /** A hash of all events that tell of a task, byte by byte. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }

  /** Takes what a subscriber got at `offset`; false when others got something else there. */
  take(offset: number, bytes: Uint8Array, length: number): boolean {
    const known = Math.min(length, this.#length - offset);
    if (known > 0 && this.#bytes.compare(bytes, 0, known, offset, offset + known) !== 0) {
      return false;
    }
    if (known < length) this.#append(bytes.subarray(known, length));
    return true;
  }

  /** How many tasks run of those with the numbers 1 to `launched`. */
  running(launched: number): number {
    let count = 0;
    for (let number = 1; number <= launched; number += 1) {
      if (this.#tasks.get(`task-${number}`) === 'TASK_RUNNING') count += 1;
    }
    return count;
  }

  #append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * length);
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length = length;
    for (;;) {
      const chunk = chunkAt(this.#bytes, this.#parsed, length);
      if (chunk === undefined) return;
      const { end, data } = chunk;
      this.#parsed = end;
      this.ends.push(end);
      this.madeMs.push(this.#look(eventIn(chunk, this.#encoding), end));
      if (this.taskEventsEnd === end) this.#hash.update(data);
    }
  }

  #look(event: SeenEvent, end: number): number {
    if (event.task_added !== undefined) {
      const { task_id, name, state } = event.task_added.task;
      this.#expect(task_id, undefined, state, 'TASK_STAGING', end);
      return Number(name);
    }
    if (event.task_updated !== undefined) {
      const { status, state } = event.task_updated;
      this.#expect(status.task_id, 'TASK_STAGING', state, 'TASK_RUNNING', end);
      return status.timestamp * 1000;
    }
    if (event.type === 'SUBSCRIBED') this.misplaced += 1;
    return Number.NaN;
  }

  #expect(
    { value }: SeenId,
    before: string | undefined,
    state: string,
    expected: string,
    end: number,
  ): void {
    if (this.#tasks.get(value) !== before || state !== expected) this.misplaced += 1;
    this.#tasks.set(value, state);
    this.taskEvents += 1;
    this.taskEventsEnd = end;
  }
}
