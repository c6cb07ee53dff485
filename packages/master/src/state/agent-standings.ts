// Which agents operators keep out of offers, and which are being emptied: registered, silent or yet to return.
import type { AgentId, DrainInfo } from '@kaon/protocol';

/** Changed by transitions, when the registry has it. */
export class AgentStandings {
  readonly deactivated = new Set<AgentId>();
  readonly drains = new Map<AgentId, DrainInfo>();
  /** When agents that are registered were told to drain, by this master; milliseconds since 1970. */
  readonly drainStartMs = new Map<AgentId, number>();
  /** Draining agents that may have nothing left; looked at after each turn. */
  readonly #maybeEmpty = new Set<AgentId>();

  isDraining(agentId: AgentId): boolean {
    return this.drains.get(agentId)?.state === 'DRAINING';
  }

  /** Something of the agent ended: it may be drained by that. */
  noteEnd(agentId: AgentId): void {
    if (this.isDraining(agentId)) this.#maybeEmpty.add(agentId);
  }

  /** Takes the agents that may be drained; most often none. */
  takeMaybeEmpty(): readonly AgentId[] {
    if (this.#maybeEmpty.size === 0) return [];
    const taken = [...this.#maybeEmpty];
    this.#maybeEmpty.clear();
    return taken;
  }

  /** The agent is offered again, or is gone for good. */
  clear(agentId: AgentId): void {
    this.deactivated.delete(agentId);
    this.drains.delete(agentId);
    this.drainStartMs.delete(agentId);
    this.#maybeEmpty.delete(agentId);
  }
}
