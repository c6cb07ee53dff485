// What most actors never have. Kept apart from the cell, so that a million idle ones stay small.
import type { Logger, Random } from '@kaon/primitives';
import type { Backlog } from './backlog.ts';
import type { ExitReason } from './behaviour.ts';
import type { CellList } from './cell-list.ts';
import type { Envelope, Link } from './envelope.ts';
import type { LatencyMeter } from './instruments.ts';
import type { Later } from './later.ts';
import type { Pid } from './pid.ts';
import type { RestartWindow } from './supervision.ts';
import type { KeyedTimers } from './timers.ts';

/** The rarely used parts of one cell; each is made when it is first needed. */
export class RareParts {
  /** What a very long mailbox holds beyond its first thousands. */
  backlog: Backlog | undefined;
  timers: KeyedTimers | undefined;
  logger: Logger | undefined;
  restartWindow: RestartWindow | undefined;
  children: CellList | undefined;
  /** Draws of the present incarnation. */
  random: Random | undefined;
  /** Told when this actor ends, by PID text. */
  watchers: Map<string, Pid> | undefined;
  /** Links this actor made, by PID text. */
  links: Map<string, Link> | undefined;
  /** Asks whose handler returned a `Later` that has not settled. */
  openAsks: Map<Envelope, Later<unknown>> | undefined;
  /** Whoever waits for the end, from outside any actor. */
  waiting: ((reason: ExitReason) => void)[] | undefined;
  meter: LatencyMeter | undefined;
  failures = 0;
  /** Messages that a full mailbox did not take. */
  refused = 0;
  /** Setups run so far. */
  incarnation = 1;
  delays = 0;
  signalsInARow = 0;
  isDraining = false;
}
