// Checking what follows a flag. Each parser throws commander's error, which names flag and value itself.
import { readFileSync } from 'node:fs';
import { errorText, formatDuration, parseDuration } from '@kaon/primitives';
import { validateRole } from '@kaon/protocol';
import { parseMasters } from '@kaon/scheduler';
import { InvalidArgumentError } from 'commander';

/** How values of a parser are spelt; those of others as they are. */
const spellings = new WeakMap<object, (value: number) => string>();

/** The text of a flag's value, as Mesos spells it: `15secs` for 15 000 of a duration. */
export function spelt(parser: object | undefined, value: unknown): string {
  const spell = parser && spellings.get(parser);
  return spell !== undefined && typeof value === 'number' ? spell(value) : String(value);
}

function spelling<T extends object>(parser: T, spell: (value: number) => string): T {
  spellings.set(parser, spell);
  return parser;
}

/** Milliseconds of a duration in Mesos' form, within bounds. */
export function duration(
  bounds: { readonly atLeast?: string; readonly atMost?: string } = {},
): (text: string) => number {
  return spelling((text: string) => {
    const parsed = parseDuration(text);
    if (!parsed.ok) {
      throw new InvalidArgumentError('Write a number and a unit, as in 500ms, 15secs or 1.5mins.');
    }
    const { atLeast = '0secs', atMost } = bounds;
    if (parsed.value < milliseconds(atLeast))
      throw new InvalidArgumentError(range(atLeast, atMost));
    if (atMost !== undefined && parsed.value > milliseconds(atMost)) {
      throw new InvalidArgumentError(range(atLeast, atMost));
    }
    return parsed.value;
  }, formatDuration);
}

function milliseconds(text: string): number {
  const parsed = parseDuration(text);
  return parsed.ok ? parsed.value : 0;
}

/** A whole number within bounds. */
export function integer(atLeast: number, atMost?: number): (text: string) => number {
  return (text) => {
    const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
    if (!Number.isSafeInteger(value)) throw new InvalidArgumentError('Write a whole number.');
    if (value < atLeast || (atMost !== undefined && value > atMost)) {
      throw new InvalidArgumentError(range(atLeast, atMost));
    }
    return value;
  };
}

function speltBytes(value: number): string {
  const units = Object.entries(BYTES).reverse();
  const [unit, size] = units.find(([, size]) => value % size === 0) ?? ['B', 1];
  return value === 0 ? '0B' : `${value / size}${unit}`;
}

const BYTES = { B: 1, KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 } as const;

/** Bytes of a size in Mesos' form, such as `4KB`, within bounds. */
export function bytes(atLeast: number, atMost: number): (text: string) => number {
  return spelling((text: string) => {
    const [, digits, unit] = /^(\d+)(B|KB|MB|GB)$/.exec(text) ?? [];
    if (digits === undefined) {
      throw new InvalidArgumentError('Write a whole number and a unit, as in 512B, 4KB or 1MB.');
    }
    const value = Number(digits) * BYTES[unit as keyof typeof BYTES];
    if (value < atLeast || value > atMost) {
      throw new InvalidArgumentError(`It must be at most ${atMost} bytes.`);
    }
    return value;
  }, speltBytes);
}

/** A port; 0 lets the system choose a free one. */
export const port = integer(0, 65_535);

/** An amount of a resource: a number of 0 or more. */
export function amount(text: string): number {
  const value = /^\d+(\.\d+)?$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isFinite(value)) throw new InvalidArgumentError('Write a number of 0 or more.');
  return value;
}

/** The text itself, or what is in the file that `file:///path` names. */
export function textOrFile(text: string): string {
  if (!text.startsWith('file://')) return text;
  try {
    return readFileSync(new URL(text), 'utf8').trim();
  } catch (error) {
    throw new InvalidArgumentError(`The file cannot be read: ${errorText(error)}.`);
  }
}

/** The address of a master. */
export function masterAddress(text: string): string {
  const parsed = parseMasters(text);
  if (!parsed.ok) throw new InvalidArgumentError(`It is no address: ${parsed.error}.`);
  return text;
}

/** `NAME=VALUE`, collected over repeated flags. */
export function assignment(
  text: string,
  before: Readonly<Record<string, string>> = {},
): Readonly<Record<string, string>> {
  const split = text.indexOf('=');
  if (split <= 0) throw new InvalidArgumentError('Write NAME=VALUE.');
  return { ...before, [text.slice(0, split)]: text.slice(split + 1) };
}

function range(atLeast: number | string, atMost: number | string | undefined): string {
  return atMost === undefined
    ? `It must be at least ${atLeast}.`
    : `It must be from ${atLeast} to ${atMost}.`;
}

/** Weights of roles, as `role=weight,role=weight`; prints as it was given. */
export class RoleWeights {
  readonly #text: string;
  readonly list: readonly { readonly role: string; readonly weight: number }[];

  constructor(text: string, list: RoleWeights['list']) {
    this.#text = text;
    this.list = list;
  }

  toString(): string {
    return this.#text;
  }
}

/** Reads weights; each is a number above 0. */
export function weights(text: string): RoleWeights {
  const list = text.split(',').map((part) => {
    const [role = '', value = '', ...more] = part.trim().split('=');
    const weight = /^\d+(\.\d+)?$/.test(value) ? Number(value) : 0;
    const legal = validateRole(role);
    if (!legal.ok) throw new InvalidArgumentError(`${legal.error}.`);
    if (more.length > 0 || !(weight > 0)) {
      throw new InvalidArgumentError('Write role=weight pairs, as in ops=2,web=0.5.');
    }
    return { role, weight };
  });
  return new RoleWeights(text, list);
}
