// What the master knows of one offer operation. Where the record stands is kept by `Operations`.
import { formatUuid } from '@kaon/primitives';
import {
  type AgentId,
  type FrameworkId,
  idOf,
  idRecord,
  isTerminalOperation,
  type Offer_Operation,
  type Operation,
  type OperationId,
  type OperationState,
  type OperationStatus,
  type UUID,
} from '@kaon/protocol';
import type { ResourceConversion } from '@kaon/resources';
import { STATUSES_PER_OPERATION_MAX } from '../constants.ts';
import type { StateChanges } from './state-changes.ts';

/** An operation's uuid as text, for maps. */
export type OperationKey = string;

/** The key of a uuid. */
export function operationKey({ value }: UUID): OperationKey {
  return formatUuid(value);
}

/** What a new record is made of. */
export interface OperationFacts {
  readonly uuid: UUID;
  readonly agentId: AgentId;
  /** Undefined: an operator's. */
  readonly frameworkId: FrameworkId | undefined;
  readonly info: Offer_Operation;
}

/** One operation, from its way to the agent until its end is acknowledged or nobody wants to know of it. */
export class OperationRecord {
  readonly key: OperationKey;
  readonly uuid: UUID;
  readonly agentId: AgentId;
  readonly frameworkId: FrameworkId | undefined;
  /** Set when its framework wants to be told of it. */
  readonly id: OperationId | undefined;
  readonly info: Offer_Operation;
  /**
   * What the master believes it has done already although the agent has not said so. Undefined: the agent's
   * word on its resources is the newer one.
   */
  assumed: readonly ResourceConversion[] | undefined;
  #changes: StateChanges | undefined;
  #latest: OperationStatus;
  #statuses: readonly OperationStatus[];

  constructor(facts: OperationFacts, reported?: Pick<Operation, 'latestStatus' | 'statuses'>) {
    const { uuid, agentId, frameworkId, info } = facts;
    this.key = operationKey(uuid);
    // A copy: what came over a connection may be a view of a large buffer.
    this.uuid = { value: new Uint8Array(uuid.value) };
    this.agentId = agentId;
    this.frameworkId = frameworkId;
    this.id = info.id && idOf<OperationId>(info.id);
    this.info = info;
    this.#latest = reported?.latestStatus ?? pending(facts);
    this.#statuses = (reported?.statuses ?? []).slice(-STATUSES_PER_OPERATION_MAX);
  }

  /** The latest state the agent told of. */
  get state(): OperationState {
    return this.#latest.state;
  }

  get isTerminal(): boolean {
    return isTerminalOperation(this.#latest.state);
  }

  /** The status its framework was told last, or would have been. */
  get lastStatus(): OperationStatus {
    return this.#statuses.at(-1) ?? this.#latest;
  }

  /** The status with this uuid, if the agent has sent it. */
  statusOf(uuid: Uint8Array): OperationStatus | undefined {
    const wanted = formatUuid(uuid);
    return this.#statuses.find((status) => status.uuid && formatUuid(status.uuid.value) === wanted);
  }

  /** Everything, as a record of the API. */
  get operation(): Operation {
    const { frameworkId, agentId, info, uuid } = this;
    return {
      frameworkId: frameworkId === undefined ? undefined : idRecord(frameworkId),
      agentId: idRecord(agentId),
      info,
      latestStatus: this.#latest,
      statuses: this.#statuses,
      uuid,
    };
  }

  /**
   * Takes in the status that was sent, and where the operation is by now. True when it ended by it. One that
   * has ended keeps its end.
   */
  apply(status: OperationStatus, latest: OperationStatus): boolean {
    const wasTerminal = this.isTerminal;
    if (!wasTerminal) this.#latest = latest;
    const isKnown = status.uuid !== undefined && this.statusOf(status.uuid.value) !== undefined;
    if (!isKnown) {
      this.#statuses = [...this.#statuses, status].slice(-STATUSES_PER_OPERATION_MAX);
    }
    this.#changes?.tell({ kind: 'operationChanged', operation: this });
    return !wasTerminal && this.isTerminal;
  }

  /** From now on `changes` hears of what becomes of it. */
  tellChanges(changes: StateChanges | undefined): void {
    this.#changes = changes;
  }
}

function pending({ agentId, info }: OperationFacts): OperationStatus {
  const { id } = info;
  const status = {
    state: 'OPERATION_PENDING',
    convertedResources: [],
    agentId: idRecord(agentId),
  } as const;
  return id === undefined ? status : { operationId: id, ...status };
}
