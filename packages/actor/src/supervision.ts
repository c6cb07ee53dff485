// What happens when a handler throws, and how actors are started.

/** What to do with an actor whose handler threw. */
export type Supervision =
  /** Stop it, tell those linked. The default. */
  | { readonly onFailure: 'stop' }
  /** Stop it and fail its parent with the same error; without a parent, the same as `stop`. */
  | { readonly onFailure: 'escalate' }
  /**
   * Run its setup again. The mailbox is kept and links to it hold; its children, timers, open asks
   * and own links are gone.
   * More than `restartsMax` failures within `windowMs` milliseconds escalate.
   */
  | { readonly onFailure: 'restart'; readonly restartsMax: number; readonly windowMs: number };

/** How an actor is started. */
export interface SpawnOptions {
  /** Default: a generated one. 1 to 255 printable characters without `@` and white space. */
  readonly id?: string;
  /** Messages that may wait; more are dead letters with the reason `full`. Default: 100 000. */
  readonly mailboxMax?: number;
  /** Default: `{ onFailure: 'stop' }`. */
  readonly supervision?: Supervision;
}

/** Messages that may wait in a mailbox, unless its spawner says otherwise. */
export const MAILBOX_MAX_DEFAULT = 100_000;

/** Remembers recent failures and says whether one more restart is allowed. */
export class RestartWindow {
  #failuresMs: number[] = [];

  allows(nowMs: number, restartsMax: number, windowMs: number): boolean {
    this.#failuresMs = this.#failuresMs.filter((atMs) => nowMs - atMs < windowMs);
    if (this.#failuresMs.length >= restartsMax) return false;
    this.#failuresMs.push(nowMs);
    return true;
  }
}

/** `SpawnOptions` with nothing left open, as far as a cell needs them. */
export interface CellSettings {
  readonly mailboxMax: number;
  readonly supervision: Supervision;
}

const DEFAULT_SETTINGS: CellSettings = {
  mailboxMax: MAILBOX_MAX_DEFAULT,
  supervision: { onFailure: 'stop' },
};

/** Fills in the defaults; actors without options of their own share one record. */
export function settingsOf(options: SpawnOptions | undefined): CellSettings {
  if (options === undefined) return DEFAULT_SETTINGS;
  const { mailboxMax, supervision } = options;
  if (mailboxMax === undefined && supervision === undefined) return DEFAULT_SETTINGS;
  return {
    mailboxMax: mailboxMax ?? DEFAULT_SETTINGS.mailboxMax,
    supervision: supervision ?? DEFAULT_SETTINGS.supervision,
  };
}
