// An agent that does whatever it is told, at once: tasks run and are killed, operations are finished.
import { type ActorContext, type ActorDefinition, defineActor, type Pid } from '@kaon/actor';
import { uuidBytes } from '@kaon/primitives';
import { type internal, isTerminal, type TaskState } from '@kaon/protocol';
import { type AgentProtocol, agentProtocol, type MasterProtocol } from '#master/protocol';
import { registration, update } from './records.ts';

export interface ObligingAgentOptions {
  readonly master: Pid<MasterProtocol>;
  readonly hostname: string;
  readonly resources: string;
  /** Told of the id it was given. */
  readonly onRegistered: (agentId: string) => void;
  /** Told when the master sends it away. */
  readonly onShutdown: () => void;
}

export const obligingAgent: ActorDefinition<AgentProtocol, ObligingAgentOptions> = defineActor(
  agentProtocol,
  (ctx: ActorContext<AgentProtocol>, options: ObligingAgentOptions) => {
    const { master, hostname, resources, onRegistered, onShutdown } = options;
    const tasks = new Map<string, { readonly frameworkId: string; readonly taskId: string }>();
    let agentId = '';
    const nothing = (): void => undefined;

    const report = (frameworkId: string, taskId: string, state: TaskState): void => {
      const key = `${frameworkId} ${taskId}`;
      if (isTerminal(state)) tasks.delete(key);
      else tasks.set(key, { frameworkId, taskId });
      const uuid = uuidBytes(ctx.random);
      ctx.send(master, 'statusUpdate', update({ frameworkId, agentId, taskId, state, uuid }));
    };

    ctx.send(master, 'registerAgent', registration(hostname, resources));
    return {
      receive: {
        agentRegistered: (message) => {
          agentId = message.agentId.value;
          onRegistered(agentId);
        },
        agentReregistered: nothing,
        ping: (_ping, from) => ctx.send(from, 'pong' as never, {} as never),
        shutdown: () => {
          onShutdown();
          ctx.stop();
        },
        runTask: ({ task, framework }) =>
          report(framework.id?.value ?? '', task.taskId.value, 'TASK_RUNNING'),
        runTaskGroup: ({ taskGroup, framework }) => {
          for (const { taskId } of taskGroup.tasks) {
            report(framework.id?.value ?? '', taskId.value, 'TASK_RUNNING');
          }
        },
        killTask: ({ frameworkId, taskId }) =>
          report(frameworkId.value, taskId.value, 'TASK_KILLED'),
        shutdownFramework: ({ frameworkId }) => {
          for (const [key, task] of tasks) {
            if (task.frameworkId === frameworkId.value) tasks.delete(key);
          }
        },
        drainAgent: () => {
          for (const { frameworkId, taskId } of [...tasks.values()]) {
            report(frameworkId, taskId, 'TASK_KILLED');
          }
        },
        applyOperation: (message) => finish(ctx, master, agentId, message),
        statusUpdateAcknowledgement: nothing,
        shutdownExecutor: nothing,
        frameworkToExecutor: nothing,
        updateFramework: nothing,
        reconcileTasks: nothing,
        acknowledgeOperationStatus: nothing,
        reconcileOperations: nothing,
        checkpointResources: nothing,
      },
    };
  },
);

function finish(
  ctx: ActorContext<AgentProtocol>,
  master: Pid<MasterProtocol>,
  agentId: string,
  { frameworkId, operationUuid, operationInfo }: internal.ApplyOperationMessage,
): void {
  const name = 'updateOperationStatus' as never;
  const status = {
    operationId: operationInfo.id,
    state: 'OPERATION_FINISHED',
    convertedResources: [],
    uuid: { value: uuidBytes(ctx.random) },
  };
  const body = { frameworkId, agentId: { value: agentId }, status, operationUuid };
  ctx.send(master, name, body as never);
}
