// A master's state that lives through a random history, with everything that a copy of it must follow.
import { Pid } from '@kaon/actor';
import type { Random } from '@kaon/primitives';
import {
  type AgentId,
  createMessage,
  ExecutorInfo,
  idRecord,
  Offer_Operation,
  OperationStatus,
  Task,
  type TaskState,
  toId,
} from '@kaon/protocol';
import { parseResources, type Resources } from '@kaon/resources';
import { DEFAULT_SETTINGS } from '#master/options';
import { agentProtocol } from '#master/protocol';
import { type Agent, hostOf } from '#master/state/agent';
import type { Framework } from '#master/state/framework';
import { MasterState } from '#master/state/master-state';
import { OperationRecord } from '#master/state/operation-record';
import type { TaskRecord } from '#master/state/task-record';
import { agentInfo, frameworkInfo } from './records.ts';

const STATES: readonly TaskState[] = ['TASK_STARTING', 'TASK_RUNNING', 'TASK_FINISHED'];

function pick<T>(random: Random, items: readonly T[]): T | undefined {
  return items[Math.floor(random.next() * items.length)];
}

/** Makes one change after the other. */
export class RandomHistory {
  readonly state: MasterState;
  readonly #random: Random;
  #count = 0;
  #nowMs = 1_700_000_000_000;

  constructor(random: Random) {
    this.#random = random;
    // Small bounds, so that old things fall out.
    const limits = {
      ...DEFAULT_SETTINGS,
      completedFrameworksMax: 2,
      completedTasksPerFrameworkMax: 5,
      unreachableTasksPerFrameworkMax: 3,
    };
    this.state = new MasterState({ id: 'm', ip: 0, port: 5050, capabilities: [] }, limits, 1);
    this.state.elect(2);
    this.state.open();
  }

  /** One change, as far as there is something to change. */
  step(): void {
    this.#count += 1;
    this.#nowMs += 250;
    const steps = [
      () => this.#addAgent(),
      () => this.#addFramework(),
      () => this.#addTask(),
      () => this.#addTask(),
      () => this.#addTask(),
      () => this.#changeTask(),
      () => this.#changeTask(),
      () => this.#removeTask(),
      () => this.#addOffer(),
      () => this.#removeOffer(),
      () => this.#addExecutor(),
      () => this.#removeExecutor(),
      () => this.#changeFramework(),
      () => this.#changeAgent(),
      () => this.#changeAdmissions(),
      () => this.#changeOperations(),
      () => this.#changePolicy(),
      () => this.#changeMaintenance(),
      () => this.#changeInverseOffers(),
      () => this.#changeStandings(),
      () => (this.#random.next() < 0.2 ? this.#removeAgent() : undefined),
      () => (this.#random.next() < 0.2 ? this.#removeFramework() : undefined),
    ];
    pick(this.#random, steps)?.();
  }

  #one<T>(items: Iterable<T>): T | undefined {
    const list = [...items];
    return list.length === 0 ? undefined : pick(this.#random, list);
  }

  #agent(): Agent | undefined {
    return this.#one(this.state.agents.values());
  }

  #framework(): Framework | undefined {
    return this.#one(this.state.frameworks.values());
  }

  #task(): TaskRecord | undefined {
    const framework = this.#framework();
    return framework && this.#one(framework.tasks.values());
  }

