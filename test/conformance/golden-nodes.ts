// A master and two agents like those of the recordings, each a node of its own with a port of its own, with
// the flags, resources and attributes that were recorded.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMasterAddress, standaloneDetector } from '@kaon/election';
import { ensureWorkDirectory, type HostAgent, startHostAgent, startHostMaster } from '@kaon/local';
import { type Random, silentLogger, systemClock, systemRandom } from '@kaon/primitives';
import { startNode } from '@kaon/remote';
import type { Test } from 'tap';
import { exchange } from './raw-http.ts';

const AGENTS = [
  {
    port: 5051,
    resources: 'cpus:4;mem:4096;disk:8192;ports:[31000-31999]',
    attributes: 'rack:r1;zone:z1;level:3',
  },
  {
    port: 5052,
    resources: 'cpus:2;mem:2048;disk:4096;ports:[32000-32999];cpus(ops):1;mem(ops):512',
    attributes: 'rack:r2;zone:z2',
  },
] as const;

type AgentPort = (typeof AGENTS)[number]['port'];

/** What runs, by the ports of the recordings: 5050 the master, 5051 and 5052 the agents. */
export interface GoldenNodes {
  readonly addresses: Readonly<Record<5050 | 5051 | 5052, string>>;
  /** The id of today's master. */
  readonly masterId: string;
  /** Folders of today by those of then. */
  readonly folders: ReadonlyMap<string, string>;
  /** The agent leaves the cluster for good. */
  stopAgent(port: AgentPort): Promise<void>;
  /** Starts it again, on the port and in the folder it had; answers its id. */
  startAgent(port: AgentPort): Promise<string>;
}

/** Starts them; they end with the test. */
export async function givenGoldenNodes(t: Test): Promise<GoldenNodes> {
  const folder = await mkdtemp(join(tmpdir(), 'kaon-golden-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const node = async (port: number, random?: Random) => {
    const started = await startNode({
      host: '127.0.0.1',
      port,
      clock: systemClock(),
      random,
      logger: silentLogger,
      http: { driver: 'node' },
    });
    return started;
  };
  await ensureWorkDirectory(join(folder, 'master'));
  const masterNode = await node(0);
  t.teardown(() => masterNode.close({ graceMs: 0 }));
  const master = await startHostMaster({
    system: masterNode.system,
    http: masterNode.http,
    workDir: join(folder, 'master'),
    isDurable: false,
    hostname: 'localhost',
    allocator: { allocationIntervalMs: 50 },
    flags: {
      hostname: 'localhost',
      ip: '127.0.0.1',
      log_dir: '/var/lib/mesos/master-log',
      logbufsecs: '0',
      port: '5050',
      work_dir: '/var/lib/mesos/master-work',
    },
    logger: silentLogger,
  });
  t.teardown(() => master.close());
  const address = parseMasterAddress(masterNode.address);
  if (!address.ok) throw new Error(address.error);
  const addresses = { 5050: masterNode.address, 5051: '', 5052: '' };
  const folders = new Map<string, string>();
  const running = new Map<AgentPort, () => Promise<void>>();

  const stopAgent = async (port: AgentPort): Promise<void> => {
    const stop = running.get(port);
    running.delete(port);
    await stop?.();
  };
  const startAgent = async (port: AgentPort): Promise<string> => {
    const index = AGENTS.findIndex((one) => one.port === port);
    const { resources, attributes } = AGENTS[index] as (typeof AGENTS)[number];
    const formerPort = Number(addresses[port].split(':')[1] ?? 0);
    const agentNode = await node(formerPort, patient(systemRandom()));
    addresses[port] = agentNode.address;
    const workDir = join(folder, `agent${index + 1}`);
    folders.set(`/var/lib/mesos/agent${index + 1}-work`, workDir);
    const agent: HostAgent = await startHostAgent({
      system: agentNode.system,
      http: agentNode.http,
      mountAtRoot: true,
      detector: standaloneDetector(address.value),
      workDir,
      hostname: 'localhost',
      resources,
      attributes,
      flags: {
        attributes,
        hostname: 'localhost',
        ip: '127.0.0.1',
        log_dir: `/var/lib/mesos/agent${index + 1}-log`,
        master: '127.0.0.1:5050',
        port: String(port),
        resources,
        runtime_dir: `/var/lib/mesos/agent${index + 1}-run`,
        work_dir: `/var/lib/mesos/agent${index + 1}-work`,
      },
      registrationBackoffFactorMs: 10_000,
      executorShutdownGraceMs: 1000,
      logger: silentLogger,
    });
    running.set(port, async () => {
      await agent.close({ killTasks: true, timeoutMs: 4000 });
      await agentNode.close({ graceMs: 0 });
    });
    return untilRegistered(agentNode.address);
  };

  t.teardown(async () => {
    for (const { port } of AGENTS) await stopAgent(port);
  });
  // One after the other, so that the first one is `-S0`.
  const first = await startAgent(5051);
  await startAgent(5052);
  return {
    addresses,
    folders,
    masterId: first.slice(0, -'-S0'.length),
    stopAgent,
    startAgent,
  };
}

/** Waits are as long as they may be, but for the first: a second attempt to register would count as another one. */
function patient(random: Random): Random {
  let isFirst = true;
  return {
    next: () => {
      const drawn = isFirst ? 0 : 0.999;
      isFirst = false;
      return drawn;
    },
    nextInt: (limit) => random.nextInt(limit),
    nextBytes: (count) => random.nextBytes(count),
    fork: (label) => patient(random.fork(label)),
  };
}

async function untilRegistered(address: string): Promise<string> {
  for (;;) {
    const { body } = await exchange(address, { method: 'GET', path: '/state', headers: [] });
    const { id } = JSON.parse(body) as { readonly id: string };
    if (id !== '') return id;
  }
}
