// Reads that do not hurt: questions about the whole state are answered by a copy of it that follows the original.
// The master's thread pays for encoding what has changed, in slices, and for handing pages to sockets.
import type { Clock, Logger, TimerHandle } from '@kaon/primitives';
import {
  ANSWERS_KEPT_BYTES_MAX,
  ANSWERS_KEPT_MAX,
  JOURNAL_CHANGES_MAX,
  READ_ANSWERS_BYTES_MAX,
  READ_SLICE_MS,
  READ_TIMEOUT_MS,
  READS_IDLE_MS,
  READS_WAITING_MAX,
} from '../constants.ts';
import type { Counters } from '../metrics/counters.ts';
import type { MasterState } from '../state/master-state.ts';
import {
  changesFromNothing,
  type MirrorRecord,
  masterFacts,
  mirrorRecord,
} from '../state/mirror-record.ts';
import { Journal } from './journal.ts';
import type { MakeMirrorHost, MirrorHost, MirrorNews } from './mirror-orders.ts';
import type { ReadQuestion } from './read-question.ts';
import { SharedAnswer } from './shared-answer.ts';

/** What reads stand on. */
export interface StateReadsOptions {
  readonly makeHost: MakeMirrorHost;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly counters: Counters;
  readonly flags: ReadonlyMap<string, string>;
}

/** Changes that are encoded in one turn with the question, however long that takes. */
const LAST_CHANGES_MAX = 256;
/** Records in one order. */
const RECORDS_PER_ORDER = 128;
/** Copies lost in a row after which those who wait are told so. */
const LOSSES_MAX = 3;
/** Orders that may wait for the copy: what it cannot take in need not be encoded yet. */
const ORDERS_AHEAD_MAX = 128;
/** Between the slices of a copy that nobody waits for. */
const TRICKLE_INTERVAL_MS = 50;

/**
 * A state that is read through its copy.
 *
 * A question sees all that happened before it was asked. Questions that come while others are being answered
 * wait, and equal ones among them become one. Nothing waits for ever: a copy that does not answer is given up.
 */
export class StateReads {
  readonly #options: StateReadsOptions;
  readonly #host: MirrorHost;
  readonly #journal = new Journal(JOURNAL_CHANGES_MAX);
  readonly #waiting = new Map<string, { question: ReadQuestion; answer: SharedAnswer }>();
  readonly #asked = new Map<number, SharedAnswer>();
  /** Called in the turn in which an answer's state was looked at. */
  readonly #onTaken = new Map<SharedAnswer, () => void>();
  /** Answers that may serve again while the state does not change, oldest first. */
  readonly #kept = new Map<string, SharedAnswer>();
  /** Answers whose pages the copy keeps as they are, by their numbers. */
  readonly #held = new Map<SharedAnswer, number>();
  /** Answers that somebody waits for or reads. */
  readonly #live = new Set<SharedAnswer>();
  /** Orders of records the copy has not taken in yet. */
  #ordersAhead = 0;
  /** Copies lost in a row, without an answer in between. */
  #losses = 0;
  #state: MasterState | undefined;
  #stopListening: (() => void) | undefined;
  #sliceTimer: TimerHandle | undefined;
  /** Whether somebody waits for that slice. */
  #isSliceHurried = false;
  #watchdog: TimerHandle | undefined;
  #lastReadMs = 0;
  #lastNewsMs = 0;
  #nextId = 0;
  #isClosed = false;

