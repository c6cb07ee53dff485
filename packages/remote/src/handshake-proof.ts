// Proof that one knows the shared secret, without saying it: HMAC-SHA256 over the frames of this handshake.
// Both sides put a fresh nonce in, so that a recorded proof fits no other handshake.
import { createHmac, timingSafeEqual } from 'node:crypto';

/** Whose proof it is: one side's must not pass for the other's. */
export type ProofRole = 'dialling' | 'accepting';

/**
 * The proof of `role` over `parts`, which are the bytes of the hello and the challenge: with them it is bound
 * to both addresses, both nonces and the name of the connection.
 */
export function proofOf(secret: string, role: ProofRole, parts: readonly Uint8Array[]): string {
  const hmac = createHmac('sha256', secret);
  hmac.update(`kaon handshake, ${role}`);
  for (const part of parts) {
    // With its length, so that no bytes can move from one part to the next.
    hmac.update(`\n${part.length}\n`);
    hmac.update(part);
  }
  return hmac.digest('base64');
}

/** Whether `given` is `expected`. Takes as long whatever is different. */
export function isProof(given: string | undefined, expected: string): boolean {
  const left = Buffer.from(given ?? '');
  const right = Buffer.from(expected);
  return left.length === right.length && timingSafeEqual(left, right);
}
