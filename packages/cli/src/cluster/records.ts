// One flat record per task, agent and framework: what `--json` prints and the tables show.
import type {
  MasterState,
  StateAgent,
  StateFramework,
  StateResources,
  StateTask,
} from './master-state.ts';

/** A task. Times are seconds since 1970, memory and disk MB. */
export interface TaskRecord {
  readonly id: string;
  readonly name: string;
  readonly state: string;
  /** Whether it will never run again. */
  readonly ended: boolean;
  readonly framework_id: string;
  readonly framework_name: string;
  readonly agent_id: string;
  /** Empty when the master no longer knows the agent. */
  readonly agent_hostname: string;
  readonly cpus: number;
  readonly mem: number;
  readonly started_time?: number;
  readonly updated_time?: number;
}

/** An agent. */
export interface AgentRecord {
  readonly id: string;
  readonly hostname: string;
  /** `ip:port`. */
  readonly address: string;
  readonly state: 'active' | 'inactive' | 'deactivated';
  readonly cpus: number;
  readonly cpus_used: number;
  readonly mem: number;
  readonly mem_used: number;
  readonly disk: number;
  readonly disk_used: number;
  readonly ports: string;
  readonly tasks: number;
  readonly attributes: unknown;
  readonly registered_time: number;
}

/** A framework. */
export interface FrameworkRecord {
  readonly id: string;
  readonly name: string;
  readonly user: string;
  readonly roles: readonly string[];
  readonly state: 'active' | 'inactive' | 'disconnected' | 'recovered' | 'completed';
  readonly tasks: number;
  readonly cpus: number;
  readonly mem: number;
  readonly registered_time: number;
}

const NONE: StateResources = {};

/** All tasks the master remembers, oldest first. */
export function taskRecords(state: MasterState): readonly TaskRecord[] {
  const hostnames = new Map(state.slaves.map(({ id, hostname }) => [id, hostname]));
  const frameworks = [...(state.completed_frameworks ?? []), ...state.frameworks];
  return frameworks
    .flatMap((framework) => [
      ...(framework.completed_tasks ?? []).map((task) => record(task, framework, true)),
      ...(framework.unreachable_tasks ?? []).map((task) => record(task, framework, false)),
      ...(framework.tasks ?? []).map((task) => record(task, framework, false)),
    ])
    .sort((left, right) => (left.started_time ?? 0) - (right.started_time ?? 0));

  function record(task: StateTask, framework: StateFramework, ended: boolean): TaskRecord {
    const times = (task.statuses ?? []).flatMap(({ timestamp }) => (timestamp ? [timestamp] : []));
    const agentId = task.slave_id ?? '';
    const { cpus = 0, mem = 0 } = task.resources ?? NONE;
    return {
      id: task.id,
      name: task.name,
      state: task.state,
      ended,
      framework_id: framework.id,
      framework_name: framework.name,
      agent_id: agentId,
      agent_hostname: hostnames.get(agentId) ?? '',
      cpus,
      mem,
      ...(times.length === 0
        ? {}
        : { started_time: Math.min(...times), updated_time: Math.max(...times) }),
    };
  }
}

/** All registered agents, oldest first. */
export function agentRecords(state: MasterState): readonly AgentRecord[] {
  const tasks = new Map<string, number>();
  for (const framework of state.frameworks) {
    for (const { slave_id: agentId = '' } of framework.tasks ?? []) {
      tasks.set(agentId, (tasks.get(agentId) ?? 0) + 1);
    }
  }
  return state.slaves
    .map((agent) => {
      const { cpus = 0, mem = 0, disk = 0, ports = '' } = agent.resources ?? NONE;
      const used = agent.used_resources ?? NONE;
      return {
        id: agent.id,
        hostname: agent.hostname,
        address: addressOf(agent),
        state: agentState(agent),
        cpus,
        cpus_used: used.cpus ?? 0,
        mem,
        mem_used: used.mem ?? 0,
        disk,
        disk_used: used.disk ?? 0,
        ports,
        tasks: tasks.get(agent.id) ?? 0,
        attributes: agent.attributes ?? {},
        registered_time: agent.registered_time ?? 0,
      };
    })
    .sort((left, right) => left.registered_time - right.registered_time);
}

/** Agents that fell silent and may come back; the master tells no more of them than their number. */
export function unreachableAgents(state: MasterState): number {
  return state.unreachable_slaves ?? 0;
}

/** All frameworks the master remembers, gone ones first. */
export function frameworkRecords(state: MasterState): readonly FrameworkRecord[] {
  return [
    ...(state.completed_frameworks ?? []).map((framework) => record(framework, true)),
    ...state.frameworks.map((framework) => record(framework, false)),
  ];

  function record(framework: StateFramework, isCompleted: boolean): FrameworkRecord {
    const { cpus = 0, mem = 0 } = framework.used_resources ?? NONE;
    return {
      id: framework.id,
      name: framework.name,
      user: framework.user ?? '',
      roles: framework.roles ?? (framework.role === undefined ? [] : [framework.role]),
      state: isCompleted ? 'completed' : frameworkState(framework),
      tasks: (framework.tasks ?? []).length,
      cpus,
      mem,
      registered_time: framework.registered_time ?? 0,
    };
  }
}

function agentState(agent: StateAgent): AgentRecord['state'] {
  if (agent.deactivated === true) return 'deactivated';
  return agent.active === false ? 'inactive' : 'active';
}

function frameworkState(framework: StateFramework): FrameworkRecord['state'] {
  if (framework.recovered === true) return 'recovered';
  if (framework.connected === false) return 'disconnected';
  return framework.active === false ? 'inactive' : 'active';
}

/** The `ip:port` of a pid such as `slave(1)@10.0.0.7:5051`. */
function addressOf({ pid, hostname, port }: StateAgent): string {
  const at = pid?.indexOf('@') ?? -1;
  if (pid !== undefined && at >= 0) return pid.slice(at + 1);
  return port === undefined ? hostname : `${hostname}:${port}`;
}
