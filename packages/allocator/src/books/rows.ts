// Rows of the books: agents and frameworks with their real resources, and their indexes in the kernel.
import type { AgentId, AgentInfo, FrameworkId } from '@kaon/protocol';
import { Resources } from '@kaon/resources';

/** An agent. What it has free is its total without what is held; shared resources are always free. */
export interface AgentRow {
  readonly index: number;
  readonly agentId: AgentId;
  info: AgentInfo;
  isActive: boolean;
  demands: number;
  lacks: number;
  total: Resources;
  /** What the kernel believes to be free, once the commands recorded so far are carried out. */
  free: Resources;
  /** Sum of all that is held, allocated to no one. */
  heldSum: Resources;
  /** What frameworks hold, by framework and role, allocated to the role; no entry is empty. */
  readonly held: Map<FrameworkRow, Map<string, Resources>>;
  /** Whether the kernel must be told anew: what is free, or all about the agent. */
  staleness: 'none' | 'free' | 'facts';
}

/** A framework. */
export interface FrameworkRow {
  readonly index: number;
  readonly frameworkId: FrameworkId;
  /** Roles it takes part in; it may hold resources in others. */
  roles: ReadonlySet<string>;
  suppressed: Set<string>;
  capabilities: number;
  /** Agents it holds something on. */
  readonly agents: Set<AgentRow>;
  /** Passes that had been run when it came. */
  readonly sincePass: number;
}

/** What `framework` holds of `agent` in `role`. */
export function heldBy(agent: AgentRow, framework: FrameworkRow, role: string): Resources {
  return agent.held.get(framework)?.get(role) ?? Resources.empty;
}

/** Replaces what `framework` holds of `agent` in `role`, and the sum. */
export function setHeld(
  agent: AgentRow,
  framework: FrameworkRow,
  role: string,
  held: Resources,
): void {
  const before = heldBy(agent, framework, role);
  agent.heldSum = agent.heldSum.minus(before.unallocate()).plus(held.unallocate());
  const byRole = agent.held.get(framework) ?? new Map<string, Resources>();
  if (held.isEmpty) byRole.delete(role);
  else byRole.set(role, held);
  if (byRole.size === 0) {
    agent.held.delete(framework);
    framework.agents.delete(agent);
  } else {
    agent.held.set(framework, byRole);
    framework.agents.add(agent);
  }
}

/** What both have: nothing that is not in each of them. */
export function intersection(left: Resources, right: Resources): Resources {
  return left.contains(right) ? right : left.minus(left.minus(right));
}
