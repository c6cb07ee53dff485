// An operator declares an agent lost for good.
import type { AgentId, TaskStatus_Reason, TimeInfo } from '@kaon/protocol';
import { markAgentGone } from '@kaon/registry';
import { answer, count, type Effect, log, persistChange, toAgent } from '../../effects.ts';
import type { Env } from '../../env.ts';
import type { DurableChange, ReplyId } from '../../operator-change.ts';
import type { Framework } from '../../state/framework.ts';
import type { MasterState } from '../../state/master-state.ts';
import { loseAgent } from '../lose-agent.ts';
import { announceFailure } from '../mark-agent-unreachable.ts';
import { masterStatus, tellStatus } from '../master-status.ts';

const MESSAGE = 'Agent has been marked gone';

/** Has the agent marked gone, unless it is already or something else is being written about it. */
export function beginMarkGone(
  { admissions, agents }: MasterState,
  agentId: AgentId,
  reply: ReplyId | undefined,
  { nowMs }: Env,
): readonly Effect[] {
  if (admissions.gone.has(agentId)) return answer(reply, 200);
  const change = admissions.changeOf(agentId);
  if (change === 'markingGone') {
    return answer(reply, 503, `Agent '${agentId}' is already being transitioned to gone`);
  }
  if (change !== undefined) {
    const text = `Agent '${agentId}' is being transitioned to ${TARGETS[change]}`;
    return answer(reply, 503, text);
  }
  if (!agents.has(agentId) && !admissions.isMissed(agentId)) {
    return answer(reply, 404, `Agent '${agentId}' not found`);
  }
  if (!admissions.beginChange(agentId, 'markingGone')) {
    return answer(reply, 503, 'Too many agents are in transition');
  }
  const since: TimeInfo = { nanoseconds: Math.round(nowMs * 1e6) };
  return [
    persistChange(markAgentGone(agentId, since), { kind: 'agentGone', agentId, since }, reply),
  ];
}

const TARGETS = {
  removing: 'removed',
  markingUnreachable: 'unreachable',
  reregistering: 'registered',
} as const;

/** The registry has it: the agent is shut down, and frameworks hear that their tasks are gone. */
export function agentGone(
  state: MasterState,
  { agentId, since }: Extract<DurableChange, { readonly kind: 'agentGone' }>,
  reply: ReplyId | undefined,
  env: Env,
): readonly Effect[] {
  state.admissions.endChange(agentId);
  state.admissions.markGone(agentId, since);
  state.standings.clear(agentId);
  const agent = state.agents.get(agentId);
  const gone = log('info', 'agent marked gone', { agentId, isRegistered: agent !== undefined });
  if (agent === undefined) {
    return [...loseUnreachableTasks(state, agentId, env), gone, ...answer(reply, 200)];
  }
  const shutdown = toAgent(agent.pid, 'shutdown', { message: MESSAGE });
  // The reason differs from framework to framework, so each has a loss of its own.
  return [
    count('agentRemovals'),
    ...(agent.isConnected ? [shutdown] : []),
    ...loseAgent(
      state,
      agent,
      {
        reason: reasonOf,
        message: MESSAGE,
        stateOf,
        end: 'completed',
        operations: { state: 'OPERATION_GONE_BY_OPERATOR', message: MESSAGE },
      },
      env,
    ),
    ...announceFailure(state, agentId),
    gone,
    ...answer(reply, 200),
  ];
}

function stateOf(framework: Framework): 'TASK_GONE_BY_OPERATOR' | 'TASK_LOST' {
  return framework.has('PARTITION_AWARE') ? 'TASK_GONE_BY_OPERATOR' : 'TASK_LOST';
}

function reasonOf(framework: Framework): TaskStatus_Reason {
  return framework.has('PARTITION_AWARE')
    ? 'REASON_AGENT_REMOVED_BY_OPERATOR'
    : 'REASON_AGENT_REMOVED';
}

/** Tasks of an agent that fell silent before: they will not come back with it. */
function loseUnreachableTasks(state: MasterState, agentId: AgentId, env: Env): readonly Effect[] {
  const effects: Effect[] = [];
  for (const framework of state.frameworks.values()) {
    for (const [taskId, task] of [...framework.unreachableTasks.entries()]) {
      if (task.agentId !== agentId) continue;
      const verdict = {
        taskId,
        agentId,
        executorId: task.executorId,
        state: stateOf(framework),
        reason: reasonOf(framework),
        message: MESSAGE,
      };
      const status = masterStatus(verdict, env);
      task.apply({ status, latestState: status.state, uuid: undefined });
      framework.unreachableTasks.delete(taskId);
      framework.completedTasks.push(task);
      effects.push(
        { kind: 'countTaskEnd', frameworkId: framework.id, status },
        ...tellStatus(framework, status),
      );
    }
  }
  return effects;
}
