// What one contender found out about one row, as it travels from the measuring process to the table.
import type { ContenderId, RowId } from './rows.ts';

/** A cell of the table. */
export interface Sample {
  readonly row: RowId;
  readonly contender: ContenderId;
  /** One figure per run, in the unit of the row. The median is printed. */
  readonly values: readonly number[];
  /** Operations of one run. */
  readonly operations: number;
  /** More about it, by name with unit. */
  readonly extra?: Readonly<Record<string, number>>;
}

/** Why a cell is empty. */
export interface Gap {
  readonly row: RowId;
  readonly contender: ContenderId;
  /** A few words for the cell, such as `not installed`. */
  readonly missing: string;
  /** What went wrong, when something did. */
  readonly detail?: string;
}

/** What every job is told. */
export interface JobInput {
  readonly quick: boolean;
  /** Measured runs after the warm-up. */
  readonly runs: number;
}

/** Measures something in a process of its own. */
export type Job = (input: JobInput) => Promise<readonly Sample[]>;
