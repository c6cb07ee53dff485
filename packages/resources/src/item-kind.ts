// What kind of resource an entry is: everything about it but its amount. Kinds are shared between
// entries wherever possible, so that telling two of them apart is mostly a comparison of references.
import {
  encodeJson,
  type Resource,
  Resource_DiskInfo,
  Resource_ReservationInfo,
} from '@kaon/protocol';
import { type Amount, formatAmount } from './amount.ts';
import { isIndivisible, isShared } from './reservations.ts';

/** Kinds shared at most; then a new table is begun and the old kinds live as long as their entries. */
const SHARED_KINDS_MAX = 16_384;
/** Roles a kind remembers its allocated twin for, at most. */
const TWINS_MAX = 4096;

/**
 * Everything about a resource but its amount.
 *
 * Indivisible ones (persistent volumes, mounts …) and shared ones carry their amount in the key: they
 * only ever match the very same resource.
 */
export interface ItemKind {
  /** Equal for resources that may be merged or subtracted from each other. */
  readonly key: string;
  /** The part of the key that does not depend on whom it is allocated to. */
  readonly details: string;
  /** The record without its value, or (when `isWhole`) with it. */
  readonly meta: Resource;
  /** Whether only type, name and allocation tell it from others. */
  readonly isPlain: boolean;
  /** All or nothing. */
  readonly isWhole: boolean;
  /** Whether several may hold it at once. */
  readonly isShared: boolean;
  /** The table of shared kinds it belongs to; 0: it is not shared between entries. */
  readonly epoch: number;
  /** The role asked for last, and the kind allocated to it. */
  lastRole: string | undefined;
  lastTwin: ItemKind | undefined;
  /** Kinds allocated to other roles, by role. */
  twins: Map<string, ItemKind> | undefined;
  /** The kind allocated to no one. */
  unallocated: ItemKind | undefined;
  /** Who classified it last, and the answer. */
  classifier: unknown;
  entryClass: unknown;
}

let epoch = 1;
let sharedKinds = new Map<string, ItemKind>();
/** Kinds of nothing but a type and a name, by both: found without making a key. */
let plainKinds = { SCALAR: newNames(), RANGES: newNames(), SET: newNames() };

function newNames(): Map<string, ItemKind> {
  return new Map();
}

/** The kind of `meta`, which has a stack of reservations. `amount` counts when it is whole only. */
export function kindOf(meta: Resource, amount: Amount): ItemKind {
  if (isPlain(meta)) return plainKind(meta);
  const isWhole = isShared(meta) || isIndivisible(meta);
  return kindFor(meta, detailsOf(meta, amount, isWhole), isWhole);
}

/** The kind of another record in place of its own, as whole as `kind` is. */
export function withMeta(kind: ItemKind, meta: Resource, amount: Amount): ItemKind {
  return kindFor(meta, detailsOf(meta, amount, kind.isWhole), kind.isWhole);
}

/** Whether entries of the two may be merged or subtracted from each other. */
export function isSameKind(left: ItemKind, right: ItemKind): boolean {
  if (left === right) return true;
  // Within one table, equal keys are one kind.
  if (left.epoch === right.epoch && left.epoch !== 0) return false;
  return left.key === right.key;
}

/** What `classify` says of the kind. */
export function classOf<T>(kind: ItemKind, classify: (record: Resource) => T): T {
  if (kind.classifier !== classify) {
    kind.entryClass = classify(kind.meta);
    kind.classifier = classify;
  }
  // NOTE: only the classifier that made it is ever handed its answer back.
  return kind.entryClass as T;
}

/** The same kind, allocated to `role`. */
export function allocatedKind(kind: ItemKind, role: string): ItemKind {
  if (kind.lastTwin !== undefined && kind.lastRole === role) return kind.lastTwin;
  let twin = kind.twins?.get(role);
  if (twin === undefined) {
    twin = kindFor({ ...kind.meta, allocationInfo: { role } }, kind.details, kind.isWhole);
    if (!kind.isWhole) {
      if (kind.twins === undefined || kind.twins.size >= TWINS_MAX) kind.twins = new Map();
      kind.twins.set(role, twin);
    }
  }
  kind.lastRole = role;
  kind.lastTwin = twin;
  return twin;
}

