// Several actor systems in one process on one virtual clock and one simulated network.
import {
  type ActorSystem,
  type ActorSystemOptions,
  createActorSystem,
  type DeadLetter,
  type TraceEvent,
  type TurnScheduler,
} from '@kaon/actor';
import {
  invariant,
  type Logger,
  type Random,
  Ring,
  seededRandom,
  silentLogger,
} from '@kaon/primitives';
import { MessageFilters } from './message-filters.ts';
import type { NetworkEvent } from './network-events.ts';
import { eventLoopRound, isDiskBusy } from './node/event-loop.ts';
import { SimNetwork, type SimNetworkOptions } from './sim-network.ts';
import { Trace, type TracedEvent, type TraceOptions } from './trace.ts';
import { VirtualClock } from './virtual-clock.ts';

/** How a simulated world starts. */
export interface SimulationOptions {
  /** Fixes every random choice. Default: 1. */
  readonly seed?: number;
  readonly network?: SimNetworkOptions;
  readonly logger?: Logger;
  /** What the trace keeps. */
  readonly trace?: TraceOptions;
  /** Sees each event of the trace as it happens, also those beyond the trace's limit. */
  readonly onEvent?: (event: TracedEvent) => void;
  /**
   * Called between turns: after each message's turn, before the next turn of any system, and whenever a
   * run of turns or a timer is through. For invariants: what it throws first is what `settle` or
   * `advance` rejects with, and it is not called again.
   */
  readonly afterTurn?: () => void;
  /**
   * Rounds of the real event loop that `settle` waits for deferred promises that do not come. Default: 50.
   * Where all ports are in memory one is enough: what can go on does so within it.
   */
  readonly idleRoundsMax?: number;
}

/** What one system of a simulation may have for itself. */
export type SimulatedSystemOptions = Omit<
  ActorSystemOptions,
  'address' | 'clock' | 'random' | 'scheduler' | 'trace'
>;

const IDLE_ROUNDS_MAX = 50;
/** Runs, timers and messages within one `settle` after which something is taken to spin. */
const STEPS_MAX = 50_000_000;

