// Operating errors of the master. Match on `code`.
import { CodedError } from '@kaon/primitives';

/** Another master leads now: this one must end. */
export class LeadershipLostError extends CodedError {
  readonly code = 'KAON_MASTER_LEADERSHIP_LOST';

  constructor(reason: string) {
    super(`this master does not lead any more: ${reason}`);
  }
}

/** The allocator ended before its master: nothing would be offered any more. */
export class AllocatorLostError extends CodedError {
  readonly code = 'KAON_MASTER_ALLOCATOR_LOST';

  constructor() {
    super('the allocator of this master ended');
  }
}
