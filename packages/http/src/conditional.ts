// Conditional requests: who has an answer already is told so instead of given it again.
import type { HeaderSource } from './negotiation.ts';

/**
 * An `ETag` for what has the version `version`: any text that changes with the content. It is weak, because the
 * same content may be sent in several codings.
 */
export function entityTag(version: string | number): string {
  return `W/"${String(version).replace(/[^\x21\x23-\x7e]/g, '_')}"`;
}

/**
 * Whether the client of `request` has what `tag` names, by its `If-None-Match`. Compared weakly, as the standard
 * asks. A handler that sets `ETag` need not ask: `respond` answers 304 by itself; to ask first spares making the body.
 */
export function hasEntity(request: HeaderSource, tag: string): boolean {
  const known = request.header('if-none-match');
  if (known === undefined) return false;
  if (known.trim() === '*') return true;
  const wanted = opaque(tag);
  for (const [each] of known.matchAll(/(?:W\/)?"[^"]*"/g)) if (opaque(each) === wanted) return true;
  return false;
}

function opaque(tag: string): string {
  return tag.startsWith('W/') ? tag.slice(2) : tag;
}
