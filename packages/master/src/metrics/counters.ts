// Everything the master counts, under the keys Mesos gives it.
import {
  LEGACY_MASTER_METRICS,
  legacyReason,
  legacySource,
  type Offer_Operation_Type,
  type OperationState,
  type TaskState,
  type TaskStatus,
} from '@kaon/protocol';

import { OPERATION_COUNTERS, operationKeys } from './operation-keys.ts';

const L = LEGACY_MASTER_METRICS;

/** Keys of the counters, in the order of their names here. */
export const COUNTERS = {
  agentRegistrations: L.agentRegistrations,
  agentReregistrations: L.agentReregistrations,
  agentRemovals: L.agentRemovals,
  agentRemovalsRegistered: L.agentRemovalsRegistered,
  agentRemovalsUnhealthy: L.agentRemovalsUnhealthy,
  agentRemovalsUnregistered: L.agentRemovalsUnregistered,
  agentShutdownsScheduled: L.agentShutdownsScheduled,
  agentShutdownsCompleted: L.agentShutdownsCompleted,
  agentShutdownsCanceled: L.agentShutdownsCanceled,
  agentUnreachableScheduled: L.agentUnreachableScheduled,
  agentUnreachableCompleted: L.agentUnreachableCompleted,
  agentUnreachableCanceled: L.agentUnreachableCanceled,
  recoveryAgentRemovals: L.recoveryAgentRemovals,
  agentRegistrationsRefused: 'master/registrations_refused',
  messagesRegisterAgent: L.messagesRegisterAgent,
  messagesReregisterAgent: L.messagesReregisterAgent,
  messagesUnregisterAgent: L.messagesUnregisterAgent,
  messagesUpdateAgent: L.messagesUpdateAgent,
  messagesStatusUpdate: 'master/messages_status_update',
  messagesExitedExecutor: 'master/messages_exited_executor',
  messagesExecutorToFramework: 'master/messages_executor_to_framework',
  messagesRegisterFramework: 'master/messages_register_framework',
  messagesReregisterFramework: 'master/messages_reregister_framework',
  messagesUnregisterFramework: 'master/messages_unregister_framework',
  messagesDeactivateFramework: 'master/messages_deactivate_framework',
  messagesUpdateFramework: 'master/messages_update_framework',
  messagesLaunchTasks: 'master/messages_launch_tasks',
  messagesDeclineOffers: 'master/messages_decline_offers',
  messagesReviveOffers: 'master/messages_revive_offers',
  messagesSuppressOffers: 'master/messages_suppress_offers',
  messagesKillTask: 'master/messages_kill_task',
  messagesStatusUpdateAcknowledgement: 'master/messages_status_update_acknowledgement',
  messagesResourceRequest: 'master/messages_resource_request',
  messagesReconcileTasks: 'master/messages_reconcile_tasks',
  messagesReconcileOperations: 'master/messages_reconcile_operations',
  messagesOperationStatusUpdate: 'master/messages_operation_status_update',
  messagesOperationStatusUpdateAcknowledgement:
    'master/messages_operation_status_update_acknowledgement',
  validOperationStatusUpdates: 'master/valid_operation_status_updates',
  invalidOperationStatusUpdates: 'master/invalid_operation_status_updates',
  validOperationStatusUpdateAcknowledgements:
    'master/valid_operation_status_update_acknowledgements',
  invalidOperationStatusUpdateAcknowledgements:
    'master/invalid_operation_status_update_acknowledgements',
  operationsRefused: 'master/operations_refused',
  messagesFrameworkToExecutor: 'master/messages_framework_to_executor',
  messagesAuthenticate: 'master/messages_authenticate',
  validStatusUpdates: 'master/valid_status_updates',
  invalidStatusUpdates: 'master/invalid_status_updates',
  validStatusUpdateAcknowledgements: 'master/valid_status_update_acknowledgements',
  invalidStatusUpdateAcknowledgements: 'master/invalid_status_update_acknowledgements',
  validFrameworkToExecutorMessages: 'master/valid_framework_to_executor_messages',
  invalidFrameworkToExecutorMessages: 'master/invalid_framework_to_executor_messages',
  validExecutorToFrameworkMessages: 'master/valid_executor_to_framework_messages',
  invalidExecutorToFrameworkMessages: 'master/invalid_executor_to_framework_messages',
  tasksFinished: 'master/tasks_finished',
  tasksFailed: 'master/tasks_failed',
  tasksKilled: 'master/tasks_killed',
  tasksError: 'master/tasks_error',
  tasksLost: 'master/tasks_lost',
  tasksDropped: 'master/tasks_dropped',
  tasksGone: 'master/tasks_gone',
  tasksGoneByOperator: 'master/tasks_gone_by_operator',
  droppedMessages: 'master/dropped_messages',
  schedulerEventsDropped: 'master/scheduler_events_dropped',
  schedulerStreamsBroken: 'master/scheduler_streams_broken',
  schedulersRefused: 'master/schedulers_refused',
  offersRescinded: 'master/offers_rescinded',
  operatorChangesRefused: 'master/operator_changes_refused',
  allocatorReadsRefused: 'master/allocator_reads_refused',
  readsShared: 'master/reads_shared',
  readsNotModified: 'master/reads_not_modified',
  readsRefused: 'master/reads_refused',
  readsFailed: 'master/reads_failed',
  readsRestarted: 'master/reads_restarted',
  readersStalled: 'master/readers_stalled',
  eventSubscribersReplaced: 'master/event_subscribers_replaced',
  eventSubscribersBehind: 'master/event_subscribers_behind',
  eventSubscribersStalled: 'master/event_subscribers_stalled',
  eventSnapshotsFailed: 'master/event_snapshots_failed',
  eventsUnencodable: 'master/events_unencodable',
} as const;

