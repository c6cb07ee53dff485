// Between the containerizer and the launcher: keeps a helper running, sends launches in order and few at a
// time, and sends again what a lost helper may not have started. Shims see to it that nothing runs twice.
import { type Clock, doublingBackoffMs, errorText, type Logger } from '@kaon/primitives';
import { LauncherError } from './errors.ts';
import type { Launcher, LauncherFeatures, LauncherListener } from './launcher.ts';

/** What a gate stands between, and whom it tells. */
export interface LaunchGateOptions {
  readonly launcher: Launcher;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Sent to the helper and not yet started; more at once only makes them compete. */
  readonly launchesInFlightMax: number;
  readonly started: LauncherListener['started'];
  readonly exited: LauncherListener['exited'];
  readonly emptied: LauncherListener['emptied'];
  /** A launch that was given up; a shim may still take it, so it must be cancelled. */
  readonly onAbandoned: (containerId: string, reason: string) => void;
}

/** How often a launch is sent before it is given up. */
const SENDS_MAX = 3;
/** Consecutive failures to bring up a helper after which waiting launches are given up. */
const STARTS_MAX = 4;
const RESTART_BACKOFF = { factorMs: 100, capMs: 10_000 };

/** Sends launches to a helper that it starts on first use and again whenever it is lost. */
export class LaunchGate {
  readonly #options: LaunchGateOptions;
  readonly #queued: Set<string> = new Set();
  /** Sent and not started: how often each was sent. */
  readonly #inFlight: Map<string, number> = new Map();
  readonly #sends: Map<string, number> = new Map();
  #features: Promise<LauncherFeatures> | undefined;
  #isUp = false;
  #isClosed = false;
  #failedStarts = 0;
  /** Helpers lost since creation. */
  launchersLost = 0;

  constructor(options: LaunchGateOptions) {
    this.#options = options;
  }

  /** Launches submitted and not yet started. */
  get pending(): number {
    return this.#queued.size + this.#inFlight.size;
  }

  /**
   * Brings the helper up if need be and says what it can do.
   *
   * @throws {LauncherError} when it did not come up in several attempts, or the gate is closed.
   */
  ready(): Promise<LauncherFeatures> {
    if (this.#isClosed) return Promise.reject(new LauncherError('the containerizer is closed'));
    this.#features ??= this.#bringUp();
    return this.#features;
  }

  /** Queues a launch whose spec is written. It ends in `started`, `exited` or `onAbandoned`. */
  submit(containerId: string): void {
    this.#queued.add(containerId);
    this.#pump();
  }

  /** Forgets a launch: it started, ended, or was cancelled. */
  settle(containerId: string): void {
    this.#queued.delete(containerId);
    this.#inFlight.delete(containerId);
    this.#sends.delete(containerId);
    this.#pump();
  }

  close(): void {
    this.#isClosed = true;
    this.#isUp = false;
    this.#queued.clear();
    this.#inFlight.clear();
    this.#sends.clear();
    this.#options.launcher.stop();
  }

  #pump(): void {
    if (this.#queued.size === 0 || this.#isClosed) return;
    if (!this.#isUp) {
      this.ready().catch(() => undefined);
      return;
    }
    for (const containerId of this.#queued) {
      if (this.#inFlight.size >= this.#options.launchesInFlightMax) return;
      this.#queued.delete(containerId);
      const sends = (this.#sends.get(containerId) ?? 0) + 1;
      this.#sends.set(containerId, sends);
      this.#inFlight.set(containerId, sends);
      this.#options.launcher.launch(containerId);
    }
  }

  async #bringUp(): Promise<LauncherFeatures> {
    const { launcher, started, exited, emptied, clock, logger } = this.#options;
    for (;;) {
      try {
        const features = await launcher.start({
          started,
          exited,
          emptied,
          lost: (reason) => this.#onLost(reason),
        });
        if (this.#isClosed) {
          launcher.stop();
          throw new LauncherError('the containerizer is closed');
        }
        this.#isUp = true;
        this.#failedStarts = 0;
        this.#pump();
        return features;
      } catch (error) {
        this.#failedStarts += 1;
        logger.error({ error: errorText(error), attempt: this.#failedStarts }, 'launcher failed');
        if (this.#isClosed || this.#failedStarts >= STARTS_MAX) {
          this.#features = undefined;
          this.#failedStarts = 0;
          this.#abandonAll(errorText(error));
          throw error;
        }
        const backoffMs = doublingBackoffMs(this.#failedStarts - 1, RESTART_BACKOFF);
        await new Promise<void>((resolve) => clock.setTimer(backoffMs, resolve));
        if (this.#isClosed) throw new LauncherError('the containerizer is closed');
      }
    }
  }

  #onLost(reason: string): void {
    this.#isUp = false;
    this.#features = undefined;
    this.launchersLost += 1;
    this.#options.logger.warn({ reason, unstarted: this.pending }, 'launcher lost');
    const again = [...this.#inFlight.keys()];
    this.#inFlight.clear();
    const waiting = [...this.#queued];
    this.#queued.clear();
    for (const containerId of [...again, ...waiting]) {
      if ((this.#sends.get(containerId) ?? 0) < SENDS_MAX) this.#queued.add(containerId);
      else this.#abandon(containerId, reason);
    }
    this.#pump();
  }

  #abandonAll(reason: string): void {
    for (const containerId of [...this.#inFlight.keys(), ...this.#queued]) {
      this.#abandon(containerId, reason);
    }
  }

  #abandon(containerId: string, reason: string): void {
    this.#queued.delete(containerId);
    this.#inFlight.delete(containerId);
    this.#sends.delete(containerId);
    this.#options.onAbandoned(containerId, reason);
  }
}
