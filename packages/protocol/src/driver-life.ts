// The status of a scheduler's or executor's driver, and who waits for its end. Shared by the driver and its actor: methods answer with
// the status at once, callbacks look at it before they run.
import type { Status } from './generated/mesos-v1.ts';

/** One life: from `DRIVER_NOT_STARTED` to `DRIVER_STOPPED`, never back. */
export class DriverLife {
  readonly #ended: Promise<void>;
  #status: Status = 'DRIVER_NOT_STARTED';
  #settle: { resolve: () => void; reject: (error: Error) => void } | undefined;

  constructor() {
    this.#ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Who never joins is not told.
    this.#ended.catch(() => undefined);
  }

  get status(): Status {
    return this.#status;
  }

  get isRunning(): boolean {
    return this.#status === 'DRIVER_RUNNING';
  }

  /** Whether it starts now: only once. */
  start(): boolean {
    if (this.#status !== 'DRIVER_NOT_STARTED') return false;
    this.#status = 'DRIVER_RUNNING';
    return true;
  }

  /** Whether it is aborted now. */
  abort(): boolean {
    if (!this.isRunning) return false;
    this.#status = 'DRIVER_ABORTED';
    return true;
  }

  /** Whether it is stopped now; also after it was aborted. */
  stop(): boolean {
    if (!this.isRunning && this.#status !== 'DRIVER_ABORTED') return false;
    this.#status = 'DRIVER_STOPPED';
    return true;
  }

  /** Everything is released: `join` returns the status. */
  end(): void {
    this.#settle?.resolve();
  }

  /** A callback threw: `join` rejects. */
  fail(error: Error): void {
    this.#settle?.reject(error);
  }

  /** Resolves with the last status; at once for a driver that was not started. */
  async join(): Promise<Status> {
    if (this.#status !== 'DRIVER_NOT_STARTED') await this.#ended;
    return this.#status;
  }
}
