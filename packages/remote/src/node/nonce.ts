// Nonces of handshakes: from the operating system whatever source of randomness a node was given, because a
// source that is seeded would repeat them.
import { randomBytes } from 'node:crypto';

/** 24 random bytes as text. */
export function newNonce(): string {
  return randomBytes(24).toString('base64');
}
