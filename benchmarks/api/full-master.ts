// A master with a full state, made as a failover makes it: agents come back with the tasks they run, and frameworks
// acknowledge those that have ended. Everything goes by its protocol; only the network is left out.
import { createActorSystem, defineActor, defineProtocol, messages } from '@kaon/actor';
import type { HttpServer } from '@kaon/http';
import {
  type AllocatorPort,
  mirrorThread,
  type RunningMaster,
  type SchedulerConnection,
  startMaster,
} from '@kaon/master';
import { err, seededRandom, silentLogger } from '@kaon/primitives';
import {
  AGENT_CAPABILITIES,
  agentMessages,
  createMessage,
  FrameworkInfo,
  type Resource,
  Task,
  type TaskState,
} from '@kaon/protocol';
import { memoryStorage } from '@kaon/registry';

/** How full. Each agent runs `tasksPerAgent` tasks, and as many have ended there. */
export interface Fullness {
  readonly agents: number;
  readonly frameworks: number;
  readonly tasksPerAgent: number;
}

/** The master and the means to let things happen. */
export interface FullMaster {
  readonly master: RunningMaster;
  readonly tasks: number;
  /** Sends a status update of each of the next `count` running tasks, in turn. */
  update(count: number): void;
  close(): Promise<void>;
}

const agentProtocol = defineProtocol(messages(agentMessages));
type System = ReturnType<typeof createActorSystem>;

const NO_ALLOCATOR: AllocatorPort = {
  tell: () => undefined,
  updateAvailable: () => Promise.resolve(err('nothing is allocated')),
  metrics: () => [],
  explain: () => Promise.resolve(undefined),
  plan: () => Promise.resolve([]),
  close: () => Promise.resolve(),
};

/** Agents registered between two looks at whether the master keeps up. */
const AGENTS_PER_WAVE = 500;

/** Starts a master behind `http`, which listens on `port` already, and fills it. */
export async function startFullMaster(
  http: HttpServer,
  port: number,
  { agents, frameworks, tasksPerAgent }: Fullness,
): Promise<FullMaster> {
  const system = createActorSystem({
    address: `127.0.0.1:${port}`,
    random: seededRandom(5),
    logger: silentLogger,
  });
  const master = startMaster({
    system,
    http,
    storage: memoryStorage(),
    createAllocator: () => NO_ALLOCATOR,
    createMirror: mirrorThread,
    flags: { cluster: 'bench', port: String(port) },
  });
  await master.ready;
  const schedulers: Scheduler[] = [];
  for (let number = 0; number < frameworks; number += 1) {
    schedulers.push(await subscribe(system, master, number));
  }
  const running: Update[] = [];
  const ended: Update[] = [];
  for (let first = 0; first < agents; first += AGENTS_PER_WAVE) {
    const last = Math.min(agents, first + AGENTS_PER_WAVE);
    for (let number = first; number < last; number += 1) {
      addAgent(system, master, number, tasksPerAgent, schedulers, running, ended);
    }
    await registered(system, master, last);
  }
  for (const { scheduler, taskId, agentId } of ended) {
    const acknowledge = { agentId, taskId, uuid: UUID };
    const call = { type: 'ACKNOWLEDGE', frameworkId: scheduler.id, acknowledge } as const;
    await system.ask(master.pid, 'call', { call, streamId: scheduler.streamId });
  }
  let next = 0;
  return {
    master,
    tasks: running.length + ended.length,
    update(count) {
      for (let index = 0; index < count; index += 1) {
        const one = running[next % running.length];
        next += 1;
        if (one !== undefined) one.send();
      }
    },
    async close() {
      await master.close();
      await system.shutdown();
    },
  };
}

interface Scheduler {
  readonly id: { readonly value: string };
  readonly streamId: string;
}

interface Update {
  readonly scheduler: Scheduler;
  readonly taskId: { readonly value: string };
  readonly agentId: { readonly value: string };
  /** Lets the agent tell that it runs. */
  readonly send: () => void;
}

/** A version 4 UUID in bytes. */
const UUID = new Uint8Array([1, 2, 3, 4, 5, 6, 0x47, 8, 0x89, 10, 11, 12, 13, 14, 15, 16]);

