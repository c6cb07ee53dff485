// A framework takes offers: its operations are carried out in order, what they leave goes back.
import {
  agentHasCapability,
  idOf,
  type Offer_Operation,
  type OfferID,
  type OfferId,
  type OperationId,
  type schedulerV1,
} from '@kaon/protocol';
import { Resources, validateResources } from '@kaon/resources';
import { count, type Effect, recover } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import { validateOffers } from '../validation/offers.ts';
import { operationInRole, resourcesNamed } from '../validation/operations/operation-form.ts';
import { droppedState, refuseTask } from './master-status.ts';
import { refused } from './operations/convert-resources.ts';
import { createVolumes } from './operations/create-volumes.ts';
import { destroyVolumes } from './operations/destroy-volumes.ts';
import { refuseDisk } from './operations/disks.ts';
import { launch, refuseLaunch } from './operations/launch.ts';
import { launchGroup, refuseGroup } from './operations/launch-group.ts';
import type { OperationOutcome, OperationPlace } from './operations/operation.ts';
import { refuseOperation } from './operations/refuse-operation.ts';
import { reserve } from './operations/reserve.ts';
import { growVolume, shrinkVolume } from './operations/resize-volumes.ts';
import { unreserve } from './operations/unreserve.ts';
import { refuseMsOf } from './refuse-filter.ts';
import { recallOffers, takeOffer } from './rescind-offers.ts';

/**
 * Ends the offers and carries the operations out on their resources.
 *
 * Every quantity offered ends up in a task, in an executor, or with the allocator again. When one of
 * the offers does not stand any more, nothing is carried out and the others go back.
 */
export function acceptOffers(
  state: MasterState,
  framework: Framework,
  { offerIds, operations, filters }: schedulerV1.Call_Accept,
  env: Env,
): readonly Effect[] {
  const counted = count('messagesLaunchTasks');
  const offers = validateOffers(state, framework, offerIds);
  if (!offers.ok) {
    return [
      counted,
      ...recallOwn(state, framework, offerIds),
      ...operations.flatMap((operation) => dropInvalid(framework, operation, offers.error, env)),
    ];
  }
  const [{ agentId, role }] = offers.value;
  const agent = state.agents.get(agentId);
  if (agent === undefined) return [counted];
  const effects: Effect[] = [counted];
  effects.push(...offers.value.flatMap((offer) => takeOffer(state, offer)));
  const offered = Resources.sum(offers.value.map(({ resources }) => resources));
  let available = offered;
  let shared = offered.shared();
  let setAside = Resources.empty;
  for (const operation of operations) {
    const place = { state, framework, agent, role, available, shared };
    const outcome = carryOut(operation, place, env);
    effects.push(...outcome.effects);
    available = outcome.available;
    shared = outcome.shared ?? shared;
    if (outcome.setAside !== undefined) setAside = setAside.plus(outcome.setAside);
  }
  const holder = { frameworkId: framework.id, agentId };
  const rest = available.plus(setAside);
  // What operations have made was never offered, so it was not declined either.
  const made = rest.minus(offered);
  effects.push(...recover(holder, made), ...recover(holder, rest.minus(made), refuseMsOf(filters)));
  return effects;
}

function carryOut(given: Offer_Operation, place: OperationPlace, env: Env): OperationOutcome {
  const problem = formProblem(given, place);
  if (problem !== undefined) return refuse(given, place, problem, env);
  const operation = operationInRole(given, place.role);
  switch (operation.type) {
    case 'LAUNCH':
      return launch(operation.launch?.taskInfos ?? [], place, env);
    case 'LAUNCH_GROUP':
      return launchGroup(operation.launchGroup, place, env);
    case 'RESERVE':
      return reserve(operation, place, env);
    case 'UNRESERVE':
      return unreserve(operation, place, env);
    case 'CREATE':
      return createVolumes(operation, place, env);
    case 'DESTROY':
      return destroyVolumes(operation, place, env);
    case 'GROW_VOLUME':
      return growVolume(operation, place, env);
    case 'SHRINK_VOLUME':
      return shrinkVolume(operation, place, env);
    case 'CREATE_DISK':
    case 'DESTROY_DISK':
      return refuseDisk(operation, place);
    default:
      return refused(operation, place, `Operation ${operation.type ?? 'UNKNOWN'} is not supported`);
  }
}

/** What is wrong with an operation whatever it is about: its resources, or the feedback it asks for. */
function formProblem(
  operation: Offer_Operation,
  { state, framework, agent }: OperationPlace,
): string | undefined {
  const malformed = validateResources(resourcesNamed(operation));
  if (!malformed.ok) return `Operation attempted with invalid resources: ${malformed.error}`;
  const { id, type } = operation;
  if (id === undefined) return undefined;
  if (type === 'LAUNCH' || type === 'LAUNCH_GROUP') {
    return `The \`id\` field cannot be set on ${type} operations`;
  }
  if (!agentHasCapability(agent.capabilities, 'RESOURCE_PROVIDER')) {
    return `Operation requested feedback, but agent ${agent.id} does not have the required RESOURCE_PROVIDER capability`;
  }
  if (!agentHasCapability(agent.capabilities, 'AGENT_OPERATION_FEEDBACK')) {
    return `Operation on agent default resources requested feedback, but agent ${agent.id} does not have the required AGENT_OPERATION_FEEDBACK and RESOURCE_PROVIDER capabilities`;
  }
  // Two under one id could not be told apart, nor acknowledged.
  return state.operations.named(framework.id, idOf<OperationId>(id)) === undefined
    ? undefined
    : `Operation has duplicate ID: ${id.value}`;
}

function refuse(
  operation: Offer_Operation,
  place: OperationPlace,
  problem: string,
  env: Env,
): OperationOutcome {
  const { launch, launchGroup, type } = operation;
  const { available } = place;
  if (type === 'LAUNCH') {
    return { effects: refuseLaunch(launch?.taskInfos ?? [], place, problem, env), available };
  }
  if (type === 'LAUNCH_GROUP') {
    const tasks = launchGroup?.taskGroup.tasks ?? [];
    return { effects: refuseGroup(tasks, place, problem, env), available };
  }
  return refused(operation, place, problem);
}

/** What an operation on offers that do not stand any more gets. */
function dropInvalid(
  framework: Framework,
  operation: Offer_Operation,
  problem: string,
  env: Env,
): readonly Effect[] {
  const tasks = operation.launch?.taskInfos ?? operation.launchGroup?.taskGroup.tasks;
  if (tasks === undefined) {
    const message = `Operation attempted with invalid offers: ${problem}`;
    return refuseOperation(framework, operation, message);
  }
  return tasks.flatMap(({ taskId, agentId }) =>
    refuseTask(
      framework,
      {
        taskId: taskId.value,
        agentId: agentId.value,
        state: droppedState(framework),
        reason: 'REASON_INVALID_OFFERS',
        message: `Task launched with invalid offers: ${problem}`,
      },
      env,
    ),
  );
}

function recallOwn(
  state: MasterState,
  framework: Framework,
  offerIds: readonly OfferID[],
): readonly Effect[] {
  const ids = new Set(offerIds.map((offerId) => idOf<OfferId>(offerId)));
  const offers = [...ids].flatMap((id) => state.offers.get(id) ?? []);
  return recallOffers(
    state,
    offers.filter(({ frameworkId }) => frameworkId === framework.id),
  );
}
