// Compression of answers and inflation of bodies. Small answers are compressed at once; large ones leave the thread
// to others meanwhile, and are compressed once however many clients get the same bytes.
import {
  brotliCompress,
  brotliCompressSync,
  constants,
  gunzipSync,
  gzip,
  gzipSync,
} from 'node:zlib';
import { err, getOrCreate, ok, type Result } from '@kaon/primitives';
import type { ContentCoding } from './negotiation.ts';

/** Bodies up to this size are compressed in place; zlib's thread pool costs more than it saves. */
const SYNC_BYTES_MAX = 32 * 1024;
/** As fast as gzip on JSON, and smaller. The default of 11 takes a hundred times as long. */
const BROTLI_QUALITY = 4;

/** Why a body could not be inflated. */
export type InflateProblem = 'malformed' | 'too large';

/** Inflates a gzip body to at most `bytesMax`. A bomb costs no more than that. */
export function inflate(body: Uint8Array, bytesMax: number): Result<Uint8Array, InflateProblem> {
  try {
    return ok(gunzipSync(body, { maxOutputLength: bytesMax }));
  } catch (error) {
    const isTooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE';
    return err(isTooLarge ? 'too large' : 'malformed');
  }
}

type Compressed = Uint8Array | undefined;

/** Large bodies that were compressed, or are about to be, for as long as somebody holds the bodies themselves. */
const compressing = new WeakMap<Uint8Array, Map<ContentCoding, Promise<Compressed>>>();

/**
 * Compresses `body`, which must not change any more; undefined when that fails. Small ones are there at once,
 * others by promise. The same bytes asked for again, as the same object, are compressed once.
 */
export function compress(
  body: Uint8Array,
  coding: ContentCoding,
): Compressed | Promise<Compressed> {
  if (body.length <= SYNC_BYTES_MAX) {
    return coding === 'br' ? brotliCompressSync(body, brotliOptions(body)) : gzipSync(body);
  }
  let made = compressing.get(body);
  if (made === undefined) {
    made = new Map();
    compressing.set(body, made);
  }
  return getOrCreate(made, coding, () => inPool(body, coding));
}

function inPool(body: Uint8Array, coding: ContentCoding): Promise<Compressed> {
  return new Promise((resolve) => {
    const done = (error: Error | null, compressed: Uint8Array): void => {
      resolve(error === null ? compressed : undefined);
    };
    if (coding === 'br') brotliCompress(body, brotliOptions(body), done);
    else gzip(body, done);
  });
}

function brotliOptions({ length }: Uint8Array) {
  return {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: BROTLI_QUALITY,
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_TEXT,
      [constants.BROTLI_PARAM_SIZE_HINT]: length,
    },
  };
}
