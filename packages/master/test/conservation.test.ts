// Random lives of a cluster: whatever happens, every resource is free, offered or used, and exactly once.

import type { OperatorChange } from '@kaon/master';
import { type Random, seededRandom } from '@kaon/primitives';
import type { internal, Offer, Offer_Operation, schedulerV1, Task } from '@kaon/protocol';
import { jsonText, toId } from '@kaon/protocol';
import {
  applyConversions,
  checkpointedPart,
  conversionsOf,
  Resources,
  unallocatedConversion,
} from '@kaon/resources';
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
  resources,
  taskInfo,
  update,
  uuidOf,
} from './builders/records.ts';

const SEEDS = 25;
const STEPS = 80;
const TOTAL_CPUS = 4;
const TOTAL_DISK = 8192;

/** An agent that keeps what it was told to run. */
interface Machine {
  readonly agent: RegisteredAgent;
  readonly tasks: Map<string, Task>;
  /** What it remembers of reservations and volumes, applied to what it was configured with. */
  total: Resources;
  /** Operations it has not answered. */
  readonly operations: internal.ApplyOperationMessage[];
  isBack: boolean;
  /** Whether it was shut down: it returns as a new agent only. */
  isEnded: boolean;
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
      () => this.operate(),
      () => this.operate(),
      () => this.operator(),
      () => this.answer(),
      () => this.answer(),
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
      () => this.change(),
      () => this.change(),
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

  /** Reserves, makes volumes or undoes either, of whatever is offered; some of it makes no sense. */
  async operate(): Promise<void> {
    const scheduler = this.pick(this.schedulers);
    const events = scheduler?.connection.take('OFFERS') ?? [];
    for (const offer of events.flatMap(({ offers }) => offers?.offers ?? [])) {
      this.#tasks += 1;
      const ids = this.random.nextInt(2) === 0 ? {} : { id: { value: `op${this.#tasks}` } };
      const operations = [this.operation(offer), this.operation(offer)].map((one) => ({
        ...one,
        ...(one.type === 'LAUNCH' ? {} : ids),
      }));
      const taskInfos = [taskInfo(`t${this.#tasks}`, offer.agentId.value)];
      await scheduler?.call({
        type: 'ACCEPT',
        accept: {
          offerIds: [offer.id],
          operations: [...operations, { type: 'LAUNCH', launch: { taskInfos } }],
          filters: { refuseSeconds: 0 },
        },
      });
    }
  }

  operation(offer: Offer): Offer_Operation {
    const held = Resources.of(offer.resources);
    const reserved = held.reserved('web').filter((record) => record.disk === undefined);
    const disk = reserved.named('disk');
    const [volume] = held.persistentVolumes().toRecords();
    const [wanted] = resources(`disk:${1 + this.random.nextInt(50)}`);
    const entry = { type: 'DYNAMIC' as const, role: 'web' };
    const info = {
      persistence: { id: `v${this.#tasks}` },
      volume: { containerPath: 'd', mode: 'RW' as const },
    };
    const made = wanted && { ...wanted, reservations: [entry], disk: info };
    const text = `cpus:${(1 + this.random.nextInt(20)) / 10};disk:${this.random.nextInt(100)}`;
    const reserve = Resources.of(resources(text)).pushReservation(entry).toRecords();
    switch (this.random.nextInt(6)) {
      case 0:
        return { type: 'UNRESERVE', unreserve: { resources: reserved.toRecords() } };
      case 1:
        return { type: 'CREATE', create: { volumes: made ? [made] : [] } };
      case 2:
        return { type: 'DESTROY', destroy: { volumes: volume ? [volume] : [] } };
      case 3: {
        const [addition] = disk.toRecords();
        if (volume === undefined || addition === undefined) break;
        return { type: 'GROW_VOLUME', growVolume: { volume, addition } };
      }
      case 4:
        if (volume === undefined) break;
        return { type: 'SHRINK_VOLUME', shrinkVolume: { volume, subtract: { value: 1 } } };
      default:
    }
    return { type: 'RESERVE', reserve: { source: [], resources: reserve } };
  }

  /** An operator reserves, or undoes everything that is reserved. */
  async operator(): Promise<void> {
    const machine = this.pick(this.machines);
    if (machine === undefined) return;
    const entry = { type: 'DYNAMIC' as const, role: 'web' };
    const reserve = Resources.of(resources('cpus:0.5;disk:10')).pushReservation(entry);
    const reserved = machine.total.reserved().filter((record) => record.disk === undefined);
    const operation: Offer_Operation =
      this.random.nextInt(2) === 0
        ? { type: 'RESERVE', reserve: { source: [], resources: reserve.toRecords() } }
        : { type: 'UNRESERVE', unreserve: { resources: reserved.toRecords() } };
    const agentId = machine.agent.id as never;
    await this.cluster.ask('operate', { agentId, operation, principal: undefined });
  }

