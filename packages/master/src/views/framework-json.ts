// A framework as the older endpoints show it, in Mesos' order of members.
import {
  type CommandInfo,
  CommandInfo_URI,
  Environment,
  type ExecutorInfo,
  type JsonObject,
  type JsonValue,
  jsonDouble,
  jsonSeconds,
  Label,
  LEGACY_KEYS,
  messageJson,
  Resource_AllocationInfo,
  schedulerV1,
} from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import type { OfferRecord } from '../state/offer-record.ts';
import type { TaskRecord } from '../state/task-record.ts';
import type { Fragments } from './fragments.ts';
import { EVERYTHING, type ListFilter, showsOffer, showsTask } from './list-filter.ts';
import { amountsJson } from './resources-json.ts';
import { offeredOf, usedByFramework } from './usage.ts';

/** The members that `/state-summary` shows too. */
export function frameworkSummaryJson(state: MasterState, framework: Framework): JsonObject {
  return summaryJson(framework, usedByFramework(framework), offeredOf(state, framework));
}

function summaryJson(framework: Framework, used: Resources, offered: Resources): JsonObject {
  const { info } = framework;
  return {
    id: framework.id,
    name: info.name,
    used_resources: amountsJson(used),
    offered_resources: amountsJson(offered),
    capabilities: info.capabilities.map(({ type }) => type ?? 'UNKNOWN'),
    hostname: info.hostname ?? '',
    webui_url: info.webuiUrl ?? '',
    active: framework.acceptsOffers,
    connected: framework.isConnected,
    recovered: framework.phase === 'recovered',
  };
}

/** All of it, with tasks, offers and executors, as far as `filter` shows them. */
export function frameworkJson(
  state: MasterState,
  framework: Framework,
  fragments: Fragments,
  filter: ListFilter = EVERYTHING,
): JsonObject {
  const { info } = framework;
  const used = usedByFramework(framework);
  const offered = offeredOf(state, framework);
  const { reregisteredMs, registeredMs } = framework;
  const tasksJson = (tasks: Iterable<TaskRecord>): JsonValue => {
    const list: JsonValue[] = [];
    for (const task of tasks) if (showsTask(task, filter)) list.push(fragments.task(task));
    return list;
  };
  // NOTE: not spreads: in Node 20 each member behind one that is new costs a microsecond.
  const before = {
    user: info.user,
    failover_timeout: jsonDouble(info.failoverTimeout ?? 0),
    checkpoint: info.checkpoint ?? false,
    registered_time: jsonSeconds(registeredMs),
    unregistered_time: jsonSeconds(framework.unregisteredMs),
    reregistered_time: reregisteredMs === undefined ? undefined : jsonSeconds(reregisteredMs),
    principal: info.principal,
    resources: amountsJson(used.plus(offered)),
  };
  const roles = framework.has('MULTI_ROLE') ? { roles: info.roles } : { role: info.role ?? '*' };
  const behind = {
    tasks: tasksJson(framework.tasks.values()),
    unreachable_tasks: tasksJson(framework.unreachableTasks.values()),
    completed_tasks: tasksJson(framework.completedTasks.items()),
    offers: offersJson(state, framework, filter),
    executors: executorsJson(framework, filter),
    labels: info.labels?.labels.map((label) => messageJson(Label, label)),
    offer_constraints: framework.offerConstraints
      ? messageJson(schedulerV1.OfferConstraints, framework.offerConstraints)
      : {},
  };
  return Object.assign(summaryJson(framework, used, offered), before, roles, behind);
}

function offerJson({ id, frameworkId, agentId, role, resources }: OfferRecord): JsonValue {
  return {
    id,
    framework_id: frameworkId,
    allocation_info: messageJson(Resource_AllocationInfo, { role }),
    [LEGACY_KEYS.agentId]: agentId,
    resources: amountsJson(resources),
  };
}

function offersJson(state: MasterState, framework: Framework, filter: ListFilter): JsonValue {
  const offers = state.offersOf(framework).filter((offer) => showsOffer(offer, filter));
  return offers.map(offerJson);
}

function executorsJson(framework: Framework, { agentId: wanted }: ListFilter): JsonValue {
  const list: JsonValue[] = [];
  for (const [agentId, executors] of framework.executors) {
    if (wanted !== undefined && agentId !== wanted) continue;
    for (const executor of executors.values()) {
      const json = executorJson(framework, executor);
      list.push(Object.assign(json, { [LEGACY_KEYS.agentId]: agentId }));
    }
  }
  return list;
}

function executorJson(framework: Framework, executor: ExecutorInfo): JsonObject {
  const { executorId, name, command, resources, labels, type } = executor;
  const [first] = resources;
  return {
    executor_id: executorId.value,
    name: name ?? '',
    framework_id: framework.id,
    command: command && commandJson(command),
    resources: amountsJson(Resources.of(resources)),
    role: first?.allocationInfo?.role,
    labels: labels?.labels.map((label) => messageJson(Label, label)),
    type,
  };
}

function commandJson({ shell, value, arguments: argv, environment, uris }: CommandInfo): JsonValue {
  return {
    shell: shell ?? true,
    value,
    argv,
    environment: environment && messageJson(Environment, environment),
    uris: uris.map((uri) => messageJson(CommandInfo_URI, uri)),
  };
}
