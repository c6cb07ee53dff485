// Errors of the HTTP package. Match on `code`.
import { CodedError, errorText } from '@kaon/primitives';

/** Another socket listens on this host and port already. */
export class PortInUseError extends CodedError {
  readonly code = 'KAON_PORT_IN_USE';
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number, cause?: unknown) {
    super(`${host}:${port} is in use by another server`, { cause });
    this.host = host;
    this.port = port;
  }
}

/** Listening failed for another reason than a taken port: no such address, no permission … */
export class ListenFailedError extends CodedError {
  readonly code = 'KAON_LISTEN_FAILED';
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number, cause: unknown) {
    super(`cannot listen on ${host}:${port}: ${errorText(cause)}`, { cause });
    this.host = host;
    this.port = port;
  }
}

/** The driver that was asked for does not load on this machine. */
export class DriverUnavailableError extends CodedError {
  readonly code = 'KAON_HTTP_DRIVER_UNAVAILABLE';
  readonly driver: string;

  constructor(driver: string, cause?: unknown) {
    super(`the HTTP driver '${driver}' does not load here: ${errorText(cause)}`, { cause });
    this.driver = driver;
  }
}

/** The bytes are not RecordIO, or a record is larger than the reader allows. */
export class RecordIoError extends CodedError {
  readonly code = 'KAON_BAD_RECORD_IO';
}

/** No answer came: the connection was refused, broken or closed early. */
export class HttpRequestError extends CodedError {
  readonly code = 'KAON_HTTP_REQUEST_FAILED';
  readonly method: string;
  readonly url: string;

  constructor(method: string, url: string, cause: unknown) {
    super(`${method} ${url} failed: ${errorText(cause)}`, { cause });
    this.method = method;
    this.url = url;
  }
}

/** The answer did not come within the time allowed. */
export class HttpTimeoutError extends CodedError {
  readonly code = 'KAON_HTTP_TIMEOUT';
  readonly method: string;
  readonly url: string;
  readonly timeoutMs: number;

  constructor(method: string, url: string, timeoutMs: number) {
    super(`${method} ${url} was not answered within ${timeoutMs} ms`);
    this.method = method;
    this.url = url;
    this.timeoutMs = timeoutMs;
  }
}

/** The answer is larger than the caller allows. */
export class HttpBodyTooLargeError extends CodedError {
  readonly code = 'KAON_HTTP_BODY_TOO_LARGE';
  readonly url: string;
  readonly bytesMax: number;

  constructor(url: string, bytesMax: number) {
    super(`the answer of ${url} is larger than ${bytesMax} bytes`);
    this.url = url;
    this.bytesMax = bytesMax;
  }
}

/** The caller gave the request up. */
export class HttpAbortedError extends CodedError {
  readonly code = 'KAON_HTTP_ABORTED';
  readonly url: string;

  constructor(url: string) {
    super(`the request to ${url} was aborted by its caller`);
    this.url = url;
  }
}
