// How transitions, effects and timers name a task, an update or a container to each other.

/** Names one task. */
export interface TaskKey {
  readonly frameworkId: string;
  readonly taskId: string;
}

/** Names one status update. */
export interface UpdateKey extends TaskKey {
  /** As text. */
  readonly uuid: string;
}

/** Names one container of one executor. */
export interface ContainerKey {
  readonly frameworkId: string;
  readonly executorId: string;
  readonly containerId: string;
}

/** Names tasks of one container that are launched together. */
export interface TasksInContainer extends ContainerKey {
  readonly taskIds: readonly string[];
}

/** Names one offer operation. */
export interface OperationKey {
  /** As text. */
  readonly operationUuid: string;
}
