// Machines under maintenance, and the schedule that put them there.
import type { Pid } from '@kaon/actor';
import { BoundedMap } from '@kaon/primitives';
import type {
  AgentId,
  AgentInfo,
  FrameworkId,
  MachineID,
  MachineInfo_Mode,
  maintenanceV1,
  Unavailability,
} from '@kaon/protocol';
import { machineKey, machinesOf, withoutMachines } from '@kaon/registry';
import { MACHINES_MAX } from '../constants.ts';
import { type Agent, hostOf } from './agent.ts';
import type { StateChanges } from './state-changes.ts';

/** A machine that drains or is down. All others are up. */
export interface Machine {
  readonly id: MachineID;
  readonly mode: MachineInfo_Mode;
  readonly unavailability: Unavailability | undefined;
}

/** What a framework last said about an agent's maintenance. */
export interface InverseOfferAnswered {
  readonly isAccepted: boolean;
  readonly atMs: number;
}

/** Changed by transitions through its methods, when the registry has it. */
export class Machines {
  readonly #all = new Map<string, Machine>();
  readonly #answers = new Map<AgentId, Map<FrameworkId, InverseOfferAnswered>>();
  /** Machines that were ever scheduled: it makes a difference for what an operator is told. */
  readonly #known = new BoundedMap<string, true>(MACHINES_MAX);
  readonly #changes: StateChanges | undefined;
  #schedule: maintenanceV1.Schedule | undefined;

  /** `changes` hears of new windows and modes; undefined: nobody does. */
  constructor(changes?: StateChanges) {
    this.#changes = changes;
  }

  /** By key, in the order of the schedule. */
  get all(): ReadonlyMap<string, Machine> {
    return this.#all;
  }

  get schedule(): maintenanceV1.Schedule | undefined {
    return this.#schedule;
  }

  get(id: MachineID): Machine | undefined {
    return this.#all.get(machineKey(id));
  }

  /** Whether this master has heard of the machine, perhaps as one that is up. */
  isKnown(id: MachineID): boolean {
    return this.#known.has(machineKey(id));
  }

  /** The machine an agent lives on, when it is under maintenance. */
  of(agent: Agent): Machine | undefined {
    return this.#all.size === 0 ? undefined : this.#all.get(agent.machineKey);
  }

  /** Whether an agent that comes from there must not join. */
  isDown({ hostname }: AgentInfo, { address }: Pick<Pid, 'address'>): boolean {
    if (this.#all.size === 0) return false;
    return this.#all.get(machineKey({ hostname, ip: hostOf(address) }))?.mode === 'DOWN';
  }

  /** What is in the registry when this master takes over. */
  recover(schedule: maintenanceV1.Schedule | undefined, machines: Iterable<Machine>): void {
    this.#schedule = schedule;
    for (const machine of machines) this.#set(machineKey(machine.id), machine);
    this.#tell();
  }

  /** Makes the machines what they are said to be; for copies that another thread reads. */
  restore(machines: Iterable<Machine>): void {
    this.#all.clear();
    for (const machine of machines) this.#set(machineKey(machine.id), machine);
  }

  /** Takes a new schedule in; the keys of the machines it touches, those that are up again among them. */
  reschedule(schedule: maintenanceV1.Schedule): ReadonlySet<string> {
    const scheduled = machinesOf(schedule);
    const touched = new Set([...this.#all.keys(), ...scheduled.keys()]);
    const former = new Map(this.#all);
    this.#all.clear();
    for (const [key, { id, unavailability }] of scheduled) {
      this.#set(key, { id, mode: former.get(key)?.mode ?? 'DRAINING', unavailability });
    }
    this.#schedule = schedule;
    this.#tell();
    return touched;
  }

  bringDown(ids: readonly MachineID[]): void {
    for (const key of ids.map(machineKey)) {
      const machine = this.#all.get(key);
      if (machine !== undefined) this.#all.set(key, { ...machine, mode: 'DOWN' });
    }
    this.#tell();
  }

  bringUp(ids: readonly MachineID[]): void {
    const keys = new Set(ids.map(machineKey));
    for (const key of keys) this.#all.delete(key);
    this.#schedule = withoutMachines(this.#schedule, keys);
    this.#tell();
  }

  answersOf(agentId: AgentId): ReadonlyMap<FrameworkId, InverseOfferAnswered> {
    return this.#answers.get(agentId) ?? new Map();
  }

  rememberAnswer(agentId: AgentId, frameworkId: FrameworkId, answer: InverseOfferAnswered): void {
    const answers = this.#answers.get(agentId) ?? new Map<FrameworkId, InverseOfferAnswered>();
    answers.set(frameworkId, answer);
    this.#answers.set(agentId, answers);
  }

  /** The agent is gone, or its window is another one. */
  forgetAgent(agentId: AgentId): void {
    this.#answers.delete(agentId);
  }

  forgetFramework(frameworkId: FrameworkId): void {
    for (const [agentId, answers] of this.#answers) {
      answers.delete(frameworkId);
      if (answers.size === 0) this.#answers.delete(agentId);
    }
  }

  #set(key: string, machine: Machine): void {
    this.#all.set(key, machine);
    this.#known.set(key, true);
  }

  #tell(): void {
    this.#changes?.tell({ kind: 'machinesChanged', machines: this });
  }
}
