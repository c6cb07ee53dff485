// What the registry says about agents, and which registry writes about them are under way.
import { BoundedMap } from '@kaon/primitives';
import type { AgentId, AgentInfo, TimeInfo } from '@kaon/protocol';
import { ADMISSIONS_MAX, LOST_AGENTS_MAX, REMOVED_AGENTS_MAX } from '../constants.ts';
import type { StateChanges } from './state-changes.ts';

/** Why a message about an agent must wait: a registry write about it is under way. */
export type AgentChange = 'markingUnreachable' | 'markingGone' | 'removing' | 'reregistering';

/** Agents beyond those registered now. Changed by transitions through its methods. */
export class AgentAdmissions {
  /** In the registry, but not back since this master took over. */
  readonly recovered = new Map<AgentId, AgentInfo>();
  readonly unreachable = new BoundedMap<AgentId, TimeInfo>(LOST_AGENTS_MAX);
  readonly gone = new BoundedMap<AgentId, TimeInfo>(LOST_AGENTS_MAX);
  /** Left or were replaced; what they still send is ignored. */
  readonly removed = new BoundedMap<AgentId, true>(REMOVED_AGENTS_MAX);
  /** PIDs of new agents whose admission waits for the registry. */
  readonly #registering = new Set<string>();
  readonly #changing = new Map<AgentId, AgentChange>();
  readonly #changes: StateChanges | undefined;
  /** Registrations ignored because too many were under way. */
  refused = 0;

  /** `changes` hears of agents that come onto or leave a list; undefined: nobody does. */
  constructor(changes?: StateChanges) {
    this.#changes = changes;
  }

  /** False when this PID's admission is under way already or there are too many. */
  beginRegistration(pid: string): boolean {
    if (this.#registering.has(pid)) return false;
    if (this.#registering.size >= ADMISSIONS_MAX) {
      this.refused += 1;
      return false;
    }
    this.#registering.add(pid);
    return true;
  }

  endRegistration(pid: string): void {
    this.#registering.delete(pid);
  }

  /** The registry write under way about this agent, if any. */
  changeOf(agentId: AgentId): AgentChange | undefined {
    return this.#changing.get(agentId);
  }

  /** False when another registry write about this agent is under way, or too many are. */
  beginChange(agentId: AgentId, change: AgentChange): boolean {
    if (this.#changing.has(agentId)) return false;
    if (this.#changing.size >= ADMISSIONS_MAX) {
      this.refused += 1;
      return false;
    }
    this.#changing.set(agentId, change);
    return true;
  }

  endChange(agentId: AgentId): void {
    this.#changing.delete(agentId);
  }

  /** The agent is registered (again): no list knows it any more. */
  settle(agentId: AgentId): void {
    this.recovered.delete(agentId);
    this.unreachable.delete(agentId);
    this.removed.delete(agentId);
    this.#tell(agentId);
  }

  /** The registry has it, and it has not come back yet. It stands last on the list. */
  recover(agentId: AgentId, info: AgentInfo): void {
    this.unreachable.delete(agentId);
    this.recovered.delete(agentId);
    this.recovered.set(agentId, info);
    this.#tell(agentId);
  }

  markUnreachable(agentId: AgentId, since: TimeInfo): void {
    this.recovered.delete(agentId);
    this.unreachable.set(agentId, since);
    this.#tell(agentId);
  }

  markGone(agentId: AgentId, since: TimeInfo): void {
    this.recovered.delete(agentId);
    this.unreachable.delete(agentId);
    this.gone.set(agentId, since);
    this.#tell(agentId);
  }

  /** Whether the agent is not registered, but may come back. */
  isMissed(agentId: AgentId): boolean {
    return this.recovered.has(agentId) || this.unreachable.has(agentId);
  }

  /** Forgets unreachable and gone agents that were lost before `beforeMs`, milliseconds since 1970. */
  forgetLostBefore(beforeMs: number): void {
    for (const lost of [this.unreachable, this.gone]) {
      for (const [agentId, { nanoseconds }] of [...lost.entries()]) {
        if (nanoseconds / 1e6 >= beforeMs) continue;
        lost.delete(agentId);
        this.#tell(agentId);
      }
    }
  }

  markRemoved(agentId: AgentId): void {
    this.recovered.delete(agentId);
    this.unreachable.delete(agentId);
    this.removed.set(agentId, true);
    this.#tell(agentId);
  }

  #tell(agentId: AgentId): void {
    this.#changes?.tell({ kind: 'admissionChanged', agentId });
  }
}
