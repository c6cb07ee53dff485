// Messages that reached nobody: counted by reason, the last ones kept for inspection.
import type { Logger } from '@kaon/primitives';

/** Why a message was not delivered. */
export type DeadLetterReason =
  /** No actor of that id lives here. */
  | 'noActor'
  /** The actor stopped with the message in its mailbox. */
  | 'stopped'
  /** The mailbox was full. */
  | 'full'
  /** The actor does not speak a message of that name. */
  | 'unknownMessage'
  /** The body that came from another process does not decode. */
  | 'undecodable'
  /** No transport, no connection, or its buffer is full. */
  | 'unreachable';

/** A message that was not delivered; its body is not kept. */
export interface DeadLetter {
  readonly reason: DeadLetterReason;
  /** PIDs as text. */
  readonly from: string;
  readonly to: string;
  readonly name: string;
  /** More about the reason, for instance where decoding failed. */
  readonly detail: string;
}

const KEPT_MAX = 100;
/** A peer chooses names and what decoders quote: logs keep this much of them. */
const TEXT_CHARACTERS_MAX = 500;

/** The dead letters of one system. */
export class DeadLetters {
  readonly counts: Record<DeadLetterReason, number> = {
    noActor: 0,
    stopped: 0,
    full: 0,
    unknownMessage: 0,
    undecodable: 0,
    unreachable: 0,
  };
  readonly #kept: DeadLetter[] = [];
  readonly #logger: Logger;
  readonly #onDeadLetter: ((letter: DeadLetter) => void) | undefined;

  constructor(logger: Logger, onDeadLetter: ((letter: DeadLetter) => void) | undefined) {
    this.#logger = logger;
    this.#onDeadLetter = onDeadLetter;
  }

  get total(): number {
    return Object.values(this.counts).reduce((sum, count) => sum + count, 0);
  }

  /** The last 100, oldest first. */
  recent(): readonly DeadLetter[] {
    return [...this.#kept];
  }

  add({ reason, from, to, name, detail }: DeadLetter): void {
    const letter = {
      reason,
      from,
      to,
      name: name.slice(0, TEXT_CHARACTERS_MAX),
      detail: detail.slice(0, TEXT_CHARACTERS_MAX),
    };
    this.counts[reason] += 1;
    this.#kept.push(letter);
    if (this.#kept.length > KEPT_MAX) this.#kept.shift();
    this.#logger.debug(letter, 'message not delivered');
    this.#onDeadLetter?.(letter);
  }
}
