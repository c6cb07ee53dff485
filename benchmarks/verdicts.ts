// Targets and what became of them, from the figures of one run.
import { printTable, short } from './harness.ts';

/** A target and what became of it. */
export interface Verdict {
  readonly target: string;
  /** Undefined when one of the figures is missing. */
  readonly isMet: boolean | undefined;
  readonly measured: number | undefined;
  readonly wanted: number;
  /** What `measured` and `wanted` are in. */
  readonly unit: string;
  /** What the floor reaches instead of Kaon, where the target is about something else. */
  readonly floor?: number | undefined;
  /** By how much it was missed, relative to what was wanted; 0 when met. */
  readonly missedBy: number;
}

export function atLeast(
  target: string,
  measured: number | undefined,
  wanted: number,
  unit: string,
): Verdict {
  const isMet = measured === undefined ? undefined : measured >= wanted;
  const missedBy = isMet === false && measured !== undefined ? 1 - measured / wanted : 0;
  return { target: `${target}, at least`, isMet, measured, wanted, unit, missedBy };
}

export function atMost(
  target: string,
  measured: number | undefined,
  wanted: number,
  unit: string,
): Verdict {
  const isMet = measured === undefined ? undefined : measured <= wanted;
  const missedBy = isMet === false && measured !== undefined ? measured / wanted - 1 : 0;
  return { target: `${target}, at most`, isMet, measured, wanted, unit, missedBy };
}

export function quotient(above: number | undefined, below: number | undefined): number | undefined {
  return above === undefined || below === undefined ? undefined : above / below;
}

export function scaled(value: number | undefined, factor: number): number | undefined {
  return value === undefined ? undefined : value * factor;
}

/** Prints how many were met, and a line for each. */
export function printVerdicts(verdicts: readonly Verdict[], floorTitle: string): void {
  const met = verdicts.filter(({ isMet }) => isMet === true).length;
  const missed = verdicts.filter(({ isMet }) => isMet === false).length;
  const unmeasured = verdicts.length - met - missed;
  console.log(`targets: ${met} met, ${missed} missed, ${unmeasured} not measured`);
  const rows = verdicts.map(({ target, isMet, measured, wanted, unit, missedBy, floor }) => [
    isMet === undefined ? 'not measured' : isMet ? 'met' : 'missed',
    target,
    withUnit(wanted, unit),
    measured === undefined ? '-' : withUnit(measured, unit),
    isMet === false ? `by ${short(missedBy * 100)} %` : '',
    floor === undefined ? '' : withUnit(floor, unit),
  ]);
  printTable([['', 'target', 'wanted', 'measured', '', floorTitle], ...rows], new Set([0, 1, 4]));
}

export function withUnit(value: number, unit: string): string {
  if (!Number.isFinite(value)) return '-';
  return unit === 'x' ? timesText(value) : `${short(value)} ${unit}`;
}

export function timesText(ratio: number | undefined): string {
  return ratio === undefined ? '-' : `${short(Number(ratio.toPrecision(3)))}x`;
}
