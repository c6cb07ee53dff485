// Randomness of the operating system, good enough for secrets.
import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from '../random.ts';

/** The operating system's random source. Cannot be replayed. */
export function systemRandom(): Random {
  const random: Random = {
    next: () => randomInt(2 ** 47) / 2 ** 47,
    nextInt: (limit) => randomInt(limit),
    nextBytes: (count) => new Uint8Array(randomBytes(count)),
    fork: () => random,
  };
  return random;
}
