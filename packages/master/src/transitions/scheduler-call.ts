// Which transition each call of a subscribed scheduler is.
import type { schedulerV1 } from '@kaon/protocol';
import type { Effect } from '../effects.ts';
import type { Env } from '../env.ts';
import type { Framework } from '../state/framework.ts';
import type { MasterState } from '../state/master-state.ts';
import { acceptOffers } from './accept-offers.ts';
import { acknowledgeOperationStatus } from './acknowledge-operation-status.ts';
import { acknowledgeStatus } from './acknowledge-status.ts';
import { declineOffers } from './decline-offers.ts';
import { frameworkToExecutor } from './framework-message.ts';
import { killTask } from './kill-task.ts';
import { answerInverseOffers } from './operator/inverse-offers.ts';
import { reconcileOperations } from './reconcile-operations.ts';
import { reconcileTasks } from './reconcile-tasks.ts';
import { teardownFramework } from './remove-framework.ts';
import { requestResources } from './request-resources.ts';
import { reviveOffers } from './revive-offers.ts';
import { shutdownExecutor } from './shutdown-executor.ts';
import { suppressOffers } from './suppress-offers.ts';
import { updateFramework } from './update-framework.ts';

/** A call that was found complete, of a framework that is subscribed. */
export interface StandingCall {
  readonly framework: Framework;
  readonly call: schedulerV1.Call;
}

/** Carries the call out. */
export function schedulerCall(
  state: MasterState,
  { framework, call }: StandingCall,
  env: Env,
): readonly Effect[] {
  switch (call.type) {
    case 'TEARDOWN':
      return teardownFramework(state, { frameworkId: framework.id }, env);
    case 'ACCEPT':
      return call.accept ? acceptOffers(state, framework, call.accept, env) : [];
    case 'DECLINE':
      return call.decline ? declineOffers(state, framework, call.decline) : [];
    case 'REVIVE':
      return reviveOffers(framework, call.revive);
    case 'SUPPRESS':
      return suppressOffers(framework, call.suppress);
    case 'ACCEPT_INVERSE_OFFERS':
      return call.acceptInverseOffers
        ? answerInverseOffers(state, framework, call.acceptInverseOffers, true, env)
        : [];
    case 'DECLINE_INVERSE_OFFERS':
      return call.declineInverseOffers
        ? answerInverseOffers(state, framework, call.declineInverseOffers, false, env)
        : [];
    case 'KILL':
      return call.kill ? killTask(state, framework, call.kill, env) : [];
    case 'SHUTDOWN':
      return call.shutdown ? shutdownExecutor(state, framework, call.shutdown) : [];
    case 'ACKNOWLEDGE':
      return call.acknowledge ? acknowledgeStatus(state, framework, call.acknowledge) : [];
    case 'RECONCILE':
      return call.reconcile ? reconcileTasks(state, framework, call.reconcile, env) : [];
    case 'ACKNOWLEDGE_OPERATION_STATUS':
      return call.acknowledgeOperationStatus
        ? acknowledgeOperationStatus(state, framework, call.acknowledgeOperationStatus)
        : [];
    case 'RECONCILE_OPERATIONS':
      return call.reconcileOperations
        ? reconcileOperations(state, framework, call.reconcileOperations)
        : [];
    case 'MESSAGE':
      return call.message ? frameworkToExecutor(state, framework, call.message) : [];
    case 'UPDATE_FRAMEWORK':
      return call.updateFramework ? updateFramework(state, framework, call.updateFramework) : [];
    case 'REQUEST':
      return requestResources(framework, call.request);
    default:
      return [];
  }
}
