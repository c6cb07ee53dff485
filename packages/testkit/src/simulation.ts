// Several actor systems in one process on one virtual clock and one simulated network.
import {
  type ActorSystem,
  createActorSystem,
  type DeadLetter,
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
import { eventLoopRound, isDiskBusy } from './node/event-loop.ts';
import { SimNetwork, type SimNetworkOptions } from './sim-network.ts';
import { Trace } from './trace.ts';
import { VirtualClock } from './virtual-clock.ts';

/** How a simulated world starts. */
export interface SimulationOptions {
  /** Fixes every random choice. Default: 1. */
  readonly seed?: number;
  readonly network?: SimNetworkOptions;
  readonly logger?: Logger;
}

/** Event-loop rounds `settle` waits for deferred promises that do not come. */
const IDLE_ROUNDS_MAX = 50;
/** Runs, timers and messages within one `settle` after which something is taken to spin. */
const STEPS_MAX = 50_000_000;

/** A world under test. Nothing moves except inside `settle` and `advance`. */
export class Simulation {
  readonly clock = new VirtualClock();
  readonly random: Random;
  readonly network: SimNetwork;
  readonly trace = new Trace();
  readonly deadLetters: DeadLetter[] = [];
  readonly #systems: ActorSystem[] = [];
  readonly #runs = new Ring<() => void>();
  readonly #logger: Logger;
  readonly #scheduler: TurnScheduler = {
    soon: (run) => this.#runs.push(run),
    afterIo: (run) => this.#runs.push(run),
  };
  #steps = 0;

  constructor(options: SimulationOptions = {}) {
    this.random = seededRandom(options.seed ?? 1);
    this.network = new SimNetwork(this.clock, this.random.fork('network'), options.network);
    this.#logger = options.logger ?? silentLogger;
  }

  /** A system that lives in this world. */
  createSystem(address: string): ActorSystem {
    const system = createActorSystem({
      address,
      clock: this.clock,
      random: this.random.fork(address),
      logger: this.#logger,
      scheduler: this.#scheduler,
      transport: this.network.join,
      trace: (event) => {
        this.#countStep();
        this.trace.add(this.clock.monotonicMs(), event);
      },
      onDeadLetter: (letter) => this.deadLetters.push(letter),
    });
    this.#systems.push(system);
    return system;
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
    while (idleRounds < IDLE_ROUNDS_MAX) {
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

  /** Ends the system at `address` without a farewell: its actors just cease. */
  crash(address: string): void {
    this.network.crash(address);
    const index = this.#systems.findIndex((system) => system.address === address);
    if (index >= 0) this.#systems.splice(index, 1)[0]?.halt();
  }

  /** Shuts every system down, in the order they were made. */
  async close(): Promise<void> {
    for (const system of this.#systems.splice(0)) await system.shutdown();
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
    }
  }
}
