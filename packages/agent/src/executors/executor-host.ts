// What the agent can do to executors. They answer by `executorStarted`, `executorStatus` and
// `executorEnded` messages to the agent.
import type { Pid } from '@kaon/actor';
import type { CommandLaunch } from '../effects.ts';
import type { ContainerKey } from '../state/keys.ts';

/** Runs executors for an agent. Calls about a container that is not there have no effect. */
export interface ExecutorHost {
  /** Starts a command executor, or one that holds on to a container that was recovered. */
  launch(launch: CommandLaunch): void;
  /** SIGTERM to everything the task started, SIGKILL after `graceMs`. */
  kill(container: ContainerKey, taskId: string, graceMs: number): void;
  /** The status update `uuid` is durable. */
  acknowledge(container: ContainerKey, taskId: string, uuid: Uint8Array): void;
  /** Ends the task with `graceMs` and then the executor. */
  shutdown(container: ContainerKey, graceMs: number): void;
  /** Kills everything in the container. */
  destroy(container: ContainerKey): void;
  /** Kills everything in a container that belongs to nobody. */
  destroyOrphan(containerId: string): void;
  /** A linked actor ended; whether it was one of the executors. */
  exited(pid: Pid): boolean;
}
