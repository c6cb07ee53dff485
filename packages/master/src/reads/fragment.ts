// A part of an answer as it is printed, made when it is printed: so the first page of a long answer is on its way
// while the last one is not thought of yet.
import { RawJson } from '@kaon/protocol';
import type { ByteStore, StoredBytes } from '../state/byte-store.ts';

/** A text that is made once and kept as bytes. Only `writeJson` knows how to print it. */
export class Fragment extends RawJson {
  /** Where its text is kept. */
  readonly store: ByteStore;
  #make: (() => string) | undefined;
  #stored: StoredBytes | undefined;

  /** `make` is called once, when the text is first printed. */
  constructor(store: ByteStore, make: () => string) {
    super('');
    this.store = store;
    this.#make = make;
  }

  /** Where it lies, if it was printed before. */
  get kept(): StoredBytes | undefined {
    return this.#stored;
  }

  /** As a member of a list, with a comma before it: so what lies side by side is printed in one piece. */
  get stored(): StoredBytes {
    this.#stored ??= this.store.keepText(`,${this.#make?.() ?? ''}`);
    this.#make = undefined;
    return this.#stored;
  }
}