/** The same kind, allocated to no one. */
export function unallocatedKind(kind: ItemKind): ItemKind {
  if (kind.meta.allocationInfo === undefined) return kind;
  if (kind.unallocated === undefined) {
    const { allocationInfo: _, ...meta } = kind.meta;
    kind.unallocated = kindFor(meta, kind.details, kind.isWhole);
  }
  return kind.unallocated;
}

function isPlain({ reservations, disk, revocable, providerId, shared }: Resource): boolean {
  return (
    reservations.length === 0 &&
    disk === undefined &&
    revocable === undefined &&
    providerId === undefined &&
    shared === undefined
  );
}

function plainKind({ name, type, allocationInfo }: Resource): ItemKind {
  const role = allocationInfo?.role;
  const names =
    type === 'SCALAR' || type === 'RANGES' || type === 'SET' ? plainKinds[type] : undefined;
  if (names === undefined || (allocationInfo !== undefined && role === undefined)) {
    const meta = { name, type, reservations: [] };
    return kindFor(allocationInfo ? { ...meta, allocationInfo } : meta, `=${name}`, false);
  }
  let kind = names.get(name);
  if (kind === undefined) {
    kind = kindFor({ name, type, reservations: [] }, `=${name}`, false);
    plainKinds[type as keyof typeof plainKinds].set(name, kind);
  }
  return role === undefined ? kind : allocatedKind(kind, role);
}

function kindFor(meta: Resource, details: string, isWhole: boolean): ItemKind {
  const { allocationInfo } = meta;
  const role = allocationInfo?.role ?? '';
  // Parts that others choose are preceded by their length, so that no two kinds share a key.
  const key = `${meta.type} ${allocationInfo === undefined ? '-' : role.length} ${role} ${details}`;
  // Labels may be ordered in another way; each entry shows them as its own record does.
  const mayBeShared = !isWhole && !hasLabels(meta.reservations);
  if (!mayBeShared) return newKind(key, details, meta, isWhole, 0);
  const present = sharedKinds.get(key);
  if (present !== undefined) return present;
  if (sharedKinds.size >= SHARED_KINDS_MAX) {
    sharedKinds = new Map();
    plainKinds = { SCALAR: newNames(), RANGES: newNames(), SET: newNames() };
    epoch += 1;
  }
  const kind = newKind(key, details, withoutAmount(meta), isWhole, epoch);
  sharedKinds.set(key, kind);
  return kind;
}

function withoutAmount(meta: Resource): Resource {
  const { scalar, ranges, set, ...rest } = meta;
  return scalar === undefined && ranges === undefined && set === undefined ? meta : rest;
}

function hasLabels(reservations: readonly Resource_ReservationInfo[]): boolean {
  for (const { labels } of reservations) if (labels !== undefined) return true;
  return false;
}

function newKind(
  key: string,
  details: string,
  meta: Resource,
  isWhole: boolean,
  epoch: number,
): ItemKind {
  return {
    key,
    details,
    meta,
    isPlain: !isWhole && isPlain(meta),
    isWhole,
    isShared: isShared(meta),
    epoch,
    lastRole: undefined,
    lastTwin: undefined,
    twins: undefined,
    unallocated: undefined,
    classifier: undefined,
    entryClass: undefined,
  };
}

function detailsOf(meta: Resource, amount: Amount, isWhole: boolean): string {
  const { name, reservations, disk, revocable, providerId } = meta;
  if (isPlain(meta) && !isWhole) return `=${name}`;
  const details = [
    reservations.map(reservationKey),
    disk && encodeJson(Resource_DiskInfo, disk),
    revocable !== undefined,
    providerId?.value,
    meta.shared !== undefined,
    isWhole ? formatAmount(amount) : undefined,
  ];
  // Names may hold anything, so the first sign tells plain ones from the others.
  return `#${JSON.stringify([name, details])}`;
}

/** Labels are a set: their order makes no other reservation. */
function reservationKey(reservation: Resource_ReservationInfo): string {
  const { labels } = reservation;
  if (labels === undefined) return encodeJson(Resource_ReservationInfo, reservation);
  const sorted = [...labels.labels].sort((a, b) => {
    const left = `${a.key}\0${a.value ?? ''}`;
    const right = `${b.key}\0${b.value ?? ''}`;
    return left < right ? -1 : left > right ? 1 : 0;
  });
  return encodeJson(Resource_ReservationInfo, { ...reservation, labels: { labels: sorted } });
}
