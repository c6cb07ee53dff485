// What a transition may use besides the state: the time of the turn and the settings.
import type { MasterSettings } from './options.ts';

/** What a transition may read of the world: time, fresh ids, settings. */
export interface Env {
  /** When this turn began, milliseconds since 1970. */
  readonly nowMs: number;
  readonly settings: MasterSettings;
  /** 16 bytes that are a new UUID: names of operations. */
  readonly newUuid: () => Uint8Array;
}
