// The way to one scheduler. HTTP streams implement it; tests and the simulator have their own.
import type { schedulerV1 } from '@kaon/protocol';

/** A one-way stream of events to a scheduler. None of its methods throws. */
export interface SchedulerConnection {
  /** Unique; what the scheduler names in its calls as `Mesos-Stream-Id`. */
  readonly streamId: string;
  /**
   * Queues an event. False when the connection is closed, or was closed just now because the
   * scheduler reads too slowly; `onClosed` is told in that case as in any other.
   */
  send(event: schedulerV1.Event): boolean;
  /** Ends the stream after what was sent. */
  close(): void;
  /** Told once when the connection ended, whoever ended it. At once when it is over already. */
  onClosed(listener: () => void): void;
}
