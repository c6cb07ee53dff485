// One running actor: its mailbox, its turns, its children, links and end. No look-ups and no
// transport here; those are the system's, reached through `CellHost`.
//
// An idle cell is small: queues run through the items queued, and what few actors have is in
// `RareParts`.
import { errorText, type Logger, type Random } from '@kaon/primitives';
import type { ActorKind } from './actor-kind.ts';
import { Backlog } from './backlog.ts';
import type { Behaviour, ExitReason } from './behaviour.ts';
import { createContext } from './cell-context.ts';
import type { CellHost } from './cell-host.ts';
import { CellList } from './cell-list.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import { Envelope, type Link, Signal, type SignalContent, WatchedEnvelope } from './envelope.ts';
import { AskError, type AskFailure } from './errors.ts';
import { type Instruments, LatencyMeter, type MessageLatency } from './instruments.ts';
import { Delegated, Later } from './later.ts';
import { Pid } from './pid.ts';
import type { Protocol } from './protocol.ts';
import { RareParts } from './rare-parts.ts';
import { ROUTE_PREFIX, type RouteInfo, type RouteRequest, routeInfos, runRoute } from './routes.ts';
import type { Runnable } from './run-queue.ts';
import { type CellSettings, RestartWindow } from './supervision.ts';
import { KeyedTimers } from './timers.ts';

/** A behaviour as the dispatcher sees it: the types were checked when it was written. */
type AnyBehaviour = Behaviour<Protocol>;
type Handler = (body: unknown, from: Pid) => unknown;

/** Counters of one actor, since its start. */
export interface CellStats {
  /** Messages and asks that were handled. */
  readonly received: number;
  /** Handlers that threw. */
  readonly failures: number;
  readonly restarts: number;
  /** Messages that wait now. */
  readonly mailbox: number;
  /** Messages that its full mailbox did not take. */
  readonly refused: number;
  /** Children that run now. */
  readonly children: number;
  /** Links it made that have not ended. */
  readonly links: number;
  /** Wall clock at its start, milliseconds since 1970. */
  readonly startedMs: number;
  /** Only in systems that measure each actor. */
  readonly latency?: MessageLatency;
}

/** Sender of the envelope that stands for the end of a drain: nobody else has it. */
const DRAIN_SENDER = new Pid('', '');
const DRAIN_NAME = '\0drain';
const NO_PIDS: readonly Pid[] = [];

/** Signals in a row after which a waiting message gets its turn: the lane goes first, not alone. */
const SIGNALS_IN_A_ROW_MAX = 16;

/**
 * Messages in a mailbox from which on more are kept in its backlog. Shorter ones cost the garbage collector
 * less than laying out their messages would.
 */
const BACKLOG_FROM = 32_768;
/** Messages that come back from the backlog at a time. */
const BACKLOG_PORTION = 64;

const PHASE = { running: 0, ending: 1, ended: 2 } as const;
type Phase = (typeof PHASE)[keyof typeof PHASE];

/** The runtime's side of an actor. */
export class Cell implements Runnable {
  readonly pid: Pid;
  readonly host: CellHost;
  readonly kind: ActorKind;
  readonly parent: Cell | undefined;
  readonly #settings: CellSettings;
  readonly #options: unknown;
  /** Undefined until the first setup is through, between two incarnations and after the end. */
  #behaviour: AnyBehaviour | undefined;
  /** Last message of the mailbox; its `next` is the first. */
  #mailbox: Envelope | undefined;
  /** Last signal of the system lane; its `next` is the first. */
  #signals: Signal | undefined;
  #rare: RareParts | undefined;
  #phase: Phase;
  /** Whole milliseconds on the monotonic clock. */
  readonly #startedMs: number;
  received: number;
  mailboxDepth: number;
  nextReady: Runnable | undefined;
  /** Siblings: the neighbours in the `CellList` it is in. */
  before: Cell | undefined;
  after: Cell | undefined;

  constructor(
    host: CellHost,
    pid: Pid,
    parent: Cell | undefined,
    kind: ActorKind,
    options: unknown,
    settings: CellSettings,
  ) {
    this.pid = pid;
    this.host = host;
    this.kind = kind;
    this.parent = parent;
    this.#settings = settings;
    this.#options = options;
    this.#behaviour = undefined;
    this.#mailbox = undefined;
    this.#signals = undefined;
    this.#rare = undefined;
    this.#phase = PHASE.running;
    this.#startedMs = Math.floor(host.runQueue.recentMs());
    this.received = 0;
    this.mailboxDepth = 0;
    this.nextReady = undefined;
    this.before = undefined;
    this.after = undefined;
  }