  #resources(role: string): Resources {
    const text = pick(this.#random, [
      'cpus:0.5;mem:32',
      'mem:16;ports:[31000-31002]',
      'disk:10;cpus:0.1;gpus:1',
    ]);
    const parsed = parseResources(text ?? '');
    if (!parsed.ok) throw new Error(parsed.error);
    return parsed.value.allocate(role);
  }

  #addAgent(): void {
    const id = toId<AgentId>(`a${this.#count}`);
    const text = 'cpus:8;mem:1024;disk:100;ports:[31000-31999];cpus(ops):1';
    this.state.addAgent(id, this.#facts(id, text), this.#nowMs);
  }

  #facts(id: AgentId, text: string, host: string = id) {
    return {
      info: { ...agentInfo(`${id}.example`, text), id: { value: id } },
      pid: new Pid('slave(1)', `${host}:5051`, agentProtocol),
      version: '1.12.0',
      capabilities: [{ type: 'MULTI_ROLE' as const }],
      resourceVersionUuid: undefined,
    };
  }

  #addFramework(): void {
    if (this.state.frameworks.size > 4) return;
    const id = `f${this.#count}`;
    const info = {
      ...frameworkInfo({ roles: ['web', 'ops'], name: `näme ${id}` }),
      id: idRecord(id),
    };
    const framework = this.state.addFramework(info);
    this.state.subscribeFramework(framework, `stream-${id}`, this.#nowMs);
  }

  #addTask(): void {
    const agent = this.#agent();
    const framework = this.#framework();
    if (agent === undefined || framework === undefined) return;
    const role = pick(this.#random, ['web', 'ops']) ?? 'web';
    this.state.addTask(
      createMessage(Task, {
        name: `tâsk ${this.#count}`,
        taskId: { value: `t${this.#count}` },
        frameworkId: idRecord(framework.id),
        agentId: idRecord(agent.id),
        state: 'TASK_STAGING',
        resources: this.#resources(role).toRecords(),
        statuses: [],
      }),
    );
  }

  #changeTask(): void {
    const task = this.#task();
    const state = pick(this.#random, STATES);
    if (task === undefined || state === undefined) return;
    const timestamp = this.#nowMs / 1000;
    const status = { taskId: idRecord(task.id), state, timestamp, data: new Uint8Array(9) };
    const uuid = new Uint8Array(16).fill(this.#count % 256);
    task.apply({ status: { ...status, uuid }, latestState: state, uuid });
  }

  #removeTask(): void {
    const task = this.#task();
    const end = pick(this.#random, ['completed', 'unreachable', 'forgotten'] as const);
    if (task !== undefined && end !== undefined) this.state.removeTask(task, end);
  }

  #addOffer(): void {
    const agent = this.#agent();
    const framework = this.#framework();
    if (agent === undefined || framework === undefined) return;
    const id = this.state.nextOfferId();
    const resources = this.#resources('web');
    const offer = { id, frameworkId: framework.id, agentId: agent.id, role: 'web', resources };
    this.state.addOffer(offer);
  }

  #removeOffer(): void {
    const offer = this.#one(this.state.offers.values());
    if (offer !== undefined) this.state.removeOffer(offer);
  }

  #addExecutor(): void {
    const agent = this.#agent();
    const framework = this.#framework();
    if (agent === undefined || framework === undefined) return;
    const executor = createMessage(ExecutorInfo, {
      executorId: { value: `e${this.#count}` },
      frameworkId: idRecord(framework.id),
      resources: this.#resources('web').toRecords(),
    });
    this.state.addExecutor(framework.id, agent.id, executor);
  }

  #removeExecutor(): void {
    const framework = this.#framework();
    const [agentId, executors] = (framework && this.#one(framework.executors)) ?? [];
    const executorId = executors && this.#one(executors.keys());
    if (framework === undefined || agentId === undefined || executorId === undefined) return;
    this.state.removeExecutor(framework.id, agentId, executorId);
  }

  #changeFramework(): void {
    const framework = this.#framework();
    if (framework === undefined) return;
    const change = this.#random.next();
    if (change < 0.3) {
      framework.update({ ...framework.info, name: `renamed ${this.#count}` }, ['ops']);
    } else if (change < 0.6 && framework.isConnected) {
      this.state.disconnectFramework(framework);
    } else {
      this.state.subscribeFramework(framework, `stream-${this.#count}`, this.#nowMs);
    }
  }

  #changeAgent(): void {
    const agent = this.#agent();
    if (agent === undefined) return;
    if (agent.isConnected) agent.disconnect();
    else {
      // It may have moved to another machine.
      const host = this.#count % 2 === 0 ? agent.id : `${agent.id}-new`;
      const facts = this.#facts(agent.id, 'cpus:9;mem:900', host);
      this.state.reconnectAgent(agent, facts, this.#nowMs);
    }
  }

  #changeAdmissions(): void {
    const { admissions } = this.state;
    const id = toId<AgentId>(`r${this.#count % 7}`);
    const change = this.#random.next();
    if (change < 0.3) admissions.recover(id, agentInfo(`${id}.example`));
    else if (change < 0.6) admissions.markUnreachable(id, { nanoseconds: this.#count });
    else if (change < 0.7) admissions.markGone(id, { nanoseconds: this.#count });
    else admissions.settle(id);
  }

  #changeOperations(): void {
    const { operations } = this.state;
    const known = this.#one(operations.all());
    const agent = this.#agent();
    const framework = this.#framework();
    const change = this.#random.next();
    if (agent === undefined) return;
    if (known === undefined || change < 0.5) {
      const value = new Uint8Array(16).fill(this.#count % 256);
      value.set([this.#count >> 8, 0, 0, 0, 0, 0, 0x40, 0, 0x80]);
      const info = createMessage(Offer_Operation, { type: 'RESERVE' });
      const frameworkId = framework?.id;
      operations.add(
        new OperationRecord({ uuid: { value }, agentId: agent.id, frameworkId, info }),
      );
    } else if (change < 0.8) {
      const status = createMessage(OperationStatus, { state: 'OPERATION_FINISHED' });
      known.apply(status, status);
    } else {
      operations.remove(known);
    }
  }

  #changePolicy(): void {
    const { policy } = this.state;
    const role = pick(this.#random, ['web', 'ops', 'idle', 'later']) ?? 'web';
    const change = this.#random.next();
    if (change < 0.4) policy.setWeight(role, 1 + (this.#count % 5) / 2);
    else if (change < 0.8) {
      const limits = { mem: { value: this.#count }, cpus: { value: 2 } };
      policy.setQuota({ role, guarantees: { cpus: { value: 1.5 } }, limits });
    } else policy.removeQuota(role);
  }

  /** Machines of agents come into the schedule, go down and come up. */
  #changeMaintenance(): void {
    const { machines, agents } = this.state;
    const ids = [...agents.values()]
      .filter(() => this.#random.next() < 0.5)
      .map(({ id, pid }) => ({ hostname: `${id}.example`, ip: hostOf(pid.address) }));
    const change = this.#random.next();
    if (change < 0.6) {
      const unavailability = { start: { nanoseconds: this.#count * 1e9 } };
      machines.reschedule({ windows: [{ machineIds: ids, unavailability }] });
    } else if (change < 0.8) machines.bringDown(ids);
    else machines.bringUp(ids);
  }

  #changeInverseOffers(): void {
    const { inverseOffers } = this.state;
    const known = this.#one(inverseOffers.all());
    if (known !== undefined && this.#random.next() < 0.4) return inverseOffers.remove(known);
    const agent = this.#agent();
    const framework = this.#framework();
    if (agent === undefined || framework === undefined) return;
    const unavailability = { start: { nanoseconds: this.#count * 1e9 } };
    const id = this.state.nextOfferId();
    inverseOffers.add({ id, frameworkId: framework.id, agentId: agent.id, unavailability });
  }

  /** An operator drains an agent, keeps it out of offers or lets it in again; also one that is away. */
  #changeStandings(): void {
    const { standings } = this.state;
    const agent = this.#agent();
    const agentId = agent?.id ?? toId<AgentId>(`r${this.#count % 7}`);
    const change = this.#random.next();
    if (change < 0.4) {
      const config = { maxGracePeriod: { nanoseconds: this.#count * 1e9 } };
      standings.drain(agentId, { state: change < 0.2 ? 'DRAINING' : 'DRAINED', config });
      if (agent !== undefined) standings.drainBegan(agentId, this.#nowMs);
    } else if (change < 0.7) {
      standings.deactivate(agentId);
      agent?.setDeactivated(true);
    } else {
      standings.clear(agentId);
      agent?.setDeactivated(false);
    }
  }

  /** As an agent's loss: all it holds goes first. */
  #removeAgent(): void {
    const agent = this.#agent();
    if (agent === undefined) return;
    for (const offer of this.state.offersOf(agent)) this.state.removeOffer(offer);
    for (const offer of this.state.inverseOffers.of(agent.id)) {
      this.state.inverseOffers.remove(offer);
    }
    for (const task of [...agent.allTasks()]) this.state.removeTask(task, 'unreachable');
    for (const [frameworkId, executors] of [...agent.executors]) {
      for (const id of [...executors.keys()]) this.state.removeExecutor(frameworkId, agent.id, id);
    }
    this.state.removeAgent(agent);
    this.state.admissions.markUnreachable(agent.id, { nanoseconds: this.#count });
  }

  #removeFramework(): void {
    const framework = this.#framework();
    if (framework === undefined) return;
    for (const offer of this.state.offersOf(framework)) this.state.removeOffer(offer);
    for (const offer of this.state.inverseOffers.of(framework.id)) {
      this.state.inverseOffers.remove(offer);
    }
    for (const task of [...framework.tasks.values()]) this.state.removeTask(task, 'completed');
    for (const [agentId, executors] of [...framework.executors]) {
      for (const id of [...executors.keys()]) this.state.removeExecutor(framework.id, agentId, id);
    }
    this.state.removeFramework(framework, this.#nowMs);
  }
}
