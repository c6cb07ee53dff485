// Outstanding inverse offers: questions to frameworks whether they can do without an agent for a while.
import { getOrCreate } from '@kaon/primitives';
import type { AgentId, FrameworkId, OfferId, Unavailability } from '@kaon/protocol';
import type { StateChanges } from './state-changes.ts';

/** One question to one framework about one agent. */
export interface InverseOfferRecord {
  readonly id: OfferId;
  readonly frameworkId: FrameworkId;
  readonly agentId: AgentId;
  readonly unavailability: Unavailability;
}

/** The questions by id, by framework and by agent. */
export class InverseOffers {
  readonly #all = new Map<OfferId, InverseOfferRecord>();
  readonly #byHolder = new Map<FrameworkId | AgentId, Set<InverseOfferRecord>>();
  readonly #changes: StateChanges | undefined;

  /** `changes` hears of what comes and goes; undefined: nobody does. */
  constructor(changes?: StateChanges) {
    this.#changes = changes;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Oldest first. */
  all(): Iterable<InverseOfferRecord> {
    return this.#all.values();
  }

  get(id: OfferId): InverseOfferRecord | undefined {
    return this.#all.get(id);
  }

  /** Those of a framework or an agent, oldest first. */
  of(holder: FrameworkId | AgentId): readonly InverseOfferRecord[] {
    return [...(this.#byHolder.get(holder) ?? [])];
  }

  add(offer: InverseOfferRecord): void {
    this.#all.set(offer.id, offer);
    for (const holder of [offer.frameworkId, offer.agentId]) {
      getOrCreate(this.#byHolder, holder, () => new Set<InverseOfferRecord>()).add(offer);
    }
    this.#changes?.tell({ kind: 'inverseOfferAdded', offer });
  }

  remove(offer: InverseOfferRecord): void {
    this.#all.delete(offer.id);
    for (const holder of [offer.frameworkId, offer.agentId]) {
      const held = this.#byHolder.get(holder);
      held?.delete(offer);
      if (held?.size === 0) this.#byHolder.delete(holder);
    }
    this.#changes?.tell({ kind: 'inverseOfferRemoved', offer });
  }
}
