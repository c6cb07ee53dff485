// TLS of the node driver: its settings, and what is known of a client's certificate.
import type { Socket } from 'node:net';
import { checkServerIdentity, TLSSocket, type TlsOptions } from 'node:tls';
import type { PeerCertificate, Pem, ServerTlsOptions } from '../tls.ts';

/** The settings in Node's words. */
export function tlsSettings(tls: ServerTlsOptions): TlsOptions {
  const { authorities } = tls;
  return {
    cert: bytesOf(tls.certificate),
    key: bytesOf(tls.privateKey),
    minVersion: 'TLSv1.3',
    requestCert: authorities !== undefined,
    // Refused above, where the reason can be told; OpenSSL would only break the connection off.
    rejectUnauthorized: false,
    ...(authorities !== undefined && { ca: listOf(authorities).map(bytesOf) }),
  };
}

/** What the client at the other end of `socket` has shown. */
export function certificateOf(socket: Socket): PeerCertificate {
  if (!(socket instanceof TLSSocket)) return refusedCertificate('the connection is not encrypted');
  const certificate = socket.getPeerCertificate();
  if (certificate?.subject === undefined) return refusedCertificate('no certificate was shown');
  if (!socket.authorized) {
    return refusedCertificate(
      `the certificate is not trusted: ${String(socket.authorizationError)}`,
    );
  }
  return {
    problem: undefined,
    problemWith: (host) => checkServerIdentity(host, certificate)?.message,
  };
}

function refusedCertificate(problem: string): PeerCertificate {
  return { problem, problemWith: () => problem };
}

function listOf(pem: Pem | readonly Pem[]): readonly Pem[] {
  return typeof pem === 'string' || pem instanceof Uint8Array ? [pem] : pem;
}

function bytesOf(pem: Pem): string | Buffer {
  return typeof pem === 'string' ? pem : Buffer.from(pem);
}
