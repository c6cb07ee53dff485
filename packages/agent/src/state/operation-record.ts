// One offer operation of an agent, from the message that asks for it to the acknowledgement of its status.
import { encodeProto, internal, type Operation, type OperationStatus } from '@kaon/protocol';

/** An operation the agent was given. It has one status of its own: the last. */
export class OperationRecord {
  /** As text. */
  readonly uuid: string;
  /** What became of it; with a uuid exactly when the framework is to acknowledge it. */
  readonly status: OperationStatus;
  /** Whether what it did is on disk: nobody is told before. */
  isDurable = false;
  /** Whether its acknowledgement is being written. */
  isAcknowledging = false;
  /** Retries of the status so far. */
  retries = 0;
  #encoded: Uint8Array | undefined;
  readonly #given: Pick<Operation, 'frameworkId' | 'agentId' | 'info' | 'uuid'>;

  constructor(
    uuid: string,
    given: Pick<Operation, 'frameworkId' | 'agentId' | 'info' | 'uuid'>,
    status: OperationStatus,
  ) {
    this.uuid = uuid;
    this.#given = given;
    this.status = status;
  }

  /** Whether its framework will acknowledge it. Others are reported once and forgotten. */
  get wantsAcknowledgement(): boolean {
    return this.status.uuid !== undefined;
  }

  get frameworkId(): Operation['frameworkId'] {
    return this.#given.frameworkId;
  }

  get operationUuid(): Operation['uuid'] {
    return this.#given.uuid;
  }

  /** The record as it is written down: what it comes to once it is durable. */
  get durableForm(): Operation {
    return { ...this.#given, latestStatus: this.status, statuses: [this.status] };
  }

  /** The durable form as part of a `ResourceState`. */
  get encoded(): Uint8Array {
    this.#encoded ??= encodeProto(internal.ResourceState, {
      operations: [this.durableForm],
      resources: [],
    });
    return this.#encoded;
  }

  /** The record as masters and operators may see it now. */
  get operation(): Operation {
    if (this.isDurable) return this.durableForm;
    const { uuid: _uuid, message: _message, ...status } = this.status;
    return {
      ...this.#given,
      latestStatus: { ...status, state: 'OPERATION_PENDING' },
      statuses: [],
    };
  }
}
