// Offer operations on an agent's resources, and what a master does with them.
import {
  createMessage,
  internal,
  type MessageInit,
  Offer_Operation,
  Resource,
  type Resource_ReservationInfo,
} from '@kaon/protocol';
import { AGENT_ID, FRAMEWORK_ID, type SimulatedAgent } from './simulated-agent.ts';

export const ROLE = 'eng/web';
const RESERVATION: Resource_ReservationInfo = { type: 'DYNAMIC', role: ROLE, principal: 'p1' };

/** `disk` or another scalar, reserved for `ROLE` and allocated to it. */
export function givenReserved(name: string, value: number): Resource {
  return createMessage(Resource, {
    name,
    type: 'SCALAR',
    scalar: { value },
    allocationInfo: { role: ROLE },
    reservations: [RESERVATION],
  });
}

/** A persistent volume in `ROLE`'s reserved disk. */
export function givenVolume(
  id: string,
  megabytes: number,
  { containerPath = 'data', isShared = false } = {},
): Resource {
  return {
    ...givenReserved('disk', megabytes),
    disk: {
      persistence: { id, principal: 'p1' },
      volume: { mode: 'RW', containerPath },
    },
    ...(isShared && { shared: {} }),
  } as Resource;
}

export function reserve(...resources: readonly Resource[]): Offer_Operation {
  return operation({ type: 'RESERVE', reserve: { resources } });
}

export function unreserve(...resources: readonly Resource[]): Offer_Operation {
  return operation({ type: 'UNRESERVE', unreserve: { resources } });
}

export function create(...volumes: readonly Resource[]): Offer_Operation {
  return operation({ type: 'CREATE', create: { volumes } });
}

export function destroy(...volumes: readonly Resource[]): Offer_Operation {
  return operation({ type: 'DESTROY', destroy: { volumes } });
}

export function operation(fields: MessageInit<Offer_Operation>): Offer_Operation {
  return createMessage(Offer_Operation, fields);
}

/** The uuid of the operation numbered `number`. */
export function operationUuid(number: number): { readonly value: Uint8Array } {
  const value = new Uint8Array(16).fill(number);
  value[6] = 0x40;
  return { value };
}

/** An operation with an id that is named after its number: its status must be acknowledged. */
export function withId(info: Offer_Operation, number: number): Offer_Operation {
  return { ...info, id: { value: `op-${number}` } };
}

/** Sends an operation as a master does that knows the agent's present resources. */
export async function apply(
  world: SimulatedAgent,
  number: number,
  info: Offer_Operation,
  version?: Uint8Array,
): Promise<void> {
  const current = await world.inspect((state) => state.resources.version);
  const message = createMessage(internal.ApplyOperationMessage, {
    frameworkId: { value: FRAMEWORK_ID },
    operationInfo: info,
    operationUuid: operationUuid(number),
    resourceVersionUuid: { uuid: { value: version ?? (current as Uint8Array) } },
  });
  world.tell('applyOperation', message);
  await world.sim.settle();
}

/** The oldest status of an operation that the master heard and nobody took. */
export function takeOperationStatus(world: SimulatedAgent): internal.UpdateOperationStatusMessage {
  return world.master.take('updateOperationStatus').body as internal.UpdateOperationStatusMessage;
}

/** Acknowledges a status. */
export async function acknowledgeOperation(
  world: SimulatedAgent,
  { operationUuid: uuid, status }: internal.UpdateOperationStatusMessage,
): Promise<void> {
  world.tell('acknowledgeOperationStatus', {
    operationUuid: uuid as { readonly value: Uint8Array },
    statusUuid: status.uuid as { readonly value: Uint8Array },
  });
  await world.sim.settle();
}

/** Lets an agent that was restarted register again, and takes what it said. */
export async function reregister(world: SimulatedAgent): Promise<internal.ReregisterAgentMessage> {
  await world.sim.advance(1000);
  const report = world.master.take('reregisterAgent').body as internal.ReregisterAgentMessage;
  world.tell('agentReregistered', { agentId: { value: AGENT_ID }, reconciliations: [] });
  await world.sim.settle();
  return report;
}
