// An agent as the older endpoints show it, in Mesos' order of members.
import {
  type Attribute,
  DrainInfo,
  type JsonObject,
  type JsonValue,
  jsonDouble,
  jsonSeconds,
  messageJson,
} from '@kaon/protocol';
import { formatAttributeValue } from '@kaon/resources';
import type { Agent } from '../state/agent.ts';
import type { MasterState } from '../state/master-state.ts';
import {
  amountsJson,
  recordsJson,
  reservedAmountsJson,
  reservedRecordsJson,
} from './resources-json.ts';
import { offeredOf, usedOfAgent } from './usage.ts';

/** As `/state` and `/state-summary` show it. */
export function agentJson(state: MasterState, agent: Agent): JsonObject {
  const { info, pid, totalResources } = agent;
  const drain = state.standings.drains.get(agent.id);
  const drainStartMs = state.standings.drainStartMs.get(agent.id);
  return {
    id: agent.id,
    hostname: info.hostname,
    port: info.port ?? 0,
    attributes: attributesJson(info.attributes),
    pid: pid.toString(),
    registered_time: jsonSeconds(agent.registeredMs),
    reregistered_time:
      agent.reregisteredMs === undefined ? undefined : jsonSeconds(agent.reregisteredMs),
    resources: amountsJson(totalResources),
    used_resources: amountsJson(usedOfAgent(state, agent)),
    offered_resources: amountsJson(offeredOf(state, agent)),
    reserved_resources: reservedAmountsJson(totalResources),
    unreserved_resources: amountsJson(totalResources.unreserved()),
    active: agent.isActive,
    deactivated: agent.isDeactivated,
    version: agent.version,
    capabilities: agent.capabilities.map(({ type }) => type ?? 'UNKNOWN'),
    drain_info: drain && messageJson(DrainInfo, drain),
    estimated_drain_start_time_seconds:
      drainStartMs === undefined ? undefined : jsonSeconds(drainStartMs),
  };
}

/** As the list of agents shows it: with the records of all its resources. */
export function fullAgentJson(state: MasterState, agent: Agent): JsonObject {
  const { totalResources } = agent;
  // NOTE: not a spread: in Node 20 each member behind one that is new costs a microsecond.
  return Object.assign(agentJson(state, agent), {
    reserved_resources_full: reservedRecordsJson(totalResources),
    unreserved_resources_full: recordsJson(totalResources.unreserved()),
    used_resources_full: recordsJson(usedOfAgent(state, agent)),
    offered_resources_full: recordsJson(offeredOf(state, agent)),
  });
}

/** Attributes by name, as `/state` shows them. */
export function attributesJson(attributes: readonly Attribute[]): JsonValue {
  return new Map(
    attributes.map((attribute) => [
      attribute.name,
      attribute.type === 'SCALAR'
        ? jsonDouble(attribute.scalar?.value ?? 0)
        : formatAttributeValue(attribute),
    ]),
  );
}
