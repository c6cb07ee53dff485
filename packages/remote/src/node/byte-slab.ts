// Memory of small byte strings that outlive the frame they came in.
import { markAsUntransferable } from 'node:worker_threads';

/** Allocating for each message costs ten times what a part of something larger does. */
const SLAB_BYTES = 16 * 1024;
/** Longer ones get memory of their own: what is kept must not hold much that is not. */
const SLAB_SHARE_MAX = SLAB_BYTES / 4;

let slab = newSlab();
let used = 0;

function newSlab(): ArrayBuffer {
  const { buffer } = Buffer.allocUnsafeSlow(SLAB_BYTES);
  // Who transfers one part of it to a worker would take all others away.
  markAsUntransferable(buffer);
  return buffer as ArrayBuffer;
}

/**
 * `bytes[start..end)` for good: a view when that is at least half of the memory it would hold, otherwise a
 * copy that holds at most 16 KiB more than itself.
 */
export function keepBytes(bytes: Uint8Array, start: number, end: number): Uint8Array {
  const length = end - start;
  if (2 * length >= bytes.buffer.byteLength) return bytes.subarray(start, end);
  if (length > SLAB_SHARE_MAX) return copyOf(new Uint8Array(length), bytes, start, end);
  if (used + length > SLAB_BYTES) {
    slab = newSlab();
    used = 0;
  }
  const kept = new Uint8Array(slab, used, length);
  // The next one starts at a multiple of 8, so that it may be viewed as numbers.
  used += (length + 7) & ~7;
  return copyOf(kept, bytes, start, end);
}

function copyOf(target: Uint8Array, bytes: Uint8Array, start: number, end: number): Uint8Array {
  target.set(bytes.subarray(start, end));
  return target;
}
