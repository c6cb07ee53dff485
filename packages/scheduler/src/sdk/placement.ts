// Declarative choices among offers: attributes an agent must have, and how tasks spread over agents.
import type { Attribute, Offer } from '@kaon/protocol';
import { TaskRequestError } from '../errors.ts';

/**
 * What an agent's attributes must be, by name: a text, a number, or a list of which one must do. A number
 * is also within ranges that hold it, a text also in sets that hold it.
 */
export type AttributeWishes = Readonly<
  Record<string, string | number | readonly (string | number)[]>
>;

/** How tasks of one group spread. */
export interface Spread {
  /** `agent`, or the name of an attribute, such as a rack. Agents without it get none of the group. */
  readonly over: string;
  /** Tasks of the group that may be on one agent, or at one value of the attribute. Default: any number. */
  readonly max?: number;
  /** Which tasks belong together. Default: those of the same name. */
  readonly group?: string;
}

/** Whether the offer's agent has all that is wished for. */
export function hasAttributes(offer: Offer, wishes: AttributeWishes): boolean {
  return Object.entries(wishes).every(([name, wish]) => {
    const values = typeof wish === 'object' ? wish : [wish];
    return offer.attributes.some(
      (attribute) => attribute.name === name && values.some((value) => holds(attribute, value)),
    );
  });
}

function holds({ text, scalar, ranges, set }: Attribute, value: string | number): boolean {
  if (typeof value === 'string') {
    return text?.value === value || (set?.item.includes(value) ?? false);
  }
  if (scalar !== undefined) return Math.round(scalar.value * 1000) === Math.round(value * 1000);
  return ranges?.range.some(({ begin, end }) => begin <= value && value <= end) ?? false;
}

/** The value of the offer's agent that counts for a spread; undefined when it has none. */
export function spreadValueOf(offer: Offer, { over }: Spread): string | undefined {
  if (over === 'agent') return offer.agentId.value;
  const attribute = offer.attributes.find(({ name }) => name === over);
  if (attribute === undefined) return undefined;
  const { text, scalar } = attribute;
  return text?.value ?? (scalar === undefined ? undefined : String(scalar.value));
}

/** How many tasks of each group are where. */
export class SpreadCounts {
  readonly #counts = new Map<string, Map<string, number>>();

  add(group: string, value: string): void {
    let values = this.#counts.get(group);
    if (values === undefined) {
      values = new Map();
      this.#counts.set(group, values);
    }
    values.set(value, (values.get(value) ?? 0) + 1);
  }

  remove(group: string, value: string): void {
    const values = this.#counts.get(group);
    const left = (values?.get(value) ?? 0) - 1;
    if (left > 0) values?.set(value, left);
    else values?.delete(value);
    if (values?.size === 0) this.#counts.delete(group);
  }

  at(group: string, value: string): number {
    return this.#counts.get(group)?.get(value) ?? 0;
  }
}

/** Checks what a request says about its place. @throws {TaskRequestError} */
export function checkPlacement(
  attributes: AttributeWishes | undefined,
  spread: Spread | undefined,
): void {
  for (const [name, wish] of Object.entries(attributes ?? {})) {
    const values = typeof wish === 'object' ? wish : [wish];
    const isGood =
      values.length > 0 && values.every((value) => ['string', 'number'].includes(typeof value));
    if (!isGood)
      throw new TaskRequestError(
        `attributes.${name}`,
        'must be a text, a number or a list of these',
      );
  }
  if (spread === undefined) return;
  if (typeof spread.over !== 'string' || spread.over === '') {
    throw new TaskRequestError('spread.over', "must be 'agent' or the name of an attribute");
  }
  const { max } = spread;
  if (max !== undefined && !(Number.isInteger(max) && max > 0)) {
    throw new TaskRequestError('spread.max', `must be a whole number above 0, got ${max}`);
  }
}
