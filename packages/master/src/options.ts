// What can be set about a master, with Mesos' defaults.

import { CONSTRAINT_LIMITS, type ConstraintLimits } from '@kaon/allocator';
import {
  AGENT_PING_TIMEOUT_MS,
  AGENT_PINGS_MISSED_MAX,
  AGENT_REREGISTER_TIMEOUT_MS,
  COMPLETED_FRAMEWORKS_MAX,
  COMPLETED_TASKS_PER_FRAMEWORK_MAX,
  UNREACHABLE_TASKS_PER_FRAMEWORK_MAX,
} from './constants.ts';

/** How much a master remembers of what has ended. */
export interface MasterLimits {
  /** Default: 50. */
  readonly completedFrameworksMax: number;
  /** Default: 1000. */
  readonly completedTasksPerFrameworkMax: number;
  /** Default: 1000. */
  readonly unreachableTasksPerFrameworkMax: number;
}

/** The settings of a master that its transitions look at. */
export interface MasterSettings extends MasterLimits {
  /** How long an agent has to answer a ping, in milliseconds. Default: 15 000. */
  readonly agentPingTimeoutMs: number;
  /** Pings in a row without an answer that make an agent unreachable. Default: 5. */
  readonly agentPingsMissedMax: number;
  /** How long a disconnected or recovered agent has to come back. Default: 600 000. */
  readonly agentReregisterTimeoutMs: number;
  /** How long an offer stands; undefined, the default, means until it is taken or withdrawn. */
  readonly offerTimeoutMs: number | undefined;
  /** Bounds of offer constraints; the allocator's must be the same. Default: `CONSTRAINT_LIMITS`. */
  readonly constraintLimits: ConstraintLimits;
}

/** Mesos' defaults. */
export const DEFAULT_SETTINGS: MasterSettings = {
  completedFrameworksMax: COMPLETED_FRAMEWORKS_MAX,
  completedTasksPerFrameworkMax: COMPLETED_TASKS_PER_FRAMEWORK_MAX,
  unreachableTasksPerFrameworkMax: UNREACHABLE_TASKS_PER_FRAMEWORK_MAX,
  agentPingTimeoutMs: AGENT_PING_TIMEOUT_MS,
  agentPingsMissedMax: AGENT_PINGS_MISSED_MAX,
  agentReregisterTimeoutMs: AGENT_REREGISTER_TIMEOUT_MS,
  offerTimeoutMs: undefined,
  constraintLimits: CONSTRAINT_LIMITS,
};
