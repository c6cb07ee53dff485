// The facts a registry holds, by kind and id, and how they look in storage.
import { err, errorText, formatDecodeError, ok, type Result, utf8 } from '@kaon/primitives';
import {
  decodeProto,
  encodeProto,
  internal,
  type MessageOf,
  maintenanceV1,
  quotaV1,
  type Schema,
} from '@kaon/protocol';
import { RegistryUnreadableError } from './errors.ts';
import type { StorageWrite } from './storage.ts';

/**
 * Every kind of fact and its record. The id is the agent's id, the role of a weight or quota, the name of a
 * capability, the key of a machine, `SCHEDULE_ID` for the schedule and `MASTER_ID` for the master.
 */
export const FACT_SCHEMAS = {
  /** The last master that led. */
  master: internal.Registry_Master,
  /** Agents admitted to the cluster. */
  agent: internal.Registry_Agent,
  /** Agents that fell silent; they may come back. */
  unreachable: internal.Registry_UnreachableAgent,
  /** Agents an operator declared lost; they must not come back. */
  gone: internal.Registry_GoneAgent,
  /** Weights of roles that were ever set. */
  weight: internal.Registry_Weight,
  /** Quotas of top-level roles; one that was reset has no guarantees and no limits. */
  quota: quotaV1.QuotaConfig,
  /** When which machines are away. */
  schedule: maintenanceV1.Schedule,
  /** Machines that drain or are down. */
  machine: internal.Registry_Machine,
  /** What a master must be able to do to lead over this registry. */
  minimumCapability: internal.Registry_MinimumCapability,
} as const;

/** Id of the only fact of kind `master`. */
export const MASTER_ID = 'leader';
/** Id of the only fact of kind `schedule`. */
export const SCHEDULE_ID = 'maintenance';

const FACT_ID_BYTES_MAX = 900;

/** What a fact is about. */
export type FactKind = keyof typeof FACT_SCHEMAS;
/** The record kept for a kind of fact. */
export type FactOf<K extends FactKind> = MessageOf<(typeof FACT_SCHEMAS)[K]>;

/** Facts to read: what is durable, or in an operation what will be if the operations before it are. */
export interface RegistryView {
  get<K extends FactKind>(kind: K, id: string): FactOf<K> | undefined;
  /** Facts of a kind by id, in no order that matters. */
  entries<K extends FactKind>(kind: K): Iterable<readonly [string, FactOf<K>]>;
}

/** Sets a fact, or removes it when `value` is undefined. */
export interface FactWrite {
  readonly kind: FactKind;
  readonly id: string;
  readonly value: FactOf<FactKind> | undefined;
}

/** A write that sets a fact. */
export function put<K extends FactKind>(kind: K, id: string, value: FactOf<K>): FactWrite {
  return { kind, id, value };
}

/** A write that removes a fact. */
export function remove(kind: FactKind, id: string): FactWrite {
  return { kind, id, value: undefined };
}

/** Whether `id` can be part of a key. Ids the validation of ids lets pass always can. */
export function isFactId(id: string): boolean {
  return id !== '' && utf8(id).length <= FACT_ID_BYTES_MAX && !/\p{Cc}/u.test(id);
}

/** The write as the storage takes it, or why it cannot be kept. */
export function encodeWrite({ kind, id, value }: FactWrite): Result<StorageWrite, string> {
  const key = `${kind}/${id}`;
  if (!isFactId(id)) return err(`${JSON.stringify(id.slice(0, 80))} cannot be a key`);
  if (value === undefined) return ok({ key, value: undefined });
  try {
    return ok({ key, value: encodeProto(FACT_SCHEMAS[kind] as Schema<unknown>, value) });
  } catch (error) {
    // A record from outside with a number that its field cannot hold must not end the registrar.
    return err(`its record cannot be encoded: ${errorText(error)}`);
  }
}

/** Reads back a stored record; a kind or a value that is not understood is an error, never skipped. */
export function decodeFact(
  key: string,
  bytes: Uint8Array,
): Result<FactWrite, RegistryUnreadableError> {
  const slash = key.indexOf('/');
  const kind = key.slice(0, slash);
  const id = key.slice(slash + 1);
  if (!Object.hasOwn(FACT_SCHEMAS, kind)) {
    return err(new RegistryUnreadableError(key, 'its kind is unknown to this version'));
  }
  const schema = FACT_SCHEMAS[kind as FactKind] as Schema<FactOf<FactKind>>;
  const decoded = decodeProto(schema, bytes);
  if (!decoded.ok) return err(new RegistryUnreadableError(key, formatDecodeError(decoded.error)));
  return ok({ kind: kind as FactKind, id, value: decoded.value });
}
