// The event stream of the operator API: a snapshot, then every change. Changes are written to all subscribers a batch
// at a time and in slices, so that neither a system call per event and subscriber nor a thousand subscribers at
// once hold the master up.
import { type BodyEncoding, type Chunk, chunk, type ResponseStream } from '@kaon/http';
import type { Clock, TimerHandle } from '@kaon/primitives';
import type { masterV1 } from '@kaon/protocol';
import {
  EVENT_BACKLOG_BYTES_MAX,
  EVENT_GATHER_MS_MAX,
  EVENT_SLICE_MS,
  EVENT_SUBSCRIBERS_MAX,
  HEARTBEAT_INTERVAL_MS,
  SUBSCRIBER_STALL_MS,
} from '../constants.ts';
import type { Counters } from '../metrics/counters.ts';
import type { StateReads } from '../reads/state-reads.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import type { StateChange } from '../state/state-changes.ts';
import { eventOf } from '../views/event-view.ts';
import { EventLog } from './event-log.ts';
import { EventSubscriber } from './event-subscriber.ts';

/** What the feed stands on. */
export interface EventFeedOptions {
  readonly reads: StateReads;
  readonly clock: Clock;
  readonly counters: Counters;
}

/** Subscribers that share a snapshot. */
interface Group {
  readonly encoding: BodyEncoding;
  readonly members: Set<EventSubscriber>;
}

const HEARTBEAT: masterV1.Event = { type: 'HEARTBEAT' };
/** Subscribers written to between two looks at the clock. */
const SUBSCRIBERS_PER_LOOK = 16;

/** Everybody who follows a state's events. */
export class EventFeed {
  readonly #options: EventFeedOptions;
  readonly #log = new EventLog();
  /** Oldest first. */
  readonly #subscribers = new Set<EventSubscriber>();
  readonly #encodings = new Set<BodyEncoding>();
  /** Groups whose snapshot is not taken yet: more may join. */
  readonly #forming = new Map<BodyEncoding, Group>();
  /** Frameworks whose event waits for the end of the turn, or for the next event. */
  readonly #frameworks = new Map<Framework, StateChange>();
  #state: MasterState | undefined;
  #stopListening: (() => void) | undefined;
  #timer: TimerHandle | undefined;
  #heartbeat: TimerHandle | undefined;
  /** Subscribers this round has still to reach. */
  #round: Iterator<EventSubscriber> | undefined;
  #spentMs = 0;

  constructor(options: EventFeedOptions) {
    this.#options = options;
  }

  /** From now on this state is followed. */
  attach(state: MasterState): void {
    this.#state = state;
  }

  get subscriberCount(): number {
    return this.#subscribers.size;
  }

