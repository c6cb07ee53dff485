// The tables of the allocator benchmark: passes by cluster, figures that stand alone, growth, targets, JSON.
import { writeFileSync } from 'node:fs';
import { type BenchOptions, machine, median, printTable, short } from '../harness.ts';
import { printVerdicts, timesText } from '../verdicts.ts';
import {
  type ClusterSize,
  type ContenderId,
  clusterSizes,
  FIGURES,
  type FigureId,
  PASSES,
  type PassId,
  SHAPE_TITLES,
} from './rows.ts';
import type { JobFailure, Sample } from './sample.ts';
import { judge } from './targets.ts';

/** All that a run found out. */
export interface Results {
  readonly samples: readonly Sample[];
  readonly failures: readonly JobFailure[];
}

const PASS_IDS = Object.keys(PASSES) as readonly PassId[];
const FIGURE_IDS = Object.keys(FIGURES) as readonly FigureId[];
/** The floor has no rules, so nothing stands beside these. */
const WITHOUT_FLOOR: ReadonlySet<PassId> = new Set(['quota', 'constraints']);

/** Time by processor time from which the machine was too busy for figures. */
const BUSY_TIMES = 1.1;

/** Prints everything and, with `jsonFile`, writes it. */
export function reportResults({ samples, failures }: Results, options: BenchOptions): void {
  const find = (
    row: PassId | FigureId,
    contender: ContenderId,
    size?: ClusterSize,
  ): Sample | undefined =>
    samples.find(
      (sample) =>
        sample.row === row &&
        sample.contender === contender &&
        (size === undefined || isSameSize(sample.size, size)),
    );
  const value = (
    row: PassId | FigureId,
    contender: ContenderId,
    size?: ClusterSize,
  ): number | undefined => {
    const sample = find(row, contender, size);
    return sample && median(sample.values);
  };
  const perGrant = (size: ClusterSize): number | undefined => {
    const sample = find('first', 'kaon', size);
    return sample && median(sample.values) / sample.operations;
  };

  const kind = options.quick ? ', --quick: coarse' : '';
  console.log(`allocator: median of ${options.runs} runs${kind}; less is better`);
  console.log(`node ${process.version}, ${machine()}`);
  console.log('');
  const sizes = clusterSizes(options.quick);
  const largest = sizes.at(-1);
  console.log('One pass of the kernel in milliseconds, the floor beside it:');
  printPasses(sizes, value, perGrant);
  console.log('');
  console.log(`The largest again in processor time; ${weatherText(samples)}:`);
  printPasses(
    sizes.filter(
      ({ agents, frameworks }) => agents === largest?.agents && frameworks === largest.frameworks,
    ),
    (row, contender, size) => processorMs(find(row, contender, size)),
    (size) => {
      const sample = find('first', 'kaon', size);
      const ms = processorMs(sample);
      return ms === undefined || sample === undefined ? undefined : ms / sample.operations;
    },
  );
  console.log('');
  printFigures(find);
  console.log('');
  const verdicts = judge({
    pass: (row, size, contender) => value(row, contender, size),
    perGrant,
    figure: (row, contender) => value(row, contender),
    isQuick: options.quick,
  });
  if (options.quick) console.log('targets: only a full run has the sizes they speak of');
  else printVerdicts(verdicts, 'floor');
  for (const { what, detail } of failures) {
    console.log(`failed: ${what}: ${detail.split('\n')[0]}`);
  }
  if (options.jsonFile === undefined) return;
  const document = {
    title: 'allocator',
    node: process.version,
    machine: machine(),
    quick: options.quick,
    runs: options.runs,
    figures: samples.map((sample) => ({
      ...sample,
      workload: isPass(sample.row) ? PASSES[sample.row] : FIGURES[sample.row].title,
      unit: isPass(sample.row) ? 'ms' : FIGURES[sample.row].unit,
      median: median(sample.values),
    })),
    failures,
    targets: verdicts,
  };
  writeFileSync(options.jsonFile, `${JSON.stringify(document, null, 2)}\n`);
}

