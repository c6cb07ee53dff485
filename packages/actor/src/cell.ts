// One running actor: its mailbox, its turns, its children, links and end. No look-ups and no
// transport here; those are the system's, reached through `CellHost`.
import { errorText, type Logger, Ring } from '@kaon/primitives';
import type { ActorDefinition, Behaviour, ExitReason } from './behaviour.ts';
import { createContext } from './cell-context.ts';
import type { CellHost } from './cell-host.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import type { Envelope, Link, Signal } from './envelope.ts';
import type { AskFailure } from './errors.ts';
import { Later } from './later.ts';
import { Pid } from './pid.ts';
import type { Protocol } from './protocol.ts';
import type { Runnable } from './run-queue.ts';
import {
  MAILBOX_MAX_DEFAULT,
  RestartWindow,
  type SpawnOptions,
  type Supervision,
} from './supervision.ts';
import { KeyedTimers } from './timers.ts';

/** A behaviour as the dispatcher sees it: the types were checked when it was written. */
type AnyBehaviour = Behaviour<Protocol>;
type Handler = (body: unknown, from: Pid) => unknown;

/** Counters of one actor, since its start. */
export interface CellStats {
  readonly received: number;
  readonly failures: number;
  readonly restarts: number;
  readonly mailbox: number;
  readonly startedMs: number;
}

const DRAIN: Envelope = { name: '', body: undefined, from: new Pid('', ''), correlation: 0 };
const STOP_IF_FAILED: Supervision = { onFailure: 'stop' };
const NO_PIDS: readonly Pid[] = [];

/** Signals in a row after which a waiting message gets its turn: the lane goes first, not alone. */
const SIGNALS_IN_A_ROW_MAX = 16;

/** The runtime's side of an actor. Maps are made at first use: most actors need none of them. */
export class Cell implements Runnable {
  readonly pid: Pid;
  readonly protocol: Protocol;
  readonly host: CellHost;
  readonly parent: Cell | undefined;
  readonly mailboxMax: number;
  readonly startedMs: number;
  /** False from the end on: nothing is queued or run any more. */
  isAlive = true;
  received = 0;
  failures = 0;
  restarts = 0;

  readonly #mailbox = new Ring<Envelope>();
  readonly #signals = new Ring<Signal>();
  readonly #definition: ActorDefinition<Protocol, unknown>;
  readonly #options: unknown;
  readonly #supervision: Supervision;
  #restartWindow: RestartWindow | undefined;
  #timers: KeyedTimers | undefined;
  #logger: Logger | undefined;
  /** Children by id, in order of start. */
  #children: Map<string, Cell> | undefined;
  /** Told when this actor ends, by PID text. */
  #watchers: Map<string, Pid> | undefined;
  /** Links this actor made, by PID text. */
  #links: Map<string, Link> | undefined;
  /** Asks whose handler returned a `Later` that has not settled. */
  #openAsks: Map<Envelope, Later<unknown>> | undefined;
  /** Undefined until the first setup is through, between two incarnations and after the end. */
  #behaviour: AnyBehaviour | undefined;
  #incarnation = 0;
  #signalsInARow = 0;
  #isQueued = false;
  #isDraining = false;
  #isEnding = false;

  constructor(
    host: CellHost,
    pid: Pid,
    parent: Cell | undefined,
    definition: ActorDefinition<Protocol, unknown>,
    options: unknown,
    spawnOptions: SpawnOptions,
  ) {
    this.host = host;
    this.pid = pid;
    this.parent = parent;
    this.protocol = definition.protocol;
    this.mailboxMax = spawnOptions.mailboxMax ?? MAILBOX_MAX_DEFAULT;
    this.startedMs = host.clock.nowMs();
    this.#definition = definition;
    this.#options = options;
    this.#supervision = spawnOptions.supervision ?? STOP_IF_FAILED;
  }

  get mailboxDepth(): number {
    return this.#mailbox.size;
  }

  get incarnation(): number {
    return this.#incarnation;
  }

