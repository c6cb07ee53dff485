// The cluster under measurement: one node with a master and agents, everything real but, where asked,
// the containers.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startAgent } from '@kaon/agent';
import {
  type Containerizer,
  simulatedContainerizer,
  systemContainerizer,
} from '@kaon/containerizer';
import { parseMasterAddress, standaloneDetector } from '@kaon/election';
import { startHostMaster } from '@kaon/local';
import { silentLogger, systemClock, systemDisk } from '@kaon/primitives';
import { LEGACY_AGENT_ACTOR } from '@kaon/protocol';
import { startNode } from '@kaon/remote';

/** How tasks are run: as processes, or by a launcher that says at once that they exited with 0. */
export type LauncherKind = 'process' | 'noop';

export interface BenchCluster {
  readonly address: string;
  close(): Promise<void>;
}

const RESOURCES = 'cpus:10000;mem:1000000;disk:1000000;ports:[31000-32000]';

/** Starts `agents` agents and their master on a free port, with LMDB and checkpoints on disk. */
export async function startBenchCluster(
  agents: number,
  launcher: LauncherKind,
): Promise<BenchCluster> {
  const workDir = await mkdtemp(join(tmpdir(), 'kaon-bench-'));
  const clock = systemClock();
  const logger = silentLogger;
  const node = await startNode({ http: { driver: 'node' } });
  const { system, http } = node;
  const master = await startHostMaster({ system, http, workDir: join(workDir, 'master'), logger });
  const address = parseMasterAddress(node.address);
  if (!address.ok) throw new Error(address.error);
  const detector = standaloneDetector(address.value);

  const started: {
    agent: { close(options: object): Promise<void> };
    containerizer: Containerizer;
  }[] = [];
  for (let number = 1; number <= agents; number += 1) {
    const home = join(workDir, `agent-${number}`);
    const containerizer =
      launcher === 'process'
        ? systemContainerizer({ runtimeDir: join(home, 'runtime'), clock, logger })
        : simulatedContainerizer({ clock, decide: () => ({ kind: 'runs', durationMs: 0 }) });
    const agent = await startAgent({
      system,
      http,
      id: LEGACY_AGENT_ACTOR.replace('1', String(number)),
      detector,
      containerizer,
      disk: systemDisk(),
      workDir: home,
      resources: RESOURCES,
      registrationBackoffFactorMs: 10,
    });
    started.push({ agent, containerizer });
  }

  return {
    address: node.address,
    async close() {
      for (const { agent, containerizer } of started) {
        await agent.close({ killTasks: true, timeoutMs: 5000 });
        await containerizer.close();
      }
      await detector.close();
      await master.close();
      await node.close({ graceMs: 0 });
      await rm(workDir, { recursive: true, force: true });
    },
  };
}
