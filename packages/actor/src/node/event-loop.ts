// Turns driven by Node's event loop.
import type { TurnScheduler } from '../run-queue.ts';

const SETTLED = Promise.resolve();

/**
 * Microtask to start, `setImmediate` to go on once the budget of a run is spent. The microtask is that
 * of a promise: `queueMicrotask` makes a resource for async hooks each time and takes twice as long.
 */
export const eventLoopScheduler: TurnScheduler = {
  soon: (run) => {
    void SETTLED.then(run);
  },
  afterIo: (run) => {
    setImmediate(run);
  },
};