function processorMs(sample: Sample | undefined): number | undefined {
  return sample?.processorMs && median(sample.processorMs);
}

/** Whether this was a good moment to measure. */
function weatherText(samples: readonly Sample[]): string {
  let allMs = 0;
  let usedMs = 0;
  for (const { contender, values, processorMs } of samples) {
    if (contender !== 'kaon' || processorMs === undefined) continue;
    allMs += median(values);
    usedMs += median(processorMs);
  }
  const times = allMs / usedMs;
  const isBusy = times > BUSY_TIMES;
  return `the times above are ${timesText(times)} of it${isBusy ? ': something else was running' : ''}`;
}

function printPasses(
  sizes: readonly ClusterSize[],
  value: (row: PassId, contender: ContenderId, size: ClusterSize) => number | undefined,
  perGrant: (size: ClusterSize) => number | undefined,
): void {
  const head = ['agents', 'frameworks', 'roles'];
  for (const row of PASS_IDS) {
    head.push(PASSES[row]);
    if (row === 'first') head.push('floor', 'of floor', 'µs an offer');
    else if (!WITHOUT_FLOOR.has(row)) head.push('floor');
  }
  const rows = sizes.map((size) => {
    const cells = [short(size.agents), short(size.frameworks), SHAPE_TITLES[size.shape]];
    for (const row of PASS_IDS) {
      const kaon = value(row, 'kaon', size);
      const floor = value(row, 'floor', size);
      cells.push(msText(kaon));
      if (row === 'first') {
        const ratio = kaon === undefined || floor === undefined ? undefined : kaon / floor;
        const grantMs = perGrant(size);
        cells.push(msText(floor), timesText(ratio), msText(grantMs && grantMs * 1_000));
      } else if (!WITHOUT_FLOOR.has(row)) cells.push(msText(floor));
    }
    return cells;
  });
  printTable([head, ...rows], new Set([2]));
}

function printFigures(find: (row: FigureId, contender: ContenderId) => Sample | undefined): void {
  const rows = FIGURE_IDS.map((row) => {
    const kaon = find(row, 'kaon');
    const floor = find(row, 'floor');
    return [
      FIGURES[row].title,
      kaon?.size ? `${short(kaon.size.agents)} x ${short(kaon.size.frameworks)}` : '-',
      kaon ? inUnit(row, median(kaon.values)) : '-',
      floor ? inUnit(row, median(floor.values)) : '',
      kaon
        ? `${inUnit(row, Math.min(...kaon.values))} - ${inUnit(row, Math.max(...kaon.values))}`
        : '',
      extraText({
        ...(kaon?.processorMs && { 'processor ms': median(kaon.processorMs) }),
        ...kaon?.extra,
      }),
    ];
  });
  const head = ['figure', 'agents x frameworks', 'Kaon', 'floor', 'min - max', ''];
  printTable([head, ...rows], new Set([0, 5]));
}

function isPass(row: PassId | FigureId): row is PassId {
  return Object.hasOwn(PASSES, row);
}

function isSameSize(left: ClusterSize | undefined, right: ClusterSize): boolean {
  return (
    left?.agents === right.agents &&
    left.frameworks === right.frameworks &&
    left.shape === right.shape
  );
}

function msText(value: number | undefined): string {
  return value === undefined ? '-' : short(value);
}

function inUnit(row: FigureId, value: number): string {
  if (FIGURES[row].unit === 'bytes') return `${short(value / 1e6)} MB`;
  return value < 1 ? `${short(value * 1_000)} µs` : `${short(value)} ms`;
}

function extraText(extra: Sample['extra']): string {
  return Object.entries(extra ?? {})
    .map(([name, value]) => `${name} ${short(value)}`)
    .join(', ');
}
