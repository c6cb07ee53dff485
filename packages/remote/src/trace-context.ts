// The context of a trace on the wire: W3C `traceparent` of version 00, as 25 bytes instead of 55 characters.
import { traceparentOf } from '@kaon/actor';

/** Trace id, span id, flags. */
export const TRACE_BYTES = 16 + 8 + 1;

/** The bytes of `traceparent`; undefined when it is none. */
export function traceBytesOf(traceparent: string | undefined): Uint8Array | undefined {
  const text = traceparentOf(traceparent);
  if (text === undefined) return undefined;
  return Buffer.from(text.slice(3).replaceAll('-', ''), 'hex');
}

/** The `traceparent` that `bytes` holds from `start` on. */
export function traceparentAt(bytes: Buffer, start: number): string {
  const hex = bytes.toString('hex', start, start + TRACE_BYTES);
  return `00-${hex.slice(0, 32)}-${hex.slice(32, 48)}-${hex.slice(48)}`;
}
