// Puts a master together: registry, allocator, actor and endpoints.
import type { ActorSystem } from '@kaon/actor';
import { type Allocation, type FrameworkInverseOffers, startAllocator } from '@kaon/allocator';
import { type Contender, type Detector, type Leader, parseMasterAddress } from '@kaon/election';
import type { HttpServer } from '@kaon/http';
import { type Logger, uuid } from '@kaon/primitives';
import {
  MASTER_CAPABILITIES,
  type MasterInfo,
  MESOS_VERSION,
  type WeightInfo,
} from '@kaon/protocol';
import { Registrar, type RegistryView, type Storage, updateWeights } from '@kaon/registry';
import { loggingLevelOf } from '@kaon/remote';
import type { AllocatorPort } from './allocator-port.ts';
import { MAILBOX_MAX } from './constants.ts';
import type { MasterPorts } from './effect-runner.ts';
import { LeadershipLostError } from './errors.ts';
import { EventFeed } from './events/event-feed.ts';
import { allFlags } from './flag-defaults.ts';
import type { HostLoad } from './host-load.ts';
import { AllocatorReads } from './http/allocator-reads.ts';
import type { LeaderAddress, Leadership } from './http/leadership.ts';
import { mountMaster } from './http/mount-master.ts';
import { SendTurns } from './http/send-turns.ts';
import { LogFile, type LogFileOptions } from './log-file.ts';
import { masterActor } from './master.ts';
import { collectMetrics } from './metrics/collect.ts';
import { Counters } from './metrics/counters.ts';
import { KeyOrder } from './metrics/key-order.ts';
import { probeLoad } from './node/probe-load.ts';
import { DEFAULT_SETTINGS, type MasterSettings } from './options.ts';
import type { MasterPid } from './protocol.ts';
import { inlineMirror } from './reads/inline-mirror.ts';
import type { MakeMirrorHost } from './reads/mirror-orders.ts';
import { StateReads } from './reads/state-reads.ts';
import { Whitelist, type WhitelistOptions } from './whitelist.ts';

/** What a master needs to run. */
export interface StartMasterOptions {
  /** The actor system it lives in; its address is part of the master's PID. */
  readonly system: ActorSystem;
  /** Where its endpoints are mounted, before it listens. Default: none; then it is heard by actors only. */
  readonly http?: HttpServer | undefined;
  /** Name under which clients reach it. Default: the host of the system's address. */
  readonly hostname?: string | undefined;
  /** Load and memory of the machine, for metrics. Default: the machine's. */
  readonly probeLoad?: (() => HostLoad) | undefined;
  /** Where the registry is kept. The master opens it; closing is part of `close`. */
  readonly storage: Storage;
  /**
   * Makes the allocator. The callbacks may be called at any time after. Default: one in the same system,
   * with its kernel in this thread.
   */
  readonly createAllocator?:
    | ((onAllocated: OnAllocated, onInverseOffers: OnInverseOffers) => AllocatorPort)
    | undefined;
  /** Where the copy of the state lives that readers see. Default: in this thread; see `mirrorThread`. */
  readonly createMirror?: MakeMirrorHost | undefined;
  /** Takes part in an election. Default: the master leads at once. */
  readonly contender?: Contender | undefined;
  /** Tells who leads, for clients to be sent there. Default: nobody knows while this master does not lead. */
  readonly detector?: Detector | undefined;
  readonly settings?: Partial<MasterSettings> | undefined;
  /** What `/flags` and `/state` show, by Mesos' names. Default: none. */
  readonly flags?: Readonly<Record<string, string>> | undefined;
  readonly logger?: Logger | undefined;
  /** The log as operators see it: a file they may read. Default: none. */
  readonly log?: { readonly file?: LogFileOptions | undefined } | undefined;
  /** A file of the hosts that may be offered, a name a line, read every five seconds. Default: all hosts. */
  readonly whitelist?: Pick<WhitelistOptions, 'path' | 'disk'> | undefined;
  /** Weights of roles while the registry has none. Default: none. */
  readonly initialWeights?: readonly WeightInfo[] | undefined;
  /** Told once when the master cannot go on: the registry failed or leadership was lost. */
  readonly onFatal?: ((error: unknown) => void) | undefined;
}

/** Told of what a pass of the allocator has granted. */
export type OnAllocated = (allocations: readonly Allocation[]) => void;

