// What the agent can do to executors. They answer by `executorStarted`, `executorStatus` and
// `executorEnded` messages to the agent.
import type { Pid } from '@kaon/actor';
import type { executorV1, KillPolicy } from '@kaon/protocol';
import type { CommandLaunch, ExecutorLaunch, GroupLaunch } from '../effects.ts';
import type { ExecutorConnection } from '../executor-connection.ts';
import type { ContainerKey } from '../state/keys.ts';
import type { LaunchPorts } from './container-launch.ts';
import type { ExecutorTokens } from './executor-tokens.ts';

/** The event that tells an executor to end. */
export const SHUTDOWN_EVENT: executorV1.Event = { type: 'SHUTDOWN' };

/** How to kill a task. */
export interface KillOptions {
  /** Between SIGTERM and SIGKILL. Milliseconds. */
  readonly graceMs: number;
  /** What the framework said, for executors that kill by themselves. */
  readonly killPolicy?: KillPolicy | undefined;
}

/** What can be done to executors of every kind. Calls about a container that is not there have no effect. */
export interface ExecutorControl {
  /** Ends one task. */
  kill(container: ContainerKey, taskId: string, options: KillOptions): void;
  /** The status update `uuid` is durable. */
  acknowledge(container: ContainerKey, taskId: string, uuid: Uint8Array): void;
  /** Ends the tasks with `graceMs` and then the executor. */
  shutdown(container: ContainerKey, graceMs: number): void;
  /** Kills everything in the container. */
  destroy(container: ContainerKey): void;
  /** A linked actor ended; whether it was one of the executors. */
  exited(pid: Pid): boolean;
}

/** Executors of one kind. */
export interface ExecutorsOfKind extends ExecutorControl {
  /** Whether the container is one of these. */
  has(containerId: string): boolean;
}

/** Runs executors for an agent. */
export interface ExecutorHost extends ExecutorControl {
  /** Starts a command executor, or one that holds on to a container that was recovered. */
  launch(launch: CommandLaunch): void;
  /** Starts a custom executor, or watches one that was recovered. */
  launchCustom(launch: ExecutorLaunch): void;
  /** Runs a group of tasks, and the executor that looks after it when it does not run yet. */
  launchGroup(launch: GroupLaunch): void;
  /** A custom executor has subscribed. An older connection of it is closed. */
  attach(container: ContainerKey, connection: ExecutorConnection): void;
  /** To a custom executor; lost when it is not connected. */
  tell(container: ContainerKey, event: executorV1.Event): void;
  /** Kills everything in a container that belongs to nobody. */
  destroyOrphan(containerId: string): void;
  /** The agent stops: custom executors are to look for the next one. */
  close(): void;
}

/** What executors need. */
export interface ExecutorHostOptions extends LaunchPorts {
  /** Signs what custom executors authenticate with. Undefined: they get nothing. */
  readonly tokens: ExecutorTokens | undefined;
}
