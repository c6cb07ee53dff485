// The first frames of either side, as JSON text: who one is, which protocol one speaks, what one can take,
// and, where there is a shared secret, the challenge and the proofs.
import {
  decodeInteger,
  decodeOptional,
  decodeRecord,
  decodeString,
  err,
  formatDecodeError,
  fromUtf8,
  ok,
  type RecordOf,
  type Result,
  utf8,
} from '@kaon/primitives';
import type { HandshakeProblem } from './errors.ts';

/** Version of everything that crosses a connection. Nodes of different versions do not talk. */
export const PROTOCOL_VERSION = 2;

/** A handshake is short; more is not one. */
const HANDSHAKE_BYTES_MAX = 4096;
/** Shorter nonces could repeat. */
const NONCE_CHARACTERS_MIN = 16;
/** Every peer must be able to take a frame of this size. */
export const FRAME_BYTES_MIN = 256 * 1024;

const helloShape = {
  /** Protocol version. */
  kaon: decodeInteger,
  /** `host:port` of the dialling node. */
  address: decodeString,
  /** Changes with every start of the node. */
  incarnation: decodeString,
  /** Address under which it dialled. */
  dialled: decodeString,
  /** Names this connection. */
  connection: decodeString,
  /** The connection with this peer before, as far as the dialling node knows; it has ended. Empty: none. */
  previous: decodeString,
  /** Largest frame the dialling node takes. */
  frameBytesMax: decodeInteger,
  /** The dialling node's part of the proofs to come; absent: it has no secret. */
  nonce: decodeOptional(decodeString),
};

const welcomeShape = {
  kaon: decodeInteger,
  address: decodeString,
  incarnation: decodeString,
  frameBytesMax: decodeInteger,
  /** That the accepting node knows the secret. */
  proof: decodeOptional(decodeString),
};

const challengeShape = {
  kaon: decodeInteger,
  /** The accepting node's nonce. */
  challenge: decodeString,
};

const proofShape = {
  kaon: decodeInteger,
  /** That the dialling node knows the secret. */
  proof: decodeString,
};

const refusalShape = { kaon: decodeInteger, refused: decodeString, detail: decodeString };

/** First frame of the dialling side. */
export type Hello = RecordOf<typeof helloShape>;

/** Last frame of the accepting side's handshake. */
export type Welcome = RecordOf<typeof welcomeShape>;

/** First frame of an accepting side that has a secret. */
export type Challenge = RecordOf<typeof challengeShape>;

/** Second frame of a dialling side that was challenged. */
export type Proof = RecordOf<typeof proofShape>;

/** First and last frame of an accepting side that does not want to talk. */
export interface Refusal {
  readonly refused: HandshakeProblem;
  readonly detail: string;
}

const decodeHelloRecord = decodeRecord(helloShape);
const decodeWelcomeRecord = decodeRecord(welcomeShape);
const decodeChallengeRecord = decodeRecord(challengeShape);
const decodeProofRecord = decodeRecord(proofShape);
const decodeRefusalRecord = decodeRecord(refusalShape);

const PROBLEMS: readonly HandshakeProblem[] = [
  'version',
  'address',
  'duplicate',
  'malformed',
  'unavailable',
  'secret',
  'tls',
];

/** The problem that `text` names, when it is one. */
export function problemOf(text: string): HandshakeProblem | undefined {
  return PROBLEMS.find((known) => known === text);
}

/** Bytes of a hello, a welcome or a proof. */
export function encodeHandshake(handshake: Hello | Welcome | Proof): Uint8Array {
  return utf8(JSON.stringify(handshake));
}

/** Bytes of a challenge. */
export function encodeChallenge(challenge: Challenge): Uint8Array {
  return utf8(JSON.stringify(challenge));
}

/** What of `welcome` its proof covers: all but the proof. */
export function welcomeBytes({ kaon, address, incarnation, frameBytesMax }: Welcome): Uint8Array {
  return utf8(JSON.stringify([kaon, address, incarnation, frameBytesMax]));
}

