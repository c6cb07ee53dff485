// The master wants an operation applied to the agent's own resources: it is applied at once, and whoever
// asked for it is told when what it did is on disk.
import { err, formatUuid, isUuidBytes, ok, type Result, uuidBytes } from '@kaon/primitives';
import {
  createMessage,
  type internal,
  type Offer_Operation,
  type OperationState,
  OperationStatus,
  type Resource,
} from '@kaon/protocol';
import {
  applyConversions,
  conversionsOf,
  isPersistentVolume,
  type Resources,
} from '@kaon/resources';
import { OPERATIONS_MAX } from '../constants.ts';
import { type Effect, log } from '../effects.ts';
import { isSameVolume } from '../state/agent-resources.ts';
import type { AgentState } from '../state/agent-state.ts';
import { OperationRecord } from '../state/operation-record.ts';
import { placeProblem, placeVolumes } from '../state/volumes.ts';
import type { Env } from './env.ts';
import { operationRecordWrites, reportOnce } from './operation-status.ts';
import { writeResources } from './write-resources.ts';

interface Refusal {
  readonly state: OperationState;
  readonly message: string;
}

/** An operation arrives. One that is known already is not applied twice. */
export function applyOperation(
  state: AgentState,
  message: internal.ApplyOperationMessage,
  env: Env,
): Effect[] {
  const { operationUuid, operationInfo, frameworkId } = message;
  if (!isUuidBytes(operationUuid.value) || state.agentId === undefined) {
    return [log('error', 'operation without a legal uuid dropped', { type: operationInfo.type })];
  }
  const uuid = formatUuid(operationUuid.value);
  const fields = { uuid, id: operationInfo.id?.value, type: operationInfo.type };
  if (state.operations.has(uuid)) return [log('warn', 'operation is known already', fields)];

  const before = state.resources.checkpointed;
  const applied = attempt(state, message);
  const isTooMany = state.operations.size >= OPERATIONS_MAX;
  const agentId = { value: state.agentId };
  const status = createMessage(OperationStatus, {
    agentId,
    ...(operationInfo.id && { operationId: operationInfo.id }),
    ...(applied.ok ? { state: 'OPERATION_FINISHED' as const } : applied.error),
    // Without an id nobody can acknowledge; of one too many there is no record to wait for it.
    ...(operationInfo.id && !isTooMany && { uuid: { value: uuidBytes(env.random) } }),
  });
  const given = {
    info: operationInfo,
    uuid: operationUuid,
    agentId,
    ...(frameworkId && { frameworkId }),
  };
  const record = new OperationRecord(uuid, given, status);
  const word = applied.ok
    ? log('info', 'operation applied', fields)
    : log('warn', 'operation not applied', { ...fields, ...applied.error });
  if (applied.ok) state.replaceResources(applied.value);
  else if (!record.wantsAcknowledgement) return [word, reportOnce(state, record)];
  state.operations.set(uuid, record);
  const next = { name: 'operationCheckpointed', body: { operationUuid: uuid } } as const;
  return [word, writeResources(state, before, next, operationRecordWrites(state, record))];
}

/** The master says what reservations and volumes there are, whatever was known of them before. */
export function checkpointResources(
  state: AgentState,
  { resources }: internal.CheckpointResourcesMessage,
): Effect[] {
  const before = state.resources.checkpointed;
  const total = state.resources.totalWith(resources);
  const problem = total.ok
    ? (firstProblem(resources.filter(isPersistentVolume), placeProblem) ??
      firstProblem(removedVolumes(state, before, resources), (one) => useProblem(state, one)))
    : total.error;
  if (!total.ok || problem !== undefined) {
    return [log('error', 'resources to checkpoint refused', { problem })];
  }
  state.replaceResources(total.value);
  const next = { name: 'resourcesCheckpointed', body: {} } as const;
  return [writeResources(state, before, next)];
}

