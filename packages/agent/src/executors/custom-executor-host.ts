// Runs custom executors: processes of frameworks, each with a container of its own and, once it has
// subscribed, a stream of events. What they say comes in by HTTP, see `http/executor-api.ts`.
import type { ActorContext } from '@kaon/actor';
import type { ContainerTermination, LaunchedContainer } from '@kaon/containerizer';
import { errorText } from '@kaon/primitives';
import type { executorV1 } from '@kaon/protocol';
import { EXECUTOR_HEARTBEAT_MS } from '../constants.ts';
import type { ExecutorLaunch } from '../effects.ts';
import type { ExecutorConnection } from '../executor-connection.ts';
import type { AgentProtocol } from '../protocol.ts';
import type { ContainerKey } from '../state/keys.ts';
import { launchContainer, waitStatusOf } from './container-launch.ts';
import { executorEnvironment } from './executor-environment.ts';
import {
  type ExecutorHost,
  type ExecutorHostOptions,
  type ExecutorsOfKind,
  SHUTDOWN_EVENT,
} from './executor-host.ts';

/** Custom executors of one agent. */
export interface CustomExecutors
  extends ExecutorsOfKind,
    Pick<ExecutorHost, 'attach' | 'tell' | 'close'> {
  launch(launch: ExecutorLaunch): void;
}

interface RunningExecutor {
  readonly key: ContainerKey;
  connection: ExecutorConnection | undefined;
  isDestroyed: boolean;
}

/** Custom executors for the agent whose context this is. */
export function customExecutorHost(
  ctx: ActorContext<AgentProtocol>,
  options: ExecutorHostOptions,
): CustomExecutors {
  const { containerizer } = options;
  const running = new Map<string, RunningExecutor>();

  const end = (key: ContainerKey, termination: ContainerTermination): void => {
    forget(key);
    const waitStatus = waitStatusOf(termination);
    ctx.send(ctx.self, 'executorEnded', { ...key, waitStatus, isLaunchFailure: false });
  };

  const failLaunch = (key: ContainerKey, error: unknown): void => {
    forget(key);
    ctx.send(ctx.self, 'executorEnded', {
      ...key,
      waitStatus: undefined,
      isLaunchFailure: true,
      reason: 'REASON_CONTAINER_LAUNCH_FAILED',
      message: `Failed to launch container: ${errorText(error)}`,
    });
  };

  const forget = ({ containerId }: ContainerKey): void => {
    running.get(containerId)?.connection?.close();
    running.delete(containerId);
    ctx.timers.cancel(heartbeatKey(containerId));
  };

  /** When the process has ended, what it left behind ends with it, before anybody hears of it. */
  const watch = (key: ContainerKey): void => {
    const { containerId } = key;
    const ended = (termination: ContainerTermination): void =>
      ctx.defer(
        containerizer.destroy(containerId),
        () => end(key, termination),
        (error) => {
          ctx.logger.error({ err: error, ...key }, 'container not destroyed');
          end(key, termination);
        },
      );
    ctx.defer(containerizer.wait(containerId), ended, (error) =>
      ended({ kind: 'unknown', reason: errorText(error) }),
    );
  };

  const tell = ({ containerId }: ContainerKey, event: executorV1.Event): void => {
    running.get(containerId)?.connection?.send(event);
  };

  const scheduleHeartbeat = (key: ContainerKey): void =>
    ctx.timers.once(heartbeatKey(key.containerId), EXECUTOR_HEARTBEAT_MS, () => {
      if (!running.get(key.containerId)?.connection) return;
      tell(key, { type: 'HEARTBEAT' });
      scheduleHeartbeat(key);
    });

  return {
    has: (containerId) => running.has(containerId),

    launch(launch) {
      const { frameworkId, executorId, containerId } = launch;
      const key = { frameworkId, executorId, containerId };
      const executor: RunningExecutor = { key, connection: undefined, isDestroyed: false };
      running.set(containerId, executor);
      if (launch.isRecovered) return watch(key);
      return ctx.defer(
        start(launch, options, () => executor.isDestroyed),
        ({ pid: processId }) => {
          ctx.send(ctx.self, 'executorStarted', { ...key, processId });
          watch(key);
        },
        (error) => failLaunch(key, error),
      );
    },

    attach(key, connection) {
      const executor = running.get(key.containerId);
      if (!executor) return connection.close();
      executor.connection?.close();
      executor.connection = connection;
      connection.onClosed(() => {
        if (executor.connection === connection) executor.connection = undefined;
      });
      return scheduleHeartbeat(key);
    },

    tell,

    kill(key, taskId, { killPolicy }) {
      const kill = { taskId: { value: taskId }, ...(killPolicy && { killPolicy }) };
      tell(key, { type: 'KILL', kill });
    },

    acknowledge(key, taskId, uuid) {
      tell(key, { type: 'ACKNOWLEDGED', acknowledged: { taskId: { value: taskId }, uuid } });
    },

    shutdown(key) {
      tell(key, SHUTDOWN_EVENT);
    },

    destroy({ containerId }) {
      const executor = running.get(containerId);
      if (!executor) return;
      executor.isDestroyed = true;
      // Its end is seen by whoever waits for it.
      ctx.defer(
        containerizer.destroy(containerId),
        () => undefined,
        (error) => ctx.logger.error({ err: error, ...executor.key }, 'container not destroyed'),
      );
    },

    exited: () => false,

    close() {
      for (const { connection } of running.values()) connection?.close();
    },
  };
}

async function start(
  launch: ExecutorLaunch,
  options: ExecutorHostOptions,
  isCancelled: () => boolean,
): Promise<LaunchedContainer> {
  const { containerId, directory, executor, framework } = launch;
  const token = await options.tokens?.sign(launch);
  const environment = executorEnvironment(launch, options.environment, token);
  if (!environment.ok) throw new Error(environment.error);
  const one = {
    containerId,
    directory,
    volumes: launch.volumes,
    command: executor.command,
    frameworkUser: framework.user,
    environment: environment.value,
    isCancelled,
  };
  return launchContainer(one, options);
}

function heartbeatKey(containerId: string): string {
  return `executor heartbeat ${containerId}`;
}
