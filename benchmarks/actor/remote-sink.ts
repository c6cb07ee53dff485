// The second process of the remote benchmark: counts what it takes and echoes what it is asked.
import { defineActor } from '@kaon/actor';
import { startNode } from '@kaon/remote';
import { sinkProtocol } from './remote.ts';

const sink = defineActor(sinkProtocol, (_ctx, _options: undefined) => {
  let taken = 0;
  return {
    receive: {
      take: () => {
        taken += 1;
      },
      taken: () => taken,
      echo: (body) => body,
    },
  };
});

const node = await startNode();
process.send?.(node.system.spawn(sink, undefined, { id: 'sink' }).toString());
