// The runtime of all actors of one address: spawning, routing, asks, links, shutdown.
import {
  type Clock,
  type Logger,
  type Random,
  shortId,
  silentLogger,
  systemClock,
  systemRandom,
} from '@kaon/primitives';
import type { ActorDefinition, ExitReason } from './behaviour.ts';
import { Cell, type CellStats } from './cell.ts';
import type { CellHost } from './cell-host.ts';
import type { AskOptions } from './context.ts';
import { type DeadLetter, type DeadLetterReason, DeadLetters } from './dead-letters.ts';
import type { Envelope } from './envelope.ts';
import { type AskFailure, SpawnError } from './errors.ts';
import { type IncomingHost, receive } from './incoming.ts';
import { Links } from './links.ts';
import { eventLoopScheduler } from './node/event-loop.ts';
import { ASK_TIMEOUT_MS, type AskOutcome, PendingAsks } from './pending-asks.ts';
import { isActorId, Pid } from './pid.ts';
import type { AskName, BodyOf, MessageName, Protocol, ReplyOf } from './protocol.ts';
import { RunQueue, type TurnScheduler } from './run-queue.ts';
import type { SpawnOptions } from './supervision.ts';
import type { TraceEvent } from './trace-event.ts';
import type { Transport, TransportHost } from './transport.ts';

/** How a system is set up. Everything has a default that suits production in one process. */
export interface ActorSystemOptions {
  /** `host:port` under which other systems reach this one. Default: `local`, reachable by nobody. */
  readonly address?: string;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Seeds ids and the actors' own sources. Default: the operating system's. */
  readonly random?: Random;
  /** Default: silent. A pino logger fits. */
  readonly logger?: Logger;
  /** Default: Node's event loop. */
  readonly scheduler?: TurnScheduler;
  /** Makes the transport to other systems. Default: none; messages to others are dead letters. */
  readonly transport?: (host: TransportHost) => Transport;
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  readonly trace?: (event: TraceEvent) => void;
  /** Asks that may be open at once; more fail with `KAON_ASK_LIMIT`. Default: 1 000 000. */
  readonly pendingAsksMax?: number;
}

/** One line of `ActorSystem.processes()`. */
export interface ProcessInfo extends CellStats {
  readonly id: string;
}

/** Counters and gauges of one system, for metrics. */
export interface SystemStats {
  readonly actors: number;
  /** Actors waiting for a turn. */
  readonly ready: number;
  readonly pendingAsks: number;
  /** Asks refused because too many were open, since the start. */
  readonly refusedAsks: number;
  /** Answers that came after their ask had timed out or failed, since the start. */
  readonly lateAnswers: number;
  /** Promises given to `ctx.defer` that have not settled. */
  readonly deferred: number;
  /** Links to and from other systems. */
  readonly remoteLinks: number;
  /** Links from other systems that were refused because too many existed, since the start. */
  readonly refusedLinks: number;
  /** Since the start. */
  readonly deadLetters: number;
}

/** A system of actors at one address. Make it with `createActorSystem`. */
export class ActorSystem {
  readonly address: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly deadLetters: DeadLetters;
  readonly #cells = new Map<string, Cell>();
  readonly #asks: PendingAsks;
  readonly #host: CellHost;
  readonly #links: Links;
  readonly #runQueue: RunQueue;
  /** Stands as sender where no actor sends. */
  readonly #root: Pid;
  readonly #terminations = new Map<string, ((reason: ExitReason) => void)[]>();
  readonly #trace: ((event: TraceEvent) => void) | undefined;
  /** Undefined when there is none, and once it was told to close. */
  #transport: Transport | undefined;
  #deferred = 0;
  #isClosed = false;
  #closing: Promise<void> | undefined;

