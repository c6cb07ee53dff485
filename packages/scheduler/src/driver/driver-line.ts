// What a driver's actor needs of a line to the master, and the line over any `SchedulerConnection`.
import type { ActorContext } from '@kaon/actor';
import { errorText } from '@kaon/primitives';
import type { CallSettled } from '../actor-line.ts';
import type { SchedulerCall, SchedulerConnection, Subscription } from '../connection.ts';
import type { driverProtocol } from './driver-protocol.ts';

/** A line as the driver uses it: calls go out without a promise each. */
export interface DriverLine {
  open(): void;
  /** Sends a call; with `settled` it is told what became of it. */
  call(call: SchedulerCall, settled?: CallSettled): void;
  /** Gives the subscription up, for a new one. */
  abandon(reason: string): void;
  close(): void;
}

/** A line over a connection that is iterated, such as HTTP. It reads on when the last signal is dealt with. */
export class ConnectionLine implements DriverLine {
  readonly #ctx: ActorContext<typeof driverProtocol>;
  readonly #connection: SchedulerConnection;
  readonly #subscription: Subscription;

  constructor(
    ctx: ActorContext<typeof driverProtocol>,
    connection: SchedulerConnection,
    subscription: Subscription,
  ) {
    this.#ctx = ctx;
    this.#connection = connection;
    this.#subscription = subscription;
  }

  open(): void {
    const { self } = this.#ctx;
    void this.#read().then(
      () => this.#ctx.send(self, 'lineEnded', { problem: 'the connection was closed' }),
      (error: unknown) => this.#ctx.send(self, 'lineEnded', { problem: errorText(error) }),
    );
  }

  call(call: SchedulerCall, settled?: CallSettled): void {
    this.#connection.call(call).then(
      () => settled?.(undefined),
      (error: unknown) => {
        if (settled !== undefined)
          settled(error instanceof Error ? error : new Error(String(error)));
        else this.#ctx.logger.warn({ call: call.type }, errorText(error));
      },
    );
  }

  /** Nothing piles up here: what is not read stays in the connection, which has bounds of its own. */
  abandon(): void {}

  close(): void {
    this.#connection.close();
  }

  async #read(): Promise<void> {
    for await (const signal of this.#connection.subscribe(this.#subscription)) {
      await new Promise<void>((taken) => {
        this.#ctx.send(this.#ctx.self, 'signal', { signal, taken });
      });
    }
  }
}