/** A world under test. Nothing moves except inside `settle` and `advance`. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly network: SimNetwork;
  readonly trace: Trace;
  /** In force for all systems that were not given a `filter` of their own. */
  readonly filters = new MessageFilters();
  readonly deadLetters: DeadLetter[] = [];
  /** Systems crashed since the start, restarts of running ones included. */
  crashes = 0;
  /** Calls of `restart` since the start. */
  restarts = 0;
  readonly #systems: ActorSystem[] = [];
  readonly #incarnations = new Map<string, number>();
  readonly #runs = new Ring<() => void>();
  readonly #logger: Logger;
  readonly #onEvent: ((event: TracedEvent) => void) | undefined;
  readonly #afterTurn: (() => void) | undefined;
  readonly #idleRoundsMax: number;
  readonly #scheduler: TurnScheduler = {
    soon: (run) => this.#runs.push(run),
    afterIo: (run) => this.#runs.push(run),
  };
  #steps = 0;
  /** A message's turn has begun and nothing has been checked since. */
  #hasUncheckedTurn = false;
  #violation: { readonly error: unknown } | undefined;

  constructor(options: SimulationOptions = {}) {
    this.random = seededRandom(options.seed ?? 1);
    this.trace = new Trace(options.trace);
    this.#onEvent = options.onEvent;
    this.#afterTurn = options.afterTurn;
    this.#idleRoundsMax = options.idleRoundsMax ?? IDLE_ROUNDS_MAX;
    this.#logger = options.logger ?? silentLogger;
    const onNetworkEvent = (event: NetworkEvent): void => {
      options.network?.onEvent?.(event);
      this.#record(event);
    };
    this.network = new SimNetwork(this.clock, this.random.fork('network'), {
      ...options.network,
      onEvent: onNetworkEvent,
    });
  }

  /** The systems that run now, in the order they were made. */
  get systems(): readonly ActorSystem[] {
    return this.#systems;
  }

  /** A system that lives in this world. One address has one system at a time. */
  createSystem(address: string, options: SimulatedSystemOptions = {}): ActorSystem {
    const system = createActorSystem({
      transport: this.network.join,
      logger: this.#logger,
      filter: this.filters.filter,
      ...options,
      address,
      clock: this.clock,
      random: this.random.fork(address),
      scheduler: this.#scheduler,
      trace: (event) => this.#traceSystem(event),
      onDeadLetter: (letter) => {
        options.onDeadLetter?.(letter);
        this.deadLetters.push(letter);
        this.#record({ kind: 'deadLetter', letter });
      },
    });
    this.#systems.push(system);
    this.#incarnations.set(address, this.incarnationOf(address) + 1);
    return system;
  }

  /** The system that runs at `address` now; undefined when there is none. */
  systemAt(address: string): ActorSystem | undefined {
    return this.#systems.find((system) => system.address === address);
  }

  /** How many systems `address` has had so far: 0 before the first. */
  incarnationOf(address: string): number {
    return this.#incarnations.get(address) ?? 0;
  }

  /**
   * Runs everything that can happen now: turns, timers due, promises that were deferred.
   *
   * Deferred promises that wait for the real file system are waited for; those that wait for
   * virtual time, for the network or for nothing at all are given up after a while.
   */
  async settle(): Promise<void> {
    this.#steps = 0;
    let idleRounds = 0;
    while (idleRounds < this.#idleRoundsMax) {
      const worked = this.#runDue();
      await eventLoopRound();
      if (worked) idleRounds = 0;
      else if (this.#runs.size > 0 || this.#hasDueTimer()) continue;
      else if (!this.#hasDeferred()) return;
      else idleRounds = isDiskBusy() ? 0 : idleRounds + 1;
    }
  }

  /** Lets `durationMs` pass, settling before each timer that is due in between. */
  async advance(durationMs: number): Promise<void> {
    const untilMs = this.clock.monotonicMs() + durationMs;
    await this.settle();
    for (;;) {
      const dueMs = this.clock.nextDueMs();
      if (dueMs === undefined || dueMs > untilMs) break;
      this.clock.jump(dueMs);
      await this.settle();
    }
    this.clock.jump(untilMs);
  }

  /** When the next timer is due, in milliseconds of the clock's `monotonicMs`; undefined when none is set. */
  nextDueMs(): number | undefined {
    return this.clock.nextDueMs();
  }

  /** Ends the system at `address` without a farewell: its actors just cease. Nothing happens without one. */
  crash(address: string): void {
    this.network.crash(address);
    const index = this.#systems.findIndex((system) => system.address === address);
    if (index < 0) return;
    this.crashes += 1;
    this.#record({ kind: 'crashed', address });
    this.#systems.splice(index, 1)[0]?.halt();
  }

  /**
   * A new system at `address`, as after a reboot: empty, and a stranger to those who knew the former one.
   * That one is crashed first when it still runs. `setup` spawns what belongs there.
   */
  restart(
    address: string,
    setup?: (system: ActorSystem) => void,
    options: SimulatedSystemOptions = {},
  ): ActorSystem {
    this.crash(address);
    this.restarts += 1;
    this.#record({ kind: 'restarted', address });
    const system = this.createSystem(address, options);
    setup?.(system);
    return system;
  }

  /** Shuts the system at `address` down with all courtesy; the address is free for another one. */
  async shutdown(address: string): Promise<void> {
    const index = this.#systems.findIndex((system) => system.address === address);
    if (index >= 0) await this.#systems.splice(index, 1)[0]?.shutdown();
  }

  /** Shuts every system down, in the order they were made. */
  async close(): Promise<void> {
    for (const system of this.#systems.splice(0)) await system.shutdown();
  }

  #traceSystem(event: TraceEvent): void {
    this.#countStep();
    if (event.kind === 'turn') {
      if (this.#hasUncheckedTurn) this.#check();
      this.#hasUncheckedTurn = true;
    }
    this.#record(event);
  }

  #record(event: TracedEvent): void {
    this.trace.add(this.clock.monotonicMs(), event);
    const onEvent = this.#onEvent;
    if (onEvent) this.#guard(() => onEvent(event));
  }

  #check(): void {
    this.#hasUncheckedTurn = false;
    if (this.#afterTurn) this.#guard(this.#afterTurn);
  }

  /** Keeps what a check throws until the run is through: nothing may be thrown into a turn. */
  #guard(run: () => void): void {
    if (this.#violation) return;
    try {
      run();
    } catch (error) {
      this.#violation = { error };
    }
  }

  #hasDueTimer(): boolean {
    const dueMs = this.clock.nextDueMs();
    return dueMs !== undefined && dueMs <= this.clock.monotonicMs();
  }

  #hasDeferred(): boolean {
    return this.#systems.some((system) => system.deferredCount > 0);
  }

  #countStep(): void {
    this.#steps += 1;
    invariant(this.#steps < STEPS_MAX, 'the simulation comes to rest');
  }

  #runDue(): boolean {
    let worked = false;
    for (;;) {
      const run = this.#runs.shift();
      if (run) run();
      else if (!this.clock.step(this.clock.monotonicMs())) return worked;
      worked = true;
      this.#countStep();
      this.#check();
      if (this.#violation) throw this.#violation.error;
    }
  }
}
