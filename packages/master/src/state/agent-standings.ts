// Which agents operators keep out of offers, and which are being emptied: registered, silent or yet to return.
import type { AgentId, DrainInfo } from '@kaon/protocol';

/** How far an agent's draining is; undefined: it is not drained. */
export interface Draining {
  readonly info: DrainInfo | undefined;
  /** When it was told, milliseconds since 1970. */
  readonly startMs: number | undefined;
}

/** Changed by transitions through its methods, when the registry has it. */
export class AgentStandings {
  readonly #deactivated = new Set<AgentId>();
  readonly #drains = new Map<AgentId, DrainInfo>();
  readonly #drainStartMs = new Map<AgentId, number>();
  /** Draining agents that may have nothing left; looked at after each turn. */
  readonly #maybeEmpty = new Set<AgentId>();
  readonly #onChanged: (agentId: AgentId) => void;

  /** `onChanged` is told of each agent whose standing changed. Default: nobody is. */
  constructor(onChanged: (agentId: AgentId) => void = () => undefined) {
    this.#onChanged = onChanged;
  }

  get deactivated(): ReadonlySet<AgentId> {
    return this.#deactivated;
  }

  get drains(): ReadonlyMap<AgentId, DrainInfo> {
    return this.#drains;
  }

  /** When agents that are registered were told to drain, by this master; milliseconds since 1970. */
  get drainStartMs(): ReadonlyMap<AgentId, number> {
    return this.#drainStartMs;
  }

  isDraining(agentId: AgentId): boolean {
    return this.#drains.get(agentId)?.state === 'DRAINING';
  }

  deactivate(agentId: AgentId): void {
    this.#deactivated.add(agentId);
    this.#onChanged(agentId);
  }

  /** How far its draining is. */
  drain(agentId: AgentId, info: DrainInfo): void {
    this.#drains.set(agentId, info);
    this.#onChanged(agentId);
  }

  /** It was told to drain. */
  drainBegan(agentId: AgentId, nowMs: number): void {
    this.#drainStartMs.set(agentId, nowMs);
    this.#onChanged(agentId);
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
    this.#deactivated.delete(agentId);
    this.#drains.delete(agentId);
    this.#drainStartMs.delete(agentId);
    this.#maybeEmpty.delete(agentId);
    this.#onChanged(agentId);
  }

  /** The agent is not registered any more: this master has yet to tell it to drain. */
  forgetDrainStart(agentId: AgentId): void {
    this.#drainStartMs.delete(agentId);
  }

  /** Makes one agent's draining what it is said to be; for copies that another thread reads. */
  restore(agentId: AgentId, { info, startMs }: Draining): void {
    if (info === undefined) this.#drains.delete(agentId);
    else this.#drains.set(agentId, info);
    if (startMs === undefined) this.#drainStartMs.delete(agentId);
    else this.#drainStartMs.set(agentId, startMs);
  }
}
