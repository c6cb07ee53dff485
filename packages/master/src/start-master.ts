// Puts a master together: registry, allocator, actor and endpoints.
import type { ActorSystem } from '@kaon/actor';
import { type Allocation, startAllocator } from '@kaon/allocator';
import type { Contender } from '@kaon/election';
import type { HttpServer } from '@kaon/http';
import { type Logger, uuid } from '@kaon/primitives';
import { MASTER_CAPABILITIES, type MasterInfo, MESOS_VERSION } from '@kaon/protocol';
import { Registrar, type Storage } from '@kaon/registry';
import type { AllocatorPort } from './allocator-port.ts';
import { MAILBOX_MAX } from './constants.ts';
import type { MasterPorts } from './effect-runner.ts';
import { LeadershipLostError } from './errors.ts';
import { EventFeed } from './events/event-feed.ts';
import { AllocatorReads } from './http/allocator-reads.ts';
import { mountMaster } from './http/mount-master.ts';
import { masterActor } from './master.ts';
import { collectMetrics } from './metrics/collect.ts';
import { Counters } from './metrics/counters.ts';
import { DEFAULT_SETTINGS, type MasterSettings } from './options.ts';
import type { MasterPid } from './protocol.ts';
import { inlineMirror } from './reads/inline-mirror.ts';
import type { MakeMirrorHost } from './reads/mirror-orders.ts';
import { StateReads } from './reads/state-reads.ts';

/** What a master needs to run. */
export interface StartMasterOptions {
  /** The actor system it lives in; its address is part of the master's PID. */
  readonly system: ActorSystem;
  /** Where its endpoints are mounted, before it listens. Default: none; then it is heard by actors only. */
  readonly http?: HttpServer | undefined;
  /** Name under which clients reach it. Default: the host of the system's address. */
  readonly hostname?: string | undefined;
  /** Where the registry is kept. The master opens it; closing is part of `close`. */
  readonly storage: Storage;
  /**
   * Makes the allocator. `onAllocated` may be called at any time after. Default: one in the same system,
   * with its kernel in this thread.
   */
  readonly createAllocator?: ((onAllocated: OnAllocated) => AllocatorPort) | undefined;
  /** Where the copy of the state lives that readers see. Default: in this thread; see `mirrorThread`. */
  readonly createMirror?: MakeMirrorHost | undefined;
  /** Takes part in an election. Default: the master leads at once. */
  readonly contender?: Contender | undefined;
  readonly settings?: Partial<MasterSettings> | undefined;
  /** What `/flags` and `/state` show, by Mesos' names. Default: none. */
  readonly flags?: Readonly<Record<string, string>> | undefined;
  readonly logger?: Logger | undefined;
  /** Told once when the master cannot go on: the registry failed or leadership was lost. */
  readonly onFatal?: ((error: unknown) => void) | undefined;
}

/** Told of what a pass of the allocator has granted. */
export type OnAllocated = (allocations: readonly Allocation[]) => void;

/** A master that was started. */
export interface RunningMaster {
  readonly pid: MasterPid;
  readonly masterInfo: MasterInfo;
  /** Resolves when the registry is read and the master serves; rejects when it cannot. */
  readonly ready: Promise<void>;
  readonly counters: Counters;
  /** Stops the master: streams end, the registry is closed. The system and server stay open. */
  close(): Promise<void>;
}

/** The id of the master's actor. */
export const MASTER_ACTOR_ID = 'master';

