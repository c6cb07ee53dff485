// Emptying agents and keeping them out of offers: facts about agents that are admitted or unreachable.
import { ok } from '@kaon/primitives';
import type { DrainConfig } from '@kaon/protocol';
import { type FactWrite, put, type RegistryView } from './facts.ts';
import { type Operation, refuse } from './operation.ts';

type AgentFact = NonNullable<ReturnType<typeof findAgent>>;
/** What an operation here changes; the rest of the record stays. */
type Standing = Pick<AgentFact['fact'], 'drainInfo' | 'deactivated'>;

/** Begins to empty an agent, and deactivates it. Draining it again replaces the config. */
export function drainAgent(agentId: string, config: DrainConfig): Operation {
  const planned = changeAgent('drainAgent', agentId, () => ({
    drainInfo: { state: 'DRAINING', config },
    deactivated: true,
  }));
  return {
    name: planned.name,
    plan(facts) {
      const writes = planned.plan(facts);
      if (!writes.ok) return writes;
      // A master that cannot drain must not lead while an agent drains.
      const capability = 'AGENT_DRAINING';
      return ok([...writes.value, put('minimumCapability', capability, { capability })]);
    },
  };
}

/** Nothing is left on an agent that is being emptied. Refused unless it drains. */
export function markAgentDrained(agentId: string): Operation {
  const name = 'markAgentDrained';
  return {
    name,
    plan(facts) {
      const found = findAgent(facts, agentId);
      const { drainInfo } = found?.fact ?? {};
      if (found === undefined || drainInfo?.state !== 'DRAINING') {
        return refuse(name, agentId, `agent ${agentId} is not draining`);
      }
      const { deactivated } = found.fact;
      return ok([write(found, { drainInfo: { ...drainInfo, state: 'DRAINED' }, deactivated })]);
    },
  };
}

/** Keeps an agent out of offers. */
export function deactivateAgent(agentId: string): Operation {
  return changeAgent('deactivateAgent', agentId, ({ drainInfo }) => ({
    drainInfo,
    deactivated: true,
  }));
}

/** Lets an agent be offered again, and forgets that it was drained. */
export function reactivateAgent(agentId: string): Operation {
  return changeAgent('reactivateAgent', agentId, () => ({
    drainInfo: undefined,
    deactivated: false,
  }));
}

function changeAgent(
  name: string,
  agentId: string,
  change: (standing: Standing) => Standing,
): Operation {
  return {
    name,
    plan(facts) {
      const found = findAgent(facts, agentId);
      if (found === undefined) {
        return refuse(name, agentId, `agent ${agentId} is neither admitted nor unreachable`);
      }
      return ok([write(found, change(found.fact))]);
    },
  };
}

function findAgent(facts: RegistryView, id: string) {
  const admitted = facts.get('agent', id);
  if (admitted !== undefined) return { kind: 'agent', id, fact: admitted } as const;
  const unreachable = facts.get('unreachable', id);
  if (unreachable !== undefined) return { kind: 'unreachable', id, fact: unreachable } as const;
  return undefined;
}

function write(found: AgentFact, standing: Standing): FactWrite {
  const { kind, id } = found;
  return kind === 'agent'
    ? put(kind, id, { ...found.fact, ...standing })
    : put(kind, id, { ...found.fact, ...standing });
}