  /** False from the end on: nothing is queued or run any more. */
  get isAlive(): boolean {
    return this.#phase !== PHASE.ended;
  }

  get incarnation(): number {
    return this.#rare?.incarnation ?? 1;
  }

  get stats(): CellStats {
    const { clock } = this.host;
    const rare = this.#rare;
    return {
      received: this.received,
      failures: rare?.failures ?? 0,
      restarts: this.incarnation - 1,
      mailbox: this.mailboxDepth,
      refused: rare?.refused ?? 0,
      children: rare?.children?.size ?? 0,
      links: rare?.links?.size ?? 0,
      startedMs: clock.nowMs() - (clock.monotonicMs() - this.#startedMs),
      ...(rare?.meter && { latency: rare.meter.summary() }),
    };
  }

  get routes(): readonly RouteInfo[] {
    return routeInfos(this.#behaviour?.routes);
  }

  get logger(): Logger {
    const rare = this.#parts();
    rare.logger ??= this.host.logger.child({ pid: this.pid.toString() });
    return rare.logger;
  }

  get timers(): KeyedTimers {
    const rare = this.#parts();
    rare.timers ??= new KeyedTimers(this.host.clock, this);
    return rare.timers;
  }

  /** Of the present incarnation. */
  get random(): Random {
    const rare = this.#parts();
    rare.random ??= this.host.random.fork(`${this.pid}#${rare.incarnation}`);
    return rare.random;
  }

  /** A key for a timer that nobody else uses. */
  nextDelayKey(): string {
    const rare = this.#parts();
    rare.delays += 1;
    return `delay ${rare.delays}`;
  }

  /** False once the end has begun: a child started now would outlive this actor. */
  get acceptsChildren(): boolean {
    return this.#phase === PHASE.running;
  }

  /** Runs the setup. A throw here is the spawner's. */
  start(): void {
    this.#behaviour = undefined;
    this.#behaviour = this.kind.definition.setup(createContext(this), this.#options);
  }

  enqueue(envelope: Envelope): void {
    if (this.#phase === PHASE.ended) {
      this.host.refuse(envelope, this.pid, 'noActor', 'the actor has stopped');
    } else if (this.mailboxDepth >= this.#settings.mailboxMax) {
      this.#parts().refused += 1;
      const detail = `mailbox holds ${this.#settings.mailboxMax} messages`;
      this.host.refuse(envelope, this.pid, 'full', detail);
    } else {
      this.#push(envelope);
    }
  }

  signal(content: SignalContent): void {
    if (this.#phase === PHASE.ended) return;
    const signal = new Signal(content);
    const last = this.#signals;
    if (last === undefined) {
      signal.next = signal;
    } else {
      signal.next = last.next;
      last.next = signal;
    }
    this.#signals = signal;
    this.host.runQueue.push(this);
  }

  /** Stops once what the mailbox holds now is done. */
  stopAfterDrain(): void {
    const rare = this.#parts();
    if (this.#phase === PHASE.ended || rare.isDraining) return;
    rare.isDraining = true;
    this.#push(new Envelope(DRAIN_NAME, undefined, DRAIN_SENDER, 0));
  }

  /** The children, last started last; undefined when it never had one. */
  get children(): CellList | undefined {
    return this.#rare?.children;
  }

  addChild(child: Cell): void {
    const rare = this.#parts();
    rare.children ??= new CellList();
    rare.children.add(child);
  }

  link(pid: Pid): void {
    const text = pid.toString();
    const rare = this.#parts();
    if (rare.links?.has(text)) return;
    rare.links ??= new Map();
    rare.links.set(text, { pid });
    this.host.link(this, pid);
  }

  unlink(pid: Pid): void {
    if (this.#rare?.links?.delete(pid.toString())) this.host.unlink(this, pid);
  }

  /** What this actor linked to is gone. Told at most once per link. */
  linkEnded(pid: Pid, reason: ExitReason, error: Error | undefined): void {
    const link = this.#rare?.links?.get(pid.toString());
    if (link) this.signal({ kind: 'exited', link, reason, error });
  }

  watchers(): Iterable<Pid> {
    return this.#rare?.watchers?.values() ?? NO_PIDS;
  }

  addWatcher(watcher: Pid): void {
    const rare = this.#parts();
    rare.watchers ??= new Map();
    rare.watchers.set(watcher.toString(), watcher);
  }

  removeWatcher(watcher: Pid): void {
    this.#rare?.watchers?.delete(watcher.toString());
  }

  /** `tell` is called with the reason of the end. */
  onEnded(tell: (reason: ExitReason) => void): void {
    const rare = this.#parts();
    rare.waiting ??= [];
    rare.waiting.push(tell);
  }

  runTurns(turnsMax: number): boolean {
    for (let turn = 0; turn < turnsMax && this.#phase !== PHASE.ended; turn += 1) {
      if (this.#signals !== undefined) {
        const signal = this.#nextSignal();
        if (signal !== undefined) {
          this.#runSignal(signal.content);
          continue;
        }
      }
      const envelope = this.#shift();
      if (envelope === undefined) return this.#signals !== undefined;
      this.#runMessage(envelope);
    }
    return (this.#signals !== undefined || this.#mailbox !== undefined) && this.isAlive;
  }

  /** Ends the actor now: children first (last started, first stopped), then itself. */
  terminate(reason: ExitReason, error?: unknown): void {
    if (this.#phase !== PHASE.running) return;
    this.#phase = PHASE.ending;
    this.#endIncarnation();
    this.#phase = PHASE.ended;
    for (let envelope = this.#shift(); envelope; envelope = this.#shift()) {
      this.#refuse(envelope, 'stopped', `the actor ended: ${reason}`);
    }
    this.#signals = undefined;
    this.#failOpenAsks('stopped', 'the actor stopped before it answered');
    this.host.ended(this, reason, error === undefined ? undefined : asError(error));
    this.#tellWaiting(reason);
  }

  /** Ceases without a word: no hook, no exit, no dead letter. For systems that are crashed. */
  abandon(): void {
    this.#phase = PHASE.ended;
    this.#behaviour = undefined;
    this.#mailbox = undefined;
    this.mailboxDepth = 0;
    this.#signals = undefined;
    this.#rare?.timers?.cancelAll();
    this.#rare?.openAsks?.clear();
    this.#tellWaiting('failed');
  }

  #parts(): RareParts {
    this.#rare ??= new RareParts();
    return this.#rare;
  }

  #tellWaiting(reason: ExitReason): void {
    for (const tell of this.#rare?.waiting?.splice(0) ?? []) tell(reason);
  }

  #push(envelope: Envelope): void {
    this.mailboxDepth += 1;
    // Behind a backlog there is no other place, or messages would overtake those in it.
    const isLong = this.mailboxDepth > BACKLOG_FROM || this.#rare?.backlog !== undefined;
    // An empty list takes every message itself: it is what is run.
    if (isLong && this.#mailbox !== undefined && this.#keepForLater(envelope)) return;
    this.#append(envelope);
    this.host.runQueue.push(this);
  }

  #append(envelope: Envelope): void {
    const last = this.#mailbox;
    if (last === undefined) {
      envelope.next = envelope;
    } else {
      envelope.next = last.next;
      last.next = envelope;
    }
    this.#mailbox = envelope;
  }

  #shift(): Envelope | undefined {
    const last = this.#mailbox;
    if (last === undefined) return undefined;
    const first = last.next as Envelope;
    if (first === last) {
      this.#mailbox = undefined;
      if (this.mailboxDepth > 1) this.#takeUpBacklog();
    } else {
      last.next = first.next;
    }
    first.next = undefined;
    this.mailboxDepth -= 1;
    return first;
  }

  /** Lays the message into the backlog; false where messages carry more than a backlog keeps. */
  #keepForLater(envelope: Envelope): boolean {
    if (this.host.instruments !== undefined) return false;
    const rare = this.#parts();
    rare.backlog ??= new Backlog();
    rare.backlog.push(envelope);
    return true;
  }

  #takeUpBacklog(): void {
    const rare = this.#parts();
    const { backlog } = rare;
    if (backlog === undefined) return;
    for (let taken = 0; taken < BACKLOG_PORTION && backlog.size > 0; taken += 1) {
      this.#append(backlog.shift() as Envelope);
    }
    if (backlog.size === 0) rare.backlog = undefined;
  }

  #refuse(envelope: Envelope, reason: DeadLetterReason, detail: string): void {
    if (envelope.from !== DRAIN_SENDER) this.host.refuse(envelope, this.pid, reason, detail);
  }

  /** The next signal, unless messages have waited long enough. */
  #nextSignal(): Signal | undefined {
    if (this.#mailbox !== undefined && this.#messageIsDue()) return undefined;
    const last = this.#signals as Signal;
    const first = last.next as Signal;
    if (first === last) this.#signals = undefined;
    else last.next = first.next;
    first.next = undefined;
    return first;
  }

  /** Counts the signals that go before a waiting message. */
  #messageIsDue(): boolean {
    const rare = this.#parts();
    const isDue = rare.signalsInARow >= SIGNALS_IN_A_ROW_MAX && this.#behaviour !== undefined;
    rare.signalsInARow = isDue ? 0 : rare.signalsInARow + 1;
    return isDue;
  }

