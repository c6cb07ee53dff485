// A subscription by actor messages, as a part of the actor that hears them: the driver's own, or that of an
// `ActorSchedulerConnection`. Everything here runs in turns of that actor; nothing waits for a promise.
import {
  type ActorContext,
  defineProtocol,
  type ExitReason,
  messages,
  type Pid,
  pidOf,
} from '@kaon/actor';
import { type Decoded, jitteredBackoffMs } from '@kaon/primitives';
import {
  createMessage,
  type FrameworkID,
  schedulerCallMessages,
  schedulerMessages,
  schedulerV1,
} from '@kaon/protocol';
import { type BackoffBounds, subscriptionBackoff } from './backoff.ts';
import type { SchedulerCall, SchedulerSignal, Subscription } from './connection.ts';
import {
  CallFailedError,
  CallQueueFullError,
  CallRefusedError,
  NotSubscribedError,
} from './errors.ts';

/** What a master is taken to understand of schedulers. */
export const masterPeer = defineProtocol({ ...messages(schedulerCallMessages) });

/** What an actor that holds a line hears from masters. */
export const lineMessages = { ...messages(schedulerMessages) };

/** The PID of a master. */
export type MasterPeerPid = Pid<typeof masterPeer>;

/** Where to subscribe, as found out anew before every attempt. */
export type Located =
  | { readonly kind: 'actor'; readonly master: MasterPeerPid }
  /** A master that answers, but speaks HTTP only. */
  | { readonly kind: 'http' }
  | { readonly kind: 'failed'; readonly reason: string };

/** What a line is made of. */
export interface ActorLineOptions {
  readonly ctx: ActorContext;
  readonly subscription: Subscription;
  /** Finds the master for the `attempt`th attempt in a row, from 0. */
  readonly locate: (attempt: number) => Located | Promise<Located>;
  readonly onSignal: (signal: SchedulerSignal) => void;
  /** The subscription was refused for good; the line is closed. */
  readonly onRefused: (error: Error) => void;
  /**
   * The master speaks HTTP only, or its actors cannot be reached; the line is closed. Default: it is tried
   * again, and again.
   */
  readonly onHttpOnly?: ((reason: string) => void) | undefined;
}

/** Called once with what became of a call: undefined when it was accepted. */
export type CallSettled = (error: Error | undefined) => void;

const SUBSCRIBE_TIMEOUT_MS = 15_000;
const CALL_TIMEOUT_MS = 15_000;
const HEARTBEAT_INTERVAL_MS = 15_000;
/** Heartbeats that may be missing before the master counts as dead. */
const HEARTBEATS_MISSED_MAX = 5;
/** Calls whose answer is waited for. */
const ANSWERS_MAX = 20_000;
const REDIRECTS_MAX = 5;
const TIMER = 'line';
const SILENCE_TIMER = 'line-silence';

type Phase = 'closed' | 'waiting' | 'locating' | 'opening' | 'subscribed';

/** One line to the leading master, which heals itself. */
export class ActorLine {
  readonly #ctx: ActorContext;
  readonly #options: ActorLineOptions;
  readonly #answers = new Map<number, { readonly type: string; readonly settled: CallSettled }>();
  #phase: Phase = 'closed';
  #master: MasterPeerPid | undefined;
  /** The PID object that events carried last: comparing it is cheaper than comparing texts. */
  #knownFrom: Pid | undefined;
  #subscription = 0;
  #nextEvent = 0;
  #nextCall = 0;
  #attempt = 0;
  #redirects = 0;
  #missedHeartbeats = 0;
  #frameworkId: FrameworkID | undefined;
  /**
   * Calls that were refused, subscriptions given up because messages were lost, and masters named as leaders that
   * were not turned to (one too many in a row, or no PID), since creation.
   */
  readonly stats = { callsRefused: 0, gaps: 0, redirectsRefused: 0 };

  constructor(options: ActorLineOptions) {
    this.#ctx = options.ctx;
    this.#options = options;
  }

  /** PID of the master while subscribed. */
  get master(): MasterPeerPid | undefined {
    return this.#phase === 'subscribed' ? this.#master : undefined;
  }

  /** Subscribes from now on. */
  open(): void {
    this.#locate();
  }

