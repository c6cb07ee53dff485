// Settings of the transport and their defaults.
import { type BackoffOptions, invariant } from '@kaon/primitives';
import type { OnCongested } from './connection.ts';
import type { HandshakeError } from './errors.ts';
import { FRAME_BYTES_MIN } from './handshake.ts';
import type { Dial } from './link-socket.ts';
import { newNonce } from './node/nonce.ts';
import { atTurnOrIterationEnd } from './node/turn-end.ts';
import { webSocketDial } from './node/web-socket-dial.ts';
import type { RemoteTlsOptions } from './tls.ts';

/** Who records a handshake can try secrets at leisure: short ones are soon found. */
const SECRET_CHARACTERS_MIN = 16;
/** What is in a frame already must leave room for one body and what announces its actors. */
const FLUSH_BYTES_MAX = 120 * 1024;

/** Settings of a transport. All have defaults that suit production. */
export interface RemoteOptions {
  /** Path of the WebSocket endpoint; the same on all nodes. Default: `/__actors__`. */
  readonly path?: string | undefined;
  /** Largest frame this node takes; a message may be about 128 KiB smaller. Default: 64 MiB. */
  readonly frameBytesMax?: number | undefined;
  /** Unsent bytes of one connection beyond which `onCongested` holds. Default: 64 MiB. */
  readonly outboundBytesMax?: number | undefined;
  /**
   * What becomes of messages for a peer that takes too little. `drop`: the newest are dropped until it has
   * taken enough. `failLink`: the connection is given up, and who linked over it hears `unreachable`.
   * Default: `drop`.
   */
  readonly onCongested?: OnCongested | undefined;
  /** A frame of this size leaves at once; 1 to 120 KiB. Default: 64 KiB. */
  readonly flushBytes?: number | undefined;
  /** How long a smaller frame waits for more. Default: 0, until `schedule` says so. */
  readonly flushMs?: number | undefined;
  /** Messages that may wait for a connection to be made; more are dropped. Default: 65 536. */
  readonly waitingMessagesMax?: number | undefined;
  /** A frame is sent at least this often, and a peer silent for three of them is lost. Default: 5 s. */
  readonly heartbeatMs?: number | undefined;
  /** Time for a connection and its handshake. Default: 10 s. */
  readonly dialTimeoutMs?: number | undefined;
  /** Pauses between attempts to connect. Default: 50 ms, doubling up to 2 s, jittered. */
  readonly backoff?: BackoffOptions | undefined;
  /**
   * A secret that all nodes share, of 16 characters or more. Both sides prove in the handshake that they know
   * it; it is never sent. Default: none is asked for.
   */
  readonly secret?: string | undefined;
  /** Certificates with which nodes know each other. Default: plain connections. */
  readonly tls?: RemoteTlsOptions | undefined;
  /** Accepted sockets and known peers at once; more are turned away. Default: 65 536. */
  readonly peersMax?: number | undefined;
  /** How to reach others. Default: WebSocket by `ws`. */
  readonly dial?: Dial | undefined;
  /**
   * Runs its argument when a frame shall leave. Default: at the end of the turn; after the first in an iteration
   * of the event loop at the end of that.
   */
  readonly schedule?: ((run: () => void) => void) | undefined;
  /** Told of every connection refused in the handshake, by either side. They are logged anyway. */
  readonly onRefused?: ((error: HandshakeError) => void) | undefined;
}

/** `RemoteOptions` with nothing left open. */
export type RemoteSettings = {
  readonly [K in Exclude<keyof RemoteOptions, 'secret' | 'tls'>]-?: Exclude<
    RemoteOptions[K],
    undefined
  >;
} & {
  readonly secret: string | undefined;
  readonly tls: RemoteTlsOptions | undefined;
  /** Makes nonces that nobody can foretell. */
  readonly newNonce: () => string;
};

/** Fills in the defaults. */
export function settingsOf(options: RemoteOptions): RemoteSettings {
  const path = options.path ?? '/__actors__';
  const { secret, tls } = options;
  invariant(
    secret === undefined || secret.length >= SECRET_CHARACTERS_MIN,
    `a shared secret has at least ${SECRET_CHARACTERS_MIN} characters`,
  );
  return {
    path,
    frameBytesMax: Math.max(FRAME_BYTES_MIN, options.frameBytesMax ?? 64 * 1024 ** 2),
    outboundBytesMax: options.outboundBytesMax ?? 64 * 1024 ** 2,
    onCongested: options.onCongested ?? 'drop',
    flushBytes: Math.min(FLUSH_BYTES_MAX, Math.max(1, options.flushBytes ?? 64 * 1024)),
    flushMs: Math.max(0, options.flushMs ?? 0),
    waitingMessagesMax: options.waitingMessagesMax ?? 65_536,
    heartbeatMs: options.heartbeatMs ?? 5000,
    dialTimeoutMs: options.dialTimeoutMs ?? 10_000,
    backoff: options.backoff ?? { factorMs: 50, capMs: 2000 },
    secret,
    tls,
    newNonce,
    peersMax: options.peersMax ?? 65_536,
    dial: options.dial ?? webSocketDial(path, tls),
    schedule: options.schedule ?? atTurnOrIterationEnd,
    onRefused: options.onRefused ?? (() => undefined),
  };
}