  constructor(options: ActorSystemOptions = {}) {
    this.address = options.address ?? 'local';
    this.clock = options.clock ?? systemClock();
    this.random = options.random ?? systemRandom();
    this.logger = options.logger ?? silentLogger;
    this.#trace = options.trace;
    this.#asks = new PendingAsks(this.clock, options.pendingAsksMax);
    this.#runQueue = new RunQueue(this.clock, options.scheduler ?? eventLoopScheduler);
    this.deadLetters = new DeadLetters(this.logger, options.onDeadLetter);
    this.#root = new Pid('system', this.address);
    this.#host = this.#createCellHost();
    this.#links = new Links({
      address: this.address,
      localCell: (pid) => this.#localCell(pid),
      transport: () => this.#transport,
    });
    this.#transport = options.transport?.(this.#createTransportHost());
  }

  /** Promises given to `ctx.defer` that have not settled. */
  get deferredCount(): number {
    return this.#deferred;
  }

  /** Actors waiting for a turn. */
  get readyCount(): number {
    return this.#runQueue.depth;
  }

  get pendingAsks(): number {
    return this.#asks.size;
  }

  get stats(): SystemStats {
    return {
      actors: this.#cells.size,
      ready: this.#runQueue.depth,
      pendingAsks: this.#asks.size,
      refusedAsks: this.#asks.refused,
      lateAnswers: this.#asks.late,
      deferred: this.#deferred,
      remoteLinks: this.#links.remoteCount,
      refusedLinks: this.#links.refused,
      deadLetters: this.deadLetters.total,
    };
  }

  /** All actors, in order of their start. */
  processes(): readonly ProcessInfo[] {
    return [...this.#cells.values()].map((cell) => ({ id: cell.pid.id, ...cell.stats }));
  }

  /**
   * Starts an actor without a parent.
   *
   * @throws {SpawnError} `KAON_SPAWN` when the id is taken or not legal; whatever the setup throws.
   */
  spawn<P extends Protocol, O>(
    definition: ActorDefinition<P, O>,
    options: O,
    spawnOptions: SpawnOptions = {},
  ): Pid<P> {
    const erased = definition as unknown as ActorDefinition<Protocol, unknown>;
    return this.#spawn(undefined, erased, options, spawnOptions) as Pid<P>;
  }

  /** The running actor called `id`, taken to speak `protocol`; undefined when there is none. */
  find<P extends Protocol>(_protocol: P, id: string): Pid<P> | undefined {
    return this.#cells.get(id)?.pid as Pid<P> | undefined;
  }

  /** Sends from outside any actor; the receiver sees `system@address` as sender. */
  send<P extends Protocol, K extends MessageName<P>>(
    to: Pid<P>,
    name: K,
    body: BodyOf<P, K>,
  ): undefined {
    this.#send(this.#root, to, name, body);
  }

  /** Asks from outside any actor. Rejects with an `AskError` whose `code` says why. */
  ask<P extends Protocol, K extends AskName<P>>(
    to: Pid<P>,
    name: K,
    question: BodyOf<P, K>,
    options: AskOptions = {},
  ): Promise<ReplyOf<P, K>> {
    return new Promise((resolve, reject) => {
      this.#ask(this.#root, to, name, question, options, (answer, failure) =>
        failure ? reject(failure) : resolve(answer as ReplyOf<P, K>),
      );
    });
  }

  /** Ends a local actor: as its next turn, or with `drain` after what its mailbox holds now. */
  stop(pid: Pid, options: { readonly drain?: boolean } = {}): undefined {
    this.#stop(pid, options.drain ?? false);
  }

  /** Resolves when the actor has ended; at once when it is not running. Local actors only. */
  terminated(pid: Pid): Promise<ExitReason> {
    const text = pid.toString();
    if (!this.#localCell(pid)) return Promise.resolve('stopped');
    return new Promise((resolve) => {
      const waiting = this.#terminations.get(text) ?? [];
      waiting.push(resolve);
      this.#terminations.set(text, waiting);
    });
  }

  /** Stops every actor (last started first), fails open asks, closes the transport. */
  async shutdown(): Promise<void> {
    if (!this.#isClosed) this.#closing = this.#stopAll();
    await this.#closing;
  }

  /**
   * Ceases at once and tells nobody: no `stopping` hook runs, no exit and no dead letter is made.
   * For crashes under test; open asks fail all the same, so that no test waits for them.
   */
  halt(): void {
    const cells = [...this.#cells.values()];
    this.#cells.clear();
    for (const cell of cells) cell.abandon();
    for (const waiting of this.#terminations.values()) for (const tell of waiting) tell('failed');
    this.#terminations.clear();
    void this.shutdown();
  }

  async #stopAll(): Promise<void> {
    this.#isClosed = true;
    for (const cell of [...this.#cells.values()].reverse()) cell.terminate('stopped');
    this.#asks.failAll('stopped', 'the system shuts down');
    // From here on messages to others are dead letters.
    const transport = this.#transport;
    this.#transport = undefined;
    await transport?.close();
  }

  #localCell(pid: Pid): Cell | undefined {
    const bound = Pid.cellOf(pid);
    if (bound?.isAlive && bound.host === this.#host) return bound;
    if (pid.address !== this.address) return undefined;
    const cell = this.#cells.get(pid.id);
    Pid.bind(pid, cell);
    return cell;
  }

  #send(from: Pid, to: Pid, name: string, body: unknown): void {
    const bound = Pid.cellOf(to);
    if (bound?.isAlive && bound.host === this.#host) {
      bound.enqueue({ name, body, from, correlation: 0 });
      return;
    }
    this.#route({ name, body, from, correlation: 0 }, to, 'message');
  }

  #ask(
    from: Pid,
    to: Pid,
    name: string,
    question: unknown,
    options: AskOptions,
    done: AskOutcome,
  ): void {
    const correlation = this.#asks.open(to, name, options.timeoutMs ?? ASK_TIMEOUT_MS, done);
    if (correlation === undefined) return;
    this.#route({ name, body: question, from, correlation }, to, 'ask');
  }

  #route(envelope: Envelope, to: Pid, kind: 'message' | 'ask'): void {
    const cell = this.#localCell(to);
    if (cell) return cell.enqueue(envelope);
    if (to.address === this.address) {
      return this.#refuse(envelope, to, 'noActor', `no actor '${to.id}' here`);
    }
    if (!this.#transport) {
      return this.#refuse(envelope, to, 'unreachable', 'this system has no connection to others');
    }
    this.#transport.send({
      kind,
      from: envelope.from,
      to,
      name: envelope.name,
      body: envelope.body,
      correlation: envelope.correlation,
    });
  }

  /** Records a dead letter and fails the ask, wherever the asker is. */
  #refuse(envelope: Envelope, to: Pid, reason: DeadLetterReason, detail: string): void {
    const { name, from } = envelope;
    this.deadLetters.add({ reason, from: from.toString(), to: to.toString(), name, detail });
    if (envelope.correlation === 0) return;
    const failures: Record<DeadLetterReason, AskFailure> = {
      noActor: 'noActor',
      stopped: 'stopped',
      full: 'limit',
      unknownMessage: 'refused',
      undecodable: 'refused',
      unreachable: 'unreachable',
    };
    this.#answerFailure(envelope, to, failures[reason], detail);
  }

  #answer(asked: Envelope, by: Pid, answer: unknown): void {
    if (asked.from.address === this.address) return this.#asks.resolve(asked.correlation, answer);
    this.#reply('reply', asked, by, answer);
  }

  #answerFailure(asked: Envelope, by: Pid, failure: AskFailure, detail: string): void {
    if (asked.from.address === this.address)
      return this.#asks.fail(asked.correlation, failure, detail);
    this.#reply('failure', asked, by, { failure, detail });
  }

  #reply(kind: 'reply' | 'failure', asked: Envelope, by: Pid, body: unknown): void {
    const { from: to, name, correlation } = asked;
    this.#transport?.send({ kind, from: by, to, name, body, correlation });
  }

  #spawn(
    parent: Cell | undefined,
    definition: ActorDefinition<Protocol, unknown>,
    options: unknown,
    spawnOptions: SpawnOptions,
  ): Pid {
    const id = spawnOptions.id ?? shortId(this.random);
    if (this.#isClosed) throw new SpawnError(id, 'the system has shut down');
    if (parent?.acceptsChildren === false) {
      throw new SpawnError(id, `its parent ${parent.pid} has stopped`);
    }
    if (!isActorId(id))
      throw new SpawnError(id, 'an id is 1 to 255 printable characters without @');
    if (this.#cells.has(id)) throw new SpawnError(id, 'an actor of this id is running');
    const pid = new Pid(id, this.address, definition.protocol);
    const cell = new Cell(this.#host, pid, parent, definition, options, spawnOptions);
    Pid.bind(pid, cell);
    this.#cells.set(id, cell);
    parent?.addChild(cell);
    this.#trace?.({ kind: 'spawned', pid });
    try {
      cell.start();
    } catch (error) {
      cell.terminate('failed');
      throw error;
    }
    return pid;
  }

  #stop(pid: Pid, drain: boolean): void {
    const cell = this.#localCell(pid);
    if (drain) cell?.stopAfterDrain();
    else cell?.signal({ kind: 'stop' });
  }

  #ended(cell: Cell, reason: ExitReason): void {
    const text = cell.pid.toString();
    this.#cells.delete(cell.pid.id);
    this.#trace?.({ kind: 'ended', pid: cell.pid, reason });
    // The PID may be kept long after; it must not keep the actor.
    Pid.bind(cell.pid, undefined);
    this.#links.ended(cell, reason);
    for (const resolve of this.#terminations.get(text) ?? []) resolve(reason);
    this.#terminations.delete(text);
  }

  #peerLost(address: string): void {
    this.#links.peerLost(address);
    this.#asks.failAddress(address);
  }

  #createCellHost(): CellHost {
    return {
      clock: this.clock,
      random: this.random,
      logger: this.logger,
      runQueue: this.#runQueue,
      trace: this.#trace,
      send: (from, to, name, body) => this.#send(from, to, name, body),
      ask: (from, to, name, question, options, done) =>
        this.#ask(from, to, name, question, options, done),
      answer: (asked, by, answer) => this.#answer(asked, by, answer),
      answerFailure: (asked, by, failure, detail) =>
        this.#answerFailure(asked, by, failure, detail),
      refuse: (envelope, to, reason, detail) => this.#refuse(envelope, to, reason, detail),
      spawn: (parent, definition, options, spawnOptions) =>
        this.#spawn(parent, definition, options, spawnOptions),
      link: (watcher, target) => this.#links.link(watcher, target),
      unlink: (watcher, target) => this.#links.unlink(watcher, target),
      stop: (pid, drain) => this.#stop(pid, drain),
      ended: (cell, reason) => this.#ended(cell, reason),
      deferStarted: () => {
        this.#deferred += 1;
      },
      deferSettled: () => {
        this.#deferred -= 1;
      },
    };
  }

  #createTransportHost(): TransportHost {
    const incoming: IncomingHost = {
      address: this.address,
      asks: this.#asks,
      cell: (id) => this.#cells.get(id),
      refuse: (envelope, to, reason, detail) => this.#refuse(envelope, to, reason, detail),
    };
    return {
      address: this.address,
      clock: this.clock,
      random: this.random,
      logger: this.logger,
      receive: (message) => receive(incoming, message),
      receiveLink: (watcher, target) => this.#links.receiveLink(watcher, target),
      receiveUnlink: (watcher, target) => this.#links.receiveUnlink(watcher, target),
      receiveExited: (watcher, target, reason) =>
        this.#links.receiveExited(watcher, target, reason),
      peerLost: (address) => this.#peerLost(address),
      undeliverable: (message, reason, detail) => {
        const { name, body, from, correlation, kind } = message;
        const isAnswer = kind === 'reply' || kind === 'failure';
        this.#refuse(
          { name, body, from, correlation: isAnswer ? 0 : correlation },
          message.to,
          reason,
          detail,
        );
      },
    };
  }
}

/** A system of actors; without options one that lives in this process alone. */
export function createActorSystem(options: ActorSystemOptions = {}): ActorSystem {
  return new ActorSystem(options);
}