  /** The agent carries out what it was sent, or does not, and says so or is not heard. */
  answer(): void {
    const machine = this.pick(this.machines);
    const message = machine?.operations.shift();
    if (machine === undefined || message === undefined) return;
    const { operationInfo, operationUuid, frameworkId } = message;
    const isDone = this.random.nextInt(4) > 0;
    const conversions = conversionsOf(operationInfo);
    const applied = conversions.ok
      ? applyConversions(machine.total, conversions.value.map(unallocatedConversion))
      : conversions;
    if (isDone && applied.ok) machine.total = applied.value;
    const failures = ['OPERATION_FAILED', 'OPERATION_DROPPED', 'OPERATION_ERROR'] as const;
    const failure = this.pick(failures) ?? 'OPERATION_FAILED';
    const status = {
      state: isDone && applied.ok ? ('OPERATION_FINISHED' as const) : failure,
      convertedResources: [],
      ...(operationInfo.id === undefined
        ? {}
        : { operationId: operationInfo.id, uuid: { value: uuidOf(this.random.nextInt(200)) } }),
    };
    machine.agent.send('updateOperationStatus', {
      frameworkId,
      agentId: { value: machine.agent.id },
      status,
      latestStatus: status,
      operationUuid,
    });
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
    if (!machine.isBack && (machine.isEnded || this.random.nextInt(5) === 0)) {
      machine.isEnded = false;
      machine.tasks.clear();
      machine.operations.splice(0);
      machine.total = Resources.of(agentInfo(agent.hostname).resources);
      agent.send('registerAgent', registration(agent.hostname));
    } else {
      const info = { ...agentInfo(agent.hostname), id: { value: agent.id } };
      const tasks = [...machine.tasks.values()];
      const frameworks = this.ids.map((value) => frameworkInfo({ id: { value } }));
      const checkpointedResources = checkpointedPart(machine.total).toRecords();
      // What was on its way is lost now and then.
      if (!machine.isBack) machine.operations.splice(this.random.nextInt(3));
      agent.send(
        'reregisterAgent',
        reregistration(info, { tasks, frameworks, checkpointedResources }),
      );
      agent.send('updateAgent', {
        agentId: { value: agent.id },
        oversubscribedResources: [],
        resourceVersionUuid: { value: uuidOf(99) },
      });
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

  /** An operator does something, sensible or not; whatever it is is answered. */
  async change(): Promise<void> {
    const agentId = toId<never>(this.pick(this.machines)?.agent.id ?? '');
    const machines = this.machines.map(({ agent: { hostname } }) => ({ hostname, ip: hostname }));
    const unavailability = { start: { nanoseconds: 1e9 } };
    const limits = { cpus: { value: this.random.nextInt(8) } };
    const changes: readonly OperatorChange[] = [
      { kind: 'deactivateAgent', agentId },
      { kind: 'reactivateAgent', agentId },
      { kind: 'reactivateAgent', agentId },
      { kind: 'drainAgent', agentId, config: { markGone: this.random.nextInt(4) === 0 } },
      { kind: 'markAgentGone', agentId },
      { kind: 'updateWeights', weights: [{ role: 'web', weight: 1 + this.random.nextInt(3) }] },
      {
        kind: 'updateQuotas',
        configs: [{ role: 'web', guarantees: {}, limits }],
        force: this.random.nextInt(2) === 0,
      },
      { kind: 'updateSchedule', schedule: { windows: [{ machineIds: machines, unavailability }] } },
      { kind: 'updateSchedule', schedule: { windows: [] } },
      { kind: 'startMaintenance', machines: machines.slice(0, 1) },
      { kind: 'stopMaintenance', machines: machines.slice(0, 1) },
    ];
    const change = this.pick(changes);
    if (change === undefined) return;
    const { status } = await this.cluster.ask('change', change);
    if (![200, 400, 404, 503].includes(status)) throw new Error(`${change.kind}: ${status}`);
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
        } else if (name === 'applyOperation') {
          machine.operations.push(body as internal.ApplyOperationMessage);
        } else if (name === 'shutdown') {
          // It ends, and starts as a new agent when it comes back.
          machine.tasks.clear();
          this.cluster.sim.network.disconnect(MASTER_ADDRESS, `${machine.agent.hostname}:5051`);
          machine.isBack = false;
          machine.isEnded = true;
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
      const free = this.cluster.allocator.free.get(agent.id as never) ?? Resources.empty;
      for (const [name, whole] of [
        ['cpus', TOTAL_CPUS],
        ['disk', TOTAL_DISK],
      ] as const) {
        const used: number = agent.used_resources[name] + agent.offered_resources[name];
        const sum: number = free.scalarMilli(name) + Math.round(used * 1000);
        t.equal(sum, whole * 1000, `${place}: ${name} of ${agent.id}`);
        t.equal(agent.resources[name], whole, `${place}: all ${name} of ${agent.id}`);
      }
    }
    t.strictSame(this.cluster.fatal, [], place);
  }
}

interface Amounts {
  readonly cpus: number;
  readonly disk: number;
}

interface AgentView {
  readonly id: string;
  readonly resources: Amounts;
  readonly used_resources?: Amounts;
  readonly offered_resources: Amounts;
}

async function givenWorld(t: Test, seed: number): Promise<World> {
  const cluster = await givenCluster(t, { seed });
  const world = new World(cluster, seed);
  for (const name of ['10.0.0.1', '10.0.0.2']) {
    const agent = await cluster.agent(name);
    const total = Resources.of(agentInfo(name).resources);
    const machine = {
      agent,
      tasks: new Map(),
      total,
      operations: [],
      isBack: true,
      isEnded: false,
    };
    world.machines.push(machine);
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
