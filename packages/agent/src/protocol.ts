// What the agent hears: from masters and observers, and from itself and its executors.
import { defineProtocol, localAsk, localMessage, messages } from '@kaon/actor';
import {
  agentMessages,
  agentOperationMessages,
  type DrainConfig,
  type executorV1,
  type internal,
  masterMessages,
  masterOperationMessages,
  observerMessages,
  type TaskState,
  type TaskStatus,
  type TaskStatus_Reason,
} from '@kaon/protocol';
import type { ExecutorConnection } from './executor-connection.ts';
import type { ExecutorClaims } from './executors/executor-tokens.ts';
import type { AgentState } from './state/agent-state.ts';
import type {
  ContainerKey,
  OperationKey,
  TaskKey,
  TasksInContainer,
  UpdateKey,
} from './state/keys.ts';

/** An executor's word on one of its tasks. */
export interface ExecutorStatus extends ContainerKey {
  readonly status: TaskStatus;
}

/** A container runs. */
export interface ExecutorStarted extends ContainerKey {
  readonly processId: number | undefined;
}

/** A container is gone, or could never be started. */
export interface ExecutorEnded extends ContainerKey {
  /** As `wait` gives it; undefined when it never ran or its end was not seen. */
  readonly waitStatus: number | undefined;
  /** What its live tasks are told, unless the agent had noted a cause. */
  readonly state?: TaskState | undefined;
  readonly reason?: TaskStatus_Reason | undefined;
  readonly message?: string | undefined;
  /** Whether it never ran. */
  readonly isLaunchFailure: boolean;
}

/** A call on the executor API. */
export interface ExecutorCall {
  readonly call: executorV1.Call;
  /** Who proved to be calling; undefined when calls are not authenticated. */
  readonly claims: ExecutorClaims | undefined;
  /** Present with `SUBSCRIBE`: the stream that answers it. */
  readonly connection: ExecutorConnection | undefined;
}

/** What a call on the executor API gets. `streaming`: its connection has the answer. */
export type ExecutorVerdict =
  | { readonly kind: 'accepted' | 'streaming' }
  | {
      readonly kind: 'refused';
      readonly status: 400 | 403 | 501 | 503;
      readonly problem: string;
      /** Whether there is no such executor here. */
      readonly isUnknown: boolean;
    };

/**
 * A task to run, as the master sends it.
 *
 * NOTE: a use of `internal` in this file lets the compiler name the message types in its declaration.
 */
export type RunTaskMessage = internal.RunTaskMessage;

/** The protocol of the agent. */
export const agentProtocol = defineProtocol({
  ...messages(agentMessages),
  ...messages({ runTaskGroup: agentOperationMessages.runTaskGroup }),

  /** Detector → agent: this master leads (PID as text), or none is known. */
  masterDetected: localMessage<{ readonly master: string | undefined }>(),
  /** Operator → agent: leave the cluster, end all tasks, stop. */
  leave: localMessage<{ readonly message: string }>(),
  /** HTTP → agent: the state, to be read within the answer's turn and not kept. */
  look: localAsk<{ readonly read: (state: AgentState) => unknown }, unknown>(),
  /** HTTP → agent: a custom executor calls. */
  executorCall: localAsk<ExecutorCall, ExecutorVerdict>(),

  ...messages({
    drainAgent: agentOperationMessages.drainAgent,
    applyOperation: agentOperationMessages.applyOperation,
    acknowledgeOperationStatus: agentOperationMessages.acknowledgeOperationStatus,
    reconcileOperations: agentOperationMessages.reconcileOperations,
    checkpointResources: agentOperationMessages.checkpointResources,
  }),

  /** Timer: try to register (again). */
  registrationDue: localMessage<Record<string, never>>(),
  /** Timer: the master has not pinged for too long. */
  pingOverdue: localMessage<Record<string, never>>(),
  /** Timer: the head of a stream is not acknowledged yet. */
  updateRetryDue: localMessage<TaskKey>(),
  /** Timer: the status of an operation is not acknowledged yet. */
  operationRetryDue: localMessage<OperationKey>(),
  /** Timer: a custom executor has not subscribed in time. */
  executorRegistrationOver: localMessage<ContainerKey>(),
  /** Timer: custom executors of a former run had time enough to subscribe again. */
  executorReregistrationOver: localMessage<Record<string, never>>(),
  /** Timer: an executor took too long to end. */
  shutdownGraceOver: localMessage<ContainerKey>(),
  /** Timer: a container cannot be destroyed. */
  destroyOverdue: localMessage<ContainerKey>(),

  /** Disk: the agent's info and id are durable. */
  agentInfoCheckpointed: localMessage<Record<string, never>>(),
  /** Disk: tasks and their executor are durable. */
  launchCheckpointed: localMessage<TasksInContainer>(),
  /** Disk: tasks and their executor could not be written. */
  launchCheckpointFailed: localMessage<TasksInContainer & { readonly problem: string }>(),
  /** Disk: a status update is durable. */
  updateCheckpointed: localMessage<UpdateKey>(),
  /** Disk: the acknowledgement of a status update is durable. */
  acknowledgementCheckpointed: localMessage<UpdateKey>(),

  /** Disk: an operation, and what it did, is durable. */
  operationCheckpointed: localMessage<OperationKey>(),
  /** Disk: nothing of an operation is kept any more. */
  operationAcknowledgementCheckpointed: localMessage<OperationKey>(),
  /** Disk: reservations and volumes are durable. */
  resourcesCheckpointed: localMessage<Record<string, never>>(),
  /** Disk: how the agent is to be drained is durable. */
  drainCheckpointed: localMessage<{ readonly config: DrainConfig }>(),

  /** Executor: its container runs. */
  executorStarted: localMessage<ExecutorStarted>(),
  /** Executor: a status of one of its tasks. */
  executorStatus: localMessage<ExecutorStatus>(),
  /** Executor: its container is gone. */
  executorEnded: localMessage<ExecutorEnded>(),
});

/** What may be sent to an agent. */
export type AgentProtocol = typeof agentProtocol;

/** What the agent may say to a master. */
export const masterPeer = defineProtocol({
  ...messages(masterMessages),
  ...messages(masterOperationMessages),
});

/** What an agent sends to a master. */
export type MasterPeer = typeof masterPeer;

/** What the agent may say to whoever pings it. */
export const observerPeer = defineProtocol({ ...messages(observerMessages) });
