// What every offer operation is given and gives back.
import type { internal } from '@kaon/protocol';
import type { Resources } from '@kaon/resources';
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
  /**
   * Shared volumes that the offers hold, or operations before have made: any number of tasks may use each,
   * so they are here whoever has used them.
   */
  readonly shared: Resources;
}

/** What one operation of an accept has led to. */
export interface OperationOutcome {
  readonly effects: readonly Effect[];
  /** What is left for the operations after. */
  readonly available: Resources;
  /** Shared volumes by now. Default: as before. */
  readonly shared?: Resources;
  /** What goes back with the rest, but is nothing for operations of the same call. Default: nothing. */
  readonly setAside?: Resources;
}

/** Which state of an agent's resources a decision was based on. */
export function resourceVersions({
  resourceVersionUuid,
}: Pick<Agent, 'resourceVersionUuid'>): readonly internal.ResourceVersionUUID[] {
  return resourceVersionUuid === undefined ? [] : [{ uuid: resourceVersionUuid }];
}
