// Questions about one resource record in the form with a stack of reservations.
import { isStrictSubrole, type Resource, type Resource_ReservationInfo } from '@kaon/protocol';

/** The role a resource is reserved for: that of the last entry of the stack. Undefined: for no one. */
export function reservationRole(resource: Resource): string | undefined {
  return resource.reservations.at(-1)?.role;
}

/** Whether any role may use it. */
export function isUnreserved(resource: Resource): boolean {
  return resource.reservations.length === 0;
}

/** Whether it is reserved, for `role` when given. */
export function isReserved(resource: Resource, role?: string): boolean {
  if (resource.reservations.length === 0) return false;
  return role === undefined || reservationRole(resource) === role;
}

/** Whether the last reservation was made at run time and may be undone. */
export function isDynamicallyReserved(resource: Resource): boolean {
  return resource.reservations.at(-1)?.type === 'DYNAMIC';
}

/** Whether a reservation was refined for a role below. */
export function hasRefinedReservations(resource: Resource): boolean {
  return resource.reservations.length > 1;
}

/** Whether frameworks of `role` may be offered it: unreserved, or reserved for the role or one above. */
export function isAllocatableTo(resource: Resource, role: string): boolean {
  const reservedFor = reservationRole(resource);
  return reservedFor === undefined || reservedFor === role || isStrictSubrole(role, reservedFor);
}

/** Disk that outlives tasks. */
export function isPersistentVolume(resource: Resource): boolean {
  return resource.disk?.persistence !== undefined;
}

/** May be taken back at any time: oversubscribed. */
export function isRevocable(resource: Resource): boolean {
  return resource.revocable !== undefined;
}

/** May be used by several tasks at once. */
export function isShared(resource: Resource): boolean {
  return resource.shared !== undefined;
}

/** Disk that merges or splits with nothing: persistent volumes, mounts, blocks and identified raw disks. */
export function isIndivisible({ disk }: Resource): boolean {
  if (disk === undefined) return false;
  if (disk.persistence !== undefined) return true;
  const source = disk.source;
  if (source === undefined) return false;
  if (source.type === 'MOUNT' || source.type === 'BLOCK') return true;
  return source.type === 'RAW' && source.id !== undefined;
}

/** The resource with `reservation` on top of its stack. */
export function withReservation(
  resource: Resource,
  reservation: Resource_ReservationInfo,
): Resource {
  return { ...resource, reservations: [...resource.reservations, reservation] };
}

/** The resource without the top of its stack. */
export function withoutLastReservation(resource: Resource): Resource {
  return { ...resource, reservations: resource.reservations.slice(0, -1) };
}

/** A volume's disk as it was before: neither persistent nor shared. Others are returned as they are. */
export function withoutPersistence(resource: Resource): Resource {
  const { shared: _, disk, ...rest } = resource;
  if (disk?.source === undefined) return rest;
  const { persistence: _persistence, volume: _volume, ...plain } = disk;
  return { ...rest, disk: plain };
}
