// A framework wants a task ended.
import { type internal, type KillPolicy, validateId } from '@kaon/protocol';
import { TASK_KILL_GRACE_MS } from '../constants.ts';
import { type Effect, log } from '../effects.ts';
import type { AgentState, LocatedTask } from '../state/agent-state.ts';
import { membersOf } from './deliver-tasks.ts';
import type { Env } from './env.ts';
import { containerKey } from './executor-keys.ts';
import { endExecutor } from './shutdown-executor.ts';
import { agentStatus, stateFor } from './status-update.ts';

/** A kill that comes before the task was delivered wins: nothing is launched. */
export function killTask(
  state: AgentState,
  { frameworkId, taskId, killPolicy }: internal.KillTaskMessage,
  env: Env,
): Effect[] {
  const fields = { frameworkId: frameworkId.value, taskId: taskId.value };
  const located = state.findTask(frameworkId.value, taskId.value);
  if (!located) return killUnknown(state, frameworkId.value, taskId.value, env);
  const { executor, record } = located;
  if (record.isTerminal) return [log('info', 'the task to kill has ended', fields)];
  if (executor.phase === 'terminating') {
    return [log('info', 'the executor of the task to kill is being shut down', fields)];
  }
  if (!record.isDelivered) return killQueued(state, located, env);
  record.killing = { policy: killPolicy };
  const graceMs = graceOf(killPolicy) ?? graceOf(record.info.killPolicy) ?? TASK_KILL_GRACE_MS;
  const container = containerKey(executor);
  return [
    log('info', 'task is to be killed', { ...fields, graceMs }),
    { kind: 'killTask', container, taskId: record.id, graceMs, killPolicy },
  ];
}

/** The task ends with all of its group; an executor that has nothing else to do ends, too. */
function killQueued(
  state: AgentState,
  { framework, executor, record }: LocatedTask,
  env: Env,
): Effect[] {
  const said = {
    state: 'TASK_KILLED',
    reason: 'REASON_TASK_KILLED_DURING_LAUNCH',
    message: record.group
      ? 'A task within the task group was killed before delivery to the executor'
      : 'Killed before delivery to the executor',
  } as const;
  const effects: Effect[] = [];
  for (const { id, isTerminal } of membersOf(executor, record)) {
    if (!isTerminal) effects.push(...agentStatus(state, framework, executor, id, said, env));
  }
  // One that does not run yet is ended when its turn comes: see `launchCheckpointed`, `acceptSubscription`.
  const isIdle = executor.phase === 'running' && !executor.hasBeenSent;
  if (!isIdle || [...executor.tasks.values()].some((one) => !one.isTerminal)) return effects;
  return [...effects, ...endExecutor(state, framework, executor, env)];
}

function killUnknown(state: AgentState, frameworkId: string, taskId: string, env: Env): Effect[] {
  const effect = log('warn', 'kill of an unknown task', { frameworkId, taskId });
  const framework = state.frameworks.get(frameworkId);
  // An update on its way says what became of the task; a framework that is unknown cannot be told.
  if (!framework || state.stream(frameworkId, taskId)) return [effect];
  if (framework.hasCompleted(taskId) || !validateId(taskId).ok) return [effect];
  const said = {
    state: stateFor(framework, 'TASK_DROPPED'),
    reason: 'REASON_EXECUTOR_TERMINATED',
    message: 'The task is not known to the agent',
  } as const;
  return [effect, ...agentStatus(state, framework, undefined, taskId, said, env)];
}

function graceOf(policy: KillPolicy | undefined): number | undefined {
  const nanoseconds = policy?.gracePeriod?.nanoseconds;
  return nanoseconds === undefined ? undefined : Math.max(0, nanoseconds / 1e6);
}
