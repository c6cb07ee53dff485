// A pool of worker threads that share the address of one actor system: starts actors in them, replaces
// threads that end, and closes them in order.
import {
  type ActorSystem,
  AskError,
  ask,
  localAsk,
  localMessage,
  message,
  Pid,
  type ProcessInfo,
  type Protocol,
  type SpawnOptions,
} from '@kaon/actor';
import { decodeUnknown, invariant } from '@kaon/primitives';
import { ThreadError } from './errors.ts';
import { settingsOf, THREADS_MAX, type ThreadsOptions, type ThreadsSettings } from './options.ts';
import { Thread, type ThreadStats } from './thread.ts';
import type { SpecName } from './thread-host.ts';
import type { AnyModule, DefinitionName, OptionsIn, ProtocolIn } from './thread-module.ts';

/** How an actor is started in a thread. */
export interface ThreadSpawnOptions extends SpawnOptions {
  /** Number of the thread, from 0. Default: the one with the fewest actors, in turn among equals. */
  readonly thread?: number;
}

/** How a pool is closed. */
export interface PoolCloseOptions {
  /** Actors handle what is in their mailboxes first. Default: false. */
  readonly drain?: boolean;
  /** After this long the threads are ended all the same. Default: 5 000 ms. */
  readonly graceMs?: number;
}

/** A snapshot of a pool. */
export interface PoolStats {
  /** One entry per thread that runs, in their order. */
  readonly threads: readonly ThreadStats[];
  /** Threads that ended without being told to. */
  readonly lost: number;
  /** Threads that were replaced. */
  readonly restarts: number;
  /** Threads that were not replaced, because too many had ended lately. */
  readonly restartsRefused: number;
}

const ALL_PROCESSES = { offset: 0, limit: Number.MAX_SAFE_INTEGER };

/** One line of `ThreadPool.processes()`. */
export interface ThreadProcessInfo extends ProcessInfo {
  /** Where it runs: the beginning of its id. */
  readonly place: string;
}

/** Time for an actor to start: its setup may compute. */
const SPAWN_TIMEOUT_MS = 60_000;
const GRACE_MS = 5000;

/** Places of one system are never used twice: an old PID must not name a new actor. */
const placesUsed = new WeakMap<ActorSystem, number>();

/** What `startThreads` makes. */
export class ThreadPool<M = AnyModule> {
  readonly #system: ActorSystem;
  readonly #settings: ThreadsSettings;
  /** By number; undefined where a thread has ended and was not replaced. */
  readonly #threads: (Thread | undefined)[] = [];
  #next = 0;
  #isOpen = false;
  #lostMs: number[] = [];
  #lost = 0;
  #restarts = 0;
  #restartsRefused = 0;
  #closing: Promise<void> | undefined;

  /** @internal Use `startThreads`. */
  constructor(system: ActorSystem, settings: ThreadsSettings) {
    this.#system = system;
    this.#settings = settings;
    for (let number = 0; number < settings.threads; number += 1) {
      this.#threads.push(this.#start(number));
    }
  }

  /** Places of the threads that run, such as `worker-1/`. */
  get places(): readonly string[] {
    return this.#running().map(({ place }) => place);
  }

  get stats(): PoolStats {
    return {
      threads: this.#running().map(({ stats }) => stats),
      lost: this.#lost,
      restarts: this.#restarts,
      restartsRefused: this.#restartsRefused,
    };
  }

