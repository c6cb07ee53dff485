// The end of a turn of Node's event loop.

/** Runs `run` when the code that runs now, and the turns of actors it started, are done. */
export function atTurnEnd(run: () => void): void {
  queueMicrotask(run);
}