  get stats(): CellStats {
    const { received, failures, restarts, startedMs } = this;
    return { received, failures, restarts, startedMs, mailbox: this.#mailbox.size };
  }

  get logger(): Logger {
    this.#logger ??= this.host.logger.child({ pid: this.pid.toString() });
    return this.#logger;
  }

  get timers(): KeyedTimers {
    this.#timers ??= new KeyedTimers(this.host.clock, this);
    return this.#timers;
  }

  /** False once the end has begun: a child started now would outlive this actor. */
  get acceptsChildren(): boolean {
    return !this.#isEnding;
  }

  /** Runs the setup. A throw here is the spawner's. */
  start(): void {
    this.#incarnation += 1;
    this.#behaviour = undefined;
    this.#behaviour = this.#definition.setup(createContext(this), this.#options);
  }

  enqueue(envelope: Envelope): void {
    if (!this.isAlive) return this.refuse(envelope, 'noActor', 'the actor has stopped');
    if (this.#mailbox.size >= this.mailboxMax) {
      return this.refuse(envelope, 'full', `mailbox holds ${this.mailboxMax} messages`);
    }
    this.#mailbox.push(envelope);
    this.#schedule();
  }

  signal(signal: Signal): void {
    if (!this.isAlive) return;
    this.#signals.push(signal);
    this.#schedule();
  }

  /** Stops once what the mailbox holds now is done. */
  stopAfterDrain(): void {
    if (!this.isAlive || this.#isDraining) return;
    this.#isDraining = true;
    this.#mailbox.push(DRAIN);
    this.#schedule();
  }

  addChild(child: Cell): void {
    this.#children ??= new Map();
    this.#children.set(child.pid.id, child);
  }

  removeChild(child: Cell): void {
    if (this.#children?.get(child.pid.id) === child) this.#children.delete(child.pid.id);
  }

  link(pid: Pid): void {
    const text = pid.toString();
    if (this.#links?.has(text)) return;
    this.#links ??= new Map();
    this.#links.set(text, { pid });
    this.host.link(this, pid);
  }

  unlink(pid: Pid): void {
    if (this.#links?.delete(pid.toString())) this.host.unlink(this, pid);
  }

  /** What this actor linked to is gone. Told at most once per link. */
  linkEnded(pid: Pid, reason: ExitReason): void {
    const link = this.#links?.get(pid.toString());
    if (link) this.signal({ kind: 'exited', link, reason });
  }

  watchers(): Iterable<Pid> {
    return this.#watchers?.values() ?? NO_PIDS;
  }

  addWatcher(watcher: Pid): void {
    this.#watchers ??= new Map();
    this.#watchers.set(watcher.toString(), watcher);
  }

  removeWatcher(watcher: Pid): void {
    this.#watchers?.delete(watcher.toString());
  }

  refuse(envelope: Envelope, reason: DeadLetterReason, detail: string): void {
    if (envelope !== DRAIN) this.host.refuse(envelope, this.pid, reason, detail);
  }

  runTurns(turnsMax: number): boolean {
    for (let turn = 0; turn < turnsMax && this.isAlive; turn += 1) {
      const signal = this.#nextSignal();
      if (signal !== undefined) {
        this.#runSignal(signal);
        continue;
      }
      const envelope = this.#mailbox.shift();
      if (envelope === undefined) break;
      this.#runMessage(envelope);
    }
    this.#isQueued = this.isAlive && this.#signals.size + this.#mailbox.size > 0;
    return this.#isQueued;
  }

  /** Ends the actor now: children first (last started, first stopped), then itself. */
  terminate(reason: ExitReason): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#endIncarnation();
    this.isAlive = false;
    this.parent?.removeChild(this);
    for (let envelope = this.#mailbox.shift(); envelope; envelope = this.#mailbox.shift()) {
      this.refuse(envelope, 'stopped', `the actor ended: ${reason}`);
    }
    this.#signals.clear();
    this.#failOpenAsks('stopped', 'the actor stopped before it answered');
    this.host.ended(this, reason);
  }

  /** Ceases without a word: no hook, no exit, no dead letter. For systems that are crashed. */
  abandon(): void {
    this.#isEnding = true;
    this.isAlive = false;
    this.#behaviour = undefined;
    this.#timers?.cancelAll();
    this.#mailbox.clear();
    this.#signals.clear();
    this.#openAsks?.clear();
  }

  #schedule(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.host.runQueue.push(this);
  }

  /** The next signal, unless messages have waited long enough. */
  #nextSignal(): Signal | undefined {
    if (this.#signals.size === 0) return undefined;
    const messageIsDue =
      this.#signalsInARow >= SIGNALS_IN_A_ROW_MAX &&
      this.#mailbox.size > 0 &&
      this.#behaviour !== undefined;
    this.#signalsInARow = messageIsDue ? 0 : this.#signalsInARow + 1;
    return messageIsDue ? undefined : this.#signals.shift();
  }

  #runMessage(envelope: Envelope): void {
    if (envelope === DRAIN) return this.terminate('stopped');
    const { name, body, from, correlation } = envelope;
    // Own names only: a message called `constructor` finds nothing.
    if (!Object.hasOwn(this.protocol, name)) {
      return this.refuse(envelope, 'unknownMessage', 'no such message in its protocol');
    }
    this.received += 1;
    this.host.trace?.({ kind: 'turn', pid: this.pid, name, from, body });
    try {
      const receive = this.#behaviour?.receive as Readonly<Record<string, Handler>>;
      const answer = (receive[name] as Handler)(body, from);
      if (correlation !== 0) this.#answer(envelope, answer);
    } catch (error) {
      if (correlation !== 0) {
        this.host.answerFailure(envelope, this.pid, 'failed', errorText(error));
      }
      this.#failed(error, name);
    }
  }

  #answer(envelope: Envelope, answer: unknown): void {
    if (!(answer instanceof Later)) return this.host.answer(envelope, this.pid, answer);
    this.#openAsks ??= new Map();
    this.#openAsks.set(envelope, answer);
    Later.onSettled(answer, (value, failure) => {
      if (!this.#openAsks?.delete(envelope)) return;
      if (failure) this.host.answerFailure(envelope, this.pid, 'failed', failure.message);
      else this.host.answer(envelope, this.pid, value);
    });
  }

  #runSignal(signal: Signal): void {
    try {
      switch (signal.kind) {
        case 'timer':
          return this.#timers?.run(signal.key, signal.generation);
        case 'continue':
          return signal.incarnation === this.#incarnation ? signal.run() : undefined;
        case 'exited':
          return this.#runExited(signal.link, signal.reason);
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

  #runExited(link: Link, reason: ExitReason): void {
    const text = link.pid.toString();
    // Another or none by now: unlinked meanwhile, or told twice by a breaking connection.
    if (this.#links?.get(text) !== link) return;
    this.#links.delete(text);
    this.#behaviour?.exited?.(link.pid, reason);
  }

  #failed(error: unknown, during: string): void {
    this.failures += 1;
    this.logger.error({ err: error, during }, 'actor failed');
    const supervision = this.#supervision;
    if (supervision.onFailure === 'restart') {
      const { restartsMax, windowMs } = supervision;
      this.#restartWindow ??= new RestartWindow();
      if (this.#restartWindow.allows(this.host.clock.monotonicMs(), restartsMax, windowMs)) {
        return this.#restart();
      }
    }
    const escalateTo = supervision.onFailure === 'stop' ? undefined : this.parent;
    this.terminate('failed');
    escalateTo?.signal({ kind: 'childFailed', error, child: this.pid });
  }

  #restart(): void {
    // The handler that failed may have shut the system down.
    if (this.#isEnding) return;
    this.#endIncarnation();
    this.#failOpenAsks('failed', 'the actor restarted before it answered');
    this.restarts += 1;
    try {
      this.start();
    } catch (error) {
      // A turn of its own: a setup that never works must not hold up everyone else.
      this.signal({ kind: 'setupFailed', error });
    }
  }

  /** Lets go of all that the present incarnation made. */
  #endIncarnation(): void {
    this.#stopChildren();
    this.#callStopping();
    this.#behaviour = undefined;
    // Those that the hook started.
    this.#stopChildren();
    this.#timers?.cancelAll();
    for (const { pid } of [...(this.#links?.values() ?? [])]) this.unlink(pid);
  }

  #stopChildren(): void {
    if (!this.#children) return;
    for (const child of [...this.#children.values()].reverse()) child.terminate('stopped');
    this.#children = undefined;
  }

  #callStopping(): void {
    try {
      this.#behaviour?.stopping?.();
    } catch (error) {
      this.logger.error({ err: error }, 'stopping hook failed');
    }
  }

  #failOpenAsks(failure: AskFailure, detail: string): void {
    const open = this.#openAsks;
    if (!open) return;
    this.#openAsks = undefined;
    for (const [envelope, later] of open) {
      Later.abandon(later);
      this.host.answerFailure(envelope, this.pid, failure, detail);
    }
  }
}
