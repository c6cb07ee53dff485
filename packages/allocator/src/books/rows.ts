// Rows of the books: agents and frameworks with their real resources, and their indexes in the kernel.
import type { AgentId, AgentInfo, FrameworkId } from '@kaon/protocol';
import { isShared, Resources } from '@kaon/resources';

/** An agent. */
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

/** Replaces what `framework` holds of `agent` in `role`. */
export function setHeld(
  agent: AgentRow,
  framework: FrameworkRow,
  role: string,
  held: Resources,
): void {
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
  if (left.isEmpty) return left;
  return left.contains(right) ? right : left.minus(left.minus(right));
}

/**
 * The total without what is held. Shared resources can be given to several at once, so they are free
 * whoever holds them.
 *
 * NOTE: taken away one by one and not as a sum: reports of several frameworks may name the same ports,
 * and a sum of ranges would forget that.
 */
export function freeOf({ total, held }: AgentRow): Resources {
  let free = total;
  for (const byRole of held.values()) {
    for (const resources of byRole.values()) {
      free = free.minus((hasShared(resources) ? resources.nonShared() : resources).unallocate());
    }
  }
  return free;
}

function hasShared(resources: Resources): boolean {
  let isFound = false;
  resources.forEachEntry((resource) => {
    isFound ||= isShared(resource);
  });
  return isFound;
}
