// Texts that come again and again - ids of agents and frameworks, names of resources and roles - are one string
// each, not one per message: nothing is allocated, and maps find a string whose hash they know.

/** A power of two. */
const PLACES = 2048;
/** Longer texts are rarely the same twice. */
const LENGTH_MAX = 64;

/** The last text of each place. A text may be driven out at any time; nothing else comes of that. */
const known: string[] = new Array<string>(PLACES).fill('');
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** The text in `bytes[start..end)`; what is no UTF-8 becomes U+FFFD. */
export function knownText(bytes: Uint8Array, start: number, end: number): string {
  const length = end - start;
  if (length === 0) return '';
  if (length > LENGTH_MAX) return textOf(bytes, start, end);
  const place = placeOf(bytes, start, end);
  const before = known[place] as string;
  if (isSame(before, bytes, start, length)) return before;
  const text = textOf(bytes, start, end);
  // Others would never be found again: their characters are not their bytes.
  if (text.length === length) known[place] = text;
  return text;
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

function isSame(text: string, bytes: Uint8Array, start: number, length: number): boolean {
  if (text.length !== length) return false;
  for (let index = 0; index < length; index += 1) {
    if (text.charCodeAt(index) !== bytes[start + index]) return false;
  }
  return true;
}

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return bytes instanceof Buffer
    ? bytes.toString('utf8', start, end)
    : utf8.decode(bytes.subarray(start, end));
}
