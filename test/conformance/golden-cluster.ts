// A cluster like the one the recordings were made with: a master and two agents, each with a port of its
// own, and on them a framework with one task that runs, one that finished, one that failed and one more.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseMasterAddress, standaloneDetector } from '@kaon/election';
import { ensureWorkDirectory, startHostAgent, startHostMaster } from '@kaon/local';
import { type Random, silentLogger, systemClock, systemRandom } from '@kaon/primitives';
import { startNode } from '@kaon/remote';
import type { Test } from 'tap';
import { exchange } from './raw-http.ts';
import { type Json, RawScheduler } from './v1-scheduler.ts';

/** What runs, and under which names the recordings know it. */
export interface GoldenCluster {
  /** Addresses by the port of the recordings: 5050 the master, 5051 and 5052 the agents. */
  readonly addresses: Readonly<Record<5050 | 5051 | 5052, string>>;
  readonly scheduler: RawScheduler;
  readonly masterId: string;
  /** What today's texts have for those of the recordings: folders of agents, an executor, its container. */
  readonly names: ReadonlyMap<string, string>;
}

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

const FRAMEWORK = {
  user: 'root',
  name: 'background',
  roles: ['golden', 'ops'],
  capabilities: [
    { type: 'MULTI_ROLE' },
    { type: 'RESERVATION_REFINEMENT' },
    { type: 'PARTITION_AWARE' },
    { type: 'TASK_KILLING_STATE' },
    { type: 'SHARED_RESOURCES' },
    { type: 'REGION_AWARE' },
  ],
  failover_timeout: 3600,
  checkpoint: true,
  hostname: 'sched.example',
  principal: 'bg',
  webui_url: 'http://sched.example/ui',
  labels: { labels: [{ key: 'owner', value: 'bg' }] },
};
/** Of both agents, less what the tasks that go on hold. */
const CPUS_LEFT = 6.7;

/** Starts it; it ends with the test. */
export async function givenGoldenCluster(t: Test): Promise<GoldenCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'kaon-golden-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const node = async (random?: Random) => {
    const started = await startNode({
      host: '127.0.0.1',
      port: 0,
      clock: systemClock(),
      random,
      logger: silentLogger,
      http: { driver: 'node' },
    });
    t.teardown(() => started.close({ graceMs: 0 }));
    return started;
  };
  await ensureWorkDirectory(join(folder, 'master'));
  const masterNode = await node();
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
  const names = new Map<string, string>();
  for (const [index, { port, resources, attributes }] of AGENTS.entries()) {
    const agentNode = await node(patient(systemRandom()));
    addresses[port] = agentNode.address;
    const workDir = join(folder, `agent${index + 1}`);
    names.set(`/var/lib/mesos/agent${index + 1}-work`, workDir);
    const agent = await startHostAgent({
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
      registrationBackoffFactorMs: 200,
      executorShutdownGraceMs: 1000,
      logger: silentLogger,
    });
    t.teardown(() => agent.close({ killTasks: true, timeoutMs: 4000 }));
    // One after the other, so that the first one is `-S0`.
    await untilRegistered(agentNode.address);
  }
  const scheduler = await RawScheduler.subscribe(masterNode.address, FRAMEWORK);
  t.teardown(() => scheduler.close());
  await launchTasks(scheduler);
  names.set(EXECUTOR_CONTAINER, await containerOf(addresses[5051], 'bg-exec-run'));
  names.set('executors/bg-exec/', 'executors/bg-exec-run/');
  return {
    addresses,
    scheduler,
    masterId: scheduler.frameworkId.slice(0, -'-0000'.length),
    names,
  };
}

/** The container of the executor that `bg-exec-run` stands in for. */
const EXECUTOR_CONTAINER = '5ddcc0b4-e3e7-4027-aa7d-2cfa67605b76';

async function containerOf(address: string, executorId: string): Promise<string> {
  const { body } = await exchange(address, { method: 'GET', path: '/containers', headers: [] });
  const containers = JSON.parse(body) as readonly Readonly<Record<string, string>>[];
  const found = containers.find((one) => one['executor_id'] === executorId);
  return found?.['container_id'] ?? '';
}

/** Waits are as long as they may be: a second attempt to register would count as a re-registration. */
function patient(random: Random): Random {
  return {
    next: () => 0.999,
    nextInt: (limit) => random.nextInt(limit),
    nextBytes: (count) => random.nextBytes(count),
    fork: (label) => patient(random.fork(label)),
  };
}

async function untilRegistered(address: string): Promise<void> {
  for (;;) {
    const { body } = await exchange(address, { method: 'GET', path: '/state', headers: [] });
    if ((JSON.parse(body) as { readonly id: string }).id !== '') return;
  }
}

