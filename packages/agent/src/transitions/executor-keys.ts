// How messages and timers name an executor's container.
import type { Executor } from '../state/executor.ts';
import type { ContainerKey } from '../state/keys.ts';

/** How messages and effects name the container of an executor. */
export function containerKey({ frameworkId, id, containerId }: Executor): ContainerKey {
  return { frameworkId, executorId: id, containerId };
}

/** The key of the timer that watches over the end of an executor. */
export function endTimerKey({ containerId }: Executor): string {
  return `end ${containerId}`;
}

/** The key of the timer that watches over a custom executor's subscription. */
export function registrationKey({ containerId }: Executor): string {
  return `register ${containerId}`;
}
