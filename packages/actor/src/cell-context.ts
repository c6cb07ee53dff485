// The `ctx` of one incarnation of an actor. A class and no closures: a cluster has a million of them.
import type { Clock, Logger, Random } from '@kaon/primitives';
import type { ActorDefinition } from './behaviour.ts';
import type { Cell } from './cell.ts';
import type { ActorContext, AskOptions } from './context.ts';
import type { SignalContent } from './envelope.ts';
import type { AskError } from './errors.ts';
import { Delegated, Later } from './later.ts';
import { ASK_TIMEOUT_MS, PendingAsk } from './pending-asks.ts';
import type { Pid } from './pid.ts';
import type { Protocol } from './protocol.ts';
import type { SpawnOptions } from './supervision.ts';
import type { Timers } from './timers.ts';

/** A view of `cell` for its handlers. Continuations of a former incarnation are dropped. */
export function createContext(cell: Cell): ActorContext {
  return new CellContext(cell) as unknown as ActorContext;
}

class CellContext {
  readonly self: Pid;
  readonly #cell: Cell;
  readonly #incarnation: number;

  constructor(cell: Cell) {
    this.self = cell.pid;
    this.#cell = cell;
    this.#incarnation = cell.incarnation;
  }

  get clock(): Clock {
    return this.#cell.host.clock;
  }

  get timers(): Timers {
    return this.#cell.timers;
  }

  get random(): Random {
    return this.#cell.random;
  }

  get logger(): Logger {
    return this.#cell.logger;
  }

  send(to: Pid, name: string, body: unknown): undefined {
    this.#cell.host.send(this.self, to, name, body);
  }

  forward(to: Pid, name: string, body: unknown, from: Pid): undefined {
    this.#cell.host.forward(this.self, from, to, name, body);
  }

  delay(delayMs: number, to: Pid, name: string, body: unknown): string {
    const key = this.#cell.nextDelayKey();
    this.#cell.timers.once(key, delayMs, () => this.send(to, name, body));
    return key;
  }

  ask(
    to: Pid,
    name: string,
    question: unknown,
    options: AskOptions,
    onReply: (answer: unknown) => void,
    onFailure: (error: AskError) => void,
  ): undefined {
    const ask = new ActorAsk(to, name, this.#cell, this.#incarnation, onReply, onFailure);
    this.#cell.host.ask(this.self, ask, question, options.timeoutMs);
  }

  delegate(to: Pid, name: string, question: unknown, options?: AskOptions): Later<unknown> {
    return new Delegated(to, name, question, options?.timeoutMs ?? ASK_TIMEOUT_MS);
  }

  defer(
    first: Promise<unknown> | (() => void),
    onDone?: (value: unknown) => void,
    onFailed?: (error: unknown) => void,
  ): undefined {
    if (typeof first === 'function') return this.#asTurn(first);
    const { host } = this.#cell;
    host.deferStarted();
    first.then(
      (value) => {
        host.deferSettled();
        this.#asTurn(() => onDone?.(value));
      },
      (error: unknown) => {
        host.deferSettled();
        this.#asTurn(() => onFailed?.(error));
      },
    );
    return undefined;
  }

  later<A>(): Later<A> {
    return new Later<A>();
  }

  spawn(
    definition: ActorDefinition<Protocol, unknown>,
    options: unknown,
    spawnOptions?: SpawnOptions,
  ): Pid {
    return this.#cell.host.spawn(this.#cell, definition, options, spawnOptions);
  }

  link(pid: Pid): undefined {
    this.#cell.link(pid);
  }

  unlink(pid: Pid): undefined {
    this.#cell.unlink(pid);
  }

  stop(pid?: Pid, options?: { readonly drain?: boolean }): undefined {
    this.#cell.host.stop(pid ?? this.self, options?.drain ?? false);
  }

  #asTurn(run: () => void): undefined {
    this.#cell.signal({ kind: 'continue', incarnation: this.#incarnation, run });
  }
}

/** An ask of an actor: its outcome comes as a signal, which it is itself. */
class ActorAsk extends PendingAsk {
  readonly kind = 'answer';
  readonly incarnation: number;
  readonly onReply: (answer: unknown) => void;
  readonly onFailure: (error: AskError) => void;
  answer: unknown;
  failure: AskError | undefined;
  readonly #cell: Cell;

  constructor(
    to: Pid,
    name: string,
    cell: Cell,
    incarnation: number,
    onReply: (answer: unknown) => void,
    onFailure: (error: AskError) => void,
  ) {
    super(to, name);
    this.#cell = cell;
    this.incarnation = incarnation;
    this.onReply = onReply;
    this.onFailure = onFailure;
    this.answer = undefined;
    this.failure = undefined;
  }

  answered(answer: unknown, failure: AskError | undefined): void {
    this.span?.end(failure);
    this.answer = answer;
    this.failure = failure;
    this.#cell.signal(this satisfies SignalContent);
  }
}
