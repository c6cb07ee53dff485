// A cluster like the one the recordings were made with: a master and two agents, each with a port of its
// own, and on them a framework with one task that runs, one that finished, one that failed and one more.
import type { Test } from 'tap';
import { givenGoldenNodes } from './golden-nodes.ts';
import { asRecorded, forToday } from './masks.ts';
import { exchange } from './raw-http.ts';
import type { Today } from './replay.ts';
import { type Json, RawScheduler } from './v1-scheduler.ts';

/** What runs, and under which names the recordings know it. */
export interface GoldenCluster extends Today {
  readonly scheduler: RawScheduler;
}

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
  const { addresses, folders, masterId } = await givenGoldenNodes(t);
  /** Folders of agents, an executor, its container. */
  const names = new Map(folders);
  const scheduler = await RawScheduler.subscribe(addresses[5050], FRAMEWORK);
  t.teardown(() => scheduler.close());
  await launchTasks(scheduler);
  names.set(EXECUTOR_CONTAINER, await containerOf(addresses[5051], 'bg-exec-run'));
  names.set('executors/bg-exec/', 'executors/bg-exec-run/');
  const today = { masterId, addresses, names };
  return {
    addresses,
    scheduler,
    forToday: (text) => forToday(text, today),
    asRecorded: (text) => asRecorded(text, today),
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
