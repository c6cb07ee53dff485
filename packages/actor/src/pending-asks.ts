// Asks that wait for their answer: bounded, each with a timeout. Asks of equal timeout time out in the
// order they were opened, so that one timer serves them all.
import type { Clock, TimerHandle } from '@kaon/primitives';
import { AskError, type AskFailure } from './errors.ts';
import type { Pid } from './pid.ts';
import type { Span } from './tracing.ts';

/** How long an ask waits when its asker does not say. */
export const ASK_TIMEOUT_MS = 5000;
/** Asks that may be open at once, unless the system's options say otherwise. */
export const PENDING_ASKS_MAX = 1_000_000;

/** One open ask. Who asks says what an answer means by `answered`. */
export abstract class PendingAsk {
  /** Who is asked now, and what: a delegated ask moves on. */
  to: Pid;
  name: string;
  correlation = 0;
  dueMs = 0;
  queue: AskQueue | undefined;
  before: PendingAsk | undefined;
  after: PendingAsk | undefined;
  /** Open while spans are recorded. */
  span: Span | undefined;

  constructor(to: Pid, name: string) {
    this.to = to;
    this.name = name;
  }

  /** Told once: the answer, or the failure when there is one. */
  abstract answered(answer: unknown, failure: AskError | undefined): void;
}

/** Asks of one timeout, oldest first. */
interface AskQueue {
  readonly timeoutMs: number;
  first: PendingAsk | undefined;
  last: PendingAsk | undefined;
  timer: TimerHandle | undefined;
  /** Its timer does not keep the process alive. */
  isResting: boolean;
}

/** Queues that stand by empty with their timer; more are let go of. */
const IDLE_QUEUES_MAX = 64;

/** The open asks of one system, by correlation number. */
export class PendingAsks {
  readonly #clock: Clock;
  readonly #pending = new Map<number, PendingAsk>();
  readonly #queues = new Map<number, AskQueue>();
  readonly #pendingMax: number;
  readonly #afterIo: (run: () => void) => void;
  readonly #rest = (): void => this.#restEmptyQueues();
  #isRestScheduled = false;
  #lastCorrelation: number;
  /** Asks refused because too many were open. */
  refused = 0;
  /** Answers that came after their ask had timed out or failed. */
  late = 0;
  /** Asks opened since the start. */
  opened = 0;
  /** Asks that timed out since the start. */
  timedOut = 0;