  constructor(options: StateReadsOptions) {
    this.#options = options;
    this.#host = options.makeHost({
      news: (news) => this.#hear(news),
      lost: (error) => this.#lost(error),
    });
  }

  /** From now on this state is read. */
  attach(state: MasterState): void {
    this.#state = state;
  }

  /** Whether there is a state to read: its master leads and has read the registry. */
  get isReady(): boolean {
    return this.#state?.isReady === true && !this.#isClosed;
  }

  /** Names what a reader would see now; equal names mean equal answers. */
  get etag(): string {
    const state = this.#state;
    return `W/"${state?.info.id ?? ''}-${state?.changes.version ?? 0}"`;
  }

  /** As `etag`, of the moment an answer shows. */
  etagOf(answer: SharedAnswer): string {
    return `W/"${this.#state?.info.id ?? ''}-${answer.version}"`;
  }

  /**
   * An answer that will come, or fail. Undefined when too many wait or too much is on its way: counted, and to be
   * answered 503. `onTaken` runs in the turn whose state the answer shows; it is never shared then.
   */
  read(question: ReadQuestion, onTaken?: () => void): SharedAnswer | undefined {
    const { counters, clock } = this.#options;
    const state = this.#state;
    this.#lastReadMs = clock.monotonicMs();
    const key = JSON.stringify(question) + (onTaken === undefined ? '' : `#${this.#nextId}`);
    const kept = this.#kept.get(key);
    if (kept !== undefined && kept.version === state?.changes.version) {
      counters.add('readsShared');
      return kept;
    }
    const waiting = this.#waiting.get(key);
    if (waiting !== undefined) {
      counters.add('readsShared');
      return waiting.answer;
    }
    if (!this.isReady || this.#waiting.size >= READS_WAITING_MAX || this.#isFull()) {
      counters.add('readsRefused');
      return undefined;
    }
    const answer = new SharedAnswer();
    this.#live.add(answer);
    if (onTaken !== undefined) {
      this.#nextId += 1;
      this.#onTaken.set(answer, onTaken);
    }
    this.#waiting.set(key, { question, answer });
    this.#slice();
    return answer;
  }

  /** Calls `look` on each change of an answer; returns what ends that. Whoever reads an answer must do both. */
  follow(answer: SharedAnswer, look: () => void): () => void {
    this.#live.add(answer);
    const leave = answer.follow(look);
    return () => {
      leave();
      this.#release(answer);
    };
  }

  /** Ends the copy; what was asked fails. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#drop('the master is closing');
    await this.#host.close();
  }

  #isFull(): boolean {
    let bytes = 0;
    for (const answer of this.#live) bytes += answer.bytes;
    return bytes > READ_ANSWERS_BYTES_MAX;
  }

  /** Encodes for a moment; asks when little is left to encode and the copy has nothing else to answer. */
  #slice(): void {
    const { clock } = this.#options;
    const state = this.#state;
    if (state === undefined || this.#isClosed) return;
    if (this.#journal.isOverfull) {
      this.#options.counters.add('readsRestarted');
      this.#drop('the copy fell behind');
    }
    const isWanted = this.#waiting.size > 0;
    if (!isWanted && clock.monotonicMs() - this.#lastReadMs > READS_IDLE_MS) {
      if (this.#stopListening !== undefined) this.#host.post({ kind: 'end' });
      this.#drop('nobody reads');
      return;
    }
    if (this.#stopListening === undefined) {
      if (!isWanted) return;
      this.#begin(state);
    }
    if (this.#ordersAhead >= ORDERS_AHEAD_MAX) return this.#watch();
    const isLast = this.#encode(state, clock.monotonicMs() + READ_SLICE_MS);
    if (isLast && isWanted && this.#asked.size === 0) this.#ask(state);
    this.#scheduleSlice();
  }

  #scheduleSlice(): void {
    if (this.#stopListening === undefined) return;
    const { clock } = this.#options;
    const isHurried = this.#waiting.size > 0 && this.#asked.size === 0;
    if (this.#sliceTimer !== undefined) {
      if (!isHurried || this.#isSliceHurried) return;
      clock.clearTimer(this.#sliceTimer);
    }
    this.#isSliceHurried = isHurried;
    this.#sliceTimer = clock.setTimer(isHurried ? 0 : TRICKLE_INTERVAL_MS, () => {
      this.#sliceTimer = undefined;
      this.#slice();
    });
    if (!isHurried) clock.keepAlive?.(this.#sliceTimer, false);
  }

  #begin(state: MasterState): void {
    this.#stopListening = state.changes.listen((change) => this.#journal.add(change));
    this.#journal.restart(changesFromNothing(state));
    this.#host.post({
      kind: 'begin',
      facts: masterFacts(state),
      limits: limitsOf(state),
      flags: [...this.#options.flags],
    });
  }

  /** True when nothing is left to encode. */
  #encode(state: MasterState, untilMs: number): boolean {
    const { clock } = this.#options;
    let records: MirrorRecord[] = [];
    const post = (): void => {
      if (records.length === 0) return;
      this.#post(records);
      records = [];
    };
    for (;;) {
      const change = this.#journal.take();
      if (change === undefined) break;
      const record = mirrorRecord(state, change);
      if (record !== undefined) records.push(record);
      if (records.length < RECORDS_PER_ORDER) continue;
      post();
      // What is little is finished: whoever waits would otherwise wait for as long as tasks come and go.
      if (this.#journal.size <= LAST_CHANGES_MAX) continue;
      if (clock.monotonicMs() >= untilMs || this.#ordersAhead >= ORDERS_AHEAD_MAX) return false;
    }
    post();
    return true;
  }

  #post(records: readonly MirrorRecord[]): void {
    this.#ordersAhead += 1;
    this.#host.post({ kind: 'records', records });
  }

  #ask(state: MasterState): void {
    const { clock } = this.#options;
    this.#post([{ kind: 'master', facts: masterFacts(state) }]);
    for (const [key, { question, answer }] of this.#waiting) {
      this.#nextId += 1;
      this.#asked.set(this.#nextId, answer);
      answer.taken(state.changes.version);
      const onTaken = this.#onTaken.get(answer);
      this.#onTaken.delete(answer);
      if (onTaken === undefined) this.#keep(key, answer);
      this.#host.post({ kind: 'ask', id: this.#nextId, question });
      onTaken?.();
    }
    this.#waiting.clear();
    this.#lastNewsMs = clock.monotonicMs();
    this.#watch();
  }

  #keep(key: string, answer: SharedAnswer): void {
    this.#kept.delete(key);
    this.#kept.set(key, answer);
    for (const [oldest, old] of this.#kept) {
      if (this.#kept.size <= ANSWERS_KEPT_MAX) return;
      if (old.isIdle) this.#kept.delete(oldest);
    }
  }

  #hear(news: MirrorNews): void {
    this.#lastNewsMs = this.#options.clock.monotonicMs();
    if (news.kind === 'took') {
      this.#ordersAhead -= 1;
      if (this.#ordersAhead === ORDERS_AHEAD_MAX - 1) this.#scheduleSlice();
      return;
    }
    const answer = this.#asked.get(news.id);
    if (answer === undefined) return;
    switch (news.kind) {
      case 'head':
        if (news.isHeld) this.#held.set(answer, news.id);
        return answer.begin(news.coding);
      case 'pages':
        return answer.add(news.pages);
      case 'end':
        answer.complete();
        return this.#over(news.id, answer);
      default:
        this.#options.counters.add('readsFailed');
        answer.fail(news.text);
        return this.#over(news.id, answer);
    }
  }

  #over(id: number, answer: SharedAnswer): void {
    this.#asked.delete(id);
    this.#losses = 0;
    this.#release(answer);
    if (this.#asked.size > 0) return;
    this.#unwatch();
    if (this.#waiting.size > 0) this.#slice();
  }

  /** Large answers and failed ones go with their last reader. */
  #release(answer: SharedAnswer): void {
    const isOver = answer.state === 'complete' || answer.state === 'failed';
    if (!isOver || !answer.isIdle) return;
    this.#live.delete(answer);
    const id = this.#held.get(answer);
    if (id === undefined && answer.state === 'complete' && answer.bytes <= ANSWERS_KEPT_BYTES_MAX) {
      return;
    }
    this.#held.delete(answer);
    if (id !== undefined) this.#host.post({ kind: 'release', id });
    for (const [key, kept] of this.#kept) if (kept === answer) this.#kept.delete(key);
  }

  #watch(): void {
    if (this.#watchdog !== undefined) return;
    const { clock } = this.#options;
    this.#watchdog = clock.setTimer(READ_TIMEOUT_MS, () => {
      this.#watchdog = undefined;
      if (this.#asked.size === 0 && this.#ordersAhead === 0) return;
      if (clock.monotonicMs() - this.#lastNewsMs < READ_TIMEOUT_MS) {
        this.#watch();
        return;
      }
      this.#host.restart();
      this.#lost(new Error(`the copy did not answer within ${READ_TIMEOUT_MS} ms`));
    });
  }

  #unwatch(): void {
    if (this.#watchdog !== undefined) this.#options.clock.clearTimer(this.#watchdog);
    this.#watchdog = undefined;
  }

  #lost(error: unknown): void {
    if (this.#isClosed) return;
    this.#options.counters.add('readsRestarted');
    this.#options.logger.warn({ err: error }, 'the copy of the state was lost');
    // Whoever waits is not to blame and is served by the next copy; what had begun to arrive is cut off.
    this.#dropCopy('the copy of the state was lost');
    this.#losses += 1;
    if (this.#losses >= LOSSES_MAX) {
      this.#losses = 0;
      this.#failWaiting('the copy of the state was lost again and again');
    }
    if (this.#waiting.size > 0) this.#slice();
  }

  #drop(why: string): void {
    this.#dropCopy(why);
    if (!this.#isClosed) return;
    this.#failWaiting(why);
    if (this.#sliceTimer !== undefined) this.#options.clock.clearTimer(this.#sliceTimer);
    this.#sliceTimer = undefined;
  }

  #failWaiting(why: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    this.#onTaken.clear();
    for (const { answer } of waiting) {
      this.#options.counters.add('readsFailed');
      answer.fail(why);
      this.#release(answer);
    }
  }

  #dropCopy(why: string): void {
    this.#stopListening?.();
    this.#stopListening = undefined;
    this.#journal.restart();
    this.#ordersAhead = 0;
    this.#unwatch();
    this.#kept.clear();
    // The next copy knows nothing of what this one keeps.
    this.#held.clear();
    const asked = [...this.#asked.values()];
    this.#asked.clear();
    for (const answer of asked) {
      answer.fail(why);
      this.#release(answer);
    }
  }
}

function limitsOf({ limits }: MasterState): MasterState['limits'] {
  const { completedFrameworksMax, completedTasksPerFrameworkMax, unreachableTasksPerFrameworkMax } =
    limits;
  return { completedFrameworksMax, completedTasksPerFrameworkMax, unreachableTasksPerFrameworkMax };
}