/** Bytes of a refusal. */
export function encodeRefusal({ refused, detail }: Refusal): Uint8Array {
  return utf8(JSON.stringify({ kaon: PROTOCOL_VERSION, refused, detail: detail.slice(0, 1000) }));
}

/** A hello, or how to refuse it. */
export function decodeHello(frame: Uint8Array): Result<Hello, Refusal> {
  const parsed = parse(frame);
  if (!parsed.ok) return parsed;
  const hello = decodeHelloRecord(parsed.value);
  if (!hello.ok) return malformed(formatDecodeError(hello.error));
  if (hello.value.nonce !== undefined && hello.value.nonce.length < NONCE_CHARACTERS_MIN) {
    return malformed(`a nonce of less than ${NONCE_CHARACTERS_MIN} characters`);
  }
  return checkPeer(hello.value);
}

/** The answer to a challenge, or how to refuse it. */
export function decodeProof(frame: Uint8Array): Result<Proof, Refusal> {
  const parsed = parse(frame);
  if (!parsed.ok) return parsed;
  const proof = decodeProofRecord(parsed.value);
  return proof.ok ? proof : malformed(formatDecodeError(proof.error));
}

/** A challenge; otherwise the peer's refusal, or what is wrong with its answer. */
export function decodeChallenge(frame: Uint8Array): Result<Challenge, Refusal> {
  const parsed = parseAnswer(frame);
  if (!parsed.ok) return parsed;
  const challenge = decodeChallengeRecord(parsed.value);
  if (challenge.ok && challenge.value.challenge.length >= NONCE_CHARACTERS_MIN) return challenge;
  return err({ refused: 'secret', detail: 'it asks for no proof of the shared secret' });
}

/** A welcome; otherwise the peer's refusal, or what is wrong with its answer. */
export function decodeWelcome(frame: Uint8Array): Result<Welcome, Refusal> {
  const parsed = parseAnswer(frame);
  if (!parsed.ok) return parsed;
  const welcome = decodeWelcomeRecord(parsed.value);
  if (!welcome.ok) return malformed(formatDecodeError(welcome.error));
  return checkPeer(welcome.value);
}

/** What the accepting side says, unless it is a refusal. */
function parseAnswer(frame: Uint8Array): Result<unknown, Refusal> {
  const parsed = parse(frame);
  if (!parsed.ok) return parsed;
  const refusal = decodeRefusalRecord(parsed.value);
  if (!refusal.ok) return parsed;
  const { refused, detail } = refusal.value;
  const problem = problemOf(refused) ?? 'malformed';
  return err({ refused: problem, detail: `it says: ${detail.slice(0, 1000)}` });
}

/** Only `kaon` is looked at before the version is known to match: the rest may differ by version. */
function parse(frame: Uint8Array): Result<unknown, Refusal> {
  if (frame.length > HANDSHAKE_BYTES_MAX) return malformed('the first frame is too large');
  let value: unknown;
  try {
    value = JSON.parse(fromUtf8(frame));
  } catch {
    return malformed('the first frame is no JSON');
  }
  const version = decodeRecord({ kaon: decodeInteger })(value);
  if (!version.ok) return malformed(formatDecodeError(version.error));
  if (version.value.kaon === PROTOCOL_VERSION) return ok(value);
  return err({
    refused: 'version',
    detail: `protocol version ${version.value.kaon} there, ${PROTOCOL_VERSION} here`,
  });
}

function checkPeer<T extends Welcome>(peer: T): Result<T, Refusal> {
  if (!/^[^\s@]{1,261}$/.test(peer.address)) return malformed('the address is no host:port');
  if (peer.frameBytesMax < FRAME_BYTES_MIN) {
    return malformed(`frames of ${peer.frameBytesMax} bytes, ${FRAME_BYTES_MIN} are the least`);
  }
  return ok(peer);
}

function malformed(detail: string): Result<never, Refusal> {
  return err({ refused: 'malformed', detail });
}