/** Starts a master. It serves once `ready` has resolved; until then its endpoints say so. */
export function startMaster(options: StartMasterOptions): RunningMaster {
  const { system, storage, http } = options;
  const logger = options.logger ?? system.logger;
  const settings = { ...DEFAULT_SETTINGS, ...options.settings };
  const flags = new Map(Object.entries(options.flags ?? {}));
  const info = describeMaster(options);
  const counters = new Counters();
  const startedMs = system.clock.nowMs();
  const registrar = new Registrar({
    storage,
    clock: system.clock,
    logger,
    capabilities: MASTER_CAPABILITIES.map(({ type }) => type ?? 'UNKNOWN'),
  });

  const { clock } = system;
  const stateReads = new StateReads({
    makeHost: options.createMirror ?? inlineMirror,
    clock,
    logger,
    counters,
    flags,
  });
  const events = new EventFeed({ reads: stateReads, clock, counters });

  const createAllocator = options.createAllocator ?? defaultAllocator(system);
  let allocator: AllocatorPort | undefined;
  let isServing = false;
  let settleReady: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    settleReady = { resolve, reject };
  });
  // Whoever does not wait for `ready` hears of a failure by `onFatal`.
  ready.catch(() => undefined);

  const onFatal = (error: unknown): void => {
    isServing = false;
    settleReady?.reject(error);
    options.onFatal?.(error);
  };
  // A master that does not lead must not go on, whatever its supervisor does with it.
  const stepDown = (error: unknown): void => {
    onFatal(error);
    system.stop(pid);
  };
  const pid: MasterPid = system.spawn(
    masterActor,
    {
      info,
      startedMs,
      createPorts: (_ctx, onAllocated): MasterPorts => {
        allocator = createAllocator(onAllocated);
        return { registry: registrar, allocator, counters, settings, onFatal };
      },
      recover: async () => {
        await elected(options.contender, info, stepDown);
        return registrar.recover(info);
      },
      onState: (state) => {
        stateReads.attach(state);
        events.attach(state);
      },
      onReady: () => {
        isServing = true;
        settleReady?.resolve();
      },
      viewContext: {
        flags,
        nowMs: () => system.clock.nowMs(),
        metrics: (gauges) =>
          collectMetrics({ gauges, counters, registrar: registrar.stats, allocator, system }),
      },
    },
    { id: MASTER_ACTOR_ID, mailboxMax: MAILBOX_MAX },
  );
  if (http !== undefined) {
    const reads = new AllocatorReads({
      allocator: () => (isServing ? allocator : undefined),
      counters,
    });
    const state = { reads: stateReads, events, clock, counters };
    mountMaster(http, { system, master: pid, flags, random: system.random, reads, state });
  }

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    isServing = false;
    const ended = system.terminated(pid);
    system.stop(pid);
    await ended;
    events.close();
    await stateReads.close();
    await options.contender?.withdraw();
    await allocator?.close();
    await registrar.close();
  };
  return {
    pid,
    masterInfo: info,
    ready,
    counters,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

function defaultAllocator(system: ActorSystem): (onAllocated: OnAllocated) => AllocatorPort {
  return (onAllocated) =>
    startAllocator(system, {
      onAllocation: (allocations) => {
        onAllocated(allocations);
        return undefined;
      },
    });
}

/** Resolves when this master leads; losing leadership later is fatal. */
function elected(
  contender: Contender | undefined,
  info: MasterInfo,
  stepDown: (error: unknown) => void,
): Promise<void> {
  if (contender === undefined) return Promise.resolve();
  return new Promise((resolve) => {
    contender.contend(info, {
      onElected: resolve,
      onLost: (reason) => stepDown(new LeadershipLostError(reason)),
    });
  });
}

/** What a master says of itself, from where it lives. */
function describeMaster({ system, hostname }: StartMasterOptions): MasterInfo {
  const { address } = system;
  const colon = address.lastIndexOf(':');
  const host = colon === -1 ? address : address.slice(0, colon);
  const port = colon === -1 ? 0 : Number(address.slice(colon + 1));
  const name = hostname ?? host;
  return {
    id: uuid(system.random),
    ip: ipNumber(host),
    port,
    pid: `${MASTER_ACTOR_ID}@${address}`,
    hostname: name,
    version: MESOS_VERSION,
    address: { hostname: name, ip: host, port },
    capabilities: MASTER_CAPABILITIES,
  };
}

/** The four bytes of an IPv4 address as Mesos packs them: the first one lowest. 0 for anything else. */
function ipNumber(host: string): number {
  const bytes = host.split('.').map(Number);
  const isIpv4 = bytes.length === 4 && bytes.every((byte) => byte >= 0 && byte <= 255);
  if (!isIpv4) return 0;
  return bytes.reduceRight((number, byte) => number * 256 + byte, 0);
}