  /**
   * `before` is the correlation before the first one. It should differ from run to run: an answer to an
   * ask of a former run at the same address must not be taken for one to an ask of this run. `afterIo`
   * calls back soon: who asks one thing after another keeps its timer armed in between.
   */
  constructor(
    clock: Clock,
    before: number,
    afterIo: (run: () => void) => void,
    pendingMax = PENDING_ASKS_MAX,
  ) {
    this.#clock = clock;
    this.#afterIo = afterIo;
    this.#lastCorrelation = before;
    this.#pendingMax = pendingMax;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Opens `ask`; false, and `ask` told, when the limit is reached. */
  open(ask: PendingAsk, timeoutMs: number): boolean {
    if (this.#pending.size >= this.#pendingMax) {
      this.refused += 1;
      const detail = `${this.#pendingMax} asks are open`;
      ask.answered(undefined, new AskError('limit', ask.to.toString(), ask.name, detail));
      return false;
    }
    this.#lastCorrelation = (this.#lastCorrelation % 0xffff_ffff) + 1;
    ask.correlation = this.#lastCorrelation;
    this.opened += 1;
    this.#pending.set(ask.correlation, ask);
    this.#enqueue(ask, timeoutMs);
    return true;
  }

  /** The ask an answer belongs to; undefined when it timed out or was never opened. */
  get(correlation: number): PendingAsk | undefined {
    return this.#pending.get(correlation);
  }

  resolve(correlation: number, answer: unknown): void {
    const pending = this.#take(correlation);
    if (pending) pending.answered(answer, undefined);
    else this.late += 1;
  }

  fail(correlation: number, failure: AskFailure, detail: string): void {
    const pending = this.#take(correlation);
    if (!pending) {
      this.late += 1;
      return;
    }
    this.#tell(pending, failure, detail);
  }

  /** Fails every ask whose actor `isLost`. */
  failWhere(isLost: (to: Pid) => boolean, failure: AskFailure, detail: string): void {
    for (const [correlation, { to }] of [...this.#pending]) {
      if (isLost(to)) this.fail(correlation, failure, detail);
    }
  }

  failAll(failure: AskFailure, detail: string): void {
    for (const correlation of [...this.#pending.keys()]) this.fail(correlation, failure, detail);
    for (const queue of this.#queues.values()) this.#disarm(queue);
    this.#queues.clear();
  }

  #tell(pending: PendingAsk, failure: AskFailure, detail: string): void {
    const error = new AskError(failure, pending.to.toString(), pending.name, detail);
    pending.answered(undefined, error);
  }

  #enqueue(ask: PendingAsk, timeoutMs: number): void {
    let queue = this.#queues.get(timeoutMs);
    if (queue === undefined) {
      queue = {
        timeoutMs,
        first: undefined,
        last: undefined,
        timer: undefined,
        isResting: false,
      };
      this.#queues.set(timeoutMs, queue);
    }
    ask.queue = queue;
    // Not the time of the run, which a long handler leaves behind.
    ask.dueMs = this.#clock.monotonicMs() + timeoutMs;
    ask.before = queue.last;
    if (queue.last === undefined) {
      queue.first = ask;
      if (queue.timer === undefined) {
        this.#arm(queue, timeoutMs);
      } else if (queue.isResting) {
        queue.isResting = false;
        this.#clock.keepAlive?.(queue.timer, true);
      }
    } else {
      queue.last.after = ask;
    }
    queue.last = ask;
  }

  #take(correlation: number): PendingAsk | undefined {
    const pending = this.#pending.get(correlation);
    if (!pending) return undefined;
    this.#pending.delete(correlation);
    const { before, after } = pending;
    const queue = pending.queue as AskQueue;
    if (before === undefined) queue.first = after;
    else before.after = after;
    if (after === undefined) queue.last = before;
    else after.before = before;
    if (queue.first === undefined) this.#emptied(queue);
    return pending;
  }

  /** An empty queue keeps its timer where that costs nothing: the next ask comes soon. */
  #emptied(queue: AskQueue): void {
    if (!this.#clock.keepAlive || this.#queues.size > IDLE_QUEUES_MAX) {
      this.#disarm(queue);
      this.#queues.delete(queue.timeoutMs);
    } else if (!this.#isRestScheduled) {
      this.#isRestScheduled = true;
      this.#afterIo(this.#rest);
    }
  }

  #restEmptyQueues(): void {
    this.#isRestScheduled = false;
    for (const queue of this.#queues.values()) {
      if (queue.first !== undefined || queue.timer === undefined || queue.isResting) continue;
      queue.isResting = true;
      this.#clock.keepAlive?.(queue.timer, false);
    }
  }

  #arm(queue: AskQueue, delayMs: number): void {
    queue.isResting = false;
    queue.timer = this.#clock.setTimer(delayMs, () => this.#expire(queue));
  }

  #disarm(queue: AskQueue): void {
    if (queue.timer !== undefined) this.#clock.clearTimer(queue.timer);
    queue.timer = undefined;
  }

  #expire(queue: AskQueue): void {
    queue.timer = undefined;
    const nowMs = this.#clock.monotonicMs();
    for (let ask = queue.first; ask !== undefined && ask.dueMs <= nowMs; ask = queue.first) {
      this.timedOut += 1;
      this.#take(ask.correlation);
      this.#tell(ask, 'timeout', `no answer within ${queue.timeoutMs} ms`);
    }
    // Whoever was told may have asked again.
    if (queue.timer !== undefined) return;
    if (queue.first !== undefined) this.#arm(queue, queue.first.dueMs - nowMs);
    else this.#queues.delete(queue.timeoutMs);
  }
}
