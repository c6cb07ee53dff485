// A socket that carries frames, dialled or accepted. The transport knows no other.

/** Calls after the end are ignored. */
export interface LinkSocket {
  /**
   * Sends one frame. `frame` must not change before `sent` is called, which tells that nobody reads it any
   * more; without `sent`, or where a socket never calls it, it must never change.
   */
  send(frame: Uint8Array, sent?: () => void): void;
  /** Bytes sent and not yet taken by the operating system. */
  readonly bufferedBytes: number;
  /** Says goodbye after what is buffered. */
  close(code: number, reason: string): void;
  /** Breaks off at once. */
  abort(): void;
}

/** What a socket tells. */
export interface LinkSocketEvents {
  /** Only of dialled sockets: it is open. */
  opened(): void;
  /** `frame` belongs to the receiver. */
  frame(frame: Uint8Array): void;
  /** Told once, also when dialling fails. `code` is WebSocket's: 1006 broken, 1009 frame too large. */
  closed(code: number, reason: string): void;
}

/** Opens a socket to the node at `address`. Must not throw; what fails is told by `closed`. */
export type Dial = (
  address: string,
  limits: { readonly frameBytesMax: number },
  events: LinkSocketEvents,
) => LinkSocket;

/** Codes with which connections are closed. */
export const CLOSE = {
  normal: 1000,
  goingAway: 1001,
  tooLarge: 1009,
  badFrame: 4000,
  refused: 4001,
  replaced: 4002,
  /** Only told by the dialling socket itself: it got no further than TLS. */
  tls: 4003,
  /** Only told by the dialling socket itself: the connection was made, and closed without a word. */
  hungUp: 4004,
} as const;
