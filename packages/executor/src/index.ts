// Public surface of `@kaon/executor`.
export {
  type CommandExecutorEnd,
  type CommandExecutorOptions,
  type CommandExecutorProtocol,
  commandExecutor,
  commandExecutorProtocol,
  KILL_GRACE_MS,
  SHUTDOWN_LINGER_MS,
} from './command-executor.ts';
export type { ExecutorDriverStats } from './driver/driver-actor.ts';
export type { Executor, ExecutorCallbackResult } from './driver/driver-executor.ts';
export type { ExecutorDriverProtocol } from './driver/driver-protocol.ts';
export type {
  ExecutorCall,
  ExecutorCallRefusal,
  ExecutorConnection,
  SubscriptionEvents,
} from './driver/executor-connection.ts';
export type { ExecutorDriver, ExecutorTaskStatus } from './driver/executor-driver.ts';
export {
  type ExecutorEnvironment,
  readExecutorEnvironment,
  type Variables,
} from './driver/executor-environment.ts';
export { type ExecutorDriverOptions, MesosExecutorDriver } from './driver/mesos-executor-driver.ts';
export * from './errors.ts';
export { exitMessage } from './exit-message.ts';
export {
  type PodExecutorOptions,
  type PodExecutorProtocol,
  type PodMember,
  podExecutor,
  podExecutorProtocol,
} from './pod-executor.ts';
export type { TaskRunner, TaskTermination } from './task-runner.ts';
