// An actor that waits for the end of another one, wherever that lives, and ends with it.
import { defineActor, type ExitReason } from './behaviour.ts';
import type { Pid } from './pid.ts';
import { defineProtocol } from './protocol.ts';

/** What `watchEnd` needs. */
export interface WatchEndOptions {
  readonly pid: Pid;
  /** Told once. */
  readonly tell: (reason: ExitReason) => void;
}

/** Links to `pid` and tells how it ended. */
export const watchEnd = defineActor(defineProtocol({}), (ctx, { pid, tell }: WatchEndOptions) => {
  ctx.link(pid);
  return {
    receive: {},
    exited: (_pid, reason) => {
      tell(reason);
      ctx.stop();
    },
  };
});
