// How late the event loop of this thread is, as somebody feels who comes at any moment.

const PERIOD_MS = 1;

/** What a probe has seen. */
export interface Lateness {
  readonly p999Ms: number;
  readonly maxMs: number;
}

/**
 * Starts to look each millisecond.
 *
 * A turn that takes 100 ms keeps everybody waiting who comes during it, not one: the looks that were missed
 * count as well, each with the time that was left for it.
 */
export function startLatenessProbe(): { stop(): Lateness } {
  const lateMs: number[] = [];
  let dueMs = performance.now() + PERIOD_MS;
  let timer: NodeJS.Timeout | undefined;
  const note = (): void => {
    const nowMs = performance.now();
    while (dueMs <= nowMs) {
      lateMs.push(nowMs - dueMs);
      dueMs += PERIOD_MS;
    }
  };
  const look = (): void => {
    note();
    timer = setTimeout(look, PERIOD_MS);
  };
  look();
  return {
    stop() {
      note();
      clearTimeout(timer);
      lateMs.sort((left, right) => left - right);
      const p999Ms = lateMs[Math.min(lateMs.length - 1, Math.floor(lateMs.length * 0.999))] ?? 0;
      return { p999Ms, maxMs: lateMs.at(-1) ?? 0 };
    },
  };
}
