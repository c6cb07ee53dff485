// Which columns the tables of tasks, agents and frameworks have.
import type { AgentRecord, FrameworkRecord, TaskRecord } from '../cluster/records.ts';
import { formatAmount, formatElapsed, formatMegabytes } from './format.ts';
import type { Column } from './table.ts';

/** Columns of `kaon tasks`. */
export function taskColumns(nowMs: number): readonly Column<TaskRecord>[] {
  return [
    { title: 'TASK', text: ({ id }) => id },
    { title: 'STATE', text: ({ state }) => state },
    { title: 'FRAMEWORK', text: ({ framework_name: name }) => name },
    { title: 'AGENT', text: (task) => task.agent_hostname || task.agent_id },
    { title: 'CPUS', text: ({ cpus }) => formatAmount(cpus), align: 'right' },
    { title: 'MEM', text: ({ mem }) => formatMegabytes(mem), align: 'right' },
    { title: 'FOR', text: (task) => taskElapsed(task, nowMs), align: 'right' },
  ];
}

/** Columns of `kaon agents`. */
export function agentColumns(nowMs: number): readonly Column<AgentRecord>[] {
  return [
    { title: 'AGENT', text: ({ id }) => id },
    { title: 'HOST', text: ({ hostname }) => hostname },
    { title: 'ADDRESS', text: ({ address }) => address },
    { title: 'STATE', text: ({ state }) => state },
    { title: 'TASKS', text: ({ tasks }) => String(tasks), align: 'right' },
    {
      title: 'CPUS',
      text: (agent) => `${formatAmount(agent.cpus_used)} of ${formatAmount(agent.cpus)}`,
      align: 'right',
    },
    {
      title: 'MEM',
      text: (agent) => `${formatMegabytes(agent.mem_used)} of ${formatMegabytes(agent.mem)}`,
      align: 'right',
    },
    { title: 'FOR', text: (agent) => since(agent.registered_time, nowMs), align: 'right' },
  ];
}

/** Columns of `kaon frameworks`. */
export function frameworkColumns(nowMs: number): readonly Column<FrameworkRecord>[] {
  return [
    { title: 'FRAMEWORK', text: ({ id }) => id },
    { title: 'NAME', text: ({ name }) => name },
    { title: 'USER', text: ({ user }) => user },
    { title: 'ROLES', text: ({ roles }) => roles.join(',') },
    { title: 'STATE', text: ({ state }) => state },
    { title: 'TASKS', text: ({ tasks }) => String(tasks), align: 'right' },
    { title: 'CPUS', text: ({ cpus }) => formatAmount(cpus), align: 'right' },
    { title: 'MEM', text: ({ mem }) => formatMegabytes(mem), align: 'right' },
    { title: 'FOR', text: (framework) => since(framework.registered_time, nowMs), align: 'right' },
  ];
}

function since(timeSeconds: number, nowMs: number): string {
  return timeSeconds === 0 ? '' : formatElapsed(nowMs - timeSeconds * 1000);
}

/** How long it ran, or runs. */
function taskElapsed(task: TaskRecord, nowMs: number): string {
  const { started_time: started, updated_time: updated, ended } = task;
  if (started === undefined) return '';
  return formatElapsed((ended && updated !== undefined ? updated * 1000 : nowMs) - started * 1000);
}
