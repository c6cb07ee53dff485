// Errors of the remote package. They are logged and handed to `onRefused`; nothing here is thrown at senders.
import { CodedError } from '@kaon/primitives';

/** Why two nodes do not talk. */
export type HandshakeProblem =
  /** The two speak different versions of the protocol. */
  | 'version'
  /** The node that answered calls itself otherwise than it was dialled. */
  | 'address'
  /** The peer prefers another connection to the same node. */
  | 'duplicate'
  /** The first frame was no handshake, or none came in time. */
  | 'malformed'
  /** The peer is not ready yet or no more, or has too many connections. */
  | 'unavailable'
  /** Only one of the two has a shared secret, or theirs differ. */
  | 'secret'
  /** Only one of the two speaks TLS, or one does not trust the other's certificate. */
  | 'tls';

/** A connection that was refused, by either side. */
export class HandshakeError extends CodedError {
  readonly code = 'KAON_REMOTE_HANDSHAKE';
  readonly problem: HandshakeProblem;
  /** The peer as it calls itself or was dialled; its IP address when it did not say. */
  readonly peer: string;

  constructor(problem: HandshakeProblem, peer: string, detail: string) {
    super(`no connection with ${peer}: ${detail}`);
    this.problem = problem;
    this.peer = peer;
  }
}