  /** Adds a stream. When there are too many subscribers, the oldest one's stream ends. */
  subscribe(encoding: BodyEncoding, stream: ResponseStream): void {
    const [oldest] = this.#subscribers;
    if (oldest !== undefined && this.#subscribers.size >= EVENT_SUBSCRIBERS_MAX) {
      this.#options.counters.add('eventSubscribersReplaced');
      oldest.stream.end();
      this.#remove(oldest);
    }
    const subscriber = new EventSubscriber(encoding, stream);
    this.#subscribers.add(subscriber);
    this.#encodings.add(encoding);
    this.#listen();
    stream.onClose(() => this.#remove(subscriber));
    stream.onDrain(() => this.#drained(subscriber));
    if (stream.isOpen) this.#join(subscriber);
  }

  /** Ends all streams. */
  close(): void {
    for (const { stream } of [...this.#subscribers]) stream.end();
    this.#subscribers.clear();
    this.#stop();
  }

  #listen(): void {
    if (this.#stopListening !== undefined) return;
    this.#stopListening = this.#state?.changes.listen((change) => this.#hear(change));
    this.#beat();
  }

  #beat(): void {
    const { clock } = this.#options;
    this.#heartbeat = clock.setTimer(HEARTBEAT_INTERVAL_MS, () => {
      this.#add(HEARTBEAT);
      this.#closeStalled();
      this.#beat();
    });
    clock.keepAlive?.(this.#heartbeat, false);
  }

  #stop(): void {
    const { clock } = this.#options;
    this.#stopListening?.();
    this.#stopListening = undefined;
    for (const timer of [this.#timer, this.#heartbeat]) {
      if (timer !== undefined) clock.clearTimer(timer);
    }
    this.#timer = undefined;
    this.#heartbeat = undefined;
    this.#round = undefined;
    this.#encodings.clear();
    this.#frameworks.clear();
    this.#log.forgetBefore(this.#log.end);
  }

  #remove(subscriber: EventSubscriber): void {
    if (!this.#subscribers.delete(subscriber)) return;
    this.#forming.get(subscriber.encoding)?.members.delete(subscriber);
    if (this.#subscribers.size === 0) this.#stop();
  }

  /** A framework changes several times in one turn; it is told of once, as it is then. */
  #hear(change: StateChange): void {
    if (change.kind === 'frameworkAdded' || change.kind === 'frameworkChanged') {
      if (change.kind === 'frameworkChanged' && change.what === 'suppression') return;
      if (this.#frameworks.size === 0) queueMicrotask(() => this.#tellFrameworks());
      if (!this.#frameworks.has(change.framework)) this.#frameworks.set(change.framework, change);
      return;
    }
    const state = this.#state;
    if (state === undefined) return;
    this.#tellFrameworks();
    const event = eventOf(state, change);
    if (event !== undefined) this.#add(event);
  }

  #tellFrameworks(): void {
    const state = this.#state;
    if (state === undefined || this.#frameworks.size === 0) return;
    for (const change of this.#frameworks.values()) {
      const event = eventOf(state, change);
      if (event !== undefined) this.#add(event);
    }
    this.#frameworks.clear();
  }

  #add(event: masterV1.Event): void {
    if (!this.#log.add(event, this.#encodings)) this.#options.counters.add('eventsUnencodable');
    if (this.#log.bytes > EVENT_BACKLOG_BYTES_MAX) this.#cutBacklog();
    this.#schedule();
  }

  /**
   * Events that come close together go out together, for a round costs by the subscriber and hardly by the event.
   * Waits as long as the last round took and no longer than a bound: a few subscribers wait for nothing.
   */
  #schedule(): void {
    if (this.#timer !== undefined) return;
    const delayMs = this.#round === undefined ? Math.min(this.#spentMs, EVENT_GATHER_MS_MAX) : 0;
    this.#timer = this.#options.clock.setTimer(delayMs, () => {
      this.#timer = undefined;
      this.#deliver();
    });
  }

  #deliver(): void {
    const { clock } = this.#options;
    const startedMs = clock.monotonicMs();
    if (this.#round === undefined) {
      this.#round = this.#subscribers.values();
      this.#spentMs = 0;
    }
    let looked = 0;
    for (;;) {
      const { value, done } = this.#round.next();
      if (done === true) {
        this.#round = undefined;
        break;
      }
      value.advance(this.#log);
      looked += 1;
      if (looked % SUBSCRIBERS_PER_LOOK !== 0) continue;
      if (clock.monotonicMs() - startedMs >= EVENT_SLICE_MS) break;
    }
    this.#spentMs += clock.monotonicMs() - startedMs;
    if (this.#round !== undefined) this.#schedule();
    else this.#trim();
  }

  /** Forgets what all have had; goes on when somebody can be given more. */
  #trim(): void {
    let needed = this.#log.end;
    for (const { next } of this.#subscribers)
      if (next !== undefined && next < needed) needed = next;
    this.#log.forgetBefore(needed);
    for (const one of this.#subscribers) {
      if (!one.isDue(this.#log)) continue;
      // Those that do not read come back when they have drained.
      if (one.stream.bufferedBytes === 0) return this.#schedule();
    }
  }

  /** Who needs the oldest events does not read. It starts over when it reads again. */
  #cutBacklog(): void {
    const { clock, counters } = this.#options;
    const half = this.#log.end - Math.floor((this.#log.end - this.#oldest()) / 2);
    for (const one of this.#subscribers) {
      if (one.next === undefined || one.next >= half) continue;
      if (one.phase === 'live') {
        one.fallBehind(clock.monotonicMs());
        counters.add('eventSubscribersBehind');
        if (one.stream.bufferedBytes === 0) this.#join(one);
      } else {
        // Its snapshot is so slow that what came since does not fit.
        one.next = undefined;
      }
    }
    this.#log.forgetBefore(half);
  }

  #oldest(): number {
    let oldest = this.#log.end;
    for (const { next } of this.#subscribers)
      if (next !== undefined && next < oldest) oldest = next;
    return oldest;
  }

  #drained(subscriber: EventSubscriber): void {
    if (subscriber.phase === 'behind') this.#join(subscriber);
    else if (subscriber.isDue(this.#log)) this.#schedule();
  }

  #closeStalled(): void {
    const { clock, counters } = this.#options;
    for (const one of [...this.#subscribers]) {
      if (one.phase !== 'behind') continue;
      if (clock.monotonicMs() - one.behindSinceMs < SUBSCRIBER_STALL_MS) continue;
      counters.add('eventSubscribersStalled');
      one.stream.close();
      this.#remove(one);
    }
  }

  /** Puts a subscriber into the group whose snapshot is asked for next. */
  #join(subscriber: EventSubscriber): void {
    subscriber.wait();
    const { encoding } = subscriber;
    const forming = this.#forming.get(encoding);
    if (forming !== undefined) {
      forming.members.add(subscriber);
      return;
    }
    const group: Group = { encoding, members: new Set([subscriber]) };
    this.#forming.set(encoding, group);
    this.#ask(group);
  }

  #ask(group: Group): void {
    const { reads } = this.#options;
    const { encoding, members } = group;
    const question = {
      look: { kind: 'operator', type: 'GET_STATE' },
      encoding,
      isSnapshot: true,
      coding: 'identity',
    } as const;
    const answer = reads.read(question, () => {
      this.#forming.delete(encoding);
      this.#tellFrameworks();
      for (const member of members) member.next = this.#log.end;
    });
    if (answer === undefined) {
      this.#forming.delete(encoding);
      this.#giveUp(group);
      return;
    }
    const leave = reads.follow(answer, () => {
      if (answer.state === 'failed') {
        if (this.#forming.get(encoding) === group) this.#forming.delete(encoding);
        this.#giveUp(group);
        leave();
      } else if (answer.state === 'complete') {
        // A record is a chunk, as in Mesos.
        this.#begin(group, chunk(...answer.pages));
        leave();
      }
    });
  }

  /** Better a closed stream, whose client subscribes again, than one that says nothing. */
  #giveUp({ members }: Group): void {
    for (const member of members) {
      this.#options.counters.add('eventSnapshotsFailed');
      member.stream.close();
    }
  }

  #begin({ members, encoding }: Group, snapshot: Chunk): void {
    const heartbeat = new EventLog();
    heartbeat.add(HEARTBEAT, new Set([encoding]));
    const beat = heartbeat.record(0, encoding);
    const opening = [snapshot, ...(beat === undefined ? [] : [beat])];
    for (const member of members) {
      if (!this.#subscribers.has(member)) continue;
      if (member.next === undefined) {
        this.#join(member);
        continue;
      }
      member.goLive(opening);
    }
    this.#schedule();
  }
}
