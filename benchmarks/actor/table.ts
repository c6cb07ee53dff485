// The table of the actor benchmark: a row per workload, a column per contender, ratios, targets, JSON.
import { writeFileSync } from 'node:fs';
import { type BenchOptions, machine, median, printTable, short } from '../harness.ts';
import { printVerdicts, timesText } from '../verdicts.ts';
import { CONTENDERS, type ContenderId, ROWS, type RowId, type Unit } from './rows.ts';
import type { Gap, Sample } from './sample.ts';
import { judge } from './targets.ts';

const RATIOS: readonly { name: string; above: ContenderId; below: ContenderId }[] = [
  { name: 'Kaon/JS', above: 'kaon', below: 'floor' },
  { name: 'Erlang/Kaon', above: 'erlang', below: 'kaon' },
  { name: 'nact/Kaon', above: 'nact', below: 'kaon' },
  { name: 'comedy/Kaon', above: 'comedy', below: 'kaon' },
];
const CONTENDER_IDS = Object.keys(CONTENDERS) as readonly ContenderId[];
const ROW_IDS = Object.keys(ROWS) as readonly RowId[];

/** All that a run found out. */
export interface Results {
  readonly samples: readonly Sample[];
  readonly gaps: readonly Gap[];
  /** Such as `Erlang/OTP 25`, or why there is none. */
  readonly erlang: string;
}

/** Prints everything and, with `jsonFile`, writes it. */
export function reportResults(results: Results, options: BenchOptions): void {
  const { samples, gaps, erlang } = results;
  const cell = (row: RowId, contender: ContenderId): Sample | undefined =>
    samples.find((sample) => sample.row === row && sample.contender === contender);
  const value = (row: RowId, contender: ContenderId): number | undefined => {
    const sample = cell(row, contender);
    return sample && median(sample.values);
  };
  const text = (row: RowId, contender: ContenderId): string => {
    const figure = value(row, contender);
    if (figure !== undefined) return inUnit(figure, ROWS[row].unit);
    return gaps.find((gap) => gap.row === row && gap.contender === contender)?.missing ?? '-';
  };
  const ratio = (row: RowId, { above, below }: (typeof RATIOS)[number]): number | undefined => {
    const [dividend, divisor] = [value(row, above), value(row, below)];
    return dividend === undefined || divisor === undefined ? undefined : dividend / divisor;
  };

  const kind = options.quick ? ', --quick: coarse' : '';
  console.log(`actor: median of ${options.runs} runs${kind}; less is better`);
  console.log(`node ${process.version}, ${erlang}, ${machine()}`);
  console.log('');
  const head = [
    'workload',
    ...Object.values(CONTENDERS),
    ...RATIOS.map(({ name }) => name),
    'operations a run',
  ];
  const rows = ROW_IDS.map((row) => [
    ROWS[row].title,
    ...CONTENDER_IDS.map((contender) => text(row, contender)),
    ...RATIOS.map((one) => timesText(ratio(row, one))),
    operationsText(samples.filter((sample) => sample.row === row)),
  ]);
  printTable([head, ...rows], new Set([0, head.length - 1]));
  console.log('');
  for (const { row, contender, extra } of samples) {
    if (extra) console.log(`${ROWS[row].title}, ${CONTENDERS[contender]}: ${extraText(extra)}`);
  }
  console.log('');
  const boundBytes = cell('stalled', 'kaon')?.extra?.['boundBytes'];
  const alive = options.quick ? undefined : cell('heap', 'kaon')?.operations;
  const verdicts = judge({ value, alive, boundBytes });
  printVerdicts(verdicts, CONTENDERS.floor);
  // A job that failed leaves several cells empty, for one reason.
  for (const detail of new Set(gaps.map((gap) => gap.detail))) {
    const gap = gaps.find((one) => one.detail === detail);
    if (gap === undefined || detail === undefined) continue;
    console.log(`failed: ${ROWS[gap.row].title}, ${CONTENDERS[gap.contender]}: ${detail}`);
  }
  if (options.jsonFile === undefined) return;
  const document = {
    title: 'actor',
    node: process.version,
    erlang,
    machine: machine(),
    quick: options.quick,
    runs: options.runs,
    figures: samples.map((sample) => ({
      ...sample,
      workload: ROWS[sample.row].title,
      unit: ROWS[sample.row].unit,
      median: median(sample.values),
    })),
    gaps,
    ratios: ROW_IDS.map((row) => ({
      row,
      ...Object.fromEntries(RATIOS.map((one) => [one.name, ratio(row, one)])),
    })),
    targets: verdicts,
  };
  writeFileSync(options.jsonFile, `${JSON.stringify(document, null, 2)}\n`);
}

function inUnit(value: number, unit: Unit): string {
  if (unit === 'bytes') return value < 1e5 ? `${short(value)} B` : `${short(value / 1e6)} MB`;
  if (value < 1e3) return `${short(value)} ns`;
  return value < 1e6 ? `${short(value / 1e3)} µs` : `${short(value / 1e6)} ms`;
}

/** Numbers of operations from large to small: slow contenders get fewer. */
function operationsText(samples: readonly Sample[]): string {
  const sizes = [...new Set(samples.map(({ operations }) => operations))];
  return sizes
    .sort((left, right) => right - left)
    .map(short)
    .join(' / ');
}

function extraText(extra: Readonly<Record<string, number>>): string {
  return Object.entries(extra)
    .map(([name, value]) => `${name} ${short(value)}`)
    .join(', ');
}
