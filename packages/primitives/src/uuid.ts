// RFC 4122 version 4 UUIDs from a `Random`, as text and as the 16 bytes Mesos puts on the wire.
import type { Random } from './random.ts';

/** 16 bytes of a random UUID, version 4. */
export function uuidBytes(random: Random): Uint8Array {
  const bytes = random.nextBytes(16);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x40;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  return bytes;
}

/** `xxxxxxxx-xxxx-4xxx-yxxx-xxxxxxxxxxxx` of 16 bytes. */
export function formatUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-');
}

/** A random UUID as text. */
export function uuid(random: Random): string {
  return formatUuid(uuidBytes(random));
}

/** Whether `bytes` are a UUID that Mesos accepts: 16 bytes with a version of 1 to 5. */
export function isUuidBytes(bytes: Uint8Array): boolean {
  if (bytes.length !== 16) return false;
  const version = (bytes[6] as number) >>> 4;
  return version >= 1 && version <= 5;
}
