// A chunked answer straight on a socket. What is written in one turn of the event loop leaves in one write, and
// where many streams were written the same chunks, they are joined once for all of them.
import type { Socket } from 'node:net';
import type { Chunk } from '../chunk.ts';
import type { DriverStream, DriverStreamEvents } from '../driver.ts';

/** Beyond this much a stream does not wait for the end of the turn. */
const TURN_BYTES_MAX = 64 * 1024;
const LAST_CHUNK = Buffer.from('0\r\n\r\n');

/** Flushes the streams of one server, all at the end of a turn. */
export class StreamFlusher {
  #waiting: PlainStream[] = [];
  #lastPieces: readonly Uint8Array[] = [];
  #lastJoined: Uint8Array = LAST_CHUNK;

  /** Has `stream` flushed soon. */
  schedule(stream: PlainStream): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#flushAll());
    this.#waiting.push(stream);
  }

  /** All of `pieces` in one. Streams of one audience ask for the same pieces one after the other. */
  join(pieces: readonly Uint8Array[]): Uint8Array {
    if (!isSame(pieces, this.#lastPieces)) {
      this.#lastPieces = pieces;
      this.#lastJoined = Buffer.concat(pieces);
    }
    return this.#lastJoined;
  }

  #flushAll(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const stream of waiting) stream.flush();
    this.#lastPieces = [];
    this.#lastJoined = LAST_CHUNK;
  }
}

/** Who owns the connection of a stream. */
export interface StreamOwner {
  readonly socket: Socket;
  readonly flusher: StreamFlusher;
  /** The answer was ended; what is buffered has still to leave. */
  ended(): void;
  abort(): void;
}

/** `DriverStream` on a socket. Without a body (`HEAD`) nothing but the head is sent. */
export class PlainStream implements DriverStream {
  readonly #owner: StreamOwner;
  readonly #events: DriverStreamEvents;
  readonly #hasBody: boolean;
  #pieces: Uint8Array[] = [];
  #queuedBytes = 0;
  #isScheduled = false;
  /** The socket had taken all while more was queued here: what is small enough makes it tell of nothing more. */
  #isDrainOwed = false;
  #isOver = false;

  constructor(owner: StreamOwner, events: DriverStreamEvents, hasBody: boolean) {
    this.#owner = owner;
    this.#events = events;
    this.#hasBody = hasBody;
  }

  get bufferedBytes(): number {
    return this.#queuedBytes + this.#owner.socket.writableLength;
  }

  write(chunk: Chunk): void {
    if (this.#isOver || !this.#hasBody) return;
    for (const piece of chunk.pieces) {
      this.#pieces.push(piece);
      this.#queuedBytes += piece.length;
    }
    if (this.#queuedBytes > TURN_BYTES_MAX) this.flush();
    else this.#schedule();
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#hasBody) {
      this.#pieces.push(LAST_CHUNK);
      this.flush();
    }
    this.#owner.ended();
  }

  abort(): void {
    this.#owner.abort();
  }

  /** Hands what is queued to the socket. */
  flush(): void {
    const pieces = this.#pieces;
    this.#isScheduled = false;
    if (pieces.length === 0) return;
    const { socket, flusher } = this.#owner;
    this.#pieces = [];
    if (pieces.length === 1) {
      socket.write(pieces[0] as Uint8Array);
    } else if (this.#queuedBytes <= TURN_BYTES_MAX) {
      socket.write(flusher.join(pieces));
    } else {
      socket.cork();
      for (const piece of pieces) socket.write(piece);
      socket.uncork();
    }
    this.#queuedBytes = 0;
    if (!this.#isDrainOwed || socket.writableNeedDrain) return;
    this.#isDrainOwed = false;
    if (!this.#isOver) this.#events.drained();
  }

  /** The socket has taken all it was given. */
  drained(): void {
    this.#isDrainOwed = this.#queuedBytes > 0;
    if (!this.#isOver && !this.#isDrainOwed) this.#events.drained();
  }

  /** The answer is over, well or not. */
  closed(): void {
    this.#isOver = true;
    this.#pieces = [];
    this.#queuedBytes = 0;
    this.#events.closed();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#owner.flusher.schedule(this);
  }
}

function isSame(left: readonly Uint8Array[], right: readonly Uint8Array[]): boolean {
  if (left.length !== right.length) return false;
  for (let index = 0; index < left.length; index += 1) {
    if (left[index] !== right[index]) return false;
  }
  return true;
}
