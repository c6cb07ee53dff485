// An executor is told to end, and is ended when it does not.
import type { internal } from '@kaon/protocol';
import { type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import type { Framework } from '../state/framework.ts';
import type { ContainerKey } from '../state/keys.ts';
import type { Env } from './env.ts';
import { executorEnded } from './executor-ended.ts';
import { containerKey, endTimerKey } from './executor-keys.ts';

/** The master wants one executor ended: its framework asked, or it should not be here. */
export function shutdownExecutor(
  state: AgentState,
  { frameworkId, executorId }: internal.ShutdownExecutorMessage,
  env: Env,
): Effect[] {
  const framework = state.frameworks.get(frameworkId?.value ?? '');
  const executor = framework?.executors.get(executorId?.value ?? '');
  if (!framework || !executor) return [];
  return endExecutor(state, framework, executor, env);
}

/** Tells an executor to end; its container is destroyed when it takes longer than its grace. */
export function endExecutor(
  state: AgentState,
  framework: Framework,
  executor: Executor,
  env: Env,
): Effect[] {
  if (executor.phase === 'ended' || executor.phase === 'terminating') return [];
  const container = containerKey(executor);
  // A custom executor answers for its own tasks: what it does not end by itself has failed, as in Mesos.
  if (executor.kind !== 'custom') {
    executor.cause ??= {
      state: 'TASK_KILLED',
      reason: 'REASON_EXECUTOR_TERMINATED',
      message: 'The executor was shut down',
    };
  }
  if (executor.phase === 'preparing') {
    // Nothing runs yet, and nothing will: see `launchCheckpointed`.
    const end = { ...container, waitStatus: undefined, isLaunchFailure: false };
    return executorEnded(state, end, env);
  }
  const early = executor.earlySubscription;
  executor.earlySubscription = undefined;
  executor.phase = 'terminating';
  const graceMs = graceOf(executor, env);
  return [
    ...(early ? [{ kind: 'turnAway', connection: early.connection } as const] : []),
    log('info', 'executor shut down', { ...container, framework: framework.info.name }),
    { kind: 'shutdownExecutor', container, graceMs },
    {
      kind: 'setTimer',
      key: endTimerKey(executor),
      delayMs: graceMs,
      next: { name: 'shutdownGraceOver', body: container },
    },
  ];
}

/** The executor did not end in time: its container is destroyed with all that is in it. */
export function shutdownGraceOver(state: AgentState, key: ContainerKey, env: Env): Effect[] {
  const executor = state.findExecutor(key);
  if (!executor?.isLive) return [];
  return [
    log('warn', 'executor did not end in time: its container is destroyed', { ...key }),
    ...destroyExecutor(executor, env),
  ];
}

/** Destroys the container of an executor, and gives it up when even that takes too long. */
export function destroyExecutor(executor: Executor, env: Env): Effect[] {
  const container = containerKey(executor);
  executor.earlySubscription = undefined;
  executor.phase = 'terminating';
  return [
    { kind: 'destroyContainer', container },
    {
      kind: 'setTimer',
      key: endTimerKey(executor),
      delayMs: env.settings.containerDestroyTimeoutMs,
      next: { name: 'destroyOverdue', body: container },
    },
  ];
}

/** Not even destruction helps: the agent goes on without knowing what became of it. */
export function destroyOverdue(state: AgentState, key: ContainerKey, env: Env): Effect[] {
  const executor = state.findExecutor(key);
  if (!executor?.isLive) return [];
  const message = 'The container could not be destroyed in time';
  return [
    log('error', 'a container cannot be destroyed: it is given up', { ...key }),
    ...executorEnded(
      state,
      { ...key, message, waitStatus: undefined, isLaunchFailure: false },
      env,
    ),
  ];
}

function graceOf(executor: Executor, env: Env): number {
  const nanoseconds = executor.info.shutdownGracePeriod?.nanoseconds;
  if (nanoseconds === undefined) return env.settings.executorShutdownGraceMs;
  return Math.max(0, nanoseconds / 1e6);
}
