// The records of one stream between the socket, which pushes, and the scheduler, which pulls.
import { type Clock, Ring, type TimerHandle } from '@kaon/primitives';

/** Bounds of an `EventQueue`. */
export interface EventQueueLimits {
  readonly recordsMax: number;
  readonly bytesMax: number;
}

/** Records in order, then the reason why there are no more. Watches for silence, too. */
export class EventQueue {
  readonly #clock: Clock;
  readonly #limits: EventQueueLimits;
  readonly #records = new Ring<Uint8Array>();
  readonly #onBreak: () => void;
  #bytes = 0;
  #reason: string | undefined;
  #wake: (() => void) | undefined;
  #silenceMs = 0;
  #timer: TimerHandle | undefined;

  /** `onBreak` is told when the queue itself decided that the stream must end. */
  constructor(clock: Clock, limits: EventQueueLimits, onBreak: () => void) {
    this.#clock = clock;
    this.#limits = limits;
    this.#onBreak = onBreak;
  }

  /** From now on a silence of `silenceMs` breaks the stream. */
  watch(silenceMs: number): void {
    this.#silenceMs = silenceMs;
    this.#armWatch();
  }

  push(record: Uint8Array): void {
    if (this.#reason !== undefined) return;
    this.#records.push(record);
    this.#bytes += record.length;
    const { recordsMax, bytesMax } = this.#limits;
    if (this.#records.size > recordsMax || this.#bytes > bytesMax) {
      return this.#break('events come faster than the scheduler takes them');
    }
    this.#armWatch();
    this.#wake?.();
  }

  /** The stream is over; what is queued can still be read. The first reason stays. */
  end(reason: string): void {
    this.#reason ??= reason;
    this.#clearWatch();
    this.#wake?.();
  }

  /** The next record, or the reason why none will come. */
  async next(): Promise<
    | { readonly kind: 'record'; readonly record: Uint8Array }
    | { readonly kind: 'end'; readonly reason: string }
  > {
    for (;;) {
      const record = this.#records.shift();
      if (record !== undefined) {
        this.#bytes -= record.length;
        return { kind: 'record', record };
      }
      if (this.#reason !== undefined) return { kind: 'end', reason: this.#reason };
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#wake = undefined;
    }
  }

  #break(reason: string): void {
    this.end(reason);
    this.#onBreak();
  }

  #armWatch(): void {
    this.#clearWatch();
    if (this.#silenceMs === 0 || this.#reason !== undefined) return;
    this.#timer = this.#clock.setTimer(this.#silenceMs, () =>
      this.#break(`nothing heard from the master for ${this.#silenceMs / 1000} s`),
    );
  }

  #clearWatch(): void {
    if (this.#timer !== undefined) this.#clock.clearTimer(this.#timer);
    this.#timer = undefined;
  }
}
