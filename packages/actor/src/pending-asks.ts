// Asks that wait for their answer: bounded, each with a timeout.
import type { Clock, TimerHandle } from '@kaon/primitives';
import { AskError, type AskFailure } from './errors.ts';
import type { Pid } from './pid.ts';

/** Receives the answer, or the failure when there is one. Called exactly once. */
export type AskOutcome = (answer: unknown, failure: AskError | undefined) => void;

interface PendingAsk {
  readonly to: Pid;
  readonly name: string;
  readonly timer: TimerHandle;
  readonly done: AskOutcome;
}

/** How long an ask waits when its asker does not say. */
export const ASK_TIMEOUT_MS = 5000;
/** Asks that may be open at once, unless the system's options say otherwise. */
export const PENDING_ASKS_MAX = 1_000_000;

/** The open asks of one system, by correlation number. */
export class PendingAsks {
  readonly #clock: Clock;
  readonly #pending = new Map<number, PendingAsk>();
  readonly #pendingMax: number;
  #last = 0;
  /** Asks refused because too many were open. */
  refused = 0;
  /** Answers that came after their ask had timed out or failed. */
  late = 0;

  constructor(clock: Clock, pendingMax = PENDING_ASKS_MAX) {
    this.#clock = clock;
    this.#pendingMax = pendingMax;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Opens an ask; undefined (and `done` told) when the limit is reached. */
  open(to: Pid, name: string, timeoutMs: number, done: AskOutcome): number | undefined {
    if (this.#pending.size >= this.#pendingMax) {
      this.refused += 1;
      done(
        undefined,
        new AskError('limit', to.toString(), name, `${this.#pendingMax} asks are open`),
      );
      return undefined;
    }
    this.#last = (this.#last % 0xffff_ffff) + 1;
    const correlation = this.#last;
    const timer = this.#clock.setTimer(timeoutMs, () =>
      this.fail(correlation, 'timeout', `no answer within ${timeoutMs} ms`),
    );
    this.#pending.set(correlation, { to, name, timer, done });
    return correlation;
  }

  /** The ask an answer belongs to; undefined when it timed out or was never opened. */
  get(correlation: number): { readonly to: Pid; readonly name: string } | undefined {
    return this.#pending.get(correlation);
  }

  resolve(correlation: number, answer: unknown): void {
    const pending = this.#take(correlation);
    if (pending) pending.done(answer, undefined);
    else this.late += 1;
  }

  fail(correlation: number, failure: AskFailure, detail: string): void {
    const pending = this.#take(correlation);
    if (!pending) {
      this.late += 1;
      return;
    }
    pending.done(undefined, new AskError(failure, pending.to.toString(), pending.name, detail));
  }

  /** Fails every ask to an actor of the system at `address`. */
  failAddress(address: string): void {
    for (const [correlation, { to }] of [...this.#pending]) {
      if (to.address === address)
        this.fail(correlation, 'unreachable', `connection to ${address} broke`);
    }
  }

  failAll(failure: AskFailure, detail: string): void {
    for (const correlation of [...this.#pending.keys()]) this.fail(correlation, failure, detail);
  }

  #take(correlation: number): PendingAsk | undefined {
    const pending = this.#pending.get(correlation);
    if (!pending) return undefined;
    this.#pending.delete(correlation);
    this.#clock.clearTimer(pending.timer);
    return pending;
  }
}
