// One answer on its way to everybody who asked the same. Its pages stay until the last of them has left.
import type { ContentCoding } from './read-question.ts';

/** What a reader is told. */
export type AnswerState = 'waiting' | 'arriving' | 'complete' | 'failed';

/** Pages of an answer, as they come. */
export class SharedAnswer {
  /** Grows at the end; nothing in it changes. */
  readonly pages: Uint8Array[] = [];
  readonly #readers = new Set<() => void>();
  #state: AnswerState = 'waiting';
  #coding: ContentCoding = 'identity';
  #version = 0;
  #bytes = 0;
  #failure = '';

  get state(): AnswerState {
    return this.#state;
  }

  /** How the pages are compressed. */
  get coding(): ContentCoding {
    return this.#coding;
  }

  /** Which version of the state it shows; known from the moment it arrives. */
  get version(): number {
    return this.#version;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Why it failed, in words. */
  get failure(): string {
    return this.#failure;
  }

  /** Whether nobody waits for it. */
  get isIdle(): boolean {
    return this.#readers.size === 0;
  }

  /** Calls `look` on each change from now on; returns what ends that. */
  follow(look: () => void): () => void {
    this.#readers.add(look);
    return () => this.#readers.delete(look);
  }

  /** The state was looked at. */
  taken(version: number): void {
    this.#version = version;
  }

  begin(coding: ContentCoding): void {
    this.#coding = coding;
    this.#state = 'arriving';
  }

  add(pages: readonly Uint8Array[]): void {
    for (const page of pages) {
      this.pages.push(page);
      this.#bytes += page.length;
    }
    this.#tellReaders();
  }

  complete(): void {
    this.#state = 'complete';
    this.#tellReaders();
  }

  fail(text: string): void {
    if (this.#state === 'complete' || this.#state === 'failed') return;
    this.#state = 'failed';
    this.#failure = text;
    this.#tellReaders();
  }

  #tellReaders(): void {
    for (const look of [...this.#readers]) look();
  }
}
