// What the server asks of the software that owns the sockets. Two implementations live in `drivers/`;
// everything a client can see (routes, limits, encodings, texts) is decided above this line.
import type { Clock, Logger } from '@kaon/primitives';
import type { Chunk } from './chunk.ts';
import type { PeerCertificate, ServerTlsOptions } from './tls.ts';

/** Names of the drivers. */
export type DriverName = 'node' | 'uws';

/** A request whose head has come. Header names are lower-case. */
export interface DriverRequest {
  /** As sent, in upper case for all standard methods. */
  readonly method: string;
  /** Path as sent: not decoded, without query. */
  readonly path: string;
  /** Text after `?`, empty when there is none. */
  readonly query: string;
  /** IP address of the peer, empty when unknown. */
  readonly remoteAddress: string;
  /** Undefined when the client was not asked for one. */
  readonly certificate: PeerCertificate | undefined;
  /** Repeated headers are joined by `, `. */
  header(name: string): string | undefined;
}

/** Receives a request body. Bytes are valid only during the call. */
export interface BodySink {
  chunk(bytes: Uint8Array): void;
  end(): void;
}

/** Head of an answer. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Whether the connection ends with this answer. */
  readonly closes: boolean;
}

/** A chunked answer under way. No call throws, whatever became of the peer. */
export interface DriverStream {
  /** One chunk, which is not empty. What is written in one turn may leave in one packet. */
  write(chunk: Chunk): void;
  /** Hands what was written to the operating system now. Drivers that do so at once have none. */
  flush?(): void;
  /** Bytes accepted by `write` and not yet taken by the operating system. */
  readonly bufferedBytes: number;
  /** Ends the answer after what is buffered. */
  end(): void;
  /** Closes the connection at once. */
  abort(): void;
}

/** What a driver tells of a chunked answer. */
export interface DriverStreamEvents {
  /** All that was buffered is gone. */
  drained(): void;
  /** The answer is over: it was ended, aborted, or the peer went away. Called once. */
  closed(): void;
}

/** One request and the way to answer it. No call throws, whatever became of the peer. */
export interface DriverExchange {
  readonly request: DriverRequest;
  /** Starts the body; must be called within the `request` event or not at all. Sends `100 Continue` if asked. */
  readBody(sink: BodySink): void;
  /** The whole answer. `contentLength` counts for answers whose body is not sent (`HEAD`). */
  send(head: AnswerHead, body: Uint8Array | undefined, contentLength: number | undefined): void;
  startStream(head: AnswerHead, events: DriverStreamEvents): DriverStream;
  /** Closes the connection without an answer. */
  abort(): void;
  /** Told once when the peer went away before the answer was complete. */
  onAborted: () => void;
  /** Told once when the answer is complete, handed to the operating system. */
  onFinished: () => void;
}

/** One WebSocket connection. No call throws, whatever became of the peer. */
export interface DriverSocket {
  /** One binary message. `bytes` must not change before `sent` is called; without it, never. */
  send(bytes: Uint8Array, sent?: () => void): void;
  readonly bufferedBytes: number;
  /** Says goodbye with `code` and closes. */
  close(code: number, reason: string): void;
  /** Closes without goodbye. */
  abort(): void;
}

/** What a driver tells of a WebSocket connection. */
export interface DriverSocketEvents {
  /** A whole message; `bytes` belong to the receiver. */
  message(bytes: Uint8Array): void;
  drained(): void;
  /** Called once. 1006 means that the connection broke, 1009 that a message was too large. */
  closed(code: number, reason: string): void;
}

/** A WebSocket route. */
export interface DriverSocketRoute {
  readonly messageBytesMax: number;
  /** Silence after which a ping is sent, and after twice of which the connection is closed. */
  readonly idleTimeoutMs: number;
  /** Whether clients are let in whose certificate has a problem. */
  readonly acceptsUnverified: boolean;
  opened(socket: DriverSocket, request: DriverRequest): DriverSocketEvents;
}

/** An answer that is the same for every plain `GET` of its path. */
export interface ConstantAnswer {
  readonly head: AnswerHead;
  /** May be empty. */
  readonly body: Uint8Array;
  /** Whether the answer is another when there is an `Accept-Encoding`. */
  readonly varies: boolean;
}

/** What a driver tells the server. */
export interface DriverEvents {
  /**
   * The constant answer to a `GET` of `path` without query. A driver that gives it instead of a `request` says so
   * by `constantGiven`; none has to.
   */
  constantOf(path: string): ConstantAnswer | undefined;
  constantGiven(answer: ConstantAnswer): void;
  request(exchange: DriverExchange): void;
  /** A connection beyond `connectionsMax` was turned away. */
  connectionRefused(): void;
  /** Bytes that are no HTTP request, a head too large or too slow. */
  badRequest(): void;
  /** A connection ended in TLS, or because of it. */
  tlsRefused(detail: string, remoteAddress: string): void;
  /** A WebSocket was answered 403 because of the client's certificate. */
  unverified(problem: string, remoteAddress: string): void;
}

/** Settings both drivers understand. */
export interface DriverOptions {
  readonly connectionsMax: number;
  readonly headerBytesMax: number;
  /** Time a head may take to arrive. */
  readonly headTimeoutMs: number;
  /** Idle time after which a kept-alive connection is closed. */
  readonly keepAliveMs: number;
  /** Undefined: plain HTTP. */
  readonly tls: ServerTlsOptions | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: DriverEvents;
}

/** An HTTP server without routes. */
export interface HttpDriver {
  readonly name: DriverName;
  /** Before `listen` only. */
  webSocket(path: string, route: DriverSocketRoute): void;
  /** Resolves with the port really taken. @throws {PortInUseError} @throws {ListenFailedError} */
  listen(host: string, port: number): Promise<{ readonly host: string; readonly port: number }>;
  /** Refuses new connections, lets open answers finish for `graceMs`, then closes what is left. */
  close(graceMs: number): Promise<void>;
}
