// Numbers in Mesos' JSON: doubles always show a fraction or an exponent, integers all their digits.
import { grisuDigits } from './grisu.ts';

/** Texts this long may hold 17 digits, the most a double can need. */
const LONG_TEXT = 18;
const DIGITS_MAX = 17;

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

/** Numbers of 17 digits may end in other digits; see `grisu.ts`. */
function asMesosRounds(value: number, text: string): string {
  const [mantissa = '', exponent] = text.split('e');
  if (mantissa.replace(/^-?(0\.0*)?/, '').replace('.', '').length < DIGITS_MAX) return text;
  const { digits } = grisuDigits(Math.abs(value));
  if (digits.length !== DIGITS_MAX) return text;
  // Same length, same decimal point: only the digits themselves are exchanged.
  let next = 0;
  const prefix = /^-?(0\.0*)?/.exec(mantissa)?.[0] ?? '';
  const body = mantissa.slice(prefix.length).replace(/\d/g, () => digits[next++] ?? '');
  return exponent === undefined ? prefix + body : `${prefix + body}e${exponent}`;
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
