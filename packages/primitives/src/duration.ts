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

/**
 * Parses `10secs`, `1.5mins`, `500ms` … into milliseconds.
 *
 * Units: ns, us, ms, secs, mins, hrs, days, weeks. There is no default unit, as in Mesos.
 */
export function parseDuration(text: string): Result<number, string> {
  const match = /^(-?\d+(?:\.\d+)?)([a-z]+)$/.exec(text.trim());
  const unit = match && UNITS_MS.find(([name]) => name === match[2]);
  if (!match || !unit) {
    const names = UNITS_MS.map(([name]) => name).reverse();
    return err(`'${text}' is not a duration; write a number and one of ${names.join(', ')}`);
  }
  return ok(Number(match[1]) * unit[1]);
}

/** Prints milliseconds in the largest unit that keeps the number whole: 90 000 is `90secs`. */
export function formatDuration(durationMs: number): string {
  if (durationMs === 0) return '0ns';
  for (const [name, unitMs] of UNITS_MS) {
    const count = durationMs / unitMs;
    if (Math.abs(count) >= 1 && Number.isInteger(count)) return `${count}${name}`;
  }
  return `${durationMs}ms`;
}
