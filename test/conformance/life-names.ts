// What the things of a recorded life are called today, found out as they appear.

/** Names of then and of today: ids of frameworks, agents and offers, uuids of updates. */
export class LifeNames {
  readonly #recordedMaster: string;
  readonly #master: string;
  readonly #today = new Map<string, string>();
  readonly #recorded = new Map<string, string>();
  readonly #texts: (readonly [recorded: string, today: string])[] = [];

  constructor(recordedMaster: string, master: string) {
    this.#recordedMaster = recordedMaster;
    this.#master = master;
  }

  /** From now on `recorded` is `today`. */
  bind(recorded: string, today: string): void {
    this.#today.set(recorded, today);
    this.#recorded.set(today, recorded);
  }

  /** A piece of text, such as a folder, that is another one today. */
  bindText(recorded: string, today: string): void {
    this.#texts.push([recorded, today]);
  }

  today(recorded: string): string | undefined {
    return this.#today.get(recorded);
  }

  /** A recorded body as it is to be sent today. */
  forToday(text: string): string {
    let today = text.replaceAll(STRING, (whole, inside: string) => {
      const name = this.#today.get(inside);
      return name === undefined ? whole : JSON.stringify(name);
    });
    for (const [recorded, now] of this.#texts) {
      today = today.replaceAll(recorded, JSON.stringify(now).slice(1, -1));
    }
    return today.replaceAll(this.#recordedMaster, this.#master);
  }

  /** What is said today in the words of then. */
  asRecorded(text: string): string {
    let then = text;
    for (const [recorded, now] of this.#texts) {
      then = then.replaceAll(JSON.stringify(now).slice(1, -1), recorded);
    }
    return then
      .replaceAll(this.#idsOf(this.#master), (id) => this.#recorded.get(id) ?? id)
      .replaceAll(this.#master, this.#recordedMaster);
  }

  #idsOf(master: string): RegExp {
    return new RegExp(`${master}-(?:S\\d+|\\d{4,})`, 'g');
  }
}

/** A string of JSON. */
const STRING = /"((?:[^"\\]|\\.)*)"/g;
