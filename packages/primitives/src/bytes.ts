// Byte sizes in Mesos' text form (`64MB`) and small byte conversions.
import { err, ok, type Result } from './result.ts';

const UNITS_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1024,
  MB: 1024 ** 2,
  GB: 1024 ** 3,
  TB: 1024 ** 4,
};

/** Parses `10B`, `64MB`, `2GB` … into bytes. Units are powers of 1024, as in Mesos. */
export function parseBytes(text: string): Result<number, string> {
  const match = /^(\d+)([KMGT]?B)$/.exec(text.trim());
  if (!match)
    return err(`'${text}' is not a size; write a whole number and one of B, KB, MB, GB, TB`);
  const bytes = Number(match[1]) * (UNITS_BYTES[match[2] as string] as number);
  if (!Number.isSafeInteger(bytes)) return err(`'${text}' is more bytes than can be counted`);
  return ok(bytes);
}

const encoder = new TextEncoder();
// A leading byte order mark is content here, not markup: dropping it would change what was sent.
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** UTF-8 bytes of `text`. */
export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}

/** Text of UTF-8 `bytes`; malformed sequences become U+FFFD. */
export function fromUtf8(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** Standard base64 with padding. */
export function toBase64(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
}

/** Bytes of standard or URL-safe base64, padded or not; undefined when `text` is neither. */
export function fromBase64(text: string): Uint8Array | undefined {
  if (!/^[A-Za-z0-9+/_-]*={0,2}$/.test(text)) return undefined;
  const isPadded = text.endsWith('=');
  if (text.length % 4 === 1 || (isPadded && text.length % 4 !== 0)) return undefined;
  return new Uint8Array(Buffer.from(text, 'base64'));
}

/** Whether two byte strings are equal. Not constant-time: never for secrets. */
export function bytesEqual(left: Uint8Array, right: Uint8Array): boolean {
  return left.length === right.length && left.every((byte, index) => byte === right[index]);
}

/** Joins byte strings into one. */
export function concatBytes(parts: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
}

/** Without the first bytes of a character that goes on behind the end, so that who reads on gets it whole. */
export function wholeUtf8(bytes: Uint8Array): Uint8Array {
  for (let back = 1; back <= Math.min(3, bytes.length - 1); back += 1) {
    const byte = bytes[bytes.length - back] as number;
    if ((byte & 0xc0) === 0x80) continue;
    const needed = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    return needed > back ? bytes.subarray(0, bytes.length - back) : bytes;
  }
  return bytes;
}
