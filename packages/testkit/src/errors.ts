// The operating errors of the testkit: what a test waited for did not happen.
import { CodedError } from '@kaon/primitives';

/** A probe did not hear what was expected; the message lists what it heard. */
export class ProbeTimeoutError extends CodedError {
  readonly code = 'KAON_PROBE_TIMEOUT';
  /** PID of the probe, as text. */
  readonly probe: string;
  readonly awaited: string;
  readonly timeoutMs: number;

  constructor(probe: string, awaited: string, timeoutMs: number, heard: string) {
    super(`probe ${probe} heard no ${awaited} within ${timeoutMs} ms; it heard ${heard}`);
    this.probe = probe;
    this.awaited = awaited;
    this.timeoutMs = timeoutMs;
  }
}

/** A probe heard what it should not have. */
export class ProbeUnexpectedError extends CodedError {
  readonly code = 'KAON_PROBE_UNEXPECTED';
  /** PID of the probe, as text. */
  readonly probe: string;

  constructor(probe: string, unexpected: string, heard: string) {
    super(`probe ${probe} was to hear no ${unexpected}; it heard ${heard}`);
    this.probe = probe;
  }
}

/** Systems did not come to rest in real time. */
export class SettleTimeoutError extends CodedError {
  readonly code = 'KAON_SETTLE_TIMEOUT';
  readonly timeoutMs: number;

  constructor(timeoutMs: number, busy: string) {
    super(`not settled within ${timeoutMs} ms of real time: ${busy}`);
    this.timeoutMs = timeoutMs;
  }
}
