// HTTP as a client sees it. The SDKs and the CLI take an `HttpClient`, so that tests can give them another.
import type { CodedError } from '@kaon/primitives';
import type { RecordIoError } from '../errors.ts';

/** A request. */
export interface ClientRequest {
  readonly method: string;
  /** Absolute, `http:` or `https:`. */
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
  /** Time until the whole answer (of a stream: its head) must have come. Default: the client's. */
  readonly timeoutMs?: number | undefined;
  /** Largest answer, or largest record of a stream. Default: the client's. */
  readonly bodyBytesMax?: number | undefined;
  /** Gives the request or the stream up. */
  readonly signal?: AbortSignal | undefined;
}

/** A whole answer. Header names are lower-case. Redirects are not followed. */
export interface ClientResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Who listens to a stream of records. Called in order; must not throw. */
export interface ClientStreamHandlers {
  record(record: Uint8Array): void;
  /** Called once, after the last record: undefined when the server ended the stream properly. */
  end(error: CodedError | RecordIoError | undefined): void;
}

/** What became of a request for a stream. */
export type OpenedStream =
  | {
      readonly kind: 'stream';
      readonly status: number;
      readonly headers: Readonly<Record<string, string>>;
      /** Breaks the stream off; `end` is told `KAON_HTTP_ABORTED`. */
      close(): void;
    }
  /** The answer was no 200: here it is, whole. */
  | { readonly kind: 'refused'; readonly response: ClientResponse };

/** Sends requests over kept-alive connections. */
export interface HttpClient {
  /**
   * @throws {HttpRequestError} KAON_HTTP_REQUEST_FAILED
   * @throws {HttpTimeoutError} KAON_HTTP_TIMEOUT
   * @throws {HttpBodyTooLargeError} KAON_HTTP_BODY_TOO_LARGE
   * @throws {HttpAbortedError} KAON_HTTP_ABORTED
   */
  request(request: ClientRequest): Promise<ClientResponse>;
  /** Sends `request` and, when it is answered 200, reads its body as RecordIO. Rejects as `request`. */
  openStream(request: ClientRequest, handlers: ClientStreamHandlers): Promise<OpenedStream>;
  /** Closes idle connections and breaks off what is under way. */
  close(): void;
}
