// A framework wants a task ended.
import type { internal, KillPolicy } from '@kaon/protocol';
import { TASK_KILL_GRACE_MS } from '../constants.ts';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Env } from './env.ts';
import { containerKey } from './shutdown-executor.ts';
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
  const { framework, executor, record } = located;
  if (record.isTerminal) return [log('info', 'the task to kill has ended', fields)];
  if (!record.isDelivered) {
    const said = {
      state: 'TASK_KILLED',
      reason: 'REASON_TASK_KILLED_DURING_LAUNCH',
      message: 'Killed before delivery to the executor',
    } as const;
    return agentStatus(state, framework, executor, record.id, said, env);
  }
  const graceMs = graceOf(killPolicy) ?? graceOf(record.info.killPolicy) ?? TASK_KILL_GRACE_MS;
  const container = containerKey(executor);
  return [
    log('info', 'task is to be killed', { ...fields, graceMs }),
    { kind: 'killTask', container, taskId: record.id, graceMs },
  ];
}

function killUnknown(state: AgentState, frameworkId: string, taskId: string, env: Env): Effect[] {
  const effect = log('warn', 'kill of an unknown task', { frameworkId, taskId });
  const framework = state.frameworks.get(frameworkId);
  // An update on its way says what became of the task; a framework that is unknown cannot be told.
  if (!framework || state.stream(frameworkId, taskId)) return [effect];
  if (framework.hasCompleted(taskId)) return [effect];
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
