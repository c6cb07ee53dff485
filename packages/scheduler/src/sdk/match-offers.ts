// First fit: which waiting task goes to which offer. Pure; the scheduler sends what comes out.
import type { AgentID, Offer, OfferID, Resource } from '@kaon/protocol';
import { OfferedResources, type Want } from './carve-resources.ts';
import {
  type AttributeWishes,
  hasAttributes,
  type Spread,
  SpreadCounts,
  spreadValueOf,
} from './placement.ts';

/** A task that waits for an offer. */
export interface Wanted {
  readonly wants: readonly Want[];
  /** Whether the task may run on the offer's agent. Default: on any. */
  readonly accepts?: ((offer: Offer) => boolean) | undefined;
  /** What the agent must have. Default: nothing. */
  readonly attributes?: AttributeWishes | undefined;
  /** Default: as many of a kind on one agent as fit. */
  readonly spread?: (Spread & { readonly group: string }) | undefined;
}

/** Tasks that go to one agent, in one `ACCEPT` of all its offers. */
export interface Placement<T> {
  /** The first of the offers; all are of the same agent and role. */
  readonly offer: Offer;
  readonly agentId: AgentID;
  readonly offerIds: readonly OfferID[];
  readonly tasks: readonly { readonly task: T; readonly resources: readonly Resource[] }[];
}

/** Every offer is in exactly one of the two. */
export interface Matching<T> {
  readonly placements: readonly Placement<T>[];
  readonly unused: readonly OfferID[];
}

/**
 * Places waiting tasks, oldest first, each on the first agent with room; tasks that spread, where the
 * fewest of their group are.
 *
 * Offers of one agent and role count as one. Within an agent tasks that do not fit are passed over, so a
 * large task never holds up the smaller ones behind it. `counts` says where groups are, and is added to.
 */
export function matchOffers<T extends Wanted>(
  offers: readonly Offer[],
  waiting: Iterable<T>,
  counts: SpreadCounts = new SpreadCounts(),
): Matching<T> {
  const groups = [...groupByAgent(offers).values()].map((members) => ({
    members,
    left: new OfferedResources(members.flatMap((offer) => offer.resources)),
    tasks: [] as { task: T; resources: readonly Resource[] }[],
  }));
  // Once a size found no room, every further task of that size is passed over: queues are often uniform.
  const tooLarge = new Set<string>();
  for (const task of waiting) {
    const size = task.wants.map(({ name, milli }) => `${name}:${milli}`).join();
    if (tooLarge.has(size)) continue;
    let isPlaced = false;
    for (const group of inOrderFor(task, groups, counts)) {
      const resources = group.left.take(task.wants);
      if (resources === undefined) continue;
      group.tasks.push({ task, resources });
      countSpread(task, group.members[0] as Offer, counts);
      isPlaced = true;
      break;
    }
    if (!isPlaced && isUnchoosy(task)) tooLarge.add(size);
  }
  const placements: Placement<T>[] = [];
  const unused: OfferID[] = [];
  for (const { members, tasks } of groups) {
    const offer = members[0] as Offer;
    const offerIds = members.map(({ id }) => id);
    if (tasks.length === 0) unused.push(...offerIds);
    else placements.push({ offer, agentId: offer.agentId, offerIds, tasks });
  }
  return { placements, unused };
}

function isUnchoosy({ accepts, attributes, spread }: Wanted): boolean {
  return accepts === undefined && attributes === undefined && spread === undefined;
}

/** The agents the task may go to, the best first. */
function inOrderFor<G extends { readonly members: readonly Offer[] }>(
  task: Wanted,
  groups: readonly G[],
  counts: SpreadCounts,
): readonly G[] {
  if (isUnchoosy(task)) return groups;
  const { accepts, attributes, spread } = task;
  const allowed = groups.filter(({ members }) => {
    const offer = members[0] as Offer;
    return (!attributes || hasAttributes(offer, attributes)) && accepts?.(offer) !== false;
  });
  if (spread === undefined) return allowed;
  const { group, max = Number.POSITIVE_INFINITY } = spread;
  return allowed
    .flatMap((candidate) => {
      const value = spreadValueOf(candidate.members[0] as Offer, spread);
      const count = value === undefined ? max : counts.at(group, value);
      return count < max ? [{ candidate, count }] : [];
    })
    .sort((left, right) => left.count - right.count)
    .map(({ candidate }) => candidate);
}

function countSpread({ spread }: Wanted, offer: Offer, counts: SpreadCounts): void {
  const value = spread && spreadValueOf(offer, spread);
  if (spread !== undefined && value !== undefined) counts.add(spread.group, value);
}

function groupByAgent(offers: readonly Offer[]): Map<string, Offer[]> {
  const groups = new Map<string, Offer[]>();
  for (const offer of offers) {
    const key = `${offer.agentId.value}\n${offer.allocationInfo?.role ?? '*'}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [offer]);
    else group.push(offer);
  }
  return groups;
}
