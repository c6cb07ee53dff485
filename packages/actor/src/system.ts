// The runtime of all actors of one address, as its users see it. The inside is `Kernel`.
import {
  type Clock,
  type Logger,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
} from '@kaon/primitives';
import type { ActorDefinition, ExitReason } from './behaviour.ts';
import type { CellStats } from './cell.ts';
import type { AskOptions } from './context.ts';
import { type DeadLetter, DeadLetters } from './dead-letters.ts';
import { AskError } from './errors.ts';
import {
  instrumentsOf,
  type LatencyOption,
  type MessageFilter,
  type MessageLatency,
} from './instruments.ts';
import { Kernel } from './kernel.ts';
import { eventLoopScheduler } from './node/event-loop.ts';
import { PendingAsk } from './pending-asks.ts';
import { Pid } from './pid.ts';
import { isPlace } from './places.ts';
import {
  type AskName,
  type BodyOf,
  defineProtocol,
  type MessageName,
  type Protocol,
  type ReplyOf,
} from './protocol.ts';
import {
  decodeRouteAnswer,
  ROUTE_PREFIX,
  type RouteAnswer,
  type RouteInfo,
  type RouteRequest,
} from './routes.ts';
import type { TurnScheduler } from './run-queue.ts';
import type { SpawnOptions } from './supervision.ts';
import type { TraceEvent } from './trace-event.ts';
import type { Tracing } from './tracing.ts';
import type { Transport, TransportHost } from './transport.ts';
import { watchEnd } from './watch-end.ts';

/** How a system is set up. Everything has a default that suits production in one process. */
export interface ActorSystemOptions {
  /** `host:port` under which other systems reach this one. Default: `local`, reachable by nobody. */
  readonly address?: string;
  /**
   * Only for a system that is a thread of another one with the same address: the beginning of all its
   * ids, such as `worker-1/`. `transport` then leads to that other one. Default: none.
   */
  readonly place?: string;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Seeds ids and the actors' own sources. Default: the operating system's. */
  readonly random?: Random;
  /** Default: silent. A pino logger fits; each actor logs with its PID bound. */
  readonly logger?: Logger;
  /** Default: Node's event loop. */
  readonly scheduler?: TurnScheduler;
  /** Makes the transport to other systems. Default: none; messages to others are dead letters. */
  readonly transport?: (host: TransportHost) => Transport;
  readonly onDeadLetter?: (letter: DeadLetter) => void;
  /** Told of each turn, start and end. For tests. */
  readonly trace?: (event: TraceEvent) => void;
  /** Says for each message to an actor here whether it is queued. For tests. Default: all are. */
  readonly filter?: MessageFilter;
  /** Records spans that follow messages, for instance by `openTelemetry`. Default: none, at no cost. */
  readonly tracing?: Tracing;
  /** Whether to measure how long messages wait and take. Default: `off`. */
  readonly latency?: LatencyOption;
  /** Asks that may be open at once; more fail with `KAON_ASK_LIMIT`. Default: 1 000 000. */
  readonly pendingAsksMax?: number;
}

/** One line of `ActorSystem.processes()`. */
export interface ProcessInfo extends CellStats {
  readonly id: string;
  /** Milliseconds since its start. */
  readonly ageMs: number;
}

/** Counters and gauges of one system, for metrics. */
export interface SystemStats {
  readonly actors: number;
  /** Actors waiting for a turn. */
  readonly ready: number;
  /** Actors started, since the start of the system. */
  readonly spawned: number;
  /** Messages and asks handled, since the start. */
  readonly handled: number;
  readonly pendingAsks: number;
  /** Asks opened, since the start. */
  readonly asks: number;
  /** Asks that ran into their timeout, since the start. */
  readonly timedOutAsks: number;
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
  /** Only when it is measured. */
  readonly latency?: MessageLatency;
}

/** Routes are asked for like anything else; their names are in no protocol. */
const NO_PROTOCOL = defineProtocol({});

/** A system of actors at one address. Make it with `createActorSystem`. */
export class ActorSystem {
  readonly address: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly deadLetters: DeadLetters;
  readonly #kernel: Kernel;
  /** Undefined when there is none, and once it was told to close. */
  #transport: Transport | undefined;
  #closing: Promise<void> | undefined;

