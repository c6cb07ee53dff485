// A framework takes offers: its operations are carried out in order, what they leave goes back.
import {
  idOf,
  type Offer_Operation,
  type OfferID,
  type OfferId,
  type schedulerV1,
} from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import { count, type Effect, recover } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import { validateOffers } from '../validation/offers.ts';
import { droppedState, refuseTask } from './master-status.ts';
import { launch } from './operations/launch.ts';
import { launchGroup } from './operations/launch-group.ts';
import type { OperationOutcome, OperationPlace } from './operations/operation.ts';
import { refuseOperation } from './operations/refuse-operation.ts';
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
  let available = Resources.sum(offers.value.map(({ resources }) => resources));
  for (const operation of operations) {
    const outcome = carryOut(operation, { state, framework, agent, role, available }, env);
    effects.push(...outcome.effects);
    available = outcome.available;
  }
  const holder = { frameworkId: framework.id, agentId };
  effects.push(...recover(holder, available, refuseMsOf(filters)));
  return effects;
}

function carryOut(operation: Offer_Operation, place: OperationPlace, env: Env): OperationOutcome {
  switch (operation.type) {
    case 'LAUNCH':
      return launch(operation.launch?.taskInfos ?? [], place, env);
    case 'LAUNCH_GROUP':
      return launchGroup(operation.launchGroup, place, env);
    default:
      return {
        effects: refuseOperation(
          place.framework,
          operation,
          `Operation ${operation.type ?? 'UNKNOWN'} is not supported`,
        ),
        available: place.available,
      };
  }
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
