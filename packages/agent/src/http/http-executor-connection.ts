// An executor's event stream over HTTP: RecordIO, one chunk per event.
import { type BodyEncoding, encodeRecord, type HttpExchange, MEDIA_TYPES } from '@kaon/http';
import { utf8 } from '@kaon/primitives';
import { encodeJson, encodeProto, executorV1 } from '@kaon/protocol';
import { EXECUTOR_STREAM_BYTES_MAX } from '../constants.ts';
import type { ExecutorConnection } from '../executor-connection.ts';

/**
 * The stream that answers a `SUBSCRIBE`. It starts with its first event: until then the request can
 * still be answered otherwise.
 */
export class HttpExecutorConnection implements ExecutorConnection {
  readonly #exchange: HttpExchange;
  readonly #encoding: BodyEncoding;
  readonly #closedListeners: (() => void)[] = [];
  #stream: ReturnType<HttpExchange['stream']> | undefined;
  #isClosed = false;

  constructor(exchange: HttpExchange, encoding: BodyEncoding) {
    this.#exchange = exchange;
    this.#encoding = encoding;
    exchange.onAborted(() => this.#closed());
  }

  send(event: executorV1.Event): boolean {
    if (this.#isClosed) return false;
    const bytes = this.#encode(event);
    if (bytes === undefined) return false;
    this.#stream ??= this.#start();
    return this.#stream.write(encodeRecord(bytes));
  }

  /** The request is answered otherwise: from now on this connection counts as closed. */
  abandon(): void {
    this.#closed();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#stream ??= this.#start();
    this.#stream.end();
  }

  onClosed(listener: () => void): void {
    if (this.#isClosed) listener();
    else this.#closedListeners.push(listener);
  }

  /** Undefined for what cannot be said in protobuf: a framework may send a number its field cannot hold. */
  #encode(event: executorV1.Event): Uint8Array | undefined {
    try {
      return this.#encoding === 'json'
        ? utf8(encodeJson(executorV1.Event, event))
        : encodeProto(executorV1.Event, event);
    } catch {
      return undefined;
    }
  }

  #start(): ReturnType<HttpExchange['stream']> {
    const stream = this.#exchange.stream({
      status: 200,
      headers: { 'Content-Type': MEDIA_TYPES[this.#encoding] },
      bufferedBytesMax: EXECUTOR_STREAM_BYTES_MAX,
    });
    stream.onClose(() => this.#closed());
    return stream;
  }

  #closed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    for (const listener of this.#closedListeners) listener();
  }
}
