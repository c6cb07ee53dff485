// A master in this process, from its flags.
import { join } from 'node:path';
import { ensureWorkDirectory, startHostMaster } from '@kaon/local';
import { systemDisk } from '@kaon/primitives';
import { startNode } from '@kaon/remote';
import {
  type AllocatorFlags,
  allocatorOptionsOf,
  MASTER_ALLOCATOR_WORKERS,
} from '../commands/allocator-options.ts';
import { type CommandContext, loggerFor } from '../commands/command-context.ts';
import type { ServerFlags } from '../commands/server-options.ts';
import type { RoleWeights } from '../flags/values.ts';
import type { RunningServer } from './serve.ts';

/** The flags of `kaon master`. Durations in milliseconds. */
export interface MasterFlags extends ServerFlags, AllocatorFlags {
  readonly registry: 'lmdb' | 'in_memory';
  readonly cluster?: string;
  readonly agentPingTimeout: number;
  readonly maxAgentPingTimeouts: number;
  readonly agentReregisterTimeout: number;
  readonly offerTimeout?: number;
  readonly maxCompletedFrameworks: number;
  readonly maxCompletedTasksPerFramework: number;
  readonly maxUnreachableTasksPerFramework: number;
  readonly logDir?: string;
  readonly externalLogFile?: string;
  readonly whitelist?: string;
  readonly weights?: RoleWeights;
}

/** The log file in `--log-dir`. */
const LOG_FILE_NAME = 'kaon-master.log';

/** Starts a master; resolves when it serves. Rejects with what is wrong with the flags or the registry. */
export async function startMasterServer(
  flags: MasterFlags,
  { terminal }: CommandContext,
  shown: Readonly<Record<string, string>>,
): Promise<RunningServer> {
  const ownLog = flags.logDir === undefined ? undefined : join(flags.logDir, LOG_FILE_NAME);
  const logger = loggerFor(terminal, flags, ownLog);
  const logPath = flags.externalLogFile ?? ownLog;
  const disk = systemDisk();
  if (flags.registry === 'lmdb') await ensureWorkDirectory(flags.workDir);
  const node = await startNode({
    host: flags.ip,
    port: flags.port,
    advertiseHost: flags.advertiseIp,
    advertisePort: flags.advertisePort,
    logger,
    http: { driver: 'node' },
  });
  try {
    const master = await startHostMaster({
      system: node.system,
      http: node.http,
      logger: node.system.logger,
      workDir: flags.workDir,
      isDurable: flags.registry === 'lmdb',
      hostname: flags.hostname,
      flags: shown,
      log: { file: logPath === undefined ? undefined : { path: logPath, disk } },
      whitelist: flags.whitelist === undefined ? undefined : { path: flags.whitelist, disk },
      initialWeights: flags.weights?.list,
      allocator: allocatorOptionsOf(flags, MASTER_ALLOCATOR_WORKERS),
      settings: {
        agentPingTimeoutMs: flags.agentPingTimeout,
        agentPingsMissedMax: flags.maxAgentPingTimeouts,
        agentReregisterTimeoutMs: flags.agentReregisterTimeout,
        offerTimeoutMs: flags.offerTimeout,
        completedFrameworksMax: flags.maxCompletedFrameworks,
        completedTasksPerFrameworkMax: flags.maxCompletedTasksPerFramework,
        unreachableTasksPerFrameworkMax: flags.maxUnreachableTasksPerFramework,
      },
    });
    return {
      address: node.address,
      stopped: master.stopped,
      async close() {
        await master.close();
        await node.close();
      },
    };
  } catch (error) {
    await node.close();
    throw error;
  }
}
