// Tasks of one launch are mostly alike: the resources they ask for are looked at once, and kept once.
import type { Resource } from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import type { Problem } from '../../validation/check.ts';
import { inOffersRole } from '../../validation/operations/operation-form.ts';
import { resourcesProblem } from '../../validation/task.ts';

/** What one list of resources comes to. */
export interface KnownResources {
  /** As the master handles them, in the role of the offers. */
  readonly records: readonly Resource[];
  readonly sum: Resources;
  /** What is wrong with them, if anything. */
  readonly problem: Problem;
}

/** The lists of one operation; as many as it has tasks at most. */
export class AlikeResources {
  readonly #role: string;
  readonly #known = new Map<string, KnownResources>();

  /** `role`: the one the offers are allocated to. */
  constructor(role: string) {
    this.#role = role;
  }

  /** What `resources` come to: the same object for the same amounts. */
  of(resources: readonly Resource[]): KnownResources {
    const key = keyOf(resources);
    const before = key === undefined ? undefined : this.#known.get(key);
    if (before !== undefined) return before;
    const records = inOffersRole(resources, this.#role);
    const known = { records, sum: Resources.of(records), problem: resourcesProblem(records) };
    if (key !== undefined) this.#known.set(key, known);
    return known;
  }
}

const PLAIN: ReadonlySet<string> = new Set(['name', 'type', 'scalar', 'reservations']);

/** Tells lists of scalars apart; undefined for whatever has more to it. */
function keyOf(resources: readonly Resource[]): string | undefined {
  let key = '';
  for (const resource of resources) {
    const { name, type, scalar, reservations } = resource;
    if (type !== 'SCALAR' || scalar === undefined || reservations.length > 0) return undefined;
    for (const field in resource) {
      if (!PLAIN.has(field) && resource[field as keyof Resource] !== undefined) return undefined;
    }
    key += `${name.length} ${name} ${scalar.value} `;
  }
  return key;
}
