// The pieces of one answer on their way out of a copy: small answers as memory of their own, large ones from where
// they lie, and compressed ones as what came of it.
import { errorText } from '@kaon/primitives';
import { ANSWERS_KEPT_BYTES_MAX } from '../constants.ts';
import type { Chunk } from '../state/byte-store.ts';
import { COMPRESSED_BYTES_MIN, compressPages } from './compress-pages.ts';
import type { MirrorNews } from './mirror-orders.ts';
import { BytePages, ownMemory, type Piece } from './pages.ts';
import type { ContentCoding, ReadQuestion } from './read-question.ts';

/** Bytes and pieces told of at once. */
const BATCH_BYTES = 1024 ** 2;
const BATCH_PIECES = 64;

/** Takes the pieces of one answer and tells of it. */
export class AnswerPieces {
  readonly #id: number;
  readonly #coding: ContentCoding;
  readonly #isCopied: boolean;
  readonly #tell: (news: MirrorNews) => void;
  /** Where pieces lie that are not to change. */
  readonly #pinned = new Set<Chunk>();
  #pieces: Piece[] = [];
  #batchBytes = 0;
  #bytes = 0;
  #isStreamed = false;

  /** A snapshot may be read for longer than anything is held: it is copied, however large. */
  constructor(id: number, question: ReadQuestion, tell: (news: MirrorNews) => void) {
    this.#id = id;
    this.#coding = question.coding;
    this.#isCopied = question.isSnapshot === true;
    this.#tell = tell;
  }

  /** Whether it was told of pieces that stay where they are until `release`. */
  get isStreamed(): boolean {
    return this.#isStreamed;
  }

  readonly take = (piece: Piece): void => {
    this.#pieces.push(piece);
    this.#bytes += piece.bytes.length;
    this.#batchBytes += piece.bytes.length;
    if (this.#coding !== 'identity' || this.#isCopied) return;
    if (this.#bytes <= ANSWERS_KEPT_BYTES_MAX) return;
    if (!this.#isStreamed) {
      this.#isStreamed = true;
      this.#tell({ kind: 'head', id: this.#id, coding: 'identity', isHeld: true });
    } else if (this.#batchBytes < BATCH_BYTES && this.#pieces.length < BATCH_PIECES) return;
    this.#tellBatch();
  };

  /** All pieces have come. */
  finish(): void {
    const id = this.#id;
    if (this.#isStreamed) this.#tellBatch();
    else if (this.#coding !== 'identity' && this.#bytes >= COMPRESSED_BYTES_MIN) {
      this.#compress(this.#coding);
      return;
    } else {
      this.#tell({ kind: 'head', id, coding: 'identity', isHeld: false });
      this.#tell({ kind: 'pages', id, pages: this.#copied() });
    }
    this.#tell({ kind: 'end', id });
  }

  /** Nobody sends any more what it told of. */
  release(): void {
    for (const chunk of this.#pinned) chunk.unpin();
    this.#pinned.clear();
  }

  #tellBatch(): void {
    const pages = this.#pieces.map(({ bytes }) => bytes);
    this.#pin();
    this.#pieces = [];
    this.#batchBytes = 0;
    if (pages.length > 0) this.#tell({ kind: 'pages', id: this.#id, pages });
  }

  #pin(): void {
    for (const { chunk } of this.#pieces) {
      if (chunk === undefined || this.#pinned.has(chunk)) continue;
      chunk.pin();
      this.#pinned.add(chunk);
    }
  }

  #copied(): Uint8Array[] {
    const pages: Uint8Array[] = [];
    const copy = new BytePages(({ bytes }) => pages.push(bytes));
    for (const { bytes } of this.#pieces) copy.add(bytes);
    copy.finish();
    return pages;
  }

  #compress(coding: Exclude<ContentCoding, 'identity'>): void {
    const id = this.#id;
    this.#pin();
    this.#tell({ kind: 'head', id, coding, isHeld: false });
    compressPages(
      this.#pieces.map(({ bytes }) => bytes),
      coding,
      {
        page: (page) => this.#tell({ kind: 'pages', id, pages: [ownMemory(page)] }),
        end: () => {
          this.release();
          this.#tell({ kind: 'end', id });
        },
        failed: (error) => {
          this.release();
          this.#tell({ kind: 'failed', id, text: errorText(error) });
        },
      },
    );
  }
}
