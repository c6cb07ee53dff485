// Numbers in Mesos' JSON: doubles always show a fraction or an exponent, integers all their digits.
import { grisuDigits } from './grisu.ts';

/** Shorter texts hold fewer digits than this, and those are always printed as JavaScript does. */
const LONG_TEXT = 17;
const DIGITS_MIN = 16;
const DIGITS_MAX = 17;
const FRACTION_BITS = 52;

/**
 * A double as Mesos prints it: `15.0`, `0.1`, `1795423658.65812`, `1e30`.
 *
 * JSON has no infinities and no NaN: they print as `null`, which reads as absent.
 */
export function formatDouble(value: number): string {
  if (Number.isInteger(value)) {
    if (Object.is(value, -0)) return '-0.0';
    const digits = String(value);
    return digits.includes('e') ? digits.replace('e+', 'e') : `${digits}.0`;
  }
  if (!Number.isFinite(value)) return 'null';
  const text = String(value);
  return text.length < LONG_TEXT ? text : asMesosRounds(value, text);
}

/** Exchanges the digits for those Mesos prints, which may differ at the end; see `grisu.ts`. */
function asMesosRounds(value: number, text: string): string {
  const exponentAt = text.indexOf('e');
  const end = exponentAt === -1 ? text.length : exponentAt;
  const start = text.search(/[1-9]/);
  // Before the first digit that counts there are only zeros.
  const pointAt = text.indexOf('.', start);
  const count = end - start - (pointAt === -1 ? 0 : 1);
  const magnitude = Math.abs(value);
  if (count < DIGITS_MIN || (count < DIGITS_MAX && isOnlyCandidate(magnitude))) return text;
  const digits = grisuDigits(magnitude, count);
  if (digits === undefined) return text;
  const whole = pointAt === -1 ? 0 : pointAt - start;
  const body = whole === 0 ? digits : `${digits.slice(0, whole)}.${digits.slice(whole)}`;
  return text.slice(0, start) + body + text.slice(end);
}

/** Whether decimals of 16 digits lie further apart than doubles do: true for today's timestamps. */
function isOnlyCandidate(value: number): boolean {
  const decimalStep = 10 ** (Math.floor(Math.log10(value)) - (DIGITS_MIN - 1));
  return decimalStep >= 2 ** (Math.floor(Math.log2(value)) - FRACTION_BITS);
}

/** A float: the single-precision number widened to a double, as Mesos prints it. */
export function formatFloat(value: number): string {
  return formatDouble(Math.fround(value));
}

/** An integer with all its digits, also beyond 2^53, where JavaScript would round them to zeros. */
export function formatInteger(value: number): string {
  return Number.isSafeInteger(value) || !Number.isInteger(value)
    ? String(value)
    : BigInt(value).toString();
}
