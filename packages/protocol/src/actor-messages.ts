// What masters, agents and the observers of agents send each other, by message name: one decoder per
// message. The `messages(table)` of `@kaon/actor` turns a table into part of an actor's protocol.
import { decodeInteger, decodeOptional, decodeRecord, decodeString } from '@kaon/primitives';
import { recordDecoder } from './codec/record-decoder.ts';
import * as internal from './generated/kaon-internal.ts';
import type * as scheduler from './generated/mesos-v1-scheduler.ts';

/** Header of a Kaon master's `GET /health`: the PID under which it hears actors. Mesos' have none. */
export const MASTER_PID_HEADER = 'Kaon-Master-Pid';

/** Largest message a scheduler may send to an executor without the master, in bytes. */
export const FRAMEWORK_MESSAGE_BYTES_MAX = 4 * 1024 ** 2;

/** Agent → master. */
export const masterMessages = {
  /** A new agent asks to be admitted. */
  registerAgent: recordDecoder(internal.RegisterAgentMessage),
  /** A known agent is back, with all it runs. */
  reregisterAgent: recordDecoder(internal.ReregisterAgentMessage),
  /** An agent leaves for good. */
  unregisterAgent: recordDecoder(internal.UnregisterAgentMessage),
  /** A task changed its state; sent again until acknowledged. */
  statusUpdate: recordDecoder(internal.StatusUpdateMessage),
  /** An executor ended. */
  exitedExecutor: recordDecoder(internal.ExitedExecutorMessage),
  /** Bytes from an executor to its framework. */
  executorToFramework: recordDecoder(internal.ExecutorToFrameworkMessage),
  /** What an agent has changed: oversubscription, resource providers, operations. */
  updateAgent: recordDecoder(internal.UpdateAgentMessage),
} as const;

/** Agent → the observer that pings it. */
export const observerMessages = {
  /** Still here. */
  pong: recordDecoder(internal.PongAgentMessage),
} as const;

/** Master (or observer) → agent. */
export const agentMessages = {
  /** Admitted, with this id. */
  agentRegistered: recordDecoder(internal.AgentRegisteredMessage),
  /** Admitted again; tasks the master cannot place are to be reconciled. */
  agentReregistered: recordDecoder(internal.AgentReregisteredMessage),
  /** Are you there? Tells whether the master believes the agent is connected. */
  ping: recordDecoder(internal.PingAgentMessage),
  /** Kill everything and end. */
  shutdown: recordDecoder(internal.ShutdownMessage),
  /** Launch a task. */
  runTask: recordDecoder(internal.RunTaskMessage),
  /** Kill a task. */
  killTask: recordDecoder(internal.KillTaskMessage),
  /** The framework has the status update. */
  statusUpdateAcknowledgement: recordDecoder(internal.StatusUpdateAcknowledgementMessage),
  /** The framework is gone: kill all it runs. */
  shutdownFramework: recordDecoder(internal.ShutdownFrameworkMessage),
  /** End one executor. */
  shutdownExecutor: recordDecoder(internal.ShutdownExecutorMessage),
  /** Bytes from a framework to its executor. */
  frameworkToExecutor: recordDecoder(internal.FrameworkToExecutorMessage),
  /** The framework's description changed. */
  updateFramework: recordDecoder(internal.UpdateFrameworkMessage),
  /** What is the state of these tasks? */
  reconcileTasks: recordDecoder(internal.ReconcileTasksMessage),
} as const;

/** Agent → master, about offer operations. Not part of `masterMessages`, so it can be taken alone. */
export const masterOperationMessages = {
  /** An operation changed its state; sent again until acknowledged. */
  updateOperationStatus: recordDecoder(internal.UpdateOperationStatusMessage),
} as const;

/** Master → agent, about task groups, draining and offer operations; beside `agentMessages`. */
export const agentOperationMessages = {
  /** Launch all tasks of a group or none. */
  runTaskGroup: recordDecoder(internal.RunTaskGroupMessage),
  /** Kill everything gently and take nothing new. */
  drainAgent: recordDecoder(internal.DrainAgentMessage),
  /** Apply an operation to the agent's resources. */
  applyOperation: recordDecoder(internal.ApplyOperationMessage),
  /** The framework has the status of the operation. */
  acknowledgeOperationStatus: recordDecoder(internal.AcknowledgeOperationStatusMessage),
  /** What is the state of these operations? */
  reconcileOperations: recordDecoder(internal.ReconcileOperationsMessage),
  /** Remember these reservations and volumes. */
  checkpointResources: recordDecoder(internal.CheckpointResourcesMessage),
} as const;

/** A call of a scheduler that speaks to its master as an actor. */
export interface SchedulerCallMessage {
  readonly subscription: number;
  readonly sequence: number;
  readonly wantsAnswer: boolean;
  readonly call: scheduler.Call;
}

/** An event for a scheduler that speaks to its master as an actor. */
export interface SchedulerEventMessage {
  readonly subscription: number;
  readonly sequence: number;
  readonly event: scheduler.Event;
}

/**
 * Scheduler → master, by actors instead of HTTP. `subscription` counts the subscriptions of one PID, and
 * `sequence` the calls of one subscription from 0, its `SUBSCRIBE`: a gap means that calls were lost.
 */
export const schedulerCallMessages = {
  /** A call of the v1 scheduler API. Accepted ones are answered only when `wantsAnswer`. */
  schedulerCall: recordDecoder<SchedulerCallMessage>(internal.SchedulerCallMessage),
} as const;

/** Master → scheduler, by actors instead of HTTP. */
export const schedulerMessages = {
  /** An event of the v1 scheduler API; `sequence` counts those of one subscription from 0. */
  schedulerEvent: recordDecoder<SchedulerEventMessage>(internal.SchedulerEventMessage),
  /**
   * What became of the call `sequence`, as the HTTP API would say it: status and text. Refused calls are
   * always answered. `leader` is the PID of the master to turn to instead, of one that does not lead (307).
   */
  schedulerAnswer: decodeRecord({
    subscription: decodeInteger,
    sequence: decodeInteger,
    status: decodeInteger,
    text: decodeString,
    leader: decodeOptional(decodeString),
  }),
  /** The master ended the subscription. */
  schedulerClosed: decodeRecord({ subscription: decodeInteger, reason: decodeString }),
} as const;
