// Waiting for a condition: in a world that is driven it moves time, in the real one it listens.
import type { Clock } from '@kaon/primitives';

/** Something that moves virtual time: a `Simulation`, or a `TestClock` that is paused. */
export interface DrivenWorld {
  settle(): Promise<void>;
  advance(durationMs: number): Promise<void>;
  /** When the next timer is due, as `clock.monotonicMs` counts; undefined when none is set. */
  nextDueMs(): number | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
}

/**
 * Moves `world` until `find` finds something or `timeoutMs` of its time have passed; then undefined.
 * Time goes no further than it has to.
 */
export async function driveUntil<T>(
  world: DrivenWorld,
  find: () => T | undefined,
  timeoutMs: number,
): Promise<T | undefined> {
  const deadlineMs = world.clock.monotonicMs() + timeoutMs;
  for (;;) {
    await world.settle();
    const found = find();
    const nowMs = world.clock.monotonicMs();
    if (found !== undefined || nowMs >= deadlineMs) return found;
    await world.advance(Math.min(world.nextDueMs() ?? deadlineMs, deadlineMs) - nowMs);
  }
}

/** Waits until `find` finds something, looked at each time `listen` tells, or `timeoutMs` have passed. */
export function listenUntil<T>(
  clock: Clock,
  listen: (look: () => void) => () => void,
  find: () => T | undefined,
  timeoutMs: number,
): Promise<T | undefined> {
  return new Promise((resolve) => {
    const finish = (found: T | undefined): void => {
      clock.clearTimer(timer);
      stopListening();
      resolve(found);
    };
    const look = (): void => {
      const found = find();
      if (found !== undefined) finish(found);
    };
    const timer = clock.setTimer(timeoutMs, () => finish(find()));
    const stopListening = listen(look);
    look();
  });
}
