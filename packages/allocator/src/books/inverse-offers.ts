// Maintenance: whom to ask for resources on agents that will be away. One question at a time.
import type { AgentId, FrameworkId } from '@kaon/protocol';
import type {
  FrameworkInverseOffers,
  InverseOfferAnswer,
  InverseOfferStatus,
  Unavailability,
} from '../protocol.ts';
import type { AgentRow, FrameworkRow } from './rows.ts';

/** An agent with a maintenance window. */
interface Window {
  readonly unavailability: Unavailability;
  /** Frameworks that were asked and have not answered. */
  readonly outstanding: Set<FrameworkRow>;
  /** When each framework may be asked again. */
  readonly filters: Map<FrameworkRow, number>;
  /** The last answer of each framework. */
  readonly answers: Map<
    FrameworkId,
    { readonly answer: InverseOfferAnswer; readonly atMs: number }
  >;
}

/** Agents with a maintenance window, and who was asked about them. */
export class InverseOffers {
  readonly #windows = new Map<AgentRow, Window>();

  /** Agents with a window. */
  get size(): number {
    return this.#windows.size;
  }

  /** Questions without an answer. */
  get outstanding(): number {
    let count = 0;
    for (const { outstanding } of this.#windows.values()) count += outstanding.size;
    return count;
  }

  /** Sets or takes away the window. What was asked and answered about the former one is forgotten. */
  setUnavailability(agent: AgentRow, unavailability: Unavailability | undefined): void {
    this.#windows.delete(agent);
    if (unavailability === undefined) return;
    this.#windows.set(agent, {
      unavailability,
      outstanding: new Set(),
      filters: new Map(),
      answers: new Map(),
    });
  }

  forgetAgent(agent: AgentRow): void {
    this.#windows.delete(agent);
  }

  /** The framework is gone or cannot answer any more. */
  forgetFramework(framework: FrameworkRow): void {
    for (const { answers, filters, outstanding } of this.#windows.values()) {
      outstanding.delete(framework);
      filters.delete(framework);
      answers.delete(framework.frameworkId);
    }
  }

  /** The question is answered, or withdrawn when there is no `answer`. */
  end(
    agent: AgentRow,
    framework: FrameworkRow,
    answer: InverseOfferAnswer | undefined,
    atMs: number,
    mayAskAgainMs: number | undefined,
  ): void {
    const window = this.#windows.get(agent);
    if (window === undefined) return;
    window.outstanding.delete(framework);
    if (answer !== undefined) window.answers.set(framework.frameworkId, { answer, atMs });
    if (mayAskAgainMs !== undefined) window.filters.set(framework, mayAskAgainMs);
  }

  /**
   * Asks each active framework that holds something on an agent with a window, unless it is asked already
   * or has set a filter that lasts. `agents` are the candidates of the pass; undefined: all.
   */
  ask(agents: ReadonlySet<number> | undefined, nowMs: number): readonly FrameworkInverseOffers[] {
    const asked = new Map<FrameworkRow, { agentId: AgentId; unavailability: Unavailability }[]>();
    for (const [agent, { filters, outstanding, unavailability }] of this.#windows) {
      if (!agent.isActive || !agent.isWhitelisted || agents?.has(agent.index) === false) continue;
      for (const { framework } of agent.held) {
        if (!framework.isActive || outstanding.has(framework)) continue;
        if ((filters.get(framework) ?? 0) > nowMs) continue;
        filters.delete(framework);
        outstanding.add(framework);
        const offers = asked.get(framework) ?? [];
        asked.set(framework, offers);
        offers.push({ agentId: agent.agentId, unavailability });
      }
    }
    return [...asked].map(([{ frameworkId }, inverseOffers]) => ({ frameworkId, inverseOffers }));
  }

  /** The last answers. */
  *answers(): Iterable<InverseOfferStatus> {
    for (const [{ agentId }, { answers }] of this.#windows) {
      for (const [frameworkId, { answer, atMs }] of answers) {
        yield { agentId, frameworkId, answer, atMs };
      }
    }
  }
}
