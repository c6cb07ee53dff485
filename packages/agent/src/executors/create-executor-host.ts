// One executor host of the hosts of each kind.
import type { ActorContext } from '@kaon/actor';
import type { AgentProtocol } from '../protocol.ts';
import type { ContainerKey } from '../state/keys.ts';
import { commandExecutorHost } from './command-executor-host.ts';
import { customExecutorHost } from './custom-executor-host.ts';
import type { ExecutorHost, ExecutorHostOptions, ExecutorsOfKind } from './executor-host.ts';
import { podExecutorHost } from './pod-executor-host.ts';

/** Executors of all kinds, for the agent whose context this is. */
export function createExecutorHost(
  ctx: ActorContext<AgentProtocol>,
  options: ExecutorHostOptions,
): ExecutorHost {
  const command = commandExecutorHost(ctx, options);
  const custom = customExecutorHost(ctx, options);
  const pod = podExecutorHost(ctx, options);
  // Of a container that is not known at all, the first can at least destroy what is left.
  const of = ({ containerId }: ContainerKey): ExecutorsOfKind =>
    [custom, pod].find((one) => one.has(containerId)) ?? command;

  return {
    launch: command.launch,
    launchCustom: custom.launch,
    launchGroup: pod.launch,
    attach: custom.attach,
    tell: custom.tell,
    kill: (key, taskId, kill) => of(key).kill(key, taskId, kill),
    acknowledge: (key, taskId, uuid) => of(key).acknowledge(key, taskId, uuid),
    shutdown: (key, graceMs) => of(key).shutdown(key, graceMs),
    destroy: (key) => of(key).destroy(key),
    destroyOrphan(containerId) {
      ctx.defer(
        options.containerizer.destroy(containerId),
        () => ctx.logger.info({ containerId }, 'orphaned container destroyed'),
        (error) => ctx.logger.error({ err: error, containerId }, 'orphan not destroyed'),
      );
    },
    exited: (pid) => command.exited(pid) || pod.exited(pid),
    close: () => custom.close(),
  };
}