/** A counter, by its Mesos key. */
export type CounterName = keyof typeof COUNTERS;

const TASK_ENDS: Partial<Record<TaskState, CounterName>> = {
  TASK_FINISHED: 'tasksFinished',
  TASK_FAILED: 'tasksFailed',
  TASK_KILLED: 'tasksKilled',
  TASK_ERROR: 'tasksError',
  TASK_LOST: 'tasksLost',
  TASK_DROPPED: 'tasksDropped',
  TASK_GONE: 'tasksGone',
  TASK_GONE_BY_OPERATOR: 'tasksGoneByOperator',
};

/** The counts themselves. Also counts ends of tasks by state, source and reason, as Mesos does. */
export class Counters {
  readonly #counts = new Map<string, number>(
    [...Object.values(COUNTERS), ...OPERATION_COUNTERS].map((key) => [key, 0]),
  );

  add(name: CounterName, by = 1): void {
    this.#addKey(COUNTERS[name], by);
  }

  /**
   * Counts the end of a task by its state, and with a reason also by state, source and reason: keys
   * made up of enum names, so their number is bounded.
   */
  addTaskEnd({ state, source, reason }: TaskStatus): void {
    const name = TASK_ENDS[state];
    if (name !== undefined) this.add(name);
    if (source === undefined || reason === undefined) return;
    const parts = [state, legacySource(source), legacyReason(reason)];
    this.#addKey(`master/${parts.map((part) => part.toLowerCase()).join('/')}`, 1);
  }

  /** Counts the end of an offer operation. States that are no end, and launches, are not counted. */
  addOperationEnd(type: Offer_Operation_Type, state: OperationState): void {
    for (const key of operationKeys(type, state)) {
      if (OPERATION_COUNTERS.has(key)) this.#addKey(key, 1);
    }
  }

  get(name: CounterName): number {
    return this.#counts.get(COUNTERS[name]) ?? 0;
  }

  /** All counts by key. */
  entries(): Iterable<readonly [string, number]> {
    return this.#counts.entries();
  }

  #addKey(key: string, by: number): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + by);
  }
}
