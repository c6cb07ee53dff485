// Scalars as whole thousandths: every sum, difference and comparison is exact.

const PER_UNIT = 1000;

/** Thousandths of `value`, rounded half away from zero: `toMilli(0.1)` is 100, 0.0004 counts as 0. */
export function toMilli(value: number): number {
  const milli = Math.round(Math.abs(value) * PER_UNIT);
  return value < 0 ? 0 - milli : milli;
}

/** The number that `milli` thousandths make: 3400 is 3.4. */
export function fromMilli(milli: number): number {
  return milli / PER_UNIT;
}

/** `milli` thousandths as Mesos prints a scalar: `3.4`, `1024`, `1e+15`. */
export function formatMilli(milli: number): string {
  return formatScalar(fromMilli(milli));
}

/** Digits Mesos prints of a scalar. */
const DIGITS = 15;

/** A scalar as Mesos prints it: up to 15 digits, no trailing zeros. */
export function formatScalar(value: number): string {
  const rounded = Number(value.toPrecision(DIGITS));
  if (Math.abs(rounded) < 10 ** DIGITS) return String(rounded);
  if (!Number.isFinite(rounded))
    return Number.isNaN(rounded) ? 'nan' : rounded < 0 ? '-inf' : 'inf';
  const [mantissa = '', exponent = ''] = rounded.toExponential().split('e');
  return `${mantissa}e${exponent.replace(/^([+-])(\d)$/, '$10$2')}`;
}
