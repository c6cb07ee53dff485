// A custom executor subscribes: at its start, after a broken connection, or after a restart of the agent.
// Or it does not, in time.
import { formatDuration, utf8 } from '@kaon/primitives';
import type { executorV1 } from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor, Subscription, TerminationCause } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import type { ContainerKey } from '../state/keys.ts';
import { deliverTasks } from './deliver-tasks.ts';
import { settleAwaited } from './detect-master.ts';
import type { Env } from './env.ts';
import { executorEnded } from './executor-ended.ts';
import { containerKey, registrationKey } from './executor-keys.ts';
import { destroyExecutor, endExecutor } from './shutdown-executor.ts';
import { agentStatus, executorStatus, stateFor } from './status-update.ts';

/** Takes a subscription in. An older one of the executor is closed. */
export function subscribeExecutor(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  subscription: Subscription,
  env: Env,
): Effect[] {
  const { connection } = subscription;
  const container = containerKey(executor);
  const isOver = executor.phase === 'terminating' || executor.phase === 'ended';
  if (isOver || framework.phase === 'terminating' || state.phase === 'terminating') {
    const sentence = 'executor that subscribes while it is being shut down';
    return [log('warn', sentence, { ...container }), { kind: 'turnAway', connection }];
  }
  if (executor.phase === 'preparing') return subscribedTooEarly(state, executor, subscription, env);
  if (!executor.hasStarted) {
    // Its process may well run: the word of that takes another way than the call.
    const former = executor.earlySubscription;
    executor.earlySubscription = subscription;
    return former ? [{ kind: 'turnAway', connection: former.connection }] : [];
  }
  return acceptSubscription(state, framework, executor, subscription, env);
}

/** Whoever calls cannot be the executor, of which nothing runs yet. As in Mesos the executor is lost. */
function subscribedTooEarly(
  state: AgentState,
  executor: Executor,
  { connection }: Subscription,
  env: Env,
): Effect[] {
  const container = containerKey(executor);
  executor.cause = {
    state: 'TASK_FAILED',
    reason: 'REASON_CONTAINER_UPDATE_FAILED',
    message: 'The executor subscribed before its container was launched',
  };
  const end = { ...container, waitStatus: undefined, isLaunchFailure: false };
  return [
    log('error', 'executor subscribed before its container was launched', { ...container }),
    { kind: 'turnAway', connection },
    ...executorEnded(state, end, env),
  ];
}

/** Also called when the container's start is heard of after the subscription. */
export function acceptSubscription(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  { subscribe, connection }: Subscription,
  env: Env,
): Effect[] {
  const container = containerKey(executor);
  executor.phase = 'running';
  executor.earlySubscription = undefined;
  const effects: Effect[] = [
    log('info', 'executor subscribed', { ...container }),
    { kind: 'cancelTimer', key: registrationKey(executor) },
    { kind: 'attachExecutor', container, connection },
    ...writeMarker(state, framework, executor),
  ];
  if (!executor.hasBeenSent && ![...executor.tasks.values()].some((one) => !one.isTerminal)) {
    const sentence = 'executor without tasks: all were killed before they were delivered';
    effects.push(log('info', sentence, { ...container }));
    return [...effects, ...endExecutor(state, framework, executor, env)];
  }
  effects.push({ kind: 'tellExecutor', container, event: subscribed(state, framework, executor) });
  // Those that are on disk already count as seen twice, and are acknowledged again.
  for (const { status } of subscribe.unacknowledgedUpdates) {
    if (status.uuid) effects.push(...executorStatus(state, { ...container, status }, env));
  }
  effects.push(
    ...dropUnseen(state, framework, executor, subscribe, env),
    ...deliverTasks(state, framework, executor),
    ...killAgain(executor),
    ...settleAwaited(state, executor, env),
  );
  return effects;
}

/** A new executor has not subscribed in time. */
export function executorRegistrationOver(state: AgentState, key: ContainerKey, env: Env): Effect[] {
  const executor = state.findExecutor(key);
  if (executor?.phase !== 'launching') return [];
  const waited = formatDuration(env.settings.executorRegistrationTimeoutMs);
  return giveUp(executor, env, {
    state: 'TASK_FAILED',
    reason: 'REASON_EXECUTOR_REGISTRATION_TIMEOUT',
    message: `Executor did not register within ${waited}`,
  });
}

/** Executors of a former run that have not come back are ended; then the master hears of the agent. */
export function executorReregistrationOver(state: AgentState, _body: unknown, env: Env): Effect[] {
  const waited = formatDuration(env.settings.executorReregistrationTimeoutMs);
  const effects: Effect[] = [];
  for (const executor of [...state.allExecutors()]) {
    if (!state.awaitedExecutors.has(executor.containerId)) continue;
    const cause = {
      state: 'TASK_FAILED',
      reason: 'REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
      message: `Executor did not reregister within ${waited}`,
    } as const;
    effects.push(...giveUp(executor, env, cause), ...settleAwaited(state, executor, env));
  }
  return effects;
}

function giveUp(executor: Executor, env: Env, cause: TerminationCause): Effect[] {
  executor.cause ??= cause;
  const { message } = cause;
  const early = executor.earlySubscription;
  return [
    log('warn', 'executor did not subscribe in time', { ...containerKey(executor), message }),
    ...(early ? [{ kind: 'turnAway', connection: early.connection } as const] : []),
    ...destroyExecutor(executor, env),
  ];
}

/**
 * What was delivered and never seen was lost with the connection or with the former agent. Had the
 * executor said anything of a task, its state would be another one.
 */
function dropUnseen(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  { unacknowledgedTasks }: executorV1.Call_Subscribe,
  env: Env,
): Effect[] {
  const seen = new Set(unacknowledgedTasks.map(({ taskId }) => taskId.value));
  const effects: Effect[] = [];
  for (const record of [...executor.tasks.values()]) {
    const isUnsaid = record.task.state === 'TASK_STAGING' && record.isDelivered;
    if (!isUnsaid || seen.has(record.id)) continue;
    const said = {
      state: stateFor(framework, 'TASK_DROPPED'),
      reason: 'REASON_AGENT_RESTARTED',
      message: 'Task launched during agent restart',
    } as const;
    effects.push(...agentStatus(state, framework, executor, record.id, said, env));
  }
  return effects;
}

/** A kill that fell into the time between two connections is not lost. */
function killAgain(executor: Executor): Effect[] {
  const effects: Effect[] = [];
  for (const { id, isTerminal, killing } of executor.tasks.values()) {
    if (!killing || isTerminal) continue;
    const kill = { taskId: { value: id }, ...(killing.policy && { killPolicy: killing.policy }) };
    const event = { type: 'KILL', kill } as const;
    effects.push({ kind: 'tellExecutor', container: containerKey(executor), event });
  }
  return effects;
}

function subscribed(state: AgentState, framework: Framework, executor: Executor): executorV1.Event {
  return {
    type: 'SUBSCRIBED',
    subscribed: {
      executorInfo: executor.info,
      frameworkInfo: framework.info,
      agentInfo: state.info,
      containerId: { value: executor.containerId },
    },
  };
}

/** The mark by which Mesos' tools tell executors that speak HTTP. */
function writeMarker(state: AgentState, framework: Framework, executor: Executor): Effect[] {
  if (!framework.isCheckpointing) return [];
  const key = { ...containerKey(executor), agentId: state.agentId as string };
  const path = state.identity.paths.httpMarker(key);
  const writes = [{ kind: 'file', path, bytes: utf8(''), outlives: 'process' }] as const;
  return [{ kind: 'persist', key: executor.writeKey, writes }];
}