  #runMessage(envelope: Envelope): void {
    const { instruments } = this.host;
    if (instruments !== undefined) return this.#runWatched(envelope, instruments);
    const { name, correlation } = envelope;
    if (!this.kind.knows(name)) return this.#runUnknown(envelope);
    this.received += 1;
    try {
      const receive = (this.#behaviour as AnyBehaviour).receive as unknown as Record<
        string,
        Handler
      >;
      const answer = (receive[name] as Handler)(envelope.body, envelope.from);
      if (correlation !== 0) this.#answer(envelope, answer);
    } catch (error) {
      this.#handlerFailed(envelope, error);
    }
  }

  /** The same as `#runMessage`, with everything that watches. */
  #runWatched(envelope: Envelope, instruments: Instruments): void {
    const { name, body, from, correlation } = envelope;
    if (!this.kind.knows(name)) return this.#runUnknown(envelope);
    const { tracing, meter, trace } = instruments;
    const watched = envelope instanceof WatchedEnvelope ? envelope : undefined;
    this.received += 1;
    trace?.({ kind: 'turn', pid: this.pid, name, from, body });
    const span = tracing?.start({ kind: 'turn', name, from, to: this.pid }, watched?.trace);
    const startedMs = meter === undefined ? 0 : this.host.clock.monotonicMs();
    instruments.activeTrace = span?.traceparent;
    let failure: unknown;
    try {
      const receive = (this.#behaviour as AnyBehaviour).receive as unknown as Record<
        string,
        Handler
      >;
      const handler = receive[name] as Handler;
      const answer = span === undefined ? handler(body, from) : span.run(() => handler(body, from));
      if (correlation !== 0) this.#answer(envelope, answer);
    } catch (error) {
      failure = error ?? new Error('a handler threw nothing');
    }
    instruments.activeTrace = undefined;
    span?.end(failure);
    if (meter !== undefined) this.#measure(instruments, watched?.queuedMs ?? startedMs, startedMs);
    if (failure !== undefined) this.#handlerFailed(envelope, failure);
  }

