// Operating errors of the master. Match on `code`.
import { CodedError } from '@kaon/primitives';

/** Another master leads now: this one must end. */
export class LeadershipLostError extends CodedError {
  readonly code = 'KAON_MASTER_LEADERSHIP_LOST';

  constructor(reason: string) {
    super(`this master does not lead any more: ${reason}`);
  }
}
