// The statuses of operations on their way to frameworks: sent again and again until acknowledged. Those
// that nobody can acknowledge are sent once.
import { doublingBackoffMs, formatUuid } from '@kaon/primitives';
import { createMessage, internal, OperationStatus } from '@kaon/protocol';
import { encodeRecord } from '../checkpoint/records.ts';
import { UPDATE_RETRY_MAX_MS, UPDATE_RETRY_MIN_MS } from '../constants.ts';
import { type DiskWrite, type Effect, log } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { OperationKey } from '../state/keys.ts';
import type { OperationRecord } from '../state/operation-record.ts';
import { writeResources } from './write-resources.ts';

/** What the operation did is on disk: now its status may be told. */
export function operationCheckpointed(
  state: AgentState,
  { operationUuid }: OperationKey,
): Effect[] {
  state.resources.writesPending -= 1;
  const record = state.operations.get(operationUuid);
  if (!record) return [];
  record.isDurable = true;
  if (record.wantsAcknowledgement) return forwardStatus(state, record);
  state.operations.delete(operationUuid);
  return [reportOnce(state, record)];
}

/** Resources are on disk, and no operation waits for that. */
export function resourcesCheckpointed(state: AgentState): Effect[] {
  state.resources.writesPending -= 1;
  return [];
}

/** The framework has not acknowledged in time. */
export function operationRetryDue(state: AgentState, { operationUuid }: OperationKey): Effect[] {
  const record = state.operations.get(operationUuid);
  if (!record) return [];
  record.retries += 1;
  return forwardStatus(state, record);
}

/** The framework has the status. It counts once it is on disk; one for another status is ignored. */
export function acknowledgeOperation(
  state: AgentState,
  message: internal.AcknowledgeOperationStatusMessage,
): Effect[] {
  const record = state.operations.get(uuidText(message.operationUuid.value));
  const status = record?.status.uuid?.value;
  if (!record || !status || uuidText(status) !== uuidText(message.statusUuid.value)) {
    const uuid = uuidText(message.operationUuid.value);
    return [log('warn', 'acknowledgement of an operation status that is not pending', { uuid })];
  }
  if (!record.isDurable || record.isAcknowledging) return [];
  record.isAcknowledging = true;
  const next = {
    name: 'operationAcknowledgementCheckpointed',
    body: { operationUuid: record.uuid },
  } as const;
  return [
    { kind: 'cancelTimer', key: retryKey(record) },
    writeResources(state, state.resources.checkpointed, next, forgottenWrites(state, record)),
  ];
}

/** Nothing of the operation is left to do. */
export function operationAcknowledgementCheckpointed(
  state: AgentState,
  { operationUuid }: OperationKey,
): Effect[] {
  state.resources.writesPending -= 1;
  state.operations.delete(operationUuid);
  return [];
}

/** Without a master nothing is retried. */
export function pauseOperations(state: AgentState): Effect[] {
  const effects: Effect[] = [];
  for (const record of state.operations.values()) {
    record.retries = 0;
    effects.push({ kind: 'cancelTimer', key: retryKey(record) });
  }
  return effects;
}

/**
 * With a master again: it hears of all operations, so that it can ask about those it misses, and every
 * status that waits is sent anew.
 */
export function resumeOperations(state: AgentState): Effect[] {
  const records = [...state.operations.values()];
  const { version } = state.resources;
  const body = createMessage(internal.UpdateAgentMessage, {
    agentId: { value: state.agentId as string },
    operations: { operations: records.map(({ operation }) => operation) },
    ...(version && { resourceVersionUuid: { value: version } }),
  });
  const effects: Effect[] = [{ kind: 'sendToMaster', name: 'updateAgent', body }];
  for (const record of records) {
    record.retries = 0;
    effects.push(...forwardStatus(state, record));
  }
  return effects;
}

/**
 * Operations the master, or with a framework id a framework, believes to be here. The master hears of
 * those that are not; a framework hears of all, and need not acknowledge the answer.
 */
