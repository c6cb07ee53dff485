// The status of a scheduler's or executor's driver, and who waits for its end. Shared by the driver and its actor: methods answer with
// the status at once, callbacks look at it before they run.
import type { Status } from './generated/mesos-v1.ts';

/** What becomes of the actor behind a driver when its life turns. */
export interface DriverTurns {
  /** It begins. */
  readonly start: () => void;
  /** It cannot begin: the author of the framework is told of `problem`. */
  readonly refuse: (problem: string) => void;
  /** It ends at once. */
  readonly end: () => void;
}

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

  /** The driver's `start`, which works once. One with a `problem` is aborted by it. */
  start({ start, refuse, end }: DriverTurns, problem: string | undefined): Status {
    if (this.#status !== 'DRIVER_NOT_STARTED') return this.#status;
    this.#status = 'DRIVER_RUNNING';
    if (problem === undefined) {
      start();
    } else {
      this.abort();
      refuse(problem);
      end();
    }
    return this.#status;
  }

  /** Whether it is aborted now. */
  abort(): boolean {
    if (!this.isRunning) return false;
    this.#status = 'DRIVER_ABORTED';
    return true;
  }

  /**
   * The driver's `stop`, also of one that was aborted: that one has nothing left to finish, and its `stop`
   * answers with what it was.
   */
  stop(end: (wasAborted: boolean) => void): Status {
    const before = this.#status;
    const wasAborted = before === 'DRIVER_ABORTED';
    if (!this.isRunning && !wasAborted) return before;
    this.#status = 'DRIVER_STOPPED';
    end(wasAborted);
    return wasAborted ? before : this.#status;
  }

  /** Everything is released, at the latest when `shutdown` is over: `join` returns the status. */
  end(shutdown?: () => Promise<unknown>): void {
    if (shutdown === undefined) return this.#settle?.resolve();
    void Promise.resolve()
      .then(shutdown)
      .then(() => this.#settle?.resolve());
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