  /**
   * Starts the actor that the module exports as `name`, in one of the threads.
   *
   * `options` are cloned; mark them by `transferring` to move what they hold. The PID that comes back says
   * where the actor lives and is used like any other. What a reply holds is taken as it comes.
   *
   * @throws {ThreadError} KAON_THREAD_EXPORT, KAON_THREAD_SPAWN, KAON_THREAD_LOST, KAON_THREAD_NONE,
   * KAON_THREAD_CLOSED
   */
  async spawn<K extends DefinitionName<M>>(
    name: K,
    options: OptionsIn<M, K>,
    spawnOptions: ThreadSpawnOptions = {},
  ): Promise<Pid<ProtocolIn<M, K>>> {
    const { thread: number, ...rest } = spawnOptions;
    const thread = await this.#choose(number);
    try {
      const request = { name, options, spawnOptions: rest };
      const answer = await this.#system.ask(thread.host, 'spawn', request, {
        timeoutMs: SPAWN_TIMEOUT_MS,
      });
      if (answer.kind === 'failed') {
        const text = `cannot start '${name}' in ${thread.place}: ${answer.text}`;
        throw new ThreadError(answer.problem, text);
      }
      return new Pid(answer.id, this.#system.address, protocolOf(answer.specs)) as unknown as Pid<
        ProtocolIn<M, K>
      >;
    } catch (error) {
      thread.placed -= 1;
      throw error instanceof AskError ? this.#spawnError(name, thread, error) : error;
    }
  }

  /** All actors of all threads; of a thread that ends meanwhile, none. */
  async processes(): Promise<readonly ThreadProcessInfo[]> {
    const lists = await Promise.all(
      this.#running().map(async ({ host, place }) => {
        try {
          const processes = await this.#system.ask(host, 'processes', ALL_PROCESSES);
          return processes.map((info) => ({ ...info, place }));
        } catch {
          return [];
        }
      }),
    );
    return lists.flat();
  }

  /** Ends the thread of this number at once, as if it had crashed. For tests of what follows. */
  async kill(number: number): Promise<void> {
    await this.#threads[number]?.terminate();
  }

  /** Stops the actors of all threads, last started first, and ends the threads. */
  close(options: PoolCloseOptions = {}): Promise<void> {
    this.#closing ??= this.#closeAll(options);
    return this.#closing;
  }

  /**
   * @internal Resolves when every thread has loaded its module; from then on ended ones are replaced.
   *
   * @throws {ThreadError} KAON_THREAD_MODULE
   */
  async open(): Promise<void> {
    const starts = await Promise.all(this.#threads.map((thread) => thread?.started));
    const failed = starts.find((start) => start?.kind === 'failed');
    if (failed?.kind === 'failed') {
      await this.close({ graceMs: 0 });
      const { moduleUrl } = this.#settings;
      throw new ThreadError('module', `cannot load ${moduleUrl} in a thread: ${failed.text}`);
    }
    this.#isOpen = true;
  }

  async #closeAll({ drain = false, graceMs = GRACE_MS }: PoolCloseOptions): Promise<void> {
    await Promise.all(this.#threads.map((thread) => thread?.stop(drain, graceMs)));
    this.#threads.fill(undefined);
  }

  #start(number: number): Thread {
    const { name } = this.#settings;
    const serial = (placesUsed.get(this.#system) ?? 0) + 1;
    placesUsed.set(this.#system, serial);
    return new Thread({
      system: this.#system,
      place: `${name}-${serial}/`,
      settings: this.#settings,
      onEnded: (thread) => this.#ended(number, thread),
      onSystemClosing: () => this.close(),
    });
  }

  /** A thread has ended without being told to. */
  #ended(number: number, thread: Thread): void {
    if (!this.#isOpen || this.#closing !== undefined) return;
    if (this.#threads[number] !== thread) return;
    this.#lost += 1;
    this.#threads[number] = undefined;
    const { restartsMax, windowMs } = this.#settings.restarts;
    const nowMs = this.#system.clock.monotonicMs();
    this.#lostMs = this.#lostMs.filter((atMs) => nowMs - atMs < windowMs);
    if (this.#lostMs.length >= restartsMax) {
      this.#restartsRefused += 1;
      return;
    }
    this.#lostMs.push(nowMs);
    this.#restarts += 1;
    this.#threads[number] = this.#start(number);
  }

  #running(): readonly Thread[] {
    return this.#threads.filter((thread) => thread?.isRunning === true) as Thread[];
  }

  /** The thread for the next actor, which counts from now; waits for one that starts when none runs. */
  async #choose(number: number | undefined): Promise<Thread> {
    while (this.#closing === undefined) {
      const threads = number === undefined ? this.#threads : [this.#threads[number]];
      const running = this.#leastLoaded(threads);
      if (running !== undefined) {
        running.placed += 1;
        return running;
      }
      const starting = threads.filter((thread) => thread !== undefined);
      if (starting.length === 0) {
        const which = number === undefined ? 'no thread is' : `thread ${number} is not`;
        throw new ThreadError('none', `${which} running in the pool of ${this.#settings.threads}`);
      }
      await Promise.race(starting.map(({ started }) => started));
    }
    throw new ThreadError('closed', 'the pool is closed');
  }

  #leastLoaded(threads: readonly (Thread | undefined)[]): Thread | undefined {
    let least: Thread | undefined;
    for (let offset = 0; offset < threads.length; offset += 1) {
      const thread = threads[(this.#next + offset) % threads.length];
      if (thread?.isRunning !== true) continue;
      if (least === undefined || thread.load < least.load) least = thread;
    }
    if (least !== undefined && threads.length > 1) this.#next = threads.indexOf(least) + 1;
    return least;
  }

  #spawnError(name: string, { place }: Thread, { failure, message: text }: AskError): ThreadError {
    if (this.#closing !== undefined) return new ThreadError('closed', 'the pool is closed');
    const isLost = failure === 'unreachable' || failure === 'noActor' || failure === 'stopped';
    return new ThreadError(
      isLost ? 'lost' : 'spawn',
      `cannot start '${name}' in ${place}: ${text}`,
    );
  }
}

/** Bodies are decoded where the actor lives; here it matters only which must be cloned. */
function protocolOf(specs: readonly SpecName[]): Protocol {
  return Object.fromEntries(
    specs.map(({ name, kind, isInProcessOnly }) => {
      if (kind === 'ask') {
        return [name, isInProcessOnly ? localAsk() : ask(decodeUnknown, decodeUnknown)];
      }
      return [name, isInProcessOnly ? localMessage() : message(decodeUnknown)];
    }),
  );
}

/**
 * Starts worker threads under the address of `system`. They keep the process alive until the pool is
 * closed or the system shuts down. For a node: `startThreads(node.system, …)`.
 *
 * @throws {ThreadError} KAON_THREAD_MODULE when the module does not load
 */
export async function startThreads<M = AnyModule>(
  system: ActorSystem,
  options: ThreadsOptions<M>,
): Promise<ThreadPool<M>> {
  const settings = settingsOf(options);
  invariant(
    Number.isInteger(settings.threads) && settings.threads >= 1 && settings.threads <= THREADS_MAX,
    `a pool has 1 to ${THREADS_MAX} threads`,
  );
  const pool = new ThreadPool<M>(system, settings);
  await pool.open();
  return pool;
}
