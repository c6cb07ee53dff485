// A part of an answer as it is printed, made when it is printed: so the first page of a long answer is on its way
// while the last one is not thought of yet.
import { RawJson } from '@kaon/protocol';
import type { TextPages } from './pages.ts';
import type { StoredText, TextStore } from './text-store.ts';

/** A text that is made once and kept as bytes. Only `writeJson` knows how to print it. */
export class Fragment extends RawJson {
  readonly #store: TextStore;
  #text: StoredText | (() => string);

  /** `make` is called once, when the text is first printed. */
  constructor(store: TextStore, make: () => string) {
    super('');
    this.#store = store;
    this.#text = make;
  }

  /** Prints it as a member of a list: with a comma before it, or with the bracket that opens the list. */
  print(pages: TextPages, isFirst: boolean): void {
    // It is kept with its comma, so that what lies side by side is printed in one piece.
    const text = this.#text;
    const stored =
      typeof text === 'function' ? this.#store.keep(`,${text()}`) : this.#store.fresh(text);
    this.#text = stored;
    if (isFirst) pages.add('[');
    pages.addBytes(stored.chunk.bytes, isFirst ? stored.start + 1 : stored.start, stored.end);
  }
}
