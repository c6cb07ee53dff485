// One running actor: its mailbox, its turns, its children, links and end. No look-ups and no
// transport here; those are the system's, reached through `CellHost`.
import { errorText, type Logger, Ring } from '@kaon/primitives';
import type { ActorDefinition, Behaviour, ExitReason } from './behaviour.ts';
import { createContext } from './cell-context.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import type { Envelope, Signal } from './envelope.ts';
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
import type { CellHost } from './system.ts';
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

export class Cell implements Runnable {
  readonly pid: Pid;
  readonly protocol: Protocol;
  readonly host: CellHost;
  readonly parent: Cell | undefined;
  readonly logger: Logger;
  readonly timers: KeyedTimers;
  readonly mailboxMax: number;
  readonly startedMs: number;
  /** Told when this actor ends, by PID text. */
  readonly watchers = new Map<string, Pid>();
  /** PIDs this actor linked to, by text. */
  readonly linkedTo = new Map<string, Pid>();
  isAlive = true;
  received = 0;
  failures = 0;
  restarts = 0;

  readonly #mailbox = new Ring<Envelope>();
  readonly #signals = new Ring<Signal>();
  readonly #definition: ActorDefinition<Protocol, unknown>;
  readonly #options: unknown;
  readonly #supervision: Supervision;
  readonly #restartWindow = new RestartWindow();
  readonly #children = new Map<string, Cell>();
  readonly #laters = new Set<Later<unknown>>();
  #handlers: Readonly<Record<string, Handler>> = {};
  #behaviour: AnyBehaviour | undefined;
  #incarnation = 0;
  #isQueued = false;

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
    this.logger = host.logger.child({ pid: pid.toString() });
    this.mailboxMax = spawnOptions.mailboxMax ?? MAILBOX_MAX_DEFAULT;
    this.startedMs = host.clock.nowMs();
    this.timers = new KeyedTimers(host.clock, (key, generation) =>
      this.signal({ kind: 'timer', key, generation }),
    );
    this.#definition = definition;
    this.#options = options;
    this.#supervision = spawnOptions.supervision ?? { onFailure: 'stop' };
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

  /** Runs the setup. A throw here is the spawner's. */
  start(): void {
    this.#incarnation += 1;
    const behaviour = this.#definition.setup(createContext(this), this.#options);
    this.#behaviour = behaviour;
    // No prototype: a message called `constructor` finds nothing.
    const handlers: Record<string, Handler> = Object.create(null);
    for (const name of Object.keys(this.protocol)) {
      handlers[name] = (behaviour.receive as Readonly<Record<string, Handler>>)[name] as Handler;
    }
    this.#handlers = handlers;
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
    if (!this.isAlive) return;
    this.#mailbox.push(DRAIN);
    this.#schedule();
  }

  addChild(child: Cell): void {
    this.#children.set(child.pid.id, child);
  }

  trackLater(later: Later<unknown>): void {
    this.#laters.add(later);
  }

  refuse(envelope: Envelope, reason: DeadLetterReason, detail: string): void {
    if (envelope !== DRAIN) this.host.refuse(envelope, this.pid, reason, detail);
  }

  runTurns(turnsMax: number): boolean {
    for (let turn = 0; turn < turnsMax && this.isAlive; turn += 1) {
      const signal = this.#signals.shift();
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
    if (!this.isAlive) return;
    this.#stopChildren(reason === 'failed' ? 'stopped' : reason);
    this.#callStopping();
    this.isAlive = false;
    this.timers.cancelAll();
    this.parent?.removeChild(this);
    for (let envelope = this.#mailbox.shift(); envelope; envelope = this.#mailbox.shift()) {
      this.refuse(envelope, 'stopped', `the actor ended: ${reason}`);
    }
    this.#signals.clear();
    this.#failLaters();
    for (const target of this.linkedTo.values()) this.host.unlink(this.pid, target);
    this.host.ended(this, reason);
  }

  removeChild(child: Cell): void {
    if (this.#children.get(child.pid.id) === child) this.#children.delete(child.pid.id);
  }

  #schedule(): void {
    if (this.#isQueued) return;
    this.#isQueued = true;
    this.host.runQueue.push(this);
  }

  #runMessage(envelope: Envelope): void {
    if (envelope === DRAIN) return this.terminate('stopped');
    const handler = this.#handlers[envelope.name];
    if (!handler) return this.refuse(envelope, 'unknownMessage', 'no such message in its protocol');
    this.received += 1;
    this.host.trace?.({
      kind: 'turn',
      pid: this.pid,
      name: envelope.name,
      from: envelope.from,
      body: envelope.body,
    });
    try {
      const answer = handler(envelope.body, envelope.from);
      if (envelope.correlation !== 0) this.#answer(envelope, answer);
    } catch (error) {
      if (envelope.correlation !== 0) {
        this.host.answerFailure(envelope, this.pid, 'failed', errorText(error));
      }
      this.#failed(error, envelope.name);
    }
  }

  #answer(envelope: Envelope, answer: unknown): void {
    if (!(answer instanceof Later)) return this.host.answer(envelope, this.pid, answer);
    Later.onSettled(answer, (value, failure) => {
      this.#laters.delete(answer);
      if (failure) this.host.answerFailure(envelope, this.pid, 'failed', failure.message);
      else this.host.answer(envelope, this.pid, value);
    });
  }

  #runSignal(signal: Signal): void {
    try {
      switch (signal.kind) {
        case 'timer':
          return this.timers.run(signal.key, signal.generation);
        case 'continue':
          return signal.incarnation === this.#incarnation ? signal.run() : undefined;
        case 'exited':
          // Gone already: unlinked meanwhile, or told twice by a breaking connection.
          if (!this.linkedTo.delete(signal.pid.toString())) return;
          return this.#behaviour?.exited?.(signal.pid, signal.reason);
        case 'childFailed':
          return this.#failed(signal.error, `failure of child ${signal.child}`);
        case 'stop':
          return this.terminate('stopped');
      }
    } catch (error) {
      this.#failed(error, signal.kind);
    }
  }

  #failed(error: unknown, during: string): void {
    this.failures += 1;
    this.logger.error({ err: error, during }, 'actor failed');
    const supervision = this.#supervision;
    if (supervision.onFailure === 'restart') {
      const { restartsMax, windowMs } = supervision;
      if (this.#restartWindow.allows(this.host.clock.monotonicMs(), restartsMax, windowMs)) {
        return this.#restart();
      }
    }
    const escalateTo = supervision.onFailure === 'stop' ? undefined : this.parent;
    this.terminate('failed');
    escalateTo?.signal({ kind: 'childFailed', error, child: this.pid });
  }

  #restart(): void {
    this.#stopChildren('stopped');
    this.#callStopping();
    this.timers.cancelAll();
    this.#failLaters();
    this.restarts += 1;
    try {
      this.start();
    } catch (error) {
      this.#failed(error, 'restart');
    }
  }

  #stopChildren(reason: ExitReason): void {
    for (const child of [...this.#children.values()].reverse()) child.terminate(reason);
    this.#children.clear();
  }

  #callStopping(): void {
    try {
      this.#behaviour?.stopping?.();
    } catch (error) {
      this.logger.error({ err: error }, 'stopping hook failed');
    }
  }

  #failLaters(): void {
    for (const later of [...this.#laters])
      later.reject(new Error('the actor stopped before it answered'));
    this.#laters.clear();
  }
}
