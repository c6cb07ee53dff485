// After a failover: no offers before most agents are back, or a quota would be filled on the first few.

/** Of the expected agents, so many must have been added. */
const AGENTS_FRACTION = 0.8;

/** Whether passes are held off. */
export class RecoveryHold {
  /** How long passes are held off at most, in milliseconds. */
  static readonly TIME_MAX_MS = 10 * 60 * 1000;

  #missing = 0;

  /** Whether passes must not run. */
  get isHeld(): boolean {
    return this.#missing > 0;
  }

  /** Begins to wait; returns whether there is anything to wait for. */
  begin(expectedAgents: number): boolean {
    this.#missing = Math.ceil(expectedAgents * AGENTS_FRACTION);
    return this.isHeld;
  }

  /** An agent was added; returns whether it was the last one needed. */
  countAgent(): boolean {
    if (!this.isHeld) return false;
    this.#missing -= 1;
    return !this.isHeld;
  }

  end(): void {
    this.#missing = 0;
  }
}
