// What transitions may use beside the state: the moment, randomness, and the agent's settings.
import type { Random } from '@kaon/primitives';

/** Settings that decide how transitions come out. Durations in milliseconds. */
export interface AgentSettings {
  /** Longest wait before the first attempt to register; doubles with each attempt. */
  readonly registrationBackoffFactorMs: number;
  /** How long an executor may take to end by itself when it is shut down. */
  readonly executorShutdownGraceMs: number;
  /** How long a custom executor may take from its start to its subscription. */
  readonly executorRegistrationTimeoutMs: number;
  /** How long custom executors may take to subscribe again after a restart of the agent. */
  readonly executorReregistrationTimeoutMs: number;
  /** How long the destruction of a container may take before the agent gives it up. */
  readonly containerDestroyTimeoutMs: number;
  /** Tasks that may live here at a time. */
  readonly tasksMax: number;
}

/** The moment and the means of one transition. */
export interface Env {
  /** Wall clock, milliseconds since 1970. */
  readonly nowMs: number;
  readonly random: Random;
  readonly settings: AgentSettings;
}