/** Told whom the allocator asks to free agents before maintenance. */
export type OnInverseOffers = (asked: readonly FrameworkInverseOffers[]) => void;

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
  const flags = allFlags(options.flags ?? {});
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

  const order = new KeyOrder();
  const createAllocator = options.createAllocator ?? defaultAllocator(system);
  let allocator: AllocatorPort | undefined;
  let isServing = false;
  let isLeading = options.contender === undefined;
  let leader: Leader | undefined;
  const stopWatching = options.detector?.watch((seen) => {
    leader = seen;
  });
  let settleReady: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  const ready = new Promise<void>((resolve, reject) => {
    settleReady = { resolve, reject };
  });
  // Whoever does not wait for `ready` hears of a failure by `onFatal`.
  ready.catch(() => undefined);

  const onFatal = (error: unknown): void => {
    isServing = false;
    isLeading = false;
    settleReady?.reject(error);
    options.onFatal?.(error);
  };
  // A master that does not lead must not go on, whatever its supervisor does with it.
  const stepDown = (error: unknown): void => {
    onFatal(error);
    system.stop(pid);
  };
  const whitelist =
    options.whitelist &&
    new Whitelist({
      ...options.whitelist,
      clock: system.clock,
      logger,
      onChange: (hostnames) => allocator?.tell({ kind: 'setWhitelist', hostnames }),
    });
  const file = options.log?.file;
  const log = { file: file && new LogFile(file), level: loggingLevelOf(system) };
  const pid: MasterPid = system.spawn(
    masterActor,
    {
      info,
      startedMs,
      createPorts: (_ctx, onAllocated, onInverseOffers): MasterPorts => {
        allocator = createAllocator(onAllocated, onInverseOffers);
        return { registry: registrar, allocator, counters, settings, onFatal };
      },
      elected: async () => {
        await elected(options.contender, info, stepDown);
        isLeading = true;
      },
      following: () => (isLeading ? undefined : { leader: leader?.pid }),
      recover: async () => {
        await whitelist?.start();
        return recoverRegistry(registrar, info, options.initialWeights ?? []);
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
          collectMetrics({
            gauges,
            counters,
            registrar: registrar.stats,
            allocator,
            system,
            host: (options.probeLoad ?? probeLoad)(),
            order,
          }),
      },
    },
    { id: MASTER_ACTOR_ID, mailboxMax: MAILBOX_MAX },
  );
  if (http !== undefined) {
    const reads = new AllocatorReads({
      allocator: () => (isServing ? allocator : undefined),
      counters,
    });
    const self = { hostname: info.hostname ?? '', port: info.port };
    const leadership = (): Leadership =>
      isLeading
        ? { kind: 'leading', isRecovered: isServing, self }
        : { kind: 'following', leader: addressOf(leader) };
    mountMaster(http, {
      system,
      master: pid,
      flags,
      random: system.random,
      reads,
      state: { reads: stateReads, events, clock, counters, turns: new SendTurns(clock) },
      leadership,
      log,
      probeLoad: options.probeLoad ?? probeLoad,
    });
  }

  let closing: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    isServing = false;
    stopWatching?.();
    whitelist?.close();
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

function defaultAllocator(
  system: ActorSystem,
): (onAllocated: OnAllocated, onInverseOffers: OnInverseOffers) => AllocatorPort {
  return (onAllocated, onInverseOffers) =>
    startAllocator(system, {
      onInverseOffers: (asked) => {
        onInverseOffers(asked);
        return undefined;
      },
      onAllocation: (allocations) => {
        onAllocated(allocations);
        return undefined;
      },
    });
}

/** Reads the registry; one without weights gets the initial ones. */
async function recoverRegistry(
  registrar: Registrar,
  info: MasterInfo,
  initialWeights: readonly WeightInfo[],
): Promise<RegistryView> {
  const facts = await registrar.recover(info);
  const [known] = facts.entries('weight');
  if (known !== undefined || initialWeights.length === 0) return facts;
  const outcome = await registrar.apply(updateWeights(initialWeights));
  if (!outcome.ok) throw outcome.error;
  return facts;
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

/** Where the leader is reached: what it says of itself, or what its PID tells. */
function addressOf(leader: Leader | undefined): LeaderAddress | undefined {
  if (leader?.info !== undefined) {
    const { hostname, port } = leader.info;
    if (hostname !== undefined) return { hostname, port };
  }
  const parsed = leader && parseMasterAddress(leader.pid);
  return parsed?.ok ? { hostname: parsed.value.host, port: parsed.value.port } : undefined;
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
