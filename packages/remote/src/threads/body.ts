// Bodies between threads: msgpack, unless they hold shared memory. That passes as a handle, by clone.
import { err, errorText, ok, type Result } from '@kaon/primitives';
import { addExtension, Packr, RESET_BUFFER_MODE, REUSE_BUFFER_MODE } from 'msgpackr';

/** Whether `value` is shared memory or a view of it. */
function isShared(value: unknown): boolean {
  if (ArrayBuffer.isView(value)) return value.buffer instanceof SharedArrayBuffer;
  return value instanceof SharedArrayBuffer;
}

/** Stands for a class in the encoder's table: "instances" are what is shared. */
const SharedMemory = { [Symbol.hasInstance]: isShared };

/** One of the numbers msgpack leaves to applications. */
const SHARED_TYPE = 0x53;

/** What the encoder throws when it meets shared memory. */
class SharedMemoryMet extends Error {}

// The encoder's table of types is one for the whole program: the remote encoder refuses shared memory too.
addExtension({
  Class: SharedMemory as unknown as new () => unknown,
  type: SHARED_TYPE,
  pack(): Buffer {
    throw new SharedMemoryMet('shared memory does not leave its process');
  },
  unpack(): unknown {
    throw new Error('shared memory does not come from another process');
  },
});

const packr = new Packr({
  useRecords: false,
  moreTypes: false,
  structuredClone: false,
  // Frames without plain bytes are read in memory that is used again.
  copyBuffers: true,
  int64AsType: 'number',
});

/** Bytes of an encoded body: `bytes[start..end)`, valid until the next call. */
export interface PackedBody {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

const KEPT_BYTES_MAX = 256 * 1024;
const IN_PLACE = REUSE_BUFFER_MODE | RESET_BUFFER_MODE;

/** Encodes `body`; `shared` when it holds shared memory, otherwise an error when it cannot travel. */
export function packBody(body: unknown): Result<PackedBody | 'shared', string> {
  try {
    const buffer = packr.pack(body, IN_PLACE) as Buffer & { start: number; end: number };
    // One large body must not keep its memory for good.
    if (buffer.length > KEPT_BYTES_MAX) packr.useBuffer(Buffer.allocUnsafeSlow(KEPT_BYTES_MAX));
    return ok({ bytes: buffer, start: buffer.start, end: buffer.end });
  } catch (error) {
    if (error instanceof SharedMemoryMet) return ok('shared');
    return err(`the body cannot be encoded: ${errorText(error)}`);
  }
}

const range = { start: 0, end: 0 };

/** The value in `bytes[start..end)`. */
export function unpackBody(bytes: Uint8Array, start: number, end: number): Result<unknown, string> {
  try {
    range.start = start;
    range.end = end;
    return ok(packr.unpack(bytes, range));
  } catch (error) {
    return err(`the body is no msgpack: ${errorText(error)}`);
  }
}
