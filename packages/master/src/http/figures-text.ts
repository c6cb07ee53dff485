// The body of `/metrics/snapshot`, which is asked for again and again while few of its figures change.
import { jsonDouble, jsonText, RawJson } from '@kaon/protocol';

/** Prints figures as JSON; one that stands where it stood, with the value it had, is not printed again. */
export class FiguresText {
  readonly #keys: string[] = [];
  readonly #values: number[] = [];
  readonly #members: string[] = [];

  /** An object of doubles, in the order of `figures`. */
  jsonOf(figures: ReadonlyMap<string, number>): RawJson {
    let place = 0;
    for (const [key, value] of figures) {
      if (this.#keys[place] !== key || !Object.is(this.#values[place], value)) {
        this.#keys[place] = key;
        this.#values[place] = value;
        this.#members[place] = `${jsonText(key)}:${jsonText(jsonDouble(value))}`;
      }
      place += 1;
    }
    for (const list of [this.#keys, this.#values, this.#members]) list.length = place;
    return new RawJson(`{${this.#members.join(',')}}`);
  }
}
