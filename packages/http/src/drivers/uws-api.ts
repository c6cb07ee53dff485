// The part of uWebSockets.js that is used here, declared by hand: the package is optional, so its own
// declarations may be absent when this one is compiled.

/** What the binary takes as bytes. */
export type UwsBytes = string | ArrayBuffer | Uint8Array;

/** Valid within its handler only. */
export interface UwsRequest {
  getUrl(): string;
  getCaseSensitiveMethod(): string;
  getQuery(): string | undefined;
  forEach(visit: (name: string, value: string) => void): void;
}

/** NOTE: every call throws after `onAborted` was told or the answer is complete. */
export interface UwsResponse {
  writeStatus(status: string): UwsResponse;
  writeHeader(name: string, value: string): UwsResponse;
  write(chunk: UwsBytes): boolean;
  end(body?: UwsBytes, closes?: boolean): UwsResponse;
  endWithoutBody(reportedLength?: number, closes?: boolean): UwsResponse;
  tryEnd(rest: UwsBytes, totalBytes: number): [isWritten: boolean, isDone: boolean];
  getWriteOffset(): number;
  onWritable(listener: (offset: number) => boolean): UwsResponse;
  onAborted(listener: () => void): UwsResponse;
  onData(listener: (chunk: ArrayBuffer, isLast: boolean) => void): UwsResponse;
  getRemoteAddressAsText(): ArrayBuffer;
  cork(write: () => void): UwsResponse;
  close(): UwsResponse;
  upgrade(
    userData: object,
    key: string,
    protocol: string,
    extensions: string,
    context: object,
  ): void;
}

/** NOTE: every call throws after the close handler was told. Carries the fields of its user data. */
export interface UwsSocket {
  send(message: UwsBytes, isBinary: boolean, compress?: boolean): number;
  getBufferedAmount(): number;
  end(code: number, reason: string): void;
  close(): void;
}

/** Handlers of one WebSocket route. */
export interface UwsSocketBehavior<S extends UwsSocket> {
  readonly compression: number;
  readonly maxPayloadLength: number;
  readonly maxBackpressure: number;
  /** Seconds; 0 or 8 to 960. */
  readonly idleTimeout: number;
  readonly sendPingsAutomatically: boolean;
  upgrade(response: UwsResponse, request: UwsRequest, context: object): void;
  open(socket: S): void;
  message(socket: S, message: ArrayBuffer, isBinary: boolean): void;
  drain(socket: S): void;
  close(socket: S, code: number, reason: ArrayBuffer): void;
}

/** An application: routes and their sockets. */
export interface UwsApp {
  any(pattern: string, handler: (response: UwsResponse, request: UwsRequest) => void): UwsApp;
  ws<S extends UwsSocket>(pattern: string, behavior: UwsSocketBehavior<S>): UwsApp;
  filter(listener: (response: UwsResponse, change: number) => void): UwsApp;
  listen(
    host: string,
    port: number,
    options: number,
    done: (listening: object | false) => void,
  ): UwsApp;
  close(): UwsApp;
}

/** The module. */
export interface Uws {
  App(): UwsApp;
  us_listen_socket_close(listening: object): void;
  us_socket_local_port(listening: object): number;
  readonly LIBUS_LISTEN_EXCLUSIVE_PORT: number;
  readonly DISABLED: number;
}
