// The operating errors of the agent.
import { CodedError } from '@kaon/primitives';

/** The agent was started with settings that cannot be. */
export class AgentOptionsError extends CodedError {
  readonly code = 'KAON_AGENT_OPTIONS';
}

/** A record of a former run of the agent cannot be read. */
export class AgentRecoveryError extends CodedError {
  readonly code = 'KAON_AGENT_RECOVERY';
  /** The file or folder that is damaged. */
  readonly path: string;

  constructor(path: string, problem: string, options?: { readonly cause?: unknown }) {
    super(`cannot recover the agent: ${path} ${problem}`, options);
    this.path = path;
  }
}

/** The agent was started as something else than the agent whose records it found. */
export class AgentIncompatibleError extends CodedError {
  readonly code = 'KAON_AGENT_INCOMPATIBLE';
  /** The record of what it was. */
  readonly path: string;
  /** What to remove for a start as a new agent. */
  readonly latestPath: string;

  constructor(path: string, latestPath: string, differences: readonly string[]) {
    super(
      `this agent differs from the one recorded in ${path}: ${differences.join('; ')}; start it as it was, ` +
        `or remove ${latestPath} to start as a new agent, which ends its former tasks`,
    );
    this.path = path;
    this.latestPath = latestPath;
  }
}