async function subscribe(
  system: System,
  master: RunningMaster,
  number: number,
): Promise<Scheduler> {
  const streamId = `stream-${number}`;
  let id = '';
  const connection: SchedulerConnection = {
    streamId,
    send: ({ subscribed }) => {
      if (subscribed !== undefined) id = subscribed.frameworkId.value;
      return true;
    },
    close: () => undefined,
    onClosed: () => undefined,
  };
  const frameworkInfo = createMessage(FrameworkInfo, {
    user: 'root',
    name: `framework ${number}`,
    roles: ['web'],
    capabilities: [{ type: 'MULTI_ROLE' }, { type: 'PARTITION_AWARE' }],
  });
  const subscribe = { frameworkInfo, suppressedRoles: [] };
  await system.ask(master.pid, 'subscribe', { frameworkId: undefined, subscribe, connection });
  return { id: { value: id }, streamId };
}

function addAgent(
  system: System,
  master: RunningMaster,
  number: number,
  tasksPerAgent: number,
  schedulers: readonly Scheduler[],
  running: Update[],
  ended: Update[],
): void {
  const agentId = { value: `${master.masterInfo.id}-S${number}` };
  const tasks: Task[] = [];
  let send: (task: Task) => void = () => undefined;
  for (let index = 0; index < tasksPerAgent * 2; index += 1) {
    const isRunning = index < tasksPerAgent;
    const scheduler = schedulers[(number + index) % schedulers.length] as Scheduler;
    const states: TaskState[] = [
      'TASK_RUNNING',
      ...(isRunning ? [] : (['TASK_FINISHED'] as const)),
    ];
    const taskId = { value: `task-${number}-${index}` };
    const task = taskOf(taskId, scheduler, agentId, states);
    tasks.push(task);
    const list = isRunning ? running : ended;
    list.push({ scheduler, taskId, agentId, send: () => send(task) });
  }
  const agent = {
    hostname: `agent-${number}.example`,
    port: 5051,
    id: agentId,
    resources: resources(tasksPerAgent, undefined),
    attributes: [],
  };
  const actor = defineActor(agentProtocol, (ctx) => {
    ctx.link(master.pid);
    send = ({ taskId, frameworkId, state, statuses }) => {
      const [status] = statuses;
      if (status === undefined) return;
      const update = { frameworkId, agentId, status, latestState: state, timestamp: 1, uuid: UUID };
      ctx.send(master.pid, 'statusUpdate', {
        update: { ...update, status: { ...status, taskId } },
        pid: `slave(${number})`,
      } as never);
    };
    ctx.send(master.pid, 'reregisterAgent', {
      agent,
      checkpointedResources: [],
      executorInfos: [],
      tasks,
      frameworks: [],
      completedFrameworks: [],
      version: '1.12.0',
      agentCapabilities: AGENT_CAPABILITIES,
    } as never);
    const receive = Object.fromEntries(
      Object.keys(agentProtocol).map((name) => [
        name,
        (_: unknown, from: never) => {
          if (name === 'ping') ctx.send(from, 'pong' as never, {} as never);
        },
      ]),
    );
    return { receive: receive as never };
  });
  system.spawn(actor, undefined as never, { id: `slave(${number})` });
}

function taskOf(
  taskId: { readonly value: string },
  scheduler: Scheduler,
  agentId: { readonly value: string },
  states: readonly TaskState[],
): Task {
  return createMessage(Task, {
    name: `task ${taskId.value}`,
    taskId,
    frameworkId: scheduler.id,
    agentId,
    state: states.at(-1) ?? 'TASK_STAGING',
    resources: resources(1, 'web'),
    statuses: states.map((state, index) => ({
      taskId,
      state,
      timestamp: 1_700_000_000 + index,
      source: 'SOURCE_EXECUTOR',
      uuid: UUID,
      containerStatus: {
        networkInfos: [{ ipAddresses: [{ protocol: 'IPv4', ipAddress: '10.1.2.3' }] }],
      },
    })),
    statusUpdateState: states.at(-1),
    statusUpdateUuid: UUID,
    labels: { labels: [{ key: 'team', value: 'search' }] },
  });
}

function resources(times: number, role: string | undefined): Resource[] {
  return ['cpus', 'mem', 'disk'].map((name) => ({
    name,
    type: 'SCALAR',
    scalar: { value: times * (name === 'cpus' ? 0.1 : 32) },
    ...(role === undefined ? {} : { allocationInfo: { role } }),
    reservations: [],
  }));
}

async function registered(system: System, master: RunningMaster, count: number): Promise<void> {
  for (;;) {
    if (master.counters.get('agentReregistrations') >= count) return;
    // An ask goes through the mailbox behind what was sent, and lets the registry have a turn.
    await system.ask(master.pid, 'view', { kind: 'weights' }, { timeoutMs: 60_000 });
    await new Promise((resolve) => setImmediate(resolve));
  }
}
