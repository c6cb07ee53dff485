// Calls by which operators reserve resources of an agent and make, resize and destroy volumes there.
import { type HttpAnswer, textAnswer } from '@kaon/http';
import {
  type AgentID,
  type AgentId,
  createMessage,
  idOf,
  type MessageInit,
  type masterV1,
  Offer_Operation,
} from '@kaon/protocol';
import { CALL_TIMEOUT_MS } from '../../constants.ts';
import { answered, type CallContext, type CallHandler } from './call-handler.ts';

type OperationInit = MessageInit<Offer_Operation>;

/** The handlers: 202 when the master has done it and the agent is told, 400 with what is wrong, 409 when what it needs is in use. */
export const RESOURCE_CALLS = {
  RESERVE_RESOURCES: operationCall('RESERVE', ({ reserveResources: call }) => [
    call?.agentId,
    { reserve: { source: call?.source ?? [], resources: call?.resources ?? [] } },
  ]),
  UNRESERVE_RESOURCES: operationCall('UNRESERVE', ({ unreserveResources: call }) => [
    call?.agentId,
    { unreserve: { resources: call?.resources ?? [] } },
  ]),
  CREATE_VOLUMES: operationCall('CREATE', ({ createVolumes: call }) => [
    call?.agentId,
    { create: { volumes: call?.volumes ?? [] } },
  ]),
  DESTROY_VOLUMES: operationCall('DESTROY', ({ destroyVolumes: call }) => [
    call?.agentId,
    { destroy: { volumes: call?.volumes ?? [] } },
  ]),
  GROW_VOLUME: operationCall('GROW_VOLUME', ({ growVolume: call }) => [
    call?.agentId,
    call && { growVolume: { volume: call.volume, addition: call.addition } },
  ]),
  SHRINK_VOLUME: operationCall('SHRINK_VOLUME', ({ shrinkVolume: call }) => [
    call?.agentId,
    call && { shrinkVolume: { volume: call.volume, subtract: call.subtract } },
  ]),
} as const satisfies Partial<Record<masterV1.Call_Type, CallHandler>>;

/** Asks the master to carry out an operation; how it is answered. */
export async function operate(
  { system, master }: Pick<CallContext, 'system' | 'master'>,
  agentId: AgentId,
  operation: Offer_Operation,
): Promise<HttpAnswer> {
  const question = { agentId, operation, principal: undefined };
  const outcome = await system.ask(master, 'operate', question, { timeoutMs: CALL_TIMEOUT_MS });
  return outcome.kind === 'accepted'
    ? { status: 202 }
    : textAnswer(STATUS_OF[outcome.why], outcome.text);
}

const STATUS_OF = { notReady: 503, invalid: 400, conflict: 409 } as const;

function operationCall(
  type: NonNullable<Offer_Operation['type']>,
  partsOf: (call: masterV1.Call) => readonly [AgentID | undefined, OperationInit | undefined],
): CallHandler {
  return async (call, context) => {
    const [agentId, init] = partsOf(call);
    const operation = createMessage(Offer_Operation, { ...init, type });
    return answered(await operate(context, idOf<AgentId>(agentId ?? { value: '' }), operation));
  };
}
