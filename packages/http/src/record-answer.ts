// The answer that keeps a subscriber informed: RecordIO, one chunk per record.
import type { HttpExchange } from './exchange.ts';
import { encodeRecord } from './record-io.ts';
import type { ResponseStream } from './response-stream.ts';

/** What one kind of subscriber is sent, and how. */
export interface RecordAnswerOptions<T> {
  readonly headers: Readonly<Record<string, string>>;
  /** The bytes of a record. May throw: a peer may have sent what this encoding cannot say. */
  readonly encode: (record: T) => Uint8Array;
  /** A subscriber that leaves more than this unread is cut off. */
  readonly bufferedBytesMax: number;
}

/**
 * The stream of records that answers a subscription. It starts with its first record: until then the request
 * can still be answered otherwise.
 */
export class RecordAnswer<T> {
  readonly #exchange: HttpExchange;
  readonly #options: RecordAnswerOptions<T>;
  readonly #closedListeners: (() => void)[] = [];
  #stream: ResponseStream | undefined;
  #isClosed = false;

  constructor(exchange: HttpExchange, options: RecordAnswerOptions<T>) {
    this.#exchange = exchange;
    this.#options = options;
    exchange.onAborted(() => this.#closed());
  }

  /** False when it is closed, or was by this, and for a record that cannot be encoded: that one is left out. */
  send(record: T): boolean {
    if (this.#isClosed) return false;
    const bytes = this.#encode(record);
    if (bytes === undefined) return false;
    this.#stream ??= this.#start();
    return this.#stream.write(encodeRecord(bytes));
  }

  /** The request was answered otherwise: from now on this counts as closed. */
  abandon(): void {
    this.#closed();
  }

  /** Ends it properly, after what is buffered; without records before, it is an empty one. */
  close(): void {
    if (this.#isClosed) return;
    this.#stream ??= this.#start();
    this.#stream.end();
  }

  /** Told once when it is over, whoever ended it; at once when it is already. */
  onClosed(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#closedListeners.push(listener);
  }

  #encode(record: T): Uint8Array | undefined {
    try {
      return this.#options.encode(record);
    } catch {
      return undefined;
    }
  }

  #start(): ResponseStream {
    const { headers, bufferedBytesMax } = this.#options;
    const stream = this.#exchange.stream({ status: 200, headers, bufferedBytesMax });
    stream.onClose(() => this.#closed());
    return stream;
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const listener of this.#closedListeners) listener();
  }
}
