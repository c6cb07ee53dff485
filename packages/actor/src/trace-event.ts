// What a system tells its `trace` option.
import type { ExitReason } from './behaviour.ts';
import type { Pid } from './pid.ts';

/** What happened, for traces under test. Bodies are the live objects: do not keep or change them. */
export type TraceEvent =
  | {
      readonly kind: 'turn';
      readonly pid: Pid;
      readonly name: string;
      readonly from: Pid;
      readonly body: unknown;
    }
  | { readonly kind: 'spawned'; readonly pid: Pid }
  | { readonly kind: 'ended'; readonly pid: Pid; readonly reason: ExitReason };
