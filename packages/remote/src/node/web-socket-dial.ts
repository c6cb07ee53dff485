// Dialling by WebSocket, with `ws`; with TLS both sides' certificates are checked.
import { isIP } from 'node:net';
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  type PeerCertificate,
} from 'node:tls';
import type { Pem } from '@kaon/http';
import { type ClientOptions, type RawData, WebSocket } from 'ws';
import { CLOSE, type Dial, type LinkSocket } from '../link-socket.ts';
import { hostOf, type RemoteTlsOptions } from '../tls.ts';

/** Failures of these calls of the operating system say nothing of TLS. */
const NETWORK_CALLS = ['connect', 'getaddrinfo', 'read'];

/**
 * Dials `ws://<address><path>`, or `wss:` with `tls`. A connection that TLS ends is told with the code
 * `CLOSE.tls`.
 */
export function webSocketDial(path: string, tls?: RemoteTlsOptions): Dial {
  const scheme = tls === undefined ? 'ws' : 'wss';
  return (address, { frameBytesMax }, events): LinkSocket => {
    let socket: WebSocket;
    let isSecured = tls === undefined;
    const secured = (): void => {
      isSecured = true;
    };
    try {
      socket = new WebSocket(`${scheme}://${address}${path}`, {
        perMessageDeflate: false,
        maxPayload: frameBytesMax,
        skipUTF8Validation: true,
        // Masks protect proxies from pages; between nodes they would only cost time. A mask of zeros is none.
        generateMask: (mask) => {
          mask.fill(0);
        },
        ...(tls && tlsSettings(tls, hostOf(address), secured)),
      });
    } catch (error) {
      queueMicrotask(() => events.closed(1006, `'${address}' cannot be dialled: ${String(error)}`));
      return NO_SOCKET;
    }
    let failure = '';
    let failureCode: number | undefined;
    let isOpen = false;
    socket.on('open', () => {
      isOpen = true;
      events.opened();
    });
    socket.on('message', (data: RawData) => events.frame(data as Buffer));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      failure = error.message === '' ? (error.code ?? 'unknown failure') : error.message;
      if (error.code === 'WS_ERR_UNSUPPORTED_MESSAGE_LENGTH') failureCode = CLOSE.tooLarge;
      const isOfNetwork = error.syscall !== undefined && NETWORK_CALLS.includes(error.syscall);
      if (!isSecured && !isOfNetwork) failureCode = CLOSE.tls;
      const isHangUp = isSecured && error.code === 'ECONNRESET' && error.syscall === undefined;
      if (isHangUp && !isOpen) {
        failureCode = CLOSE.hungUp;
        failure = tls ? 'it hung up without an answer' : 'it hung up: it stops, or wants TLS';
      }
    });
    socket.once('close', (code, reason) => {
      const text = reason.length > 0 ? reason.toString() : failure;
      events.closed(failureCode ?? code, text);
    });
    return {
      get bufferedBytes() {
        return socket.bufferedAmount;
      },
      send(frame, sent) {
        if (socket.readyState === WebSocket.OPEN) socket.send(frame, { binary: true }, sent);
      },
      close: (code, reason) => socket.close(code, reason),
      abort: () => socket.terminate(),
    };
  };
}

function tlsSettings(tls: RemoteTlsOptions, host: string, secured: () => void): ClientOptions {
  const { certificate, privateKey, authorities, expectedName = host } = tls;
  const settings: ConnectionOptions = {
    cert: bytesOf(certificate),
    key: bytesOf(privateKey),
    ca: listOf(authorities).map(bytesOf),
    minVersion: 'TLSv1.3',
    rejectUnauthorized: true,
    // TLS knows names there, no IP addresses.
    servername: isIP(host) === 0 ? host : '',
    checkServerIdentity: (_: string, shown: PeerCertificate) =>
      checkServerIdentity(expectedName, shown),
  };
  return {
    createConnection: (options) => {
      const { host: dialledHost, port } = options as ConnectionOptions;
      const socket = connect({ ...settings, host: dialledHost, port } as ConnectionOptions);
      return socket.once('secureConnect', secured);
    },
  };
}

function listOf(pem: Pem | readonly Pem[]): readonly Pem[] {
  return typeof pem === 'string' || pem instanceof Uint8Array ? [pem] : pem;
}

function bytesOf(pem: Pem): string | Buffer {
  return typeof pem === 'string' ? pem : Buffer.from(pem);
}

const NO_SOCKET: LinkSocket = {
  bufferedBytes: 0,
  send: () => undefined,
  close: () => undefined,
  abort: () => undefined,
};
