// TLS as a server offers it, and what it says of the certificates of its clients.

/** PEM, as text or bytes. */
export type Pem = string | Uint8Array;

/** Settings of a server that speaks TLS 1.3. */
export interface ServerTlsOptions {
  /** This server's certificate, followed by those of its signers that clients do not have. */
  readonly certificate: Pem;
  /** The key of `certificate`, not encrypted. */
  readonly privateKey: Pem;
  /**
   * Certificates of those who may sign the certificates of clients. Given, every client must show one: who
   * does not is answered 403. Default: clients need none.
   */
  readonly authorities?: Pem | readonly Pem[] | undefined;
}

/** What a server knows of the certificate of a client it asked for one. */
export interface PeerCertificate {
  /** Why the client is not to be trusted; undefined when it is. */
  readonly problem: string | undefined;
  /** Why the certificate is none of `host`; undefined when it names `host`. */
  problemWith(host: string): string | undefined;
}