export function reconcileOperations(
  state: AgentState,
  { operations, frameworkId }: internal.ReconcileOperationsMessage,
): Effect[] {
  const effects: Effect[] = [];
  for (const { operationUuid, operationId, resourceProviderId } of operations) {
    const record = operationUuid
      ? state.operations.get(uuidText(operationUuid.value))
      : findById(state, frameworkId?.value, operationId?.value);
    if (record && !frameworkId) continue;
    const agentId = { value: state.agentId as string };
    const unknown = createMessage(OperationStatus, {
      state: frameworkId ? 'OPERATION_UNKNOWN' : 'OPERATION_DROPPED',
      agentId,
      ...(operationId && { operationId }),
      ...(resourceProviderId && { resourceProviderId }),
    });
    const { uuid: _uuid, ...status } = record?.operation.latestStatus ?? unknown;
    const uuid = operationUuid ?? record?.operationUuid;
    const body = createMessage(internal.UpdateOperationStatusMessage, {
      agentId,
      status,
      ...(uuid && { operationUuid: uuid }),
      ...(frameworkId && { frameworkId }),
    });
    effects.push({ kind: 'sendToMaster', name: 'updateOperationStatus', body });
  }
  return effects;
}

/** The status of an operation that nobody acknowledges. */
export function reportOnce(state: AgentState, record: OperationRecord): Effect {
  const { status, frameworkId, operationUuid } = record;
  const body = createMessage(internal.UpdateOperationStatusMessage, {
    agentId: { value: state.agentId as string },
    status,
    latestStatus: status,
    operationUuid,
    ...(frameworkId && { frameworkId }),
  });
  return { kind: 'sendToMaster', name: 'updateOperationStatus', body };
}

/** The record of an operation's status, for operations that have one on disk. */
export function operationRecordWrites(
  state: AgentState,
  { uuid, status, frameworkId, operationUuid, wantsAcknowledgement }: OperationRecord,
): readonly DiskWrite[] {
  if (!wantsAcknowledgement) return [];
  const { paths } = state.identity;
  const agentId = state.agentId as string;
  const update = createMessage(internal.UpdateOperationStatusMessage, {
    agentId: { value: agentId },
    status,
    operationUuid,
    ...(frameworkId && { frameworkId }),
  });
  const bytes = encodeRecord(internal.UpdateOperationStatusRecord, { type: 'UPDATE', update });
  return [
    { kind: 'directory', path: paths.operationMeta(agentId, uuid), mode: 0o755 },
    // For Mesos' tools: what counts is in the state, which names the status as well.
    { kind: 'append', path: paths.operationUpdates(agentId, uuid), bytes, outlives: 'process' },
  ];
}

/** Once the state does not name the operation, its folder is only in the way. */
export function forgottenWrites(state: AgentState, { uuid }: OperationRecord): DiskWrite[] {
  const path = state.identity.paths.operationMeta(state.agentId as string, uuid);
  return [{ kind: 'remove', path }];
}

function forwardStatus(state: AgentState, record: OperationRecord): Effect[] {
  if (!state.isRegistered || !record.isDurable || record.isAcknowledging) return [];
  const delayMs = doublingBackoffMs(record.retries, {
    factorMs: UPDATE_RETRY_MIN_MS,
    capMs: UPDATE_RETRY_MAX_MS,
  });
  const body = { operationUuid: record.uuid };
  return [
    reportOnce(state, record),
    {
      kind: 'setTimer',
      key: retryKey(record),
      delayMs,
      next: { name: 'operationRetryDue', body },
    },
  ];
}

function findById(
  state: AgentState,
  frameworkId: string | undefined,
  operationId: string | undefined,
): OperationRecord | undefined {
  if (operationId === undefined) return undefined;
  for (const record of state.operations.values()) {
    const isOfFramework = record.frameworkId?.value === frameworkId;
    if (isOfFramework && record.status.operationId?.value === operationId) return record;
  }
  return undefined;
}

function retryKey({ uuid }: OperationRecord): string {
  return `operation ${uuid}`;
}

function uuidText(bytes: Uint8Array): string {
  return bytes.length === 16 ? formatUuid(bytes) : '';
}
