// After a restart: the tasks of groups that still have their containers are held on to.
import type { Effect } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import { nestedContainerId } from '../state/nested-container.ts';
import type { TaskRecord } from '../state/task-record.ts';
import { commandLaunch, membersOf } from './deliver-tasks.ts';
import type { Env } from './env.ts';
import { containerKey } from './executor-keys.ts';
import type { FoundContainer } from './recover.ts';
import { agentStatus, stateFor } from './status-update.ts';

/**
 * Groups go on as far as they are whole: what is left of one that lost a member is killed. Undefined when
 * nothing is left of any: then the executor has ended.
 */
export function recoverGroups(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  found: ReadonlyMap<string, FoundContainer>,
  env: Env,
): Effect[] | undefined {
  const container = containerKey(executor);
  const isFound = ({ id }: TaskRecord): boolean =>
    found.has(nestedContainerId(executor.containerId, id).fullId);
  const records = [...executor.tasks.values()];
  if (!records.some(isFound)) return undefined;
  executor.hasStarted = true;

  const effects: Effect[] = [];
  const seen = new Set<TaskRecord>();
  for (const record of records) {
    if (seen.has(record)) continue;
    const members = membersOf(executor, record);
    for (const member of members) seen.add(member);
    const held = members.filter(isFound);
    if (held.length > 0) {
      const launches = held.map((member) => ({
        ...commandLaunch(state, framework, executor, member),
        recovered: { reported: member.task.statuses.at(-1)?.state },
      }));
      effects.push({ kind: 'launchGroup', launch: { ...container, members: launches } });
    }
    const lost = members.filter((member) => !isFound(member) && !member.isTerminal);
    for (const { id, task } of lost) {
      const wasLaunched = task.statuses.length > 0;
      const said = wasLaunched
        ? {
            state: 'TASK_FAILED' as const,
            reason: 'REASON_EXECUTOR_TERMINATED' as const,
            message: 'The container was gone when the agent restarted',
          }
        : {
            state: stateFor(framework, 'TASK_DROPPED'),
            reason: 'REASON_AGENT_RESTARTED' as const,
            message: 'The agent restarted before the task was launched',
          };
      effects.push(...agentStatus(state, framework, executor, id, said, env));
    }
    const former = executor.completedTasks.filter(({ id }) => record.group?.includes(id));
    const isBroken = [...members, ...former].some(
      ({ isTerminal, task }) => isTerminal && task.state !== 'TASK_FINISHED',
    );
    for (const { id, isTerminal } of isBroken ? held : []) {
      if (!isTerminal) effects.push({ kind: 'killTask', container, taskId: id, graceMs: 0 });
    }
  }
  return effects;
}
