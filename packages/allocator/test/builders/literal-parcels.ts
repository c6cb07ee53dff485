// What the plain rules say of parcels: which kind of parcel one is, sums, and who may have it.
import { CAPABILITY, PARCEL_WHOLE, type ParcelRows, UNRESERVED } from '@kaon/allocator';

/** What an agent has free for one reservation role and one set of bits. */
export interface LiteralParcel {
  readonly role: number;
  readonly bits: number;
  /** Thousandths per kind, then the count of items. */
  readonly quantities: readonly number[];
}

/** Unreserved, not revocable, divisible: the parcel that quotas chop. */
export function isPlain({ role, bits }: LiteralParcel): boolean {
  return role === UNRESERVED && bits === 0;
}

export function isWhole({ role, bits }: LiteralParcel): boolean {
  return role === UNRESERVED && bits === PARCEL_WHOLE;
}

export function isShared({ bits }: LiteralParcel): boolean {
  return (bits & CAPABILITY.sharedResources) !== 0;
}

export function isEmpty({ quantities }: LiteralParcel): boolean {
  return quantities.every((quantity) => quantity === 0);
}

/** Sums column by column; `width` columns. */
export function sum(rows: readonly (readonly number[])[], width: number): number[] {
  const total = new Array<number>(width).fill(0);
  for (const row of rows) {
    for (let column = 0; column < width; column += 1) {
      total[column] = (total[column] ?? 0) + (row[column] ?? 0);
    }
  }
  return total;
}

/** `left - right`, column by column. */
export function minus(left: readonly number[], right: readonly number[]): number[] {
  return left.map((quantity, column) => quantity - (right[column] ?? 0));
}

export function least(left: readonly number[], right: readonly number[]): number[] {
  return left.map((quantity, column) => Math.min(quantity, right[column] ?? 0));
}

/** Each column, or 0 where it is negative. */
export function notNegative(row: readonly number[]): number[] {
  return row.map((quantity) => Math.max(0, quantity));
}

/** Whether each parcel of `bundle` is contained in one refused parcel of its role and bits. */
export function covers(
  refused: readonly LiteralParcel[],
  bundle: readonly LiteralParcel[],
): boolean {
  return bundle.every((parcel) =>
    refused.some(
      (other) =>
        other.role === parcel.role &&
        other.bits === parcel.bits &&
        parcel.quantities.every((quantity, column) => quantity <= (other.quantities[column] ?? 0)),
    ),
  );
}

/** Reads the rows of a command; parcels of nothing are left out. */
export function parcelsOf(rows: ParcelRows, kinds: number): LiteralParcel[] {
  const length = kinds + 3;
  const parcels: LiteralParcel[] = [];
  for (let at = 0; at < rows.length; at += length) {
    const [role = UNRESERVED, bits = 0, ...quantities] = Array.from(rows.subarray(at, at + length));
    parcels.push({ role, bits, quantities });
  }
  return parcels.filter((parcel) => !isEmpty(parcel));
}

/** Whether the role `path` is `ancestor` or somewhere below it. */
export function isAtOrBelow(path: string, ancestor: string): boolean {
  return path === ancestor || path.startsWith(`${ancestor}/`);
}

export function topOf(path: string): string {
  const end = path.indexOf('/');
  return end === -1 ? path : path.slice(0, end);
}