  #measure(instruments: Instruments, queuedMs: number, startedMs: number): void {
    const handleMs = this.host.clock.monotonicMs() - startedMs;
    const waitMs = startedMs - queuedMs;
    instruments.meter?.record(waitMs, handleMs);
    if (!instruments.measuresActors) return;
    const rare = this.#parts();
    rare.meter ??= new LatencyMeter(1);
    rare.meter.record(waitMs, handleMs);
  }

  /** What is no message of the protocol: the end of a drain, a route, or a mistake. */
  #runUnknown(envelope: Envelope): void {
    const { name, body, correlation } = envelope;
    if (envelope.from === DRAIN_SENDER) return this.terminate('stopped');
    if (correlation === 0 || !name.startsWith(ROUTE_PREFIX)) {
      return this.#refuse(envelope, 'unknownMessage', 'no such message in its protocol');
    }
    this.received += 1;
    try {
      const path = name.slice(ROUTE_PREFIX.length);
      this.#answer(envelope, runRoute(this.#behaviour?.routes, path, body as RouteRequest));
    } catch (error) {
      this.#handlerFailed(envelope, error);
    }
  }

  #handlerFailed(envelope: Envelope, error: unknown): void {
    if (envelope.correlation !== 0) {
      this.host.answerFailure(envelope, this.pid, 'failed', errorText(error));
    }
    this.#failed(error, envelope.name);
  }

  #answer(envelope: Envelope, answer: unknown): void {
    if (!(answer instanceof Later)) return this.host.answer(envelope, this.pid, answer);
    if (answer instanceof Delegated && this.host.delegate(envelope, this.pid, answer)) return;
    const rare = this.#parts();
    rare.openAsks ??= new Map();
    rare.openAsks.set(envelope, answer);
    Later.onSettled(answer, (value, failure) => {
      if (!rare.openAsks?.delete(envelope)) return;
      const kind = failure instanceof AskError ? failure.failure : 'failed';
      if (failure) this.host.answerFailure(envelope, this.pid, kind, failure.message);
      else this.host.answer(envelope, this.pid, value);
    });
  }

  #runSignal(signal: SignalContent): void {
    try {
      switch (signal.kind) {
        case 'timer':
          return this.#rare?.timers?.run(signal.key, signal.generation);
        case 'continue':
          return signal.incarnation === this.incarnation ? signal.run() : undefined;
        case 'answer':
          return this.#runAnswer(signal);
        case 'exited':
          return this.#runExited(signal.link, signal.reason, signal.error);
        case 'childFailed':
          return this.#failed(signal.error, `failure of child ${signal.child}`);
        case 'setupFailed':
          return this.#failed(signal.error, 'restart');
        case 'stop':
          return this.terminate('stopped');
      }
    } catch (error) {
      this.#failed(error, signal.kind);
    }
  }

  #runAnswer(signal: SignalContent & { kind: 'answer' }): void {
    if (signal.incarnation !== this.incarnation) return;
    const { instruments } = this.host;
    if (instruments !== undefined) instruments.activeTrace = signal.span?.traceparent;
    try {
      if (signal.failure !== undefined) signal.onFailure(signal.failure);
      else signal.onReply(signal.answer);
    } finally {
      if (instruments !== undefined) instruments.activeTrace = undefined;
    }
  }

  #runExited(link: Link, reason: ExitReason, error: Error | undefined): void {
    const text = link.pid.toString();
    const links = this.#rare?.links;
    // Another or none by now: unlinked meanwhile, or told twice by a breaking connection.
    if (links?.get(text) !== link) return;
    links.delete(text);
    this.#behaviour?.exited?.(link.pid, reason, error);
  }

  #failed(error: unknown, during: string): void {
    const rare = this.#parts();
    rare.failures += 1;
    this.logger.error({ err: error, during }, 'actor failed');
    const { supervision } = this.#settings;
    if (supervision.onFailure === 'restart') {
      const { restartsMax, windowMs } = supervision;
      rare.restartWindow ??= new RestartWindow();
      if (rare.restartWindow.allows(this.host.clock.monotonicMs(), restartsMax, windowMs)) {
        return this.#restart(error);
      }
    }
    const escalateTo = supervision.onFailure === 'stop' ? undefined : this.parent;
    this.terminate('failed', error ?? new Error('it threw nothing'));
    escalateTo?.signal({ kind: 'childFailed', error, child: this.pid });
  }

  #restart(error: unknown): void {
    // The handler that failed may have shut the system down.
    if (this.#phase !== PHASE.running) return;
    this.#endIncarnation();
    const detail = `the actor restarted before it answered, after: ${errorText(error)}`;
    this.#failOpenAsks('failed', detail);
    const rare = this.#parts();
    rare.incarnation += 1;
    rare.random = undefined;
    try {
      this.start();
    } catch (startError) {
      // A turn of its own: a setup that never works must not hold up everyone else.
      this.signal({ kind: 'setupFailed', error: startError });
    }
  }

  /** Lets go of all that the present incarnation made. */
  #endIncarnation(): void {
    if (this.#rare !== undefined) this.#stopChildren(this.#rare);
    this.#callStopping();
    this.#behaviour = undefined;
    const rare = this.#rare;
    if (rare === undefined) return;
    // Those that the hook started.
    this.#stopChildren(rare);
    rare.timers?.cancelAll();
    for (const { pid } of [...(rare.links?.values() ?? [])]) this.unlink(pid);
  }

  #stopChildren(rare: RareParts): void {
    for (const child of rare.children?.newestFirst() ?? []) child.terminate('stopped');
  }

  #callStopping(): void {
    try {
      this.#behaviour?.stopping?.();
    } catch (error) {
      this.logger.error({ err: error }, 'stopping hook failed');
    }
  }

  #failOpenAsks(failure: AskFailure, detail: string): void {
    const open = this.#rare?.openAsks;
    if (!open || !this.#rare) return;
    this.#rare.openAsks = undefined;
    for (const [envelope, later] of open) {
      Later.abandon(later);
      this.host.answerFailure(envelope, this.pid, failure, detail);
    }
  }
}

function asError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(errorText(thrown), { cause: thrown });
}
