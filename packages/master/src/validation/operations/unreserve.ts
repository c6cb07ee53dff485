// May these reservations be undone? The sentences are Mesos'.
import type { Offer_Operation_Unreserve } from '@kaon/protocol';
import { formatResource, isDynamicallyReserved, isPersistentVolume } from '@kaon/resources';
import type { Problem } from '../check.ts';
import { firstOf, providersProblem, recordsProblem } from './resources.ts';

/** The first thing wrong with it, apart from whether the resources are there. */
export function unreserveProblem({ resources }: Offer_Operation_Unreserve): Problem {
  const problem = recordsProblem(resources) ?? providersProblem(resources);
  if (problem !== undefined) return `Invalid resources: ${problem}`;
  return firstOf(resources, (resource) => {
    if (!isDynamicallyReserved(resource)) {
      return `Resource ${formatResource(resource)} is not dynamically reserved`;
    }
    return isPersistentVolume(resource)
      ? `A dynamically reserved persistent volume ${formatResource(resource)} cannot be unreserved directly. Please destroy the persistent volume first then unreserve the resource`
      : undefined;
  });
}
