// What one decoding of protobuf may use up, so that few bytes cannot fill the memory or the stack.
import type { WireReader } from './wire-reader.ts';

/** A limit was exceeded; caught by `decodeProto` like every other fault of the bytes. */
export class LimitExceeded extends Error {}

/** What is left of the limits while one message is read. */
export class DecodeBudget {
  /** Whether some required field was missing somewhere; the full list is made only then. */
  isIncomplete = false;
  #depth: number;
  #messages: number;

  constructor(depth: number, messages: number) {
    this.#depth = depth;
    this.#messages = messages;
  }

  /**
   * A message begins.
   *
   * @throws {LimitExceeded} when it is one too many, or nested too deeply.
   */
  enter(): void {
    if (this.#depth === 0) throw new LimitExceeded('messages are nested too deeply');
    if (this.#messages === 0) throw new LimitExceeded('too many messages in one');
    this.#depth -= 1;
    this.#messages -= 1;
  }

  /**
   * The message that was entered last ends, at `end`.
   *
   * @throws {RangeError} when its last field went beyond.
   */
  leave(reader: WireReader, end: number): void {
    if (reader.at !== end) throw new RangeError('a field ends beyond its message');
    this.#depth += 1;
  }
}
