// The other end of Kaon's pairs: takes messages, gives credit, sends pings back.
import { defineActor, type Pid, pidOf } from '@kaon/actor';
import { CREDIT_STEP } from './pair.ts';
import { sinkProtocol, sourceProtocol } from './protocols.ts';

/** Counts what it takes. */
export const sink = defineActor(sinkProtocol, (ctx, _options: undefined) => {
  let to: Pid<typeof sourceProtocol> | undefined;
  let taken = 0;
  return {
    receive: {
      open: (place) => {
        const pid = pidOf(sourceProtocol, place);
        if (!pid.ok) throw new Error(pid.error);
        to = pid.value;
        ctx.send(to, 'ready', undefined);
      },
      take: () => {
        taken += 1;
        if (taken % CREDIT_STEP === 0 && to !== undefined) ctx.send(to, 'credit', CREDIT_STEP);
      },
      ping: (body) => {
        if (to !== undefined) ctx.send(to, 'pong', body);
      },
    },
  };
});