  constructor(options: ActorSystemOptions = {}) {
    this.address = options.address ?? 'local';
    this.clock = options.clock ?? systemClock();
    this.random = options.random ?? systemRandom();
    this.logger = options.logger ?? silentLogger;
    this.deadLetters = new DeadLetters(this.logger, options.onDeadLetter);
    const { filter, trace, tracing, latency = 'off' } = options;
    const place = options.place ?? '';
    this.#kernel = new Kernel({
      address: this.address,
      place,
      clock: this.clock,
      random: this.random,
      logger: this.logger,
      scheduler: options.scheduler ?? eventLoopScheduler,
      deadLetters: this.deadLetters,
      instruments: instrumentsOf({ filter, trace, tracing, latency }),
      pendingAsksMax: options.pendingAsksMax,
    });
    this.#transport = options.transport?.(this.#kernel.transportHost(place !== ''));
    this.#kernel.places.transport = this.#transport;
  }

  /** Promises given to `ctx.defer` that have not settled. */
  get deferredCount(): number {
    return this.#kernel.deferred;
  }

  /** Actors waiting for a turn. */
  get readyCount(): number {
    return this.#kernel.runQueue.depth;
  }

  /** Actors that run now, those in threads of this system not counted. */
  get actorCount(): number {
    return this.#kernel.running;
  }

  get pendingAsks(): number {
    return this.#kernel.asks.size;
  }

  get stats(): SystemStats {
    const { running, spawned, handled, asks, links, runQueue, deferred, instruments } =
      this.#kernel;
    return {
      actors: running,
      ready: runQueue.depth,
      spawned,
      handled,
      pendingAsks: asks.size,
      asks: asks.opened,
      timedOutAsks: asks.timedOut,
      refusedAsks: asks.refused,
      lateAnswers: asks.late,
      deferred,
      remoteLinks: links.remoteCount,
      refusedLinks: links.refused,
      deadLetters: this.deadLetters.total,
      ...(instruments?.meter && { latency: instruments.meter.summary() }),
    };
  }

  /**
   * All actors: each before its children, siblings in order of their start. Of many a part: `limit` of
   * them after the first `offset`.
   */
  processes({ offset = 0, limit = Number.POSITIVE_INFINITY } = {}): readonly ProcessInfo[] {
    const nowMs = this.clock.nowMs();
    const infos: ProcessInfo[] = [];
    let skipped = 0;
    for (const cell of this.#kernel.cells()) {
      if (infos.length >= limit) break;
      if (skipped < offset) {
        skipped += 1;
        continue;
      }
      const { stats } = cell;
      infos.push({ id: cell.pid.id, ageMs: Math.max(0, nowMs - stats.startedMs), ...stats });
    }
    return infos;
  }

  /**
   * Starts an actor without a parent.
   *
   * @throws {SpawnError} `KAON_SPAWN` when the id is taken or not legal; whatever the setup throws.
   */
  spawn<P extends Protocol, O>(
    definition: ActorDefinition<P, O>,
    options: O,
    spawnOptions?: SpawnOptions,
  ): Pid<P> {
    const erased = definition as unknown as ActorDefinition<Protocol, unknown>;
    return this.#kernel.spawn(undefined, erased, options, spawnOptions) as Pid<P>;
  }

  /** The running actor called `id`, taken to speak `protocol`; undefined when there is none. */
  find<P extends Protocol>(_protocol: P, id: string): Pid<P> | undefined {
    return this.#kernel.find(id)?.pid as Pid<P> | undefined;
  }

  /** Sends from outside any actor; the receiver sees `system@address` as sender. */
  send<P extends Protocol, K extends MessageName<P>>(
    to: Pid<P>,
    name: K,
    body: BodyOf<P, K>,
  ): undefined {
    this.#kernel.send(this.#kernel.root, to, name, body);
  }

  /** Asks from outside any actor. Rejects with an `AskError` whose `code` says why. */
  ask<P extends Protocol, K extends AskName<P>>(
    to: Pid<P>,
    name: K,
    question: BodyOf<P, K>,
    options?: AskOptions,
  ): Promise<ReplyOf<P, K>> {
    return this.#ask(to, name, question, options) as Promise<ReplyOf<P, K>>;
  }

  /** Ends a local actor: as its next turn, or with `drain` after what its mailbox holds now. */
  stop(pid: Pid, options: { readonly drain?: boolean } = {}): undefined {
    this.#kernel.stop(pid, options.drain ?? false);
  }

  /**
   * Resolves when the actor has ended, wherever it lives; at once when it is not running. For one in
   * another thread or process it says `unreachable` when the connection broke: it may live on.
   */
  terminated(pid: Pid): Promise<ExitReason> {
    const cell = this.#kernel.localCell(pid);
    return new Promise((resolve) => {
      if (cell) cell.onEnded(resolve);
      else if (this.#kernel.places.isHere(pid)) resolve('stopped');
      else this.spawn(watchEnd, { pid, tell: resolve });
    });
  }

  /**
   * Hands an HTTP request to the actor called `id`, for its route at `path` (without slashes at the
   * ends). For whoever serves HTTP. Answers 404 for unknown routes, 405 for other methods.
   *
   * Rejects with an `AskError` when there is no such actor, or it gives no (proper) answer in time.
   */
  async request(
    id: string,
    path: string,
    request: RouteRequest,
    options?: AskOptions,
  ): Promise<RouteAnswer> {
    const pid = new Pid(id, this.address, NO_PROTOCOL);
    const answer = await this.#ask(pid, ROUTE_PREFIX + path, request, options);
    const decoded = decodeRouteAnswer(answer);
    if (decoded.ok) return decoded.value;
    const { path: where, problem } = decoded.error;
    throw new AskError('refused', pid.toString(), path, `its answer: ${where} ${problem}`);
  }

  /** The HTTP routes of the actor called `id` in this thread; undefined when there is no such actor. */
  routesOf(id: string): readonly RouteInfo[] | undefined {
    return this.#kernel.find(id)?.routes;
  }

  /**
   * From now on ids that begin with `place` (such as `worker-1/`) live in another thread of this
   * process, behind the transport that `make` makes. For whoever runs threads.
   */
  attach(place: string, make: (host: TransportHost) => Transport): undefined {
    this.#kernel.places.attach(place, make(this.#kernel.transportHost(true)));
  }

  /** Places of the threads of this system, such as `worker-1/`. */
  get threads(): readonly string[] {
    return [...this.#kernel.places.threads.keys()];
  }

  /** The thread at `place` is gone: its links end as `unreachable`, asks to it fail. */
  detach(place: string): undefined {
    if (!isPlace(place) || !this.#kernel.places.threads.has(place)) return;
    this.#kernel.peerLost(place);
    this.#kernel.places.detach(place);
  }

  /** Stops every actor (last started first), fails open asks, closes the transport. */
  async shutdown(): Promise<void> {
    this.#closing ??= this.#stopAll();
    await this.#closing;
  }

  /**
   * Ceases at once and tells nobody: no `stopping` hook runs, no exit and no dead letter is made.
   * For crashes under test; open asks fail all the same, so that no test waits for them.
   */
  halt(): void {
    this.#kernel.abandonAll();
    void this.shutdown();
  }

  async #stopAll(): Promise<void> {
    this.#kernel.stopAll();
    // From here on messages to others are dead letters.
    const transport = this.#transport;
    this.#transport = undefined;
    this.#kernel.places.transport = undefined;
    const threads = [...this.#kernel.places.threads];
    for (const [place] of threads) this.#kernel.places.detach(place);
    await Promise.all([transport?.close(), ...threads.map(([, thread]) => thread.close())]);
  }

  #ask(
    to: Pid,
    name: string,
    question: unknown,
    options: AskOptions | undefined,
  ): Promise<unknown> {
    const { root } = this.#kernel;
    return new Promise((resolve, reject) => {
      const ask = new PromisedAsk(to, name, resolve, reject);
      this.#kernel.ask(root, ask, question, options?.timeoutMs);
    });
  }
}

/** An ask from outside any actor. */
class PromisedAsk extends PendingAsk {
  readonly #resolve: (answer: unknown) => void;
  readonly #reject: (error: AskError) => void;

  constructor(
    to: Pid,
    name: string,
    resolve: (answer: unknown) => void,
    reject: (error: AskError) => void,
  ) {
    super(to, name);
    this.#resolve = resolve;
    this.#reject = reject;
  }

  answered(answer: unknown, failure: AskError | undefined): void {
    this.span?.end(failure);
    if (failure) this.#reject(failure);
    else this.#resolve(answer);
  }
}

/** A system of actors; without options one that lives in this process alone. */
export function createActorSystem(options: ActorSystemOptions = {}): ActorSystem {
  return new ActorSystem(options);
}
