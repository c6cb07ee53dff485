// Who may come in: everything that is asked of a node that dialled this one, before it can change anything
// here.
import type { PeerCertificate } from '@kaon/http';
import { err, ok, type Result } from '@kaon/primitives';
import {
  decodeHello,
  decodeProof,
  encodeChallenge,
  type Hello,
  PROTOCOL_VERSION,
  type Refusal,
  type Welcome,
  welcomeBytes,
} from './handshake.ts';
import { isProof, proofOf } from './handshake-proof.ts';
import type { RemoteSettings } from './options.ts';
import { hostOf } from './tls.ts';

/** What the doorkeeper says to a frame. */
export type Decision =
  /** Send this and wait for the answer. */
  | { readonly kind: 'challenge'; readonly frame: Uint8Array }
  /** All is well so far; `proof` goes into the welcome. */
  | { readonly kind: 'admitted'; readonly hello: Hello };

type Stage =
  | { readonly kind: 'hello' }
  | {
      readonly kind: 'proof';
      readonly secret: string;
      readonly hello: Hello;
      readonly parts: readonly Uint8Array[];
    };

/** Settings of a doorkeeper. */
export type DoorkeeperSettings = Pick<RemoteSettings, 'secret' | 'tls' | 'newNonce'>;

/** The accepting side of one handshake. */
export class Doorkeeper {
  readonly #address: string;
  readonly #settings: DoorkeeperSettings;
  readonly #certificate: PeerCertificate | undefined;
  #stage: Stage = { kind: 'hello' };
  /** As the peer calls itself, once it did. */
  peer: string | undefined;

  /** `certificate` is what the peer showed; undefined for a connection without TLS. */
  constructor(
    address: string,
    settings: DoorkeeperSettings,
    certificate: PeerCertificate | undefined,
  ) {
    this.#address = address;
    this.#settings = settings;
    this.#certificate = certificate;
  }

  /** Takes the peer's next frame. */
  take(frame: Uint8Array): Result<Decision, Refusal> {
    return this.#stage.kind === 'hello' ? this.#takeHello(frame) : this.#takeProof(frame);
  }

  /** Completes `welcome` with this side's proof, when one is wanted. */
  sign(welcome: Welcome): Welcome {
    const stage = this.#stage;
    if (stage.kind === 'hello') return welcome;
    const parts = [...stage.parts, welcomeBytes(welcome)];
    return { ...welcome, proof: proofOf(stage.secret, 'accepting', parts) };
  }

  #takeHello(frame: Uint8Array): Result<Decision, Refusal> {
    const decoded = decodeHello(frame);
    if (!decoded.ok) return decoded;
    const hello = decoded.value;
    this.peer = hello.address;
    const refusal = this.#refusalOf(hello);
    if (refusal !== undefined) return err(refusal);
    const { secret, newNonce } = this.#settings;
    if (secret === undefined) return ok({ kind: 'admitted', hello });
    const challenge = encodeChallenge({ kaon: PROTOCOL_VERSION, challenge: newNonce() });
    this.#stage = { kind: 'proof', secret, hello, parts: [frame, challenge] };
    return ok({ kind: 'challenge', frame: challenge });
  }

  #takeProof(frame: Uint8Array): Result<Decision, Refusal> {
    const stage = this.#stage as Extract<Stage, { kind: 'proof' }>;
    const decoded = decodeProof(frame);
    if (!decoded.ok) return decoded;
    const { hello, parts, secret } = stage;
    if (isProof(decoded.value.proof, proofOf(secret, 'dialling', parts))) {
      return ok({ kind: 'admitted', hello });
    }
    return err({ refused: 'secret', detail: `${hello.address} has another secret than this node` });
  }

  #refusalOf(hello: Hello): Refusal | undefined {
    const problem = this.#tlsProblemOf(hello);
    if (problem !== undefined) return { refused: 'tls', detail: problem };
    if (hello.dialled !== this.#address) {
      const detail = `this node is ${this.#address}, not ${hello.dialled}`;
      return { refused: 'address', detail };
    }
    if (hello.address === this.#address) {
      return { refused: 'address', detail: `${this.#address} is this node's own address` };
    }
    const { secret } = this.#settings;
    if (secret === undefined && hello.nonce !== undefined) {
      const detail = `${hello.dialled} has no secret, ${hello.address} has one`;
      return { refused: 'secret', detail };
    }
    if (secret !== undefined && hello.nonce === undefined) {
      const detail = `${hello.dialled} has a secret, ${hello.address} has none`;
      return { refused: 'secret', detail };
    }
    return undefined;
  }

  #tlsProblemOf(hello: Hello): string | undefined {
    const { tls } = this.#settings;
    if (tls === undefined) return undefined;
    const certificate = this.#certificate;
    if (certificate === undefined) return 'this node takes connections with TLS only';
    return (
      certificate.problem ?? certificate.problemWith(tls.expectedName ?? hostOf(hello.address))
    );
  }
}
