// A master with the parts of this machine: its disk. Used by `kaon master`, too.
import { join } from 'node:path';
import type { ActorSystem } from '@kaon/actor';
import { type AllocatorOptions, type HostChoice, hostsFor, startAllocator } from '@kaon/allocator';
import { standaloneContender } from '@kaon/election';
import type { HttpServer } from '@kaon/http';
import {
  type MasterSettings,
  mirrorThread,
  type RunningMaster,
  type StartMasterOptions,
  startMaster,
} from '@kaon/master';
import { errorText, type Logger } from '@kaon/primitives';
import { lmdbStorage, memoryStorage } from '@kaon/registry';

/** How its allocator works, and where. */
export type HostAllocatorOptions = HostChoice &
  Omit<AllocatorOptions, 'onAllocation' | 'makeHost' | 'exposeStats'>;

/** What a master on this machine needs to be told. */
export interface HostMasterOptions {
  readonly system: ActorSystem;
  readonly http: HttpServer;
  readonly logger: Logger;
  /** Absolute; the registry is in it. See `ensureWorkDirectory`. */
  readonly workDir: string;
  /** Whether the registry is on disk. Default: true. */
  readonly isDurable?: boolean | undefined;
  /** Name told to clients. Default: the host of the system's address. */
  readonly hostname?: string | undefined;
  readonly settings?: Partial<MasterSettings> | undefined;
  /** How resources are allocated. Default: by the built-in rules, in this thread, every second. */
  readonly allocator?: HostAllocatorOptions | undefined;
  /** The log as operators see it, who may be offered, weights to begin with: as `startMaster` takes them. */
  readonly log?: StartMasterOptions['log'];
  readonly whitelist?: StartMasterOptions['whitelist'];
  readonly initialWeights?: StartMasterOptions['initialWeights'];
  /** Shown by `/flags` and `/state`, by Mesos' names. Default: none. */
  readonly flags?: Readonly<Record<string, string>> | undefined;
}

/** A master that leads and serves. */
export interface HostMaster {
  readonly master: RunningMaster;
  /** Resolves with a sentence when the master cannot go on. */
  readonly stopped: Promise<string>;
  close(): Promise<void>;
}

/**
 * Starts a master; resolves when it has read its registry. Rejects with what the registry says is wrong.
 *
 * The endpoints are there when this returns its promise: called in the turn in which the server began to
 * listen, no client ever meets a server without them. Until the registry is read they answer 503.
 */
export async function startHostMaster(options: HostMasterOptions): Promise<HostMaster> {
  const { workDir, isDurable = true } = options;
  let stop: (sentence: string) => void = () => undefined;
  const stopped = new Promise<string>((resolve) => {
    stop = resolve;
  });
  const master = startMaster({
    system: options.system,
    http: options.http,
    logger: options.logger,
    hostname: options.hostname,
    // One bound for who checks offer constraints and who evaluates them.
    settings: { ...options.settings, ...limitsOf(options.allocator) },
    flags: options.flags,
    createMirror: mirrorThread,
    log: options.log,
    whitelist: options.whitelist,
    initialWeights: options.initialWeights,
    contender: standaloneContender(),
    storage: isDurable ? lmdbStorage({ path: join(workDir, 'registry.lmdb') }) : memoryStorage(),
    createAllocator: (onAllocated, onInverseOffers) =>
      startAllocator(options.system, {
        onInverseOffers: (asked) => {
          onInverseOffers(asked);
          return undefined;
        },
        onAllocation: (allocations) => {
          onAllocated(allocations);
          return undefined;
        },
        // A master that silently offers nothing is worse than one that stops and is started anew.
        onFailed: () => stop('the allocator failed; its log tells why'),
        ...options.allocator,
        makeHost: hostsFor(options.allocator ?? {}),
      }),
    onFatal: (error) => stop(errorText(error)),
  });
  try {
    await master.ready;
  } catch (error) {
    await master.close();
    throw error;
  }
  return { master, stopped, close: () => master.close() };
}

function limitsOf(allocator: HostAllocatorOptions | undefined): Partial<MasterSettings> {
  const constraintLimits = allocator?.constraintLimits;
  return constraintLimits === undefined ? {} : { constraintLimits };
}
