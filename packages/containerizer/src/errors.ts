// Every error this package rejects with.
import { CodedError } from '@kaon/primitives';

/** A container that was not started; `reason` is for the owner of the task. */
export class ContainerLaunchError extends CodedError {
  readonly code = 'KAON_CONTAINER_LAUNCH_FAILED';
  readonly containerId: string;
  readonly reason: string;

  constructor(containerId: string, reason: string, options?: { readonly cause?: unknown }) {
    super(`container ${containerId} was not started: ${reason}`, options);
    this.containerId = containerId;
    this.reason = reason;
  }
}

/** Asked about a container that does not exist or was destroyed. */
export class ContainerUnknownError extends CodedError {
  readonly code = 'KAON_CONTAINER_UNKNOWN';
  readonly containerId: string;

  constructor(containerId: string) {
    super(`there is no container ${containerId}`);
    this.containerId = containerId;
  }
}

/** Processes that are still there after `SIGKILL`. */
export class ContainerDestroyError extends CodedError {
  readonly code = 'KAON_CONTAINER_DESTROY_FAILED';
  readonly containerId: string;
  readonly pids: readonly number[];

  constructor(containerId: string, pids: readonly number[], waitedMs: number) {
    super(
      `container ${containerId} still has processes ${waitedMs} ms after SIGKILL: ${pids.join(', ')}`,
    );
    this.containerId = containerId;
    this.pids = pids;
  }
}

/** The helper that starts processes cannot be run, or this machine lacks what it needs. */
export class LauncherError extends CodedError {
  readonly code = 'KAON_LAUNCHER_FAILED';
}

/** An id that must not become part of a path. */
export class SandboxPathError extends CodedError {
  readonly code = 'KAON_SANDBOX_PATH_INVALID';
  readonly part: string;

  constructor(part: string, problem: string) {
    super(`sandbox path is invalid: ${part} ${problem}`);
    this.part = part;
  }
}
