// Runs command executors: one child actor per task, bound to one container of the containerizer.
import type { ActorContext, Pid } from '@kaon/actor';
import {
  type CommandExecutorEnd,
  type CommandExecutorProtocol,
  commandExecutor,
} from '@kaon/executor';
import { hasCapability } from '@kaon/protocol';
import type { CommandLaunch } from '../effects.ts';
import type { AgentProtocol } from '../protocol.ts';
import type { ContainerKey } from '../state/keys.ts';
import { type LaunchPorts, taskRunner, waitStatusOf } from './container-launch.ts';
import type { ExecutorsOfKind } from './executor-host.ts';

/** What an executor may keep of its grace for its own end. */
const EXECUTOR_OWN_END_MS = 2000;

/** Command executors of one agent. */
export interface CommandExecutors extends ExecutorsOfKind {
  /** Starts a command executor, or one that holds on to a container that was recovered. */
  launch(launch: CommandLaunch): void;
}

interface RunningExecutor {
  readonly key: ContainerKey;
  readonly pid: Pid<CommandExecutorProtocol>;
  hasEnded: boolean;
}

/** Command executors as children of the agent whose context this is. */
export function commandExecutorHost(
  ctx: ActorContext<AgentProtocol>,
  options: LaunchPorts,
): CommandExecutors {
  const { containerizer } = options;
  const running = new Map<string, RunningExecutor>();
  /** Container of each executor's PID. */
  const containers = new Map<string, string>();

  const ended = (key: ContainerKey, end: CommandExecutorEnd): undefined => {
    const executor = running.get(key.containerId);
    if (executor) executor.hasEnded = true;
    if (end.kind === 'done') {
      const waitStatus = waitStatusOf(end.termination);
      return ctx.send(ctx.self, 'executorEnded', { ...key, waitStatus, isLaunchFailure: false });
    }
    return ctx.send(ctx.self, 'executorEnded', {
      ...key,
      waitStatus: undefined,
      isLaunchFailure: true,
      reason: 'REASON_CONTAINER_LAUNCH_FAILED',
      message: `Failed to launch container: ${end.problem}`,
    });
  };

  const destroy = (key: ContainerKey): undefined =>
    ctx.defer(
      containerizer.destroy(key.containerId),
      () =>
        ctx.send(ctx.self, 'executorEnded', {
          ...key,
          waitStatus: undefined,
          isLaunchFailure: false,
        }),
      (error) => ctx.logger.error({ err: error, ...key }, 'container not destroyed'),
    );

  const tell = (key: ContainerKey): Pid<CommandExecutorProtocol> | undefined => {
    const executor = running.get(key.containerId);
    return executor?.hasEnded === false ? executor.pid : undefined;
  };

  return {
    has: (containerId) => running.has(containerId),

    launch(launch) {
      const { frameworkId, executorId, containerId, task, framework, recovered } = launch;
      const key = { frameworkId, executorId, containerId };
      const pid = ctx.spawn(
        commandExecutor,
        {
          task,
          runner: taskRunner(launch, options),
          sendsKilling: hasCapability(framework, 'TASK_KILLING_STATE'),
          ...(recovered && { recovered: { reported: recovered.reported } }),
          onStarted: (processId) => ctx.send(ctx.self, 'executorStarted', { ...key, processId }),
          onStatus: (status) => ctx.send(ctx.self, 'executorStatus', { ...key, status }),
          onEnded: (end) => ended(key, end),
        },
        { id: `command-executor(${containerId})` },
      );
      running.set(containerId, { key, pid, hasEnded: false });
      containers.set(pid.toString(), containerId);
      ctx.link(pid);
    },

    kill(key, _taskId, { graceMs }) {
      const pid = tell(key);
      if (pid) ctx.send(pid, 'kill', { graceMs });
    },

    acknowledge(key, _taskId, uuid) {
      const pid = tell(key);
      if (pid) ctx.send(pid, 'acknowledged', { uuid });
    },

    shutdown(key, graceMs) {
      const pid = tell(key);
      const taskGraceMs = Math.max(0, graceMs - EXECUTOR_OWN_END_MS);
      if (pid) ctx.send(pid, 'shutdown', { graceMs: taskGraceMs });
      else destroy(key);
    },

    destroy(key) {
      destroy(key);
    },

    exited(pid) {
      const containerId = containers.get(pid.toString());
      const executor = containerId === undefined ? undefined : running.get(containerId);
      if (containerId === undefined || !executor) return false;
      containers.delete(pid.toString());
      running.delete(containerId);
      // An executor that failed leaves its container behind, and nobody else would end it.
      if (!executor.hasEnded) destroy(executor.key);
      return true;
    },
  };
}
