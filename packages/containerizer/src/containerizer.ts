// What a containerizer does: start a command in its sandbox, say how it ended, kill all of it.

/** What to run: a line for `/bin/sh -c`, or a program with its argument vector. */
export type ContainerCommand =
  | { readonly kind: 'shell'; readonly value: string }
  | {
      readonly kind: 'exec';
      /** Looked up in the `PATH` of `environment` when it has no slash; relative to the sandbox otherwise. */
      readonly path: string;
      /** All arguments, the program's name first. Empty: only `path`. */
      readonly argv: readonly string[];
    };

/** What to start, where, as whom and with which environment. */
export interface LaunchRequest {
  /** Letters, digits, `.`, `_` and `-`, at most 242; never used again after a launch. */
  readonly containerId: string;
  /** Absolute path of an existing folder: working directory, home of the files `stdout` and `stderr`. */
  readonly sandbox: string;
  readonly command: ContainerCommand;
  /** The whole environment; nothing of the agent's own is added, only `KAON_CONTAINER_ID`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Who runs it. Default: whoever runs the agent. Another user needs an agent that runs as root. */
  readonly user?: string | undefined;
}

/** A container whose command runs. */
export interface LaunchedContainer {
  readonly containerId: string;
  /** Process id of the command, which leads a session of its own. */
  readonly pid: number;
}

/** Signals Kaon sends to containers. */
export type ContainerSignal = 'SIGTERM' | 'SIGKILL';

/** How a command ended. `unknown`: it is gone and nobody saw how, for example after `kill -9` of its shim. */
export type ContainerTermination =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signaled'; readonly signal: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** A container found after a restart; `wait`, `signal`, `usage` and `destroy` work on it as before. */
export interface RecoveredContainer {
  readonly containerId: string;
  readonly sandbox: string;
  /** Undefined when the command was about to start, or never did. */
  readonly pid?: number | undefined;
  /** Present when the command has ended already. */
  readonly termination?: ContainerTermination | undefined;
}

/** What all living processes of a container use together. */
export interface ContainerUsage {
  /** User and system time of the living processes and of their children they waited for. */
  readonly cpuSeconds: number;
  readonly residentBytes: number;
  readonly processes: number;
}

/**
 * Runs containers.
 *
 * Containers are independent of the agent: they go on when it stops, and `recover` finds them again.
 * A container stays known, with its termination, until it is destroyed.
 */
export interface Containerizer {
  /**
   * Starts the command; resolves when its process exists.
   *
   * @throws {ContainerLaunchError} when it could not be started; nothing is left behind then.
   */
  launch(request: LaunchRequest): Promise<LaunchedContainer>;
  /**
   * Resolves when the command itself has ended. Processes it left behind may still run: `destroy` ends them.
   *
   * @throws {ContainerUnknownError} when there is no such container.
   */
  wait(containerId: string): Promise<ContainerTermination>;
  /**
   * Signals every process of the container: its session, its descendants, and those that left both.
   * Resolves when the signals are sent; a container that ended is no error.
   *
   * @throws {ContainerUnknownError} when there is no such container.
   */
  signal(containerId: string, signal: ContainerSignal): Promise<void>;
  /**
   * Kills every process, waits until none is left and forgets the container. The sandbox stays.
   * An unknown container is no error.
   *
   * @throws {ContainerDestroyError} when processes outlive `SIGKILL` (stuck in the kernel); it may be called again.
   */
  destroy(containerId: string): Promise<void>;
  /** Finds the containers of a former instance. To be called once, before the first `launch`. */
  recover(): Promise<readonly RecoveredContainer[]>;
  /** Undefined when the container is unknown or has no process. */
  usage(containerId: string): Promise<ContainerUsage | undefined>;
  /** Stops watching and starting; containers that run stay. Launches under way are rejected. */
  close(): Promise<void>;
}
