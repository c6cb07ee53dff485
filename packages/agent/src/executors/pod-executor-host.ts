// Runs task groups: one child actor per executor that has groups, one container per task.
import type { ActorContext, Pid } from '@kaon/actor';
import { type PodExecutorProtocol, podExecutor } from '@kaon/executor';
import { hasCapability } from '@kaon/protocol';
import type { GroupLaunch } from '../effects.ts';
import type { AgentProtocol } from '../protocol.ts';
import type { ContainerKey } from '../state/keys.ts';
import { nestedContainerId } from '../state/nested-container.ts';
import { type LaunchPorts, taskRunner } from './container-launch.ts';
import type { ExecutorsOfKind } from './executor-host.ts';

/** What an executor may keep of its grace for its own end. */
const EXECUTOR_OWN_END_MS = 2000;

/** Executors that look after groups. */
export interface PodExecutors extends ExecutorsOfKind {
  /** Runs a group, and its executor when it does not run yet. */
  launch(launch: GroupLaunch): void;
}

interface RunningPod {
  readonly key: ContainerKey;
  readonly pid: Pid<PodExecutorProtocol>;
  /** Containers by task: they end with it. */
  readonly containers: Map<string, string>;
  readonly processIds: Map<string, number>;
  hasEnded: boolean;
}

/** Pod executors as children of the agent whose context this is. */
export function podExecutorHost(
  ctx: ActorContext<AgentProtocol>,
  options: LaunchPorts,
): PodExecutors {
  const { containerizer } = options;
  const running = new Map<string, RunningPod>();

  const end = (pod: RunningPod, waitStatus: number | undefined): undefined => {
    if (pod.hasEnded) return undefined;
    pod.hasEnded = true;
    return ctx.send(ctx.self, 'executorEnded', { ...pod.key, waitStatus, isLaunchFailure: false });
  };

  const start = (launch: GroupLaunch): RunningPod => {
    const { frameworkId, executorId, containerId, members } = launch;
    const key = { frameworkId, executorId, containerId };
    const framework = members[0]?.framework;
    const processIds = new Map<string, number>();
    const pid = ctx.spawn(
      podExecutor,
      {
        sendsKilling: framework !== undefined && hasCapability(framework, 'TASK_KILLING_STATE'),
        onStarted: (taskId, processId) => {
          processIds.set(taskId, processId);
          return undefined;
        },
        onStatus: (status) => {
          const taskId = status.taskId.value;
          // A task that is starting has no process in Mesos yet.
          const executorPid = status.state === 'TASK_STARTING' ? undefined : processIds.get(taskId);
          const { id: value } = nestedContainerId(containerId, taskId);
          const containerStatus = {
            containerId: { value, parent: { value: containerId } },
            networkInfos: [],
            ...(executorPid !== undefined && { executorPid }),
          };
          return ctx.send(ctx.self, 'executorStatus', {
            ...key,
            status: { ...status, containerStatus },
          });
        },
        onMemberEnded: (taskId) => {
          processIds.delete(taskId);
          running.get(containerId)?.containers.delete(taskId);
          return undefined;
        },
        onEnded: () => {
          const pod = running.get(containerId);
          return pod && end(pod, 0);
        },
      },
      { id: `pod-executor(${containerId})` },
    );
    const pod = { key, pid, containers: new Map<string, string>(), processIds, hasEnded: false };
    running.set(containerId, pod);
    ctx.link(pid);
    return pod;
  };

  const tell = ({ containerId }: ContainerKey): Pid<PodExecutorProtocol> | undefined => {
    const pod = running.get(containerId);
    return pod?.hasEnded === false ? pod.pid : undefined;
  };

  const destroy = (pod: RunningPod): void => {
    const work = Promise.all([...pod.containers.values()].map((id) => containerizer.destroy(id)));
    ctx.defer(
      work,
      () => end(pod, undefined),
      (error) => ctx.logger.error({ err: error, ...pod.key }, 'container not destroyed'),
    );
  };

  return {
    has: (containerId) => running.has(containerId),

    launch(launch) {
      const pod = running.get(launch.containerId) ?? start(launch);
      // One that ends just now has told the agent so: the tasks end with it.
      if (pod.hasEnded) return;
      for (const { task, containerId } of launch.members) {
        pod.containers.set(task.taskId.value, containerId);
      }
      ctx.send(pod.pid, 'launchGroup', {
        members: launch.members.map((member) => ({
          task: member.task,
          runner: taskRunner(member, options),
          ...(member.recovered && { recovered: member.recovered }),
        })),
      });
    },

    kill(key, taskId, { graceMs }) {
      const pid = tell(key);
      if (pid) ctx.send(pid, 'kill', { taskId, graceMs });
    },

    acknowledge(key, taskId, uuid) {
      const pid = tell(key);
      if (pid) ctx.send(pid, 'acknowledged', { taskId, uuid });
    },

    shutdown(key, graceMs) {
      const pid = tell(key);
      const taskGraceMs = Math.max(0, graceMs - EXECUTOR_OWN_END_MS);
      if (pid) ctx.send(pid, 'shutdown', { graceMs: taskGraceMs });
    },

    destroy({ containerId }) {
      const pod = running.get(containerId);
      if (pod) destroy(pod);
    },

    exited(pid) {
      const pod = [...running.values()].find((one) => one.pid.equals(pid));
      if (!pod) return false;
      running.delete(pod.key.containerId);
      // One that failed leaves containers behind, and nobody else would end them.
      if (!pod.hasEnded) destroy(pod);
      return true;
    },
  };
}
