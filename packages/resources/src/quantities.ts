// How much there is by name alone, whatever it is reserved for: what quotas, minimal offers and shares
// are counted in. Thousandths of scalars; a thousand per number of a range or item of a set.
import { err, ok, type Result } from '@kaon/primitives';
import { formatMilli, toMilli } from './milli.ts';

/** Thousandths by resource name. Names with nothing are left out. */
export type Quantities = ReadonlyMap<string, number>;

/** The sum by name. */
export function addQuantities(left: Quantities, right: Quantities): Quantities {
  const sum = new Map(left);
  for (const [name, milli] of right) sum.set(name, (sum.get(name) ?? 0) + milli);
  return sum;
}

/** What is left by name, at least nothing. */
export function subtractQuantities(left: Quantities, right: Quantities): Quantities {
  const rest = new Map(left);
  for (const [name, milli] of right) {
    const left = (rest.get(name) ?? 0) - milli;
    if (left > 0) rest.set(name, left);
    else rest.delete(name);
  }
  return rest;
}

/** Whether `left` has at least as much as `right` of every name in `right`. */
export function quantitiesContain(left: Quantities, right: Quantities): boolean {
  for (const [name, milli] of right) {
    if ((left.get(name) ?? 0) < milli) return false;
  }
  return true;
}

/** Whether both hold as much of every name. */
export function sameQuantities(left: Quantities, right: Quantities): boolean {
  return quantitiesContain(left, right) && quantitiesContain(right, left);
}

/** `cpus:7; disk:12288; mem:6656`, sorted by name. */
export function formatQuantities(quantities: Quantities): string {
  return [...quantities]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, milli]) => `${name}:${formatMilli(milli)}`)
    .join('; ');
}

/** Parses `cpus:0.01;mem:32`. Every value is a non-negative number; names given twice add up. */
export function parseQuantities(text: string): Result<Quantities, string> {
  const quantities = new Map<string, number>();
  for (const token of text.split(';').map((part) => part.trim())) {
    if (token === '') continue;
    const [name = '', value = '', ...more] = token.split(':').map((part) => part.trim());
    if (name === '' || more.length > 0 || !/^(\d+\.?\d*|\.\d+)$/.test(value)) {
      return err(`Failed to parse '${token}': write a name, a colon and a non-negative number`);
    }
    const milli = toMilli(Number(value)) + (quantities.get(name) ?? 0);
    if (milli > 0) quantities.set(name, milli);
  }
  return ok(quantities);
}
