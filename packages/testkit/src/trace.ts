// What happened in a simulation, line by line: readable, comparable, hashable.
import { createHash } from 'node:crypto';
import type { DeadLetter, TraceEvent } from '@kaon/actor';
import type { NetworkEvent } from './network-events.ts';

const LINES_MAX = 1_000_000;
const BODY_CHARACTERS_MAX = 200;

/** What a simulation adds to the events of its systems. */
export type WorldEvent =
  | { readonly kind: 'crashed' | 'restarted'; readonly address: string }
  | { readonly kind: 'deadLetter'; readonly letter: DeadLetter };

/** Anything a trace has a line for. */
export type TracedEvent = TraceEvent | NetworkEvent | WorldEvent;

/** What a trace keeps. */
export interface TraceOptions {
  /** Writes the body of each turn as JSON. Default: false. */
  readonly bodies?: boolean;
  /** More of a body is cut off. Default: 200. */
  readonly bodyCharactersMax?: number;
  /** Lines beyond are counted in `refused` and not kept. Default: 1 000 000. */
  readonly linesMax?: number;
}

/** An ordered record of the turns, ends, faults and dead letters of all systems of a simulation. */
export class Trace {
  readonly #lines: string[] = [];
  readonly #names: string[] = [];
  readonly #bodyCharactersMax: number;
  readonly #linesMax: number;
  /** Events beyond the limit, not kept. */
  refused = 0;

  constructor(options: TraceOptions = {}) {
    this.#bodyCharactersMax = options.bodies
      ? (options.bodyCharactersMax ?? BODY_CHARACTERS_MAX)
      : 0;
    this.#linesMax = options.linesMax ?? LINES_MAX;
  }

  /** Adds a line for `event`, which happened at `nowMs`. */
  add(nowMs: number, event: TracedEvent): void {
    if (this.#lines.length >= this.#linesMax) {
      this.refused += 1;
      return;
    }
    this.#names.push(event.kind === 'turn' ? event.name : event.kind);
    this.#lines.push(`${nowMs.toFixed(3).padStart(10)} ${this.#text(event)}`);
  }

  /**
   * All lines; with `names`, those of these messages or of these kinds of events: `spawned`, `ended`,
   * `crashed`, `restarted`, `deadLetter`, `dropped`, `duplicated`, `heldBack`, `signalLost`, `cut`,
   * `healed`, `disconnected`.
   */
  of(...names: readonly string[]): readonly string[] {
    if (names.length === 0) return [...this.#lines];
    return this.#lines.filter((_, index) => names.includes(this.#names[index] as string));
  }

  /** All lines as one text, for snapshots. */
  toString(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  /** SHA-256 of all lines: equal for equal runs. */
  hash(): string {
    return createHash('sha256').update(this.#lines.join('\n')).digest('hex');
  }

  #text(event: TracedEvent): string {
    switch (event.kind) {
      case 'turn':
        return `${event.from} -> ${event.pid} ${event.name}${this.#bodyText(event.body)}`;
      case 'spawned':
        return `${event.pid} spawned`;
      case 'ended':
        return `${event.pid} ended ${event.reason}`;
      case 'crashed':
      case 'restarted':
        return `${event.address} ${event.kind}`;
      case 'deadLetter': {
        const { from, to, name, reason } = event.letter;
        return `${from} -> ${to} ${name} dead letter: ${reason}`;
      }
      case 'dropped': {
        const { from, to, name } = event.message;
        return `${from} -> ${to} ${name} dropped: ${event.cause}`;
      }
      case 'duplicated':
      case 'heldBack': {
        const { from, to, name } = event.message;
        return `${from} -> ${to} ${name} ${event.kind === 'heldBack' ? 'held back' : event.kind}`;
      }
      case 'signalLost':
        return `${event.from} -> ${event.to} signal lost: ${event.cause}`;
      default:
        return `${event.from} -> ${event.to} ${event.kind}`;
    }
  }

  #bodyText(body: unknown): string {
    if (this.#bodyCharactersMax === 0) return '';
    const text = asJson(body);
    const isLong = text.length > this.#bodyCharactersMax;
    return ` ${isLong ? `${text.slice(0, this.#bodyCharactersMax)}…` : text}`;
  }
}

/** Never throws: what JSON does not know is said in words. */
function asJson(body: unknown): string {
  try {
    return JSON.stringify(body, asPlain) ?? String(body);
  } catch {
    return '(a body without a JSON form)';
  }
}

function asPlain(this: unknown, key: string, value: unknown): unknown {
  // A Buffer has turned itself into a list of numbers by now; its holder still has it.
  const original = (this as Record<string, unknown>)[key];
  if (original instanceof Uint8Array) return `${original.length} bytes`;
  if (value instanceof Map || value instanceof Set) return [...value];
  return typeof value === 'bigint' ? `${value}n` : value;
}
