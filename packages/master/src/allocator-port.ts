// How the master sees its allocator.
import type { AllocatorCommand } from './effects.ts';

/** Decides what is offered to whom, and says so by the callback it was made with. */
export interface AllocatorPort {
  /** Takes in a change. In order; never throws for commands a master makes. */
  tell(command: AllocatorCommand): void;
  /** Its metrics by Mesos' keys, as of now. */
  metrics(): Iterable<readonly [string, number]>;
  /** Ends it; nothing is allocated any more. */
  close(): Promise<void>;
}
