// One subscriber of the event stream: where it stands in the log, and how it is caught up.
import type { BodyEncoding, ResponseStream } from '@kaon/http';
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

  constructor(encoding: BodyEncoding, stream: ResponseStream) {
    this.encoding = encoding;
    this.stream = stream;
  }

  /** Writes what it has not had, as far as it reads. The number of records written. */
  advance(log: EventLog): number {
    const { stream, encoding } = this;
    let written = 0;
    const { end } = log;
    if (this.phase !== 'live' || this.next === undefined || this.next === end) return 0;
    let next = this.next;
    if (stream.bufferedBytes > SUBSCRIBER_BYTES_MAX) return 0;
    while (next < end) {
      const record = log.record(next, encoding);
      next += 1;
      if (record === undefined) continue;
      if (!stream.write(record)) return written;
      written += 1;
    }
    this.next = next;
    return written;
  }
}
