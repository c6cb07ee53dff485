// Settings of a pool of threads and their defaults.
import type { ThreadLogLevel } from './log-line.ts';
import type { ThreadModule } from './thread-module.ts';

/**
 * What becomes of messages for a thread that takes too little. `drop`: the newest are dead letters until
 * it has taken enough. `failLink`: the thread is ended, and who linked into it hears `unreachable`.
 */
export type ThreadCongestion = 'drop' | 'failLink';

/** How often ended threads are replaced. */
export interface ThreadRestarts {
  /** More than this many within the window, and a thread is not replaced. */
  readonly restartsMax: number;
  readonly windowMs: number;
}

/** Limits of the JavaScript engine in each thread; what it exceeds ends the thread. In MiB. */
export interface ThreadResources {
  readonly maxOldGenerationSizeMb?: number;
  readonly maxYoungGenerationSizeMb?: number;
  readonly codeRangeSizeMb?: number;
  readonly stackSizeMb?: number;
}

/** Settings of a pool. */
export interface ThreadsOptions<M> {
  /** How many; 1 to 1,024. Default: 2. */
  readonly threads?: number;
  /** What they load: it exports the definitions of the actors they can start. See `threadModule`. */
  readonly module: ThreadModule<M> | URL;
  /** Places are called `<name>-1/` and so on, counted over all pools of a system. Default: `worker`. */
  readonly name?: string;
  /** Size of the ring each way, rounded up to a power of two; 256 KiB at least. Default: 1 MiB. */
  readonly ringBytes?: number;
  /** Bytes each way that may wait for room in the ring; beyond, `onCongested` holds. Default: 64 MiB. */
  readonly outboundBytesMax?: number;
  /** Default: `drop`. */
  readonly onCongested?: ThreadCongestion;
  /** Whether ended threads are replaced. Default: 5 times within 60 s, all threads together. */
  readonly restarts?: ThreadRestarts | false;
  /** The least serious lines of the threads' logs that reach the main thread's logger. Default: `info`. */
  readonly logLevel?: ThreadLogLevel;
  readonly resourceLimits?: ThreadResources;
  /** Default: that of this process, shared by nobody afterwards. */
  readonly env?: Readonly<Record<string, string>>;
}

/** `ThreadsOptions` with nothing left open. */
export interface ThreadsSettings {
  readonly threads: number;
  readonly moduleUrl: string;
  readonly name: string;
  readonly ringBytes: number;
  readonly outboundBytesMax: number;
  readonly onCongested: ThreadCongestion;
  readonly restarts: ThreadRestarts;
  readonly logLevel: ThreadLogLevel;
  readonly resourceLimits: ThreadResources;
  readonly env: Readonly<Record<string, string>> | undefined;
}

/** Most threads of one pool: far more than any machine runs at once. */
export const THREADS_MAX = 1024;

/** Fills in the defaults. */
export function settingsOf<M>(options: ThreadsOptions<M>): ThreadsSettings {
  const { module, restarts = { restartsMax: 5, windowMs: 60_000 } } = options;
  return {
    threads: options.threads ?? 2,
    moduleUrl: module instanceof URL ? module.href : module.url,
    name: options.name ?? 'worker',
    ringBytes: options.ringBytes ?? 1024 * 1024,
    outboundBytesMax: options.outboundBytesMax ?? 64 * 1024 ** 2,
    onCongested: options.onCongested ?? 'drop',
    restarts: restarts === false ? { restartsMax: 0, windowMs: 1 } : restarts,
    logLevel: options.logLevel ?? 'info',
    resourceLimits: options.resourceLimits ?? {},
    env: options.env,
  };
}
