// What can go wrong with the registry.
import { CodedError } from '@kaon/primitives';

/** The facts do not allow an operation: an agent is unknown, known already, or gone. Nothing was written. */
export class OperationRefusedError extends CodedError {
  readonly code = 'KAON_REGISTRY_OPERATION_REFUSED';
  readonly operation: string;
  /** Id of the fact concerned: an agent id or a role. */
  readonly id: string;

  constructor(operation: string, id: string, sentence: string) {
    super(sentence);
    this.operation = operation;
    this.id = id;
  }
}

/** Too many operations wait for the disk. This one was not taken; it may be tried again. */
export class RegistrarOverloadedError extends CodedError {
  readonly code = 'KAON_REGISTRAR_OVERLOADED';
  readonly operation: string;

  constructor(operation: string, operationsMax: number) {
    super(
      `registry operation ${operation} refused: ${operationsMax} operations are waiting already`,
    );
    this.operation = operation;
  }
}

/**
 * The registrar has failed for good: a fact could not be read or made durable. What was in flight may
 * or may not be in the registry. A leader must step down.
 */
export class RegistrarFailedError extends CodedError {
  readonly code = 'KAON_REGISTRAR_FAILED';
}

/** Another writer has taken over the registry; its epoch is higher. */
export class StorageFencedError extends CodedError {
  readonly code = 'KAON_STORAGE_FENCED';
  readonly epoch: number;

  constructor(epoch: number) {
    super(`writer of epoch ${epoch} was replaced by a later one`);
    this.epoch = epoch;
  }
}

/** The storage was closed, by its owner or because a former operation failed. */
export class StorageClosedError extends CodedError {
  readonly code = 'KAON_STORAGE_CLOSED';

  constructor() {
    super('storage is closed');
  }
}

/** The file of a storage is no database. */
export class StorageDamagedError extends CodedError {
  readonly code = 'KAON_STORAGE_DAMAGED';
  readonly path: string;

  constructor(path: string) {
    super(`${path} is not a registry: it is damaged, or was written by another program`);
    this.path = path;
  }
}

/** A stored record cannot be understood: it is damaged, or from a later version of Kaon. */
export class RegistryUnreadableError extends CodedError {
  readonly code = 'KAON_REGISTRY_UNREADABLE';
  readonly key: string;

  constructor(key: string, problem: string) {
    super(`registry record ${JSON.stringify(key)} is unreadable: ${problem}`);
    this.key = key;
  }
}

/** The registry names a capability that this master does not have, so it must not lead. */
export class MissingCapabilityError extends CodedError {
  readonly code = 'KAON_REGISTRY_MISSING_CAPABILITY';
  readonly capability: string;

  constructor(capability: string) {
    super(`registry needs a master with capability ${capability}`);
    this.capability = capability;
  }
}
