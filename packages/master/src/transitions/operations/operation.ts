// What every offer operation is given and gives back.
import type { Resource } from '@kaon/protocol';
import { type Resources, toPostRefinement } from '@kaon/resources';
import type { Effect } from '../../effects.ts';
import type { Agent } from '../../state/agent.ts';
import type { Framework } from '../../state/framework.ts';
import type { MasterState } from '../../state/master-state.ts';

/** Where an operation is carried out. */
export interface OperationPlace {
  readonly state: MasterState;
  readonly framework: Framework;
  readonly agent: Agent;
  /** The role the offers are allocated to. */
  readonly role: string;
  /** What the offers hold and no operation before has used. */
  readonly available: Resources;
}

/** What one operation of an accept has led to. */
export interface OperationOutcome {
  readonly effects: readonly Effect[];
  /** What is left for the operations after. */
  readonly available: Resources;
}

/**
 * Resources as the master handles them: with stacks of reservations, and allocated to the role of the
 * offer where the framework did not say. Frameworks of one role never do.
 */
export function inOffersRole(resources: readonly Resource[], role: string): readonly Resource[] {
  return resources.map((resource) => {
    const record = toPostRefinement(resource);
    return record.allocationInfo?.role === undefined
      ? { ...record, allocationInfo: { role } }
      : record;
  });
}
