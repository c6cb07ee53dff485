// One subscriber of the event stream: where it stands in the log, and how it is caught up.
import type { BodyEncoding, Chunk, ResponseStream } from '@kaon/http';
import { SUBSCRIBER_BYTES_MAX } from '../constants.ts';
import type { EventLog } from './event-log.ts';

/**
 * - `waiting`: for a snapshot.
 * - `live`: gets each event.
 * - `behind`: left too much unread; it gets a new snapshot once it has read what is on its way.
 */
export type SubscriberPhase = 'waiting' | 'live' | 'behind';

/** A stream and the number of the event it gets next. */
export class EventSubscriber {
  readonly encoding: BodyEncoding;
  readonly stream: ResponseStream;
  phase: SubscriberPhase = 'waiting';
  /** Counts while `waiting` with a snapshot under way, and while `live`. */
  next: number | undefined;
  /** When it fell behind, by a clock that never goes back. */
  behindSinceMs = 0;
  /** What comes before its first event: the snapshot. */
  #opening: readonly Chunk[] = [];

  constructor(encoding: BodyEncoding, stream: ResponseStream) {
    this.encoding = encoding;
    this.stream = stream;
  }

  /** It waits for a snapshot, and for the number of the first event that is not in it. */
  wait(): void {
    this.phase = 'waiting';
    this.next = undefined;
    this.#opening = [];
  }

  /** From now on it gets `opening`, and then each event. */
  goLive(opening: readonly Chunk[]): void {
    this.phase = 'live';
    this.#opening = opening;
  }

  /** It has left too much unread, and gets nothing before it has read that. */
  fallBehind(nowMs: number): void {
    this.phase = 'behind';
    this.behindSinceMs = nowMs;
    this.next = undefined;
    this.#opening = [];
  }

  /** Whether there is something for it. */
  isDue({ end }: EventLog): boolean {
    return this.phase === 'live' && (this.next !== end || this.#opening.length > 0);
  }

  /** Writes what it has not had, as far as it reads. */
  advance(log: EventLog): void {
    const { stream, encoding } = this;
    if (this.next === undefined || !this.isDue(log)) return;
    for (const record of this.#opening) stream.write(record);
    this.#opening = [];
    let room = SUBSCRIBER_BYTES_MAX - stream.bufferedBytes;
    while (this.next < log.end && room > 0) {
      const record = log.record(this.next, encoding);
      this.next += 1;
      if (record === undefined) continue;
      stream.write(record);
      room -= record.length;
    }
    stream.flush();
  }
}
