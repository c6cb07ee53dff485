// Durations in Mesos' text form, as flags and legacy endpoints write them: `15secs`, `1.5mins`.
import { err, ok, type Result } from './result.ts';

const UNITS_MS: readonly (readonly [string, number])[] = [
  ['weeks', 604_800_000],
  ['days', 86_400_000],
  ['hrs', 3_600_000],
  ['mins', 60_000],
  ['secs', 1000],
  ['ms', 1],
  ['us', 1e-3],
  ['ns', 1e-6],
];

/** Mesos counts nanoseconds in 64 bits: about 292 years either way. */
const DURATION_MAX_MS = 2 ** 63 / 1e6;

/**
 * Parses `10secs`, `1.5mins`, `500ms` … into milliseconds.
 *
 * Units: ns, us, ms, secs, mins, hrs, days, weeks. There is no default unit, as in Mesos. Beyond
 * ±292 years is an error.
 */
export function parseDuration(text: string): Result<number, string> {
  const match = /^(-?\d+(?:\.\d+)?)([a-z]+)$/.exec(text.trim());
  const unit = match && UNITS_MS.find(([name]) => name === match[2]);
  if (!match || !unit) {
    const names = UNITS_MS.map(([name]) => name).reverse();
    return err(`'${text}' is not a duration; write a number and one of ${names.join(', ')}`);
  }
  const [, unitMs] = unit;
  // A part of a millisecond divides by a whole number: 10 * 1e-6 is not exactly 1e-5.
  const durationMs =
    unitMs < 1 ? Number(match[1]) / Math.round(1 / unitMs) : Number(match[1]) * unitMs;
  if (Math.abs(durationMs) >= DURATION_MAX_MS) return err(`'${text}' is beyond 292 years`);
  return ok(durationMs);
}

/**
 * Prints milliseconds in the largest unit that keeps the number whole: 90 000 is `90secs`.
 *
 * Parts of a nanosecond are rounded away.
 */
export function formatDuration(durationMs: number): string {
  const isWhole = Number.isInteger(durationMs);
  // Below a millisecond count in nanoseconds: 0.3 / 1e-3 is not exactly 300.
  const nanos = isWhole ? 0 : Math.round(durationMs * 1e6);
  if (durationMs === 0 || (!isWhole && nanos === 0)) return '0ns';
  if (!isWhole && nanos % 1e6 !== 0) {
    return nanos % 1000 === 0 ? `${nanos / 1000}us` : `${nanos}ns`;
  }
  const wholeMs = isWhole ? durationMs : nanos / 1e6;
  const [name, unitMs] = UNITS_MS.find(([, unitMs]) => wholeMs % unitMs === 0) ?? ['ms', 1];
  return `${wholeMs / unitMs}${name}`;
}