/** The resources after the operation, or what its framework is told instead. */
function attempt(
  state: AgentState,
  { operationInfo, resourceVersionUuid }: internal.ApplyOperationMessage,
): Result<Resources, Refusal> {
  const refuse = (as: OperationState, message: string) => err({ state: as, message });
  if (state.phase === 'terminating') {
    return refuse('OPERATION_DROPPED', 'The agent is being shut down');
  }
  if (state.operations.size >= OPERATIONS_MAX) {
    state.counters.operationsRefused += 1;
    const message = `${OPERATIONS_MAX} operations wait for acknowledgement already, which is the limit`;
    return refuse('OPERATION_DROPPED', message);
  }
  const { resourceProviderId, uuid } = resourceVersionUuid;
  if (resourceProviderId) {
    const message = `The agent has no resource provider '${resourceProviderId.value}'`;
    return refuse('OPERATION_ERROR', message);
  }
  const { version } = state.resources;
  if (!version || Buffer.compare(uuid.value, version) !== 0) {
    const message = 'The operation was decided on a former version of the resources of the agent';
    return refuse('OPERATION_DROPPED', message);
  }
  const conversions = conversionsOf(operationInfo);
  if (!conversions.ok) return refuse('OPERATION_ERROR', conversions.error);
  const unplaceable = firstProblem(operationInfo.create?.volumes ?? [], placeProblem);
  if (unplaceable !== undefined) return refuse('OPERATION_ERROR', unplaceable);
  const used = firstProblem(changedVolumes(operationInfo), (one) => useProblem(state, one));
  if (used !== undefined) return refuse('OPERATION_FAILED', used);
  // Here resources are allocated to no one, and of a shared volume there is one copy.
  const unallocated = conversions.value.map(({ consumed, converted }) => ({
    consumed: consumed.unallocate(),
    converted: converted.unallocate(),
  }));
  const total = applyConversions(state.resources.total, unallocated);
  if (!total.ok) return refuse('OPERATION_FAILED', total.error);
  const clash = firstProblem(operationInfo.create?.volumes ?? [], (one) =>
    takenProblem(state, operationInfo, one),
  );
  return clash === undefined ? ok(total.value) : refuse('OPERATION_FAILED', clash);
}

/** Volumes that are not the same afterwards; nothing may use them meanwhile. */
function changedVolumes({ destroy, growVolume, shrinkVolume }: Offer_Operation): Resource[] {
  const resized = [growVolume?.volume, shrinkVolume?.volume].filter((one) => one !== undefined);
  return [...(destroy?.volumes ?? []), ...resized];
}

function removedVolumes(
  state: AgentState,
  before: readonly Resource[],
  after: readonly Resource[],
): readonly Resource[] {
  const { paths } = state.identity;
  const kept = placeVolumes(paths, after);
  const had = [...placeVolumes(paths, before)];
  return had.filter(([path]) => !kept.has(path)).map(([, { resource }]) => resource);
}

function useProblem(state: AgentState, volume: Resource): string | undefined {
  const [user] = state.executorsUsing(volume);
  if (!user) return undefined;
  const id = volume.disk?.persistence?.id;
  return `The volume '${id}' is in use by executor '${user.id}' of framework ${user.frameworkId}`;
}

/** Two volumes of one role and id would share a folder. */
function takenProblem(
  state: AgentState,
  { create }: Offer_Operation,
  volume: Resource,
): string | undefined {
  const all = [...state.resources.checkpointed, ...(create?.volumes ?? [])];
  if (all.filter((one) => isSameVolume(one, volume)).length <= 1) return undefined;
  return `The volume '${volume.disk?.persistence?.id}' exists already`;
}

function firstProblem(
  resources: readonly Resource[],
  problemOf: (resource: Resource) => string | undefined,
): string | undefined {
  for (const one of resources) {
    const problem = problemOf(one);
    if (problem !== undefined) return problem;
  }
  return undefined;
}
