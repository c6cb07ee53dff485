// Texts that come again and again - ids of agents and frameworks, names of resources and roles - are one string
// each, not one per message: nothing is allocated, and maps find a string whose hash they know.

/** A power of two. */
const PLACES = 2048;
/** Longer texts are rarely the same twice. */
const LENGTH_MAX = 64;

/** The last text of each place. A text may be driven out at any time; nothing else comes of that. */
const known: string[] = new Array<string>(PLACES).fill('');
/** Their bytes, which are faster to compare than their characters. */
const knownBytes = new Uint8Array(PLACES * LENGTH_MAX);

/** The text in `bytes[start..end)` if it is empty or was kept; undefined otherwise. */
export function knownText(bytes: Uint8Array, start: number, end: number): string | undefined {
  const length = end - start;
  if (length === 0) return '';
  if (length > LENGTH_MAX) return undefined;
  const place = placeOf(bytes, start, end);
  const text = known[place] as string;
  if (text.length !== length) return undefined;
  const from = place * LENGTH_MAX;
  for (let index = 0; index < length; index += 1) {
    if (knownBytes[from + index] !== bytes[start + index]) return undefined;
  }
  return text;
}

/** Keeps `text`, which is what `bytes[start..end)` say. */
export function keepText(text: string, bytes: Uint8Array, start: number, end: number): void {
  const length = end - start;
  // Others would never be found again: they have more bytes than characters.
  if (length > LENGTH_MAX || text.length !== length) return;
  const place = placeOf(bytes, start, end);
  known[place] = text;
  const from = place * LENGTH_MAX;
  for (let index = 0; index < length; index += 1) {
    knownBytes[from + index] = bytes[start + index] as number;
  }
}

/** Ids differ at their ends: those and the middle tell them apart. */
function placeOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = end - start;
  const from = Math.max(start, end - 6);
  for (let at = from; at < end; at += 1) hash = Math.imul(hash, 31) + (bytes[at] as number);
  hash = Math.imul(hash, 31) + (bytes[start] as number);
  hash = Math.imul(hash, 31) + (bytes[(start + end) >>> 1] as number);
  return (hash ^ (hash >>> 11)) & (PLACES - 1);
}
