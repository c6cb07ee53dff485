// What a master may do to the registry about agents, weights and itself: pure functions from the facts to
// writes, or to a refusal. Quotas, maintenance and draining have files of their own.
import { ok } from '@kaon/primitives';
import type { AgentInfo, MasterInfo, TimeInfo, WeightInfo } from '@kaon/protocol';
import { type FactWrite, isFactId, MASTER_ID, put, remove } from './facts.ts';
import { type Operation, refuse } from './operation.ts';

/** A leader's first write: it proves that the registry can be written, and tells who leads. */
export function updateMasterInfo(info: MasterInfo): Operation {
  return { name: 'updateMasterInfo', plan: () => ok([put('master', MASTER_ID, { info })]) };
}

/** Admits a new agent. Refused when an agent of this id is or was known. */
export function admitAgent(info: AgentInfo): Operation {
  const name = 'admitAgent';
  return {
    name,
    plan(facts) {
      const id = info.id?.value ?? '';
      if (!isFactId(id)) return refuse(name, id, 'an admitted agent needs a usable id');
      if (facts.get('agent', id)) return refuse(name, id, `agent ${id} is admitted already`);
      if (facts.get('unreachable', id)) {
        return refuse(name, id, `agent ${id} is unreachable and cannot be admitted as new`);
      }
      if (facts.get('gone', id)) return refuse(name, id, `agent ${id} is gone`);
      return ok([put('agent', id, { info })]);
    },
  };
}

/** Replaces the info of an admitted agent, after it came back with another one. */
export function updateAgent(info: AgentInfo): Operation {
  const name = 'updateAgent';
  return {
    name,
    plan(facts) {
      const id = info.id?.value ?? '';
      const agent = facts.get('agent', id);
      if (!agent) return refuse(name, id, `agent ${id} is not admitted`);
      return ok([put('agent', id, { ...agent, info })]);
    },
  };
}

/** Moves an admitted agent to the unreachable ones, with the time it fell silent. */
export function markAgentUnreachable(agentId: string, timestamp: TimeInfo): Operation {
  const name = 'markAgentUnreachable';
  return {
    name,
    plan(facts) {
      const agent = facts.get('agent', agentId);
      if (!agent) return refuse(name, agentId, `agent ${agentId} is not admitted`);
      const { drainInfo, deactivated } = agent;
      return ok([
        remove('agent', agentId),
        put('unreachable', agentId, {
          id: { value: agentId },
          timestamp,
          drainInfo,
          deactivated,
        }),
      ]);
    },
  };
}

/**
 * Admits again an agent that was unreachable. One that nobody remembers, since the list of
 * unreachable agents is bounded, is admitted too; one that is admitted stays as it is.
 */
export function markAgentReachable(info: AgentInfo): Operation {
  const name = 'markAgentReachable';
  return {
    name,
    plan(facts) {
      const id = info.id?.value ?? '';
      if (!isFactId(id)) return refuse(name, id, 'a reachable agent needs a usable id');
      if (facts.get('gone', id)) return refuse(name, id, `agent ${id} is gone`);
      if (facts.get('agent', id)) return ok([]);
      const unreachable = facts.get('unreachable', id);
      const { drainInfo, deactivated } = unreachable ?? {};
      const admitted = put('agent', id, { info, drainInfo, deactivated });
      return ok(unreachable ? [remove('unreachable', id), admitted] : [admitted]);
    },
  };
}

/** Declares an admitted or unreachable agent lost for good. Harmless when it is gone already. */
export function markAgentGone(agentId: string, timestamp: TimeInfo): Operation {
  const name = 'markAgentGone';
  return {
    name,
    plan(facts) {
      if (facts.get('gone', agentId)) return ok([]);
      const gone = put('gone', agentId, { id: { value: agentId }, timestamp });
      if (facts.get('agent', agentId)) return ok([remove('agent', agentId), gone]);
      if (facts.get('unreachable', agentId)) return ok([remove('unreachable', agentId), gone]);
      return refuse(name, agentId, `agent ${agentId} is neither admitted nor unreachable`);
    },
  };
}

/** Forgets an admitted agent: it unregistered or was replaced. */
export function removeAgent(agentId: string): Operation {
  const name = 'removeAgent';
  return {
    name,
    plan(facts) {
      if (!facts.get('agent', agentId)) {
        return refuse(name, agentId, `agent ${agentId} is not admitted`);
      }
      return ok([remove('agent', agentId)]);
    },
  };
}

/** How many unreachable and gone agents to remember, and for how long. */
export interface PruneLimits {
  readonly nowMs: number;
  /** Default: two weeks. */
  readonly ageMaxMs?: number;
  /** Per list. Default: 102 400. */
  readonly agentsMax?: number;
}

const PRUNE_AGE_MAX_MS = 14 * 24 * 60 * 60 * 1000;
const PRUNE_AGENTS_MAX = 102_400;

/** Forgets unreachable and gone agents that are too old, and of the rest the oldest beyond the limit. */
export function pruneAgents(limits: PruneLimits): Operation {
  const { nowMs, ageMaxMs = PRUNE_AGE_MAX_MS, agentsMax = PRUNE_AGENTS_MAX } = limits;
  return {
    name: 'pruneAgents',
    plan: (facts) =>
      ok(
        (['unreachable', 'gone'] as const).flatMap((kind) => {
          const newestFirst = [...facts.entries(kind)]
            .map(([id, { timestamp }]) => ({ id, atMs: timestamp.nanoseconds / 1e6 }))
            .sort((left, right) => right.atMs - left.atMs || (left.id < right.id ? -1 : 1));
          return newestFirst
            .filter(({ atMs }, index) => index >= agentsMax || nowMs - atMs > ageMaxMs)
            .map(({ id }) => remove(kind, id));
        }),
      ),
  };
}

/** Sets weights of roles. One that is set to 1, the default, stays listed. */
export function updateWeights(weights: readonly WeightInfo[]): Operation {
  const name = 'updateWeights';
  return {
    name,
    plan() {
      const writes: FactWrite[] = [];
      for (const info of weights) {
        const role = info.role ?? '';
        if (!isFactId(role)) return refuse(name, role, 'a weight needs a usable role');
        const isPositive = info.weight > 0 && Number.isFinite(info.weight);
        if (!isPositive) return refuse(name, role, `weight of role ${role} is not above 0`);
        writes.push(put('weight', role, { info }));
      }
      return ok(writes);
    },
  };
}
