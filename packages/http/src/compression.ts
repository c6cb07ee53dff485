// gzip both ways. Small bodies are done at once; large answers leave the thread to others meanwhile.
import { gunzipSync, gzip, gzipSync } from 'node:zlib';
import { err, ok, type Result } from '@kaon/primitives';

/** Bodies up to this size are compressed in place; zlib's thread pool costs more than it saves. */
const SYNC_GZIP_BYTES_MAX = 32 * 1024;

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

/** Compresses `body` and hands the result to `done`; undefined when that fails. */
export function deflate(
  body: Uint8Array,
  done: (compressed: Uint8Array | undefined) => void,
): void {
  if (body.length <= SYNC_GZIP_BYTES_MAX) {
    done(gzipSync(body));
    return;
  }
  gzip(body, (error, compressed) => done(error === null ? compressed : undefined));
}
