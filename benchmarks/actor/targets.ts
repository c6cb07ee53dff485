// What the runtime is meant to reach, checked against the figures of the same run.
import { atLeast, atMost, quotient, scaled, type Verdict } from '../verdicts.ts';
import { type ContenderId, ROWS, type RowId } from './rows.ts';

/** Looks up the median of a cell; undefined when it was not measured. */
export type CellValue = (row: RowId, contender: ContenderId) => number | undefined;

const OUTPACED: readonly RowId[] = ['ring', 'pair', 'pairs', 'fanOut'];
const LIBRARY_ROWS: readonly RowId[] = [
  'spawn',
  'ring',
  'pair',
  'pairs',
  'fanIn',
  'fanOut',
  'askOutside',
];
const MILLION = 1e6;
const NS_PER_SECOND = 1e9;

/** What the targets need beside the medians. */
export interface Measured {
  readonly value: CellValue;
  /** Actors that were alive at once; undefined in a run that does not try for the million. */
  readonly alive: number | undefined;
  /** What the stalled link was configured with. */
  readonly boundBytes: number | undefined;
}

/** All targets. */
export function judge({ value, alive, boundBytes }: Measured): readonly Verdict[] {
  const kaon = (row: RowId): number | undefined => value(row, 'kaon');
  const timesAs = (row: RowId, other: ContenderId): number | undefined =>
    quotient(value(row, other), kaon(row));
  const perSecond = (row: RowId): number | undefined =>
    quotient(NS_PER_SECOND / MILLION, kaon(row));
  const name = (row: RowId): string => ROWS[row].title.replace(/: per .*/, '');

  return [
    ...OUTPACED.map((row) => atLeast(`${name(row)}: as Erlang`, timesAs(row, 'erlang'), 5, 'x')),
    ...OUTPACED.map((row) =>
      atMost(`${name(row)}: of the floor`, quotient(kaon(row), value(row, 'floor')), 2.5, 'x'),
    ),
    atLeast(`${name('fanIn')}: as Erlang`, timesAs('fanIn', 'erlang'), 2, 'x'),
    ...(['nact', 'comedy'] as const).flatMap((library) =>
      LIBRARY_ROWS.map((row) => ({
        ...atLeast(`${name(row)}: as ${library}`, timesAs(row, library), 20, 'x'),
        floor: quotient(value(row, library), value(row, 'floor')),
      })),
    ),
    atMost(name('spawn'), scaled(kaon('spawn'), 1e-3), 1.5, 'µs'),
    atLeast(`${name('spawn')}: as Erlang`, timesAs('spawn', 'erlang'), 4, 'x'),
    atMost(name('heap'), kaon('heap'), 500, 'B'),
    atLeast('alive at once', scaled(alive, 1 / MILLION), 1, 'M'),
    atMost(`${name('ask')}: of a send pair`, quotient(kaon('ask'), kaon('pair')), 6, 'x'),
    atMost(
      `${name('askOutside')}: of a send pair`,
      quotient(kaon('askOutside'), kaon('pair')),
      6,
      'x',
    ),
    atLeast(name('processes100'), perSecond('processes100'), 1, 'M/s'),
    atLeast(`${name('processes100')}: to accept`, perSecond('processes100'), 0.5, 'M/s'),
    atLeast(name('processes1000'), perSecond('processes1000'), 0.5, 'M/s'),
    atMost(name('processesP50'), scaled(kaon('processesP50'), 1e-3), 100, 'µs'),
    atLeast(`${name('processes100')}: as Erlang`, timesAs('processes100', 'erlang'), 4, 'x'),
    atLeast(name('threads100'), perSecond('threads100'), 3, 'M/s'),
    atMost(name('threadsP50'), scaled(kaon('threadsP50'), 1e-3), 60, 'µs'),
    atMost(name('fairHttp'), scaled(kaon('fairHttp'), 1e-6), 20, 'ms'),
    atMost(name('fairTimer'), scaled(kaon('fairTimer'), 1e-6), 20, 'ms'),
    atMost(
      name('stalled'),
      scaled(kaon('stalled'), 1 / MILLION),
      (boundBytes ?? Number.NaN) / MILLION,
      'MB',
    ),
  ];
}
