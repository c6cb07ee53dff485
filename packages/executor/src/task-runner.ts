// What the command executor needs of a containerizer, for the one container it looks after.

/** How a command ended. `unknown`: it is gone and nobody saw how. */
export type TaskTermination =
  | { readonly kind: 'exited'; readonly code: number }
  | { readonly kind: 'signaled'; readonly signal: string }
  | { readonly kind: 'unknown'; readonly reason: string };

/** One container, bound by the agent to its containerizer. */
export interface TaskRunner {
  /** Starts the command; resolves when its process exists, rejects when it could not be started. */
  launch(): Promise<{ readonly pid: number }>;
  /** Resolves when the command itself has ended; its status stays on disk until `destroy`. */
  wait(): Promise<TaskTermination>;
  /** To every process of the container. */
  signal(signal: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Kills every process, waits until none is left and forgets the container and its exit status. */
  destroy(): Promise<void>;
}
