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
export { exitMessage } from './exit-message.ts';
export {
  type PodExecutorOptions,
  type PodExecutorProtocol,
  type PodMember,
  podExecutor,
  podExecutorProtocol,
} from './pod-executor.ts';
export type { TaskRunner, TaskTermination } from './task-runner.ts';