  /** Ends the subscription without a call, and answers nobody. Idempotent. */
  close(): void {
    if (this.#phase === 'closed') return;
    this.#phase = 'closed';
    this.#hangUp('the connection was closed');
    this.#ctx.timers.cancel(TIMER);
  }

  /** Sends a call; with `settled` the master is asked to say that it accepted it. */
  call(call: SchedulerCall, settled?: CallSettled): void {
    const master = this.#master;
    if (this.#phase !== 'subscribed' || master === undefined) {
      return settled?.(new NotSubscribedError(call.type));
    }
    if (settled !== undefined) {
      if (this.#answers.size >= ANSWERS_MAX) {
        return settled(new CallQueueFullError(call.type, ANSWERS_MAX));
      }
      this.#await(this.#nextCall, call.type, settled);
    }
    this.#send(master, call, this.#frameworkId, settled !== undefined);
  }

  /** An event came. */
  event(message: Decoded<typeof schedulerMessages.schedulerEvent>, from: Pid): void {
    if (!this.#isCurrent(message.subscription, from)) return;
    const { sequence, event } = message;
    if (sequence !== this.#nextEvent) {
      this.stats.gaps += 1;
      return this.#lost('events were lost on the way from the master');
    }
    this.#nextEvent += 1;
    this.#missedHeartbeats = 0;
    if (event.subscribed !== undefined) this.#subscribed(event.subscribed);
    if (event.error !== undefined) {
      this.#phase = 'closed';
      this.#hangUp(event.error.message);
      this.#ctx.timers.cancel(TIMER);
    }
    this.#options.onSignal({ kind: 'event', event });
  }

  /** A call was answered. */
  answer(message: Decoded<typeof schedulerMessages.schedulerAnswer>, from: Pid): void {
    if (!this.#isCurrent(message.subscription, from)) return;
    const { sequence, status, text, leader } = message;
    const isAccepted = status >= 200 && status < 300;
    if (sequence === 0) {
      if (!isAccepted) this.#subscriptionRefused(status, text, leader);
      return;
    }
    const waiting = this.#answers.get(sequence);
    this.#answers.delete(sequence);
    if (isAccepted) return waiting?.settled(undefined);
    this.stats.callsRefused += 1;
    const error = new CallRefusedError(waiting?.type ?? `${sequence}`, status, text);
    if (waiting !== undefined) waiting.settled(error);
    else this.#ctx.logger.warn({ status }, `the master refused a call: ${text}`);
  }

  /** The master ended the subscription. */
  closed(message: Decoded<typeof schedulerMessages.schedulerClosed>, from: Pid): void {
    if (this.#isCurrent(message.subscription, from)) this.#lost(message.reason);
  }

  /** A linked actor ended; whether it was the master. */
  exited(pid: Pid, reason: ExitReason): boolean {
    if (this.#master === undefined || !pid.equals(this.#master)) return false;
    const text = reason === 'unreachable' ? 'cannot be reached' : `has ${reason}`;
    this.#lost(`the master ${pid} ${text}`, reason === 'unreachable');
    return true;
  }

  /** The stream is given up by this side, and tried anew. */
  abandon(reason: string): void {
    if (this.#phase === 'opening' || this.#phase === 'subscribed') this.#lost(reason);
  }

  #isCurrent(subscription: number, from: Pid): boolean {
    if (subscription !== this.#subscription || this.#master === undefined) return false;
    if (from === this.#knownFrom) return true;
    if (!from.equals(this.#master)) return false;
    this.#knownFrom = from;
    return true;
  }

  #locate(): void {
    this.#phase = 'locating';
    this.#redirects = 0;
    const attempt = this.#attempt;
    const located = this.#options.locate(attempt);
    if (!(located instanceof Promise)) return this.#found(located);
    this.#ctx.defer(
      located,
      (found) => this.#found(found),
      (error: unknown) => this.#found({ kind: 'failed', reason: String(error) }),
    );
  }

  #found(located: Located): void {
    if (this.#phase !== 'locating') return;
    if (located.kind === 'actor') return this.#subscribe(located.master);
    if (located.kind === 'failed') return this.#retry(located.reason);
    const { onHttpOnly } = this.#options;
    const reason = 'the master speaks HTTP only';
    if (onHttpOnly === undefined) return this.#retry(reason);
    this.#phase = 'closed';
    onHttpOnly(reason);
  }

  #subscribe(master: MasterPeerPid): void {
    const { subscription } = this.#options;
    this.#phase = 'opening';
    this.#master = master;
    this.#knownFrom = undefined;
    this.#subscription += 1;
    this.#nextEvent = 0;
    this.#nextCall = 0;
    this.#ctx.link(master);
    this.#ctx.timers.once(TIMER, SUBSCRIBE_TIMEOUT_MS, () =>
      this.#lost(`no answer of ${master} within ${SUBSCRIBE_TIMEOUT_MS} ms`, true),
    );
    const frameworkInfo = subscription.framework();
    const suppressedRoles = subscription.suppressedRoles();
    const offerConstraints = subscription.offerConstraints?.();
    const subscribe = { frameworkInfo, suppressedRoles, offerConstraints };
    this.#send(master, { type: 'SUBSCRIBE', subscribe }, frameworkInfo.id, false);
  }

  #subscribed({ frameworkId, heartbeatIntervalSeconds }: schedulerV1.Event_Subscribed): void {
    this.#phase = 'subscribed';
    this.#frameworkId = frameworkId;
    this.#attempt = 0;
    this.#ctx.timers.cancel(TIMER);
    const intervalMs = (heartbeatIntervalSeconds ?? 0) * 1000 || HEARTBEAT_INTERVAL_MS;
    // One timer for the whole subscription: none is set anew with every event.
    this.#ctx.timers.every(SILENCE_TIMER, intervalMs, () => {
      this.#missedHeartbeats += 1;
      if (this.#missedHeartbeats <= HEARTBEATS_MISSED_MAX) return;
      this.#lost(
        `nothing heard from the master for ${(intervalMs / 1000) * HEARTBEATS_MISSED_MAX} s`,
      );
    });
  }

  #subscriptionRefused(status: number, text: string, leader: string | undefined): void {
    if (leader !== undefined) return this.#follow(leader);
    if (status >= 500) return this.#lost(`the master answers ${status} ${text}`);
    this.close();
    this.#options.onRefused(new CallRefusedError('SUBSCRIBE', status, text));
  }

  /** Turns to `leader` at once. Masters that do not agree on one are asked again after a while. */
  #follow(leader: string): void {
    const next = pidOf(masterPeer, leader);
    if (next.ok && this.#redirects < REDIRECTS_MAX) {
      this.#redirects += 1;
      this.#hangUp('another master leads');
      return this.#subscribe(next.value);
    }
    this.stats.redirectsRefused += 1;
    this.#lost(
      next.ok
        ? `masters sent the scheduler on ${REDIRECTS_MAX} times, at last to ${leader}`
        : `the master names a leader that is none: ${next.error}`,
    );
  }

  /** Ends what there is, and starts anew after a while. */
  #lost(reason: string, isUnreachable = false): void {
    const wasSubscribed = this.#phase === 'subscribed';
    this.#hangUp(reason);
    const { onHttpOnly, onSignal } = this.#options;
    if (isUnreachable && !wasSubscribed && onHttpOnly !== undefined) {
      this.#phase = 'closed';
      this.#ctx.timers.cancel(TIMER);
      return onHttpOnly(reason);
    }
    this.#phase = 'waiting';
    if (wasSubscribed) onSignal({ kind: 'disconnected', reason });
    if (this.#phase === 'waiting') this.#retry(reason);
  }

  #retry(reason: string): void {
    this.#phase = 'waiting';
    const retryMs = jitteredBackoffMs(this.#attempt, this.#backoff(), this.#ctx.random);
    this.#attempt += 1;
    this.#ctx.timers.once(TIMER, retryMs, () => this.#locate());
    this.#options.onSignal({ kind: 'waiting', reason, retryMs });
  }

  #backoff(): BackoffBounds {
    return subscriptionBackoff(this.#options.subscription.framework());
  }

  /** Forgets the master; calls that wait for their answer have failed. */
  #hangUp(reason: string): void {
    if (this.#master !== undefined) this.#ctx.unlink(this.#master);
    this.#master = undefined;
    this.#ctx.timers.cancel(SILENCE_TIMER);
    this.#missedHeartbeats = 0;
    const waiting = [...this.#answers];
    this.#answers.clear();
    for (const [sequence, { type, settled }] of waiting) {
      this.#ctx.timers.cancel(answerTimer(sequence));
      settled(new CallFailedError(type, reason));
    }
  }

  #await(sequence: number, type: string, settled: CallSettled): void {
    this.#ctx.timers.once(answerTimer(sequence), CALL_TIMEOUT_MS, () => {
      this.#answers.delete(sequence);
      settled(new CallFailedError(type, `no answer within ${CALL_TIMEOUT_MS} ms`));
    });
    const settle: CallSettled = (error) => {
      this.#ctx.timers.cancel(answerTimer(sequence));
      settled(error);
    };
    this.#answers.set(sequence, { type, settled: settle });
  }

  #send(
    master: MasterPeerPid,
    call: SchedulerCall,
    frameworkId: FrameworkID | undefined,
    wantsAnswer: boolean,
  ): void {
    const sequence = this.#nextCall;
    this.#nextCall += 1;
    // In this order: in Node 20 a member that is new behind a spread costs a microsecond.
    const init = { frameworkId, ...call };
    // What crosses to another process is completed by the decoder there.
    const whole =
      master.address === this.#ctx.self.address
        ? createMessage<schedulerV1.Call>(schedulerV1.Call, init)
        : (init as schedulerV1.Call);
    const subscription = this.#subscription;
    this.#ctx.send(master, 'schedulerCall', { subscription, sequence, wantsAnswer, call: whole });
  }
}

function answerTimer(sequence: number): string {
  return `line-answer:${sequence}`;
}
