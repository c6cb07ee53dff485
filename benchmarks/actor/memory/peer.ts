// The peer of the memory benchmark: takes messages until it is stopped by a signal.
import {
  ask,
  decodeBytes,
  decodeInteger,
  decodeNothing,
  defineActor,
  defineProtocol,
  message,
} from '@kaon/actor';
import { startNode } from '@kaon/remote';
import { endWithParent } from '../../orphans.ts';

/** What it hears. */
export const peerProtocol = defineProtocol({
  take: message(decodeBytes),
  taken: ask(decodeNothing, decodeInteger),
});

const peer = defineActor(peerProtocol, (_ctx, _options: undefined) => {
  let taken = 0;
  return {
    receive: {
      take: () => {
        taken += 1;
      },
      taken: () => taken,
    },
  };
});

/** Starts the node and tells the parent where it is. */
export async function servePeer(): Promise<void> {
  endWithParent();
  const node = await startNode();
  process.send?.(node.system.spawn(peer, undefined, { id: 'peer' }).toString());
}

// Its sender imports the protocol from here.
if (process.argv[2] === 'serve') await servePeer();
