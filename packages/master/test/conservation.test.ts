// Random lives of a cluster: whatever happens, every resource is free, offered or used, and exactly once.

import { type Random, seededRandom } from '@kaon/primitives';
import type { internal, schedulerV1, Task } from '@kaon/protocol';
import { jsonText } from '@kaon/protocol';
import t, { type Test } from 'tap';
import {
  type Cluster,
  givenCluster,
  MASTER_ADDRESS,
  type RegisteredAgent,
  type Scheduler,
} from './builders/cluster.ts';
import {
  agentInfo,
  frameworkInfo,
  registration,
  reregistration,
  taskInfo,
  update,
} from './builders/records.ts';

const SEEDS = 25;
const STEPS = 80;
const TOTAL_CPUS = 4;

/** An agent that keeps what it was told to run. */
interface Machine {
  readonly agent: RegisteredAgent;
  readonly tasks: Map<string, Task>;
  isBack: boolean;
}

class World {
  readonly cluster: Cluster;
  readonly random: Random;
  readonly machines: Machine[] = [];
  readonly schedulers: Scheduler[] = [];
  readonly ids: string[] = [];
  #tasks = 0;

  constructor(cluster: Cluster, seed: number) {
    this.cluster = cluster;
    this.random = seededRandom(seed);
  }

  pick<T>(items: readonly T[]): T | undefined {
    return items[this.random.nextInt(Math.max(1, items.length))];
  }

  async step(): Promise<void> {
    const actions = [
      () => this.launch(),
      () => this.launch(),
      () => this.progress(),
      () => this.progress(),
      () => this.progress(),
      () => this.decline(),
      () => this.kill(),
      () => this.acknowledgeAll(),
      () => this.breakLink(),
      () => this.comeBack(),
      () => this.comeBack(),
      () => this.resubscribe(),
      () => this.breakStream(),
      () => this.pass(),
    ];
    await this.pick(actions)?.();
    await this.cluster.sim.settle();
    this.hear();
  }

  async launch(): Promise<void> {
    const scheduler = this.pick(this.schedulers);
    const events = scheduler?.connection.take('OFFERS') ?? [];
    for (const offer of events.flatMap(({ offers }) => offers?.offers ?? [])) {
      this.#tasks += 1;
      const ids = [`t${this.#tasks}`, `t${this.random.nextInt(this.#tasks + 1)}`];
      const taskInfos = ids.map((id) => taskInfo(id, offer.agentId.value));
      await scheduler?.call({
        type: 'ACCEPT',
        accept: {
          offerIds: [offer.id],
          operations: [{ type: 'LAUNCH', launch: { taskInfos } }],
          filters: { refuseSeconds: 0 },
        },
      });
    }
  }

  async decline(): Promise<void> {
    const scheduler = this.pick(this.schedulers);
    const events = scheduler?.connection.take('OFFERS') ?? [];
    const offerIds = events.flatMap(({ offers }) => offers?.offers ?? []).map(({ id }) => id);
    await scheduler?.call({ type: 'DECLINE', decline: { offerIds } });
    await scheduler?.call({ type: 'REVIVE' });
  }

  async kill(): Promise<void> {
    const scheduler = this.pick(this.schedulers);
    const taskId = { value: `t${this.random.nextInt(this.#tasks + 1)}` };
    await scheduler?.call({ type: 'KILL', kill: { taskId } });
  }

  async acknowledgeAll(): Promise<void> {
    for (const { connection, call } of this.schedulers) {
      for (const { update } of connection.take('UPDATE')) {
        const { agentId, taskId, uuid } = update?.status ?? {};
        if (!agentId || !taskId || !uuid) continue;
        await call({ type: 'ACKNOWLEDGE', acknowledge: { agentId, taskId, uuid } });
      }
    }
  }

  progress(): void {
    const machine = this.pick(this.machines);
    const task = machine && this.pick([...machine.tasks.values()]);
    if (machine === undefined || task === undefined) return;
    const state = this.pick(['TASK_RUNNING', 'TASK_FINISHED', 'TASK_FAILED'] as const);
    if (state === undefined) return;
    machine.tasks.set(task.taskId.value, { ...task, state });
    machine.agent.send(
      'statusUpdate',
      update({
        frameworkId: task.frameworkId.value,
        agentId: machine.agent.id,
        taskId: task.taskId.value,
        state,
      }),
    );
    if (state !== 'TASK_RUNNING') machine.tasks.delete(task.taskId.value);
  }

  breakLink(): void {
    const machine = this.pick(this.machines);
    if (machine === undefined) return;
    this.cluster.sim.network.disconnect(MASTER_ADDRESS, `${machine.agent.hostname}:5051`);
    machine.isBack = false;
  }

