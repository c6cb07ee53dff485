// A custom executor calls. What it may say depends on who it is and on how far its executor is.
import { createMessage, type executorV1, internal } from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { ExecutorClaims } from '../executors/executor-tokens.ts';
import type { ExecutorCall, ExecutorVerdict } from '../protocol.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import type { Env } from './env.ts';
import { containerKey } from './executor-keys.ts';
import { executorStatus } from './status-update.ts';
import { subscribeExecutor } from './subscribe-executor.ts';

/** What the caller gets, and what is to be done. */
export interface ExecutorCallOutcome {
  readonly effects: readonly Effect[];
  readonly verdict: ExecutorVerdict;
}

/** Answers one valid call. */
export function executorCall(
  state: AgentState,
  { call, claims, connection }: ExecutorCall,
  env: Env,
): ExecutorCallOutcome {
  const { type } = call;
  if (type === 'HEARTBEAT') return accepted([]);
  if (type !== 'SUBSCRIBE' && state.awaitedExecutors.size > 0) {
    return refused(503, 'Agent has not finished recovery');
  }
  const framework = state.frameworks.get(call.frameworkId.value);
  if (!framework) return refused(400, 'Framework cannot be found');
  const executor = framework.executors.get(call.executorId.value);
  // Those of the agent's own speak to it otherwise: nobody may call in their name.
  if (executor?.kind !== 'custom') return refused(400, 'Executor cannot be found');
  const mismatch = claims && claimsProblem(claims, executor);
  if (mismatch) return refused(403, mismatch);
  const isSubscribed = executor.phase !== 'preparing' && executor.phase !== 'launching';
  if (type !== 'SUBSCRIBE' && !isSubscribed) return refused(403, 'Executor is not subscribed');

  if (type === 'SUBSCRIBE' && call.subscribe && connection) {
    const subscription = { subscribe: call.subscribe, connection };
    const effects = subscribeExecutor(state, framework, executor, subscription, env);
    return { effects, verdict: { kind: 'streaming' } };
  }
  if (type === 'UPDATE' && call.update) {
    const { status } = call.update;
    return accepted(executorStatus(state, { ...containerKey(executor), status }, env));
  }
  if (type === 'MESSAGE' && call.message) {
    return accepted(messageToFramework(state, framework, executor, call.message));
  }
  return refused(501, '');
}

/** Bytes for the framework, by way of the master. */
function messageToFramework(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  { data }: executorV1.Call_Message,
): Effect[] {
  if (framework.phase !== 'running' || !state.isRegistered) {
    state.counters.invalidFrameworkMessages += 1;
    return [log('warn', 'message of an executor dropped: nobody is there to take it')];
  }
  state.counters.validFrameworkMessages += 1;
  const body = createMessage(internal.ExecutorToFrameworkMessage, {
    agentId: { value: state.agentId as string },
    frameworkId: { value: framework.id },
    executorId: executor.info.executorId,
    data,
  });
  return [{ kind: 'sendToMaster', name: 'executorToFramework', body }];
}

/** Whether a token is for somebody else. */
function claimsProblem(claims: ExecutorClaims, executor: Executor): string | undefined {
  const { frameworkId, executorId, containerId } = claims;
  const who = `Authenticated principal '{ cid: ${containerId}, eid: ${executorId}, fid: ${frameworkId} }'`;
  if (frameworkId !== executor.frameworkId) {
    return `${who} does not contain an 'fid' claim with the framework ID ${executor.frameworkId}, which is set in the call`;
  }
  if (executorId !== executor.id) {
    return `${who} does not contain an 'eid' claim with the executor ID ${executor.id}, which is set in the call`;
  }
  if (containerId !== executor.containerId) {
    return `${who} does not contain a 'cid' claim with the correct active ContainerID`;
  }
  return undefined;
}

function accepted(effects: readonly Effect[]): ExecutorCallOutcome {
  return { effects, verdict: { kind: 'accepted' } };
}

function refused(status: 400 | 403 | 501 | 503, problem: string): ExecutorCallOutcome {
  const isUnknown = status === 400;
  return { effects: [], verdict: { kind: 'refused', status, problem, isUnknown } };
}
