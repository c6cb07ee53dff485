// An outstanding offer: resources lent to one framework until it answers or the offer is withdrawn.
import type { AgentId, FrameworkId, OfferId } from '@kaon/protocol';
import type { Resources } from '@kaon/resources';

/** A lease. Its resources are in no other offer and in no task. */
export interface OfferRecord {
  readonly id: OfferId;
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  /** The role the resources are allocated to. */
  readonly role: string;
  /** Each carries the role as its allocation. */
  readonly resources: Resources;
}
