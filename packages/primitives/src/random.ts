// Randomness from a seed. Production seeds it from the operating system, tests from a number.

/** A source of random numbers. The same seed gives the same sequence. */
export interface Random {
  /** Uniform in [0, 1). */
  next(): number;
  /** Uniform integer in [0, `limit`); `limit` is 1 to 2^32. */
  nextInt(limit: number): number;
  /** `count` random bytes. Not for secrets unless the source says so. */
  nextBytes(count: number): Uint8Array;
  /** A new independent source derived from this one; `label` keeps children apart. */
  fork(label: string): Random;
}

/**
 * A deterministic source (xoshiro128**, state expanded from `seed` by splitmix32).
 *
 * `seed` is any finite number; only its lower 32 bits and its higher part up to 2^53 count.
 */
export function seededRandom(seed: number): Random {
  let mix = (seed ^ Math.floor(seed / 2 ** 32)) >>> 0;
  const expand = (): number => {
    mix = (mix + 0x9e3779b9) >>> 0;
    let z = mix;
    z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
    z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
    return (z ^ (z >>> 16)) >>> 0;
  };
  // Signed, so that the engine keeps them as small integers; unsigned ones would be objects.
  let [a, b, c, d] = [expand() | 0, expand() | 0, expand() | 0, expand() | 0];

  const next32 = (): number => {
    const scrambled = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return scrambled;
  };

  return {
    next: () => (next32() * 2 ** 21 + (next32() >>> 11)) / 2 ** 53,
    nextInt: (limit) => Math.floor((next32() / 2 ** 32) * limit),
    nextBytes(count) {
      const bytes = new Uint8Array(count);
      for (let index = 0; index < count; index += 1) bytes[index] = next32() >>> 24;
      return bytes;
    },
    fork: (label) => seededRandom((next32() ^ hashText(label)) >>> 0),
  };
}

/** Shuffles `items` in place (Fisher-Yates) and returns them. */
export function shuffle<T>(items: T[], random: Random): T[] {
  for (let last = items.length - 1; last > 0; last -= 1) {
    const pick = random.nextInt(last + 1);
    const moved = items[last] as T;
    items[last] = items[pick] as T;
    items[pick] = moved;
  }
  return items;
}

/** A 32-bit FNV-1a hash of `text`. For seeds and sharding, not for security. */
export function hashText(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

function rotateLeft(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
