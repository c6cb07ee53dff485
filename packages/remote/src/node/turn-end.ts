// The end of a turn of Node's event loop.

/** Runs `run` when the code that runs now, and the turns of actors it started, are done. */
export function atTurnEnd(run: () => void): void {
  queueMicrotask(run);
}

let hasLeft = false;
const nextIteration = (): void => {
  hasLeft = false;
};

/**
 * As `atTurnEnd` for the first in an iteration of the event loop, so that a lone message waits for nothing.
 * Whatever comes after it in the same iteration waits until all sockets that had something were heard: what many
 * requests lead to leaves in one frame instead of one each.
 */
export function atTurnOrIterationEnd(run: () => void): void {
  if (hasLeft) {
    setImmediate(run);
    return;
  }
  hasLeft = true;
  setImmediate(nextIteration);
  queueMicrotask(run);
}
