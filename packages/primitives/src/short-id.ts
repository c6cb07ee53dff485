// Short unique ids for what needs no UUID: node incarnations, generated actor names, connections.
import { customRandom, urlAlphabet } from 'nanoid';
import type { Random } from './random.ts';

const SHORT_ID_LENGTH = 21;

/** A URL-safe id of 21 characters (126 bits). Deterministic for a seeded `random`. */
export function shortId(random: Random, length = SHORT_ID_LENGTH): string {
  return customRandom(urlAlphabet, length, (count) => random.nextBytes(count))();
}
