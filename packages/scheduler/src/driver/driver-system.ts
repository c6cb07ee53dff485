// The actor system of a driver that was given none: it dials, and nobody dials it.
import { type ActorSystem, createActorSystem } from '@kaon/actor';
import { type Clock, type Logger, type Random, shortId } from '@kaon/primitives';
import { createRemote } from '@kaon/remote';

/** What such a system is made of. */
export interface DriverSystemOptions {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
}

/**
 * A system without a port of its own: its address only names it, and others answer over the connections it
 * made. It holds no socket until something is sent to another node.
 */
export function driverSystem({ clock, random, logger }: DriverSystemOptions): ActorSystem {
  const remote = createRemote();
  const address = `driver-${shortId(random)}:0`;
  return createActorSystem({ address, clock, random, logger, transport: remote.transport });
}