/** One after the other, so that they stand in lists as in the recordings. */
async function launchTasks(scheduler: RawScheduler): Promise<void> {
  let cpusOffered = 0;
  const states = new Map<string, string>();
  const waiting = ['bg-exec-run', 'bg-fail', 'bg-run', 'bg-done'];
  let launched: string | undefined;
  const isDone = (): boolean =>
    waiting.length === 0 &&
    Math.abs(cpusOffered - CPUS_LEFT) < 0.001 &&
    states.get('bg-done') === 'TASK_FINISHED' &&
    states.get('bg-fail') === 'TASK_FAILED';
  while (!isDone()) {
    const event = await scheduler.nextEvent();
    if (event['type'] === 'OFFERS') {
      const { offers } = event['offers'] as { readonly offers: readonly Offer[] };
      for (const offer of offers) {
        const isOfFirstAgent = offer.agent_id.value.endsWith('-S0');
        const next = isOfFirstAgent && !isBusy(launched, states) ? waiting[0] : undefined;
        if (isOfFirstAgent && waiting.length > 0 && offer.allocation_info.role !== 'golden') {
          // It goes to the other role then.
          await decline(scheduler, offer, 1000);
        } else if (next !== undefined) {
          waiting.shift();
          launched = next;
          await launch(scheduler, offer, next);
        } else if (isOfFirstAgent && waiting.length > 0) await decline(scheduler, offer, 0);
        else cpusOffered += cpusOf(offer);
      }
    } else if (event['type'] === 'UPDATE') {
      const { status } = event['update'] as { readonly status: Json };
      const { value } = status['task_id'] as { readonly value: string };
      states.set(value, status['state'] as string);
      await scheduler.acknowledge(status);
    }
  }
}

function isBusy(launched: string | undefined, states: ReadonlyMap<string, string>): boolean {
  if (launched === undefined) return false;
  const state = states.get(launched);
  return state === undefined || state === 'TASK_STARTING';
}

async function decline(scheduler: RawScheduler, { id }: Offer, refuseSeconds: number) {
  const filters = { refuse_seconds: refuseSeconds };
  await scheduler.call('DECLINE', { decline: { offer_ids: [id], filters } });
}

async function launch(scheduler: RawScheduler, offer: Offer, taskId: string): Promise<void> {
  const tasks = tasksOn(offer).filter((task) => task['name'] === `task ${taskId}`);
  await scheduler.call('ACCEPT', {
    accept: {
      offer_ids: [offer.id],
      operations: [{ type: 'LAUNCH', launch: { task_infos: tasks } }],
      filters: { refuse_seconds: 0 },
    },
  });
}

interface Offer {
  readonly id: Json;
  readonly agent_id: { readonly value: string };
  readonly allocation_info: { readonly role: string };
  readonly resources: readonly {
    readonly name: string;
    readonly scalar?: { readonly value: number };
  }[];
}

function cpusOf({ resources }: Offer): number {
  return resources
    .filter(({ name }) => name === 'cpus')
    .reduce((sum, { scalar }) => sum + (scalar?.value ?? 0), 0);
}

function tasksOn({ agent_id, allocation_info }: Offer): readonly Json[] {
  const scalar = (name: string, value: number): Json => ({
    name,
    type: 'SCALAR',
    scalar: { value },
    allocation_info,
  });
  const task = (id: string, command: string, more: Json = {}): Json => ({
    name: `task ${id}`,
    task_id: { value: id },
    agent_id,
    resources: [scalar('cpus', 0.1), scalar('mem', 32)],
    command: { value: command, shell: true },
    ...more,
  });
  const ports = {
    name: 'ports',
    type: 'RANGES',
    ranges: {
      range: [
        { begin: 31000, end: 31001 },
        { begin: 31005, end: 31005 },
      ],
    },
    allocation_info,
  };
  return [
    task('bg-run', 'echo started; echo to-stderr >&2; sleep 100000', {
      resources: [scalar('cpus', 0.1), scalar('mem', 32), ports],
      labels: { labels: [{ key: 'tier', value: 'web' }, { key: 'novalue' }] },
      discovery: {
        visibility: 'CLUSTER',
        name: 'svc',
        ports: { ports: [{ number: 31000, name: 'http', protocol: 'tcp' }] },
      },
    }),
    task('bg-done', 'echo done'),
    task('bg-fail', 'exit 5'),
    // In the recordings it had an executor of its own, which held 0.1 cpus and 64 MB beside the task: as
    // much as this one holds alone, so that all sums are as recorded.
    task('bg-exec-run', 'sleep 100000', { resources: [scalar('cpus', 0.2), scalar('mem', 96)] }),
  ];
}
