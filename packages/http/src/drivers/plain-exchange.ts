// One plain request and its answer, written straight to the socket.
import type {
  AnswerHead,
  BodySink,
  DriverExchange,
  DriverRequest,
  DriverStream,
  DriverStreamEvents,
} from '../driver.ts';
import type { PlainHeads } from './plain-head.ts';
import { PlainStream, type StreamOwner } from './plain-stream.ts';

/** Bodies up to this size are copied behind their head, to leave in one packet. */
const JOINED_BYTES_MAX = 16 * 1024;
const CHUNKED = 'Transfer-Encoding: chunked\r\n';

/** The connection, as an exchange sees it. */
export interface ExchangeOwner extends StreamOwner {
  readonly heads: PlainHeads;
}

/** `DriverExchange` of a request that came whole. */
export class PlainExchange implements DriverExchange {
  readonly request: DriverRequest;
  onAborted: () => void = NOTHING;
  onFinished: () => void = NOTHING;
  /** Whether the connection ends after the answer. */
  closes: boolean;
  stream: PlainStream | undefined;
  readonly #body: Uint8Array;
  readonly #owner: ExchangeOwner;
  #isAnswered = false;

  constructor(request: DriverRequest, body: Uint8Array, closes: boolean, owner: ExchangeOwner) {
    this.request = request;
    this.closes = closes;
    this.#body = body;
    this.#owner = owner;
  }

  /** Whether an answer has begun. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  readBody(sink: BodySink): void {
    if (this.#body.length > 0) sink.chunk(this.#body);
    sink.end();
  }

  send(head: AnswerHead, body: Uint8Array | undefined, contentLength: number | undefined): void {
    const { socket } = this.#owner;
    if (socket.destroyed || this.#isAnswered) return;
    const framing = contentLength === undefined ? '' : `Content-Length: ${contentLength}\r\n`;
    const text = this.#begin(head, framing);
    if (body === undefined || body.length === 0) {
      socket.write(text, 'latin1');
    } else if (body.length <= JOINED_BYTES_MAX) {
      const bytes = Buffer.allocUnsafe(text.length + body.length);
      bytes.write(text, 'latin1');
      bytes.set(body, text.length);
      socket.write(bytes);
    } else {
      socket.cork();
      socket.write(text, 'latin1');
      socket.write(body);
      socket.uncork();
    }
    this.#owner.ended();
  }

  startStream(head: AnswerHead, events: DriverStreamEvents): DriverStream {
    const { status } = head;
    const hasBody = this.request.method !== 'HEAD' && status !== 204 && status !== 304;
    const stream = new PlainStream(this.#owner, events, hasBody);
    this.stream = stream;
    if (this.#owner.socket.destroyed || this.#isAnswered) {
      queueMicrotask(() => stream.closed());
      return stream;
    }
    this.#owner.socket.write(this.#begin(head, CHUNKED), 'latin1');
    return stream;
  }

  abort(): void {
    this.#owner.abort();
  }

  /** The text of the head, once it is known whether the connection goes on. */
  #begin(head: AnswerHead, framing: string): string {
    this.#isAnswered = true;
    this.closes ||= head.closes;
    return this.#owner.heads.textOf(head, framing);
  }
}

function NOTHING(): void {}
