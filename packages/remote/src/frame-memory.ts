// Memory in which frames are written. A frame that fills much of its buffer leaves in it, and the buffer comes
// back when the socket has sent it: copying 64 KiB for each frame cost a seventh of the sender's time.

/** Size of a buffer: a full frame and one body of ordinary size. */
export const FRAME_BUFFER_BYTES = 128 * 1024;
/** Buffers kept for all connections of a process: 8 MiB at most. */
const FREE_MAX = 64;

const free: Buffer[] = [];

/** A buffer of `FRAME_BUFFER_BYTES`, with anything in it. */
export function takeFrameBuffer(): Buffer {
  return free.pop() ?? Buffer.allocUnsafeSlow(FRAME_BUFFER_BYTES);
}

/** Gives a buffer back that nobody reads any more; one that has grown is let go. */
export function returnFrameBuffer(buffer: Buffer): void {
  if (buffer.length === FRAME_BUFFER_BYTES && free.length < FREE_MAX) free.push(buffer);
}
