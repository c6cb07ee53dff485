// Compresses the pages of an answer, off every JavaScript thread, into pages again.
import { constants, createBrotliCompress, createGzip } from 'node:zlib';
import type { ContentCoding } from './read-question.ts';

/** Answers below this are left as they are: the server compresses small ones on its own. */
export const COMPRESSED_BYTES_MIN = 64 * 1024;

const OUTPUT_BYTES = 256 * 1024;

/** What becomes of an answer. After `end` or `failed` nothing follows. */
export interface CompressedEvents {
  readonly page: (bytes: Uint8Array) => void;
  readonly end: () => void;
  readonly failed: (error: unknown) => void;
}

/** Levels that keep up with a network: text of this kind shrinks to a twentieth by them already. */
export function compressPages(
  pages: readonly Uint8Array[],
  coding: Exclude<ContentCoding, 'identity'>,
  events: CompressedEvents,
): void {
  const stream =
    coding === 'gzip'
      ? createGzip({ level: 1, chunkSize: OUTPUT_BYTES })
      : createBrotliCompress({
          chunkSize: OUTPUT_BYTES,
          params: { [constants.BROTLI_PARAM_QUALITY]: 3 },
        });
  stream.on('data', (bytes: Uint8Array) => events.page(bytes));
  stream.once('end', () => events.end());
  stream.once('error', (error) => events.failed(error));
  let next = 0;
  const feed = (): void => {
    for (;;) {
      const page = pages[next];
      if (page === undefined) {
        stream.end();
        return;
      }
      next += 1;
      if (!stream.write(page)) {
        stream.once('drain', feed);
        return;
      }
    }
  };
  feed();
}
