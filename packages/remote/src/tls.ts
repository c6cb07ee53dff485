// TLS between nodes: both sides show a certificate, and both check the other's.
import type { Pem } from '@kaon/http';

/** What a node needs for TLS, as the one who dials and the one who is dialled. PEM, as text or bytes. */
export interface RemoteTlsOptions {
  /** This node's certificate, followed by those of its signers that others do not have. */
  readonly certificate: Pem;
  /** The key of `certificate`, not encrypted. */
  readonly privateKey: Pem;
  /** Certificates of those who may sign the certificates of nodes. */
  readonly authorities: Pem | readonly Pem[];
  /** The name in every node's certificate. Default: each names the host of its node's address. */
  readonly expectedName?: string | undefined;
}

/** The host in `host:port`, without the brackets of IPv6. */
export function hostOf(address: string): string {
  const host = address.slice(0, Math.max(0, address.lastIndexOf(':')));
  return host.startsWith('[') && host.endsWith(']') ? host.slice(1, -1) : host;
}
