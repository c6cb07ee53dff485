// One request of node:http and its answer.
import type { IncomingMessage, ServerResponse } from 'node:http';
import type {
  AnswerHead,
  BodySink,
  DriverExchange,
  DriverOptions,
  DriverRequest,
  DriverStream,
  DriverStreamEvents,
} from '../driver.ts';

/** How long the rest of a refused body is read and dropped, so that its sender gets to see the answer. */
const LINGER_MS = 1000;

/** `DriverExchange` over node:http's request and response. */
export class NodeExchange implements DriverExchange {
  readonly request: DriverRequest;
  onAborted: () => void = () => undefined;
  onFinished: () => void = () => undefined;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #expectsContinue: boolean;
  readonly #options: DriverOptions;

  constructor(
    message: IncomingMessage,
    request: DriverRequest,
    response: ServerResponse,
    expectsContinue: boolean,
    options: DriverOptions,
  ) {
    this.#message = message;
    this.#response = response;
    this.#expectsContinue = expectsContinue;
    this.#options = options;
    this.request = request;
    // A broken connection shows as `close`; without these listeners it would also end the process.
    message.on('error', () => undefined);
    response.on('error', () => undefined);
    response.once('close', () => {
      if (response.writableFinished) this.onFinished();
      else this.onAborted();
    });
  }

  readBody(sink: BodySink): void {
    if (this.#expectsContinue) this.#response.writeContinue();
    this.#message.on('data', (bytes: Buffer) => sink.chunk(bytes));
    this.#message.once('end', () => sink.end());
  }

  send(head: AnswerHead, body: Uint8Array | undefined, contentLength: number | undefined): void {
    const response = this.#response;
    if (response.destroyed) return;
    this.#writeHead(head, contentLength);
    if (!head.closes || this.#message.complete) {
      response.end(body);
      return;
    }
    // Closing while the peer still sends resets the connection, and the answer could be lost with it.
    if (body !== undefined) response.write(body);
    else response.flushHeaders();
    const { clock } = this.#options;
    const timer = clock.setTimer(LINGER_MS, () => response.end());
    this.#message.resume();
    this.#message.once('end', () => response.end());
    response.once('close', () => clock.clearTimer(timer));
  }

  startStream(head: AnswerHead, events: DriverStreamEvents): DriverStream {
    const response = this.#response;
    this.#writeHead(head, undefined);
    response.flushHeaders();
    response.on('drain', () => events.drained());
    response.once('close', () => events.closed());
    if (response.destroyed) queueMicrotask(() => events.closed());
    return {
      get bufferedBytes() {
        return response.writableLength;
      },
      write: ({ data }) => {
        if (!response.destroyed && !response.writableEnded) response.write(data);
      },
      end: () => {
        if (!response.destroyed && !response.writableEnded) response.end();
      },
      abort: () => this.abort(),
    };
  }

  abort(): void {
    this.#message.destroy();
    this.#response.destroy();
  }

  #writeHead(head: AnswerHead, contentLength: number | undefined): void {
    const response = this.#response;
    // As Mesos, say nothing of the connection unless it ends.
    if (head.closes) response.setHeader('Connection', 'close');
    else response.removeHeader('Connection');
    for (const [name, value] of Object.entries(head.headers)) response.setHeader(name, value);
    if (contentLength !== undefined) response.setHeader('Content-Length', contentLength);
    response.writeHead(head.status);
  }
}
