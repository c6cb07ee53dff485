// Turns driven by Node's event loop.
import type { TurnScheduler } from '../run-queue.ts';

/** Microtask to start, `setImmediate` to go on once the budget of a run is spent. */
export const eventLoopScheduler: TurnScheduler = {
  soon: (run) => queueMicrotask(run),
  afterIo: (run) => {
    setImmediate(run);
  },
};
