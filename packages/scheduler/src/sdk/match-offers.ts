// First fit: which waiting task goes to which offer. Pure; the scheduler sends what comes out.
import type { AgentID, Offer, OfferID, Resource } from '@kaon/protocol';
import { OfferedResources, type Want } from './carve-resources.ts';

/** A task that waits for an offer. */
export interface Wanted {
  readonly wants: readonly Want[];
  /** Whether the task may run on the offer's agent. Default: on any. */
  readonly accepts?: ((offer: Offer) => boolean) | undefined;
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
 * Places waiting tasks, oldest first, each on the first agent with room.
 *
 * Offers of one agent and role count as one. Within an agent tasks that do not fit are passed over, so a
 * large task never holds up the smaller ones behind it.
 */
export function matchOffers<T extends Wanted>(
  offers: readonly Offer[],
  waiting: Iterable<T>,
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
    for (const group of groups) {
      if (task.accepts?.(group.members[0] as Offer) === false) continue;
      const resources = group.left.take(task.wants);
      if (resources === undefined) continue;
      group.tasks.push({ task, resources });
      isPlaced = true;
      break;
    }
    if (!isPlaced && task.accepts === undefined) tooLarge.add(size);
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
