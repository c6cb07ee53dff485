// An agent with the parts of this machine: its disk, its processes. Used by `kaon agent`, too.
import { join } from 'node:path';
import type { ActorSystem } from '@kaon/actor';
import { type AgentOptions, type RunningAgent, startAgent } from '@kaon/agent';
import { systemContainerizer } from '@kaon/containerizer';
import type { HttpServer } from '@kaon/http';
import { type Logger, systemDisk } from '@kaon/primitives';
import { ensureWorkDirectory } from './node/work-directory.ts';
import { TrackedContainerizer } from './tracked-containerizer.ts';

/** What an agent on this machine needs to be told; the rest of `AgentOptions` has its defaults. */
export interface HostAgentOptions
  extends Omit<AgentOptions, 'containerizer' | 'disk' | 'http' | 'system' | 'logger'> {
  readonly system: ActorSystem;
  readonly http: HttpServer;
  readonly logger: Logger;
  /** Absolute, for this agent only. Default: `runtime` in the work directory. */
  readonly runtimeDir?: string | undefined;
}

/** An agent that runs real processes. */
export interface HostAgent {
  readonly agent: RunningAgent;
  /**
   * Stops the agent. With `killTasks` it leaves the cluster and none of its processes is left, even if
   * tasks do not end within `timeoutMs`; otherwise they run on for the next agent in the work directory.
   */
  close(options: { readonly killTasks: boolean; readonly timeoutMs?: number }): Promise<void>;
}

/**
 * Starts an agent. Rejects as `startAgent` does.
 *
 * @throws {WorkDirectoryError} KAON_WORK_DIRECTORY
 */
export async function startHostAgent(options: HostAgentOptions): Promise<HostAgent> {
  const { system, logger, workDir } = options;
  await ensureWorkDirectory(workDir);
  const containerizer = new TrackedContainerizer(
    systemContainerizer({
      runtimeDir: options.runtimeDir ?? join(workDir, 'runtime'),
      clock: system.clock,
      logger,
    }),
  );
  let agent: RunningAgent;
  try {
    agent = await startAgent({ ...options, containerizer, disk: systemDisk() });
  } catch (error) {
    await containerizer.close();
    throw error;
  }
  return {
    agent,
    async close({ killTasks, timeoutMs }) {
      await agent.close({ killTasks, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
      if (killTasks) await containerizer.destroyAll();
      await containerizer.close();
    },
  };
}
