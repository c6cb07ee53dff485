// How the master sees its allocator.
import type { Pid } from '@kaon/actor';
import type { AllocatorCommand } from '@kaon/allocator';

/** Decides what is offered to whom, and says so by the callback it was made with. */
export interface AllocatorPort {
  /** The actor behind it, if there is one: the master ends when it fails. */
  readonly pid?: Pid | undefined;
  /** Takes in a change. In order; never throws for commands a master makes. */
  tell(command: AllocatorCommand): void;
  /** Its metrics by Mesos' keys, as of now. */
  metrics(): Iterable<readonly [string, number]>;
  /** Ends it; nothing is allocated any more. */
  close(): Promise<void>;
}
