// The way to one executor that is a process of its own. HTTP streams implement it; tests have their own.
import type { executorV1 } from '@kaon/protocol';

/** A one-way stream of events to an executor. None of its methods throws. */
export interface ExecutorConnection {
  /**
   * Queues an event. False when the connection is closed, or was closed just now because the
   * executor reads too slowly; `onClosed` is told in that case as in any other.
   */
  send(event: executorV1.Event): boolean;
  /** Ends the stream after what was sent. */
  close(): void;
  /** Told once when the connection ended, whoever ended it. At once when it is over already. */
  onClosed(listener: () => void): void;
}