  /** The agent registers again, or (having lost its disk) as a new one. */
  comeBack(): void {
    const machine = this.pick(this.machines);
    if (machine === undefined) return;
    const { agent } = machine;
    if (!machine.isBack && this.random.nextInt(5) === 0) {
      machine.tasks.clear();
      agent.send('registerAgent', registration(agent.hostname));
    } else {
      const info = { ...agentInfo(agent.hostname), id: { value: agent.id } };
      const tasks = [...machine.tasks.values()];
      const frameworks = this.ids.map((value) => frameworkInfo({ id: { value } }));
      agent.send('reregisterAgent', reregistration(info, { tasks, frameworks }));
    }
    machine.isBack = true;
  }

  async resubscribe(): Promise<void> {
    const index = this.random.nextInt(this.schedulers.length);
    const id = this.ids[index];
    if (id === undefined) return;
    const info = frameworkInfo({ id: { value: id }, failoverTimeout: 100 });
    const scheduler = await this.cluster.scheduler(info);
    if (scheduler.frameworkId === '') {
      // Removed meanwhile: a new one takes its place.
      const fresh = await this.cluster.scheduler(frameworkInfo({ failoverTimeout: 100 }));
      this.schedulers[index] = fresh;
      this.ids[index] = fresh.frameworkId;
    } else {
      this.schedulers[index] = scheduler;
    }
  }

  breakStream(): void {
    this.pick(this.schedulers)?.connection.close();
  }

  async pass(): Promise<void> {
    const answers = this.random.nextInt(3) > 0;
    for (let round = 0; round < 4; round += 1) {
      if (answers) for (const { agent } of this.machines) agent.pong();
      await this.cluster.sim.advance(10_000 + this.random.nextInt(10_000));
    }
  }

  /** What agents do by themselves: run, shut down, take new ids. */
  hear(): void {
    for (const machine of this.machines) {
      const { messages } = machine.agent.probe;
      for (const { name } of [...messages]) {
        if (name === 'ping') continue;
        const { body } = machine.agent.probe.take(name as never);
        if (name === 'runTask') {
          const { task, framework } = body as internal.RunTaskMessage;
          machine.tasks.set(task.taskId.value, {
            ...task,
            frameworkId: framework.id ?? { value: '' },
            state: 'TASK_STAGING',
            statuses: [],
          });
        } else if (name === 'shutdownFramework') {
          const { frameworkId } = body as internal.ShutdownFrameworkMessage;
          for (const [id, task] of machine.tasks) {
            if (task.frameworkId.value === frameworkId.value) machine.tasks.delete(id);
          }
        } else if (name === 'agentRegistered') {
          machine.agent.id = (body as internal.AgentRegisteredMessage).agentId.value;
        }
      }
    }
  }

  async check(t: Test, place: string): Promise<void> {
    const answer = await this.cluster.ask('view', { kind: 'agents' });
    if (answer.kind !== 'json') throw new Error('no view');
    const view = JSON.parse(jsonText(answer.json));
    for (const agent of Object.values(view).flat() as AgentView[]) {
      if (agent.used_resources === undefined) continue;
      const free = this.cluster.allocator.free.get(agent.id as never)?.scalarMilli('cpus') ?? NaN;
      const sum = free / 1000 + agent.used_resources.cpus + agent.offered_resources.cpus;
      t.equal(Math.round(sum * 1000), TOTAL_CPUS * 1000, `${place}: ${agent.id}`);
    }
    t.strictSame(this.cluster.fatal, [], place);
  }
}

interface AgentView {
  readonly id: string;
  readonly used_resources?: { readonly cpus: number };
  readonly offered_resources: { readonly cpus: number };
}

async function givenWorld(t: Test, seed: number): Promise<World> {
  const cluster = await givenCluster(t, { seed });
  const world = new World(cluster, seed);
  for (const name of ['host-1', 'host-2']) {
    const agent = await cluster.agent(name);
    world.machines.push({ agent, tasks: new Map(), isBack: true });
  }
  const capabilities: readonly schedulerV1.Call_Subscribe['frameworkInfo'][] = [
    frameworkInfo({ failoverTimeout: 100 }),
    frameworkInfo({ failoverTimeout: 100, checkpoint: false }),
  ];
  for (const info of capabilities) {
    const scheduler = await cluster.scheduler(info);
    world.schedulers.push(scheduler);
    world.ids.push(scheduler.frameworkId);
  }
  return world;
}

for (let seed = 1; seed <= SEEDS; seed += 1) {
  t.test(`nothing is lost or doubled in a random life, seed ${seed}`, async (t) => {
    const world = await givenWorld(t, seed);
    for (let step = 0; step < STEPS; step += 1) {
      await world.step();
      await world.check(t, `step ${step}`);
    }
  });
}
