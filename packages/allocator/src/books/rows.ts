// Rows of the books: agents and frameworks with their real resources, and their indexes in the kernel.
import type { AgentId, AgentInfo, FrameworkId, Request } from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import type { ExclusionList } from './exclusions.ts';

/** What a framework holds of an agent in one role. */
export interface Holding {
  readonly framework: FrameworkRow;
  readonly role: string;
  /** Allocated to the role; never empty. */
  resources: Resources;
}

/** An agent. */
export interface AgentRow {
  readonly index: number;
  readonly agentId: AgentId;
  info: AgentInfo;
  /** Whether it may be offered, as far as its own activity goes. */
  isActive: boolean;
  /** Whether its host may be offered. */
  isWhitelisted: boolean;
  demands: number;
  lacks: number;
  total: Resources;
  /** What the kernel believes to be free, once the commands recorded so far are carried out. */
  free: Resources;
  /** At most one of each framework and role. Few: they are searched from end to end. */
  held: Holding[];
  /** What the kernel must be told anew: what is free, or all about the agent. `new`: it knows nothing. */
  staleness: 'new' | 'none' | 'free' | 'facts';
}

/** A framework. */
export interface FrameworkRow {
  readonly index: number;
  readonly frameworkId: FrameworkId;
  isActive: boolean;
  /** Roles it takes part in; it may hold resources in others. */
  roles: ReadonlySet<string>;
  suppressed: Set<string>;
  capabilities: number;
  /** Agents hidden from it, by role. */
  readonly exclusions: Map<string, ExclusionList>;
  /** Minimal offers of its own, by role, as text: whether they have changed. */
  readonly minimums: Map<string, string>;
  /** What it asked for last. */
  requests: readonly Request[];
  /** Agents it holds something on. */
  readonly agents: Set<AgentRow>;
}

/** Of every agent nobody holds anything of; never changed. */
export const NO_HOLDINGS: Holding[] = [];

/** What `framework` holds of `agent` in `role`. */
export function heldBy(agent: AgentRow, framework: FrameworkRow, role: string): Resources {
  return holdingOf(agent, framework, role)?.resources ?? Resources.empty;
}

/** Adds to what `framework` holds of `agent` in `role`. */
export function hold(
  agent: AgentRow,
  framework: FrameworkRow,
  role: string,
  added: Resources,
): void {
  if (added.isEmpty) return;
  const holding = holdingOf(agent, framework, role);
  if (holding !== undefined) {
    holding.resources = holding.resources.plus(added);
    return;
  }
  // NOTE: a first push would reserve room for seventeen; most agents have one or two holders.
  if (agent.held.length === 0) agent.held = [{ framework, role, resources: added }];
  else agent.held.push({ framework, role, resources: added });
  framework.agents.add(agent);
}

/** Takes `taken` from what `framework` holds of `agent` in `role`. */
export function unhold(
  agent: AgentRow,
  framework: FrameworkRow,
  role: string,
  taken: Resources,
): void {
  const holding = holdingOf(agent, framework, role);
  if (holding === undefined) return;
  holding.resources = holding.resources.minus(taken);
  if (!holding.resources.isEmpty) return;
  if (agent.held.length === 1) agent.held = NO_HOLDINGS;
  else agent.held.splice(agent.held.indexOf(holding), 1);
  if (!agent.held.some((other) => other.framework === framework)) framework.agents.delete(agent);
}

function holdingOf(agent: AgentRow, framework: FrameworkRow, role: string): Holding | undefined {
  for (const holding of agent.held) {
    if (holding.framework === framework && holding.role === role) return holding;
  }
  return undefined;
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
  return held.length === 0 ? total : total.unheld(held.map(({ resources }) => resources));
}
