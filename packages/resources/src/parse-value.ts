// The text form of values, in flags and attributes: `8`, `[1-5,7-9]`, `{a,b}`, or any other text.
import { err, ok, type Result } from '@kaon/primitives';
import type { Value_Range } from '@kaon/protocol';

/** A value as its text says, before it has a name. */
export type ParsedValue =
  | { readonly kind: 'scalar'; readonly value: number }
  | { readonly kind: 'ranges'; readonly ranges: readonly Value_Range[] }
  | { readonly kind: 'set'; readonly items: readonly string[] }
  | { readonly kind: 'text'; readonly text: string };

/** Parses one value. What is neither a number nor in brackets or braces is a text. */
export function parseValue(text: string): Result<ParsedValue, string> {
  const compact = text.replaceAll(' ', '');
  if (compact === '') return err('Expecting non-empty string');
  if (compact.startsWith('[')) return parseRanges(compact);
  if (compact.startsWith('{')) return parseSet(compact);
  if (compact.includes('[')) return err("Unexpected '[' found");
  if (compact.includes('{')) return err("Unexpected '{' found");
  if (/^[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?$/.test(compact)) {
    return ok({ kind: 'scalar', value: Number(compact) });
  }
  return ok({ kind: 'text', text });
}

function parseRanges(text: string): Result<ParsedValue, string> {
  if (!text.endsWith(']')) return err(`Expecting ']' at the end of '${text}'`);
  const ranges: Value_Range[] = [];
  for (const token of text.slice(1, -1).split(',')) {
    if (token === '') continue;
    const match = /^(\d+)-(\d+)$/.exec(token);
    const begin = Number(match?.[1]);
    const end = Number(match?.[2]);
    if (!Number.isSafeInteger(begin) || !Number.isSafeInteger(end)) {
      return err(`Expecting non-negative integers in '${token}'`);
    }
    ranges.push({ begin, end });
  }
  return ranges.length === 0
    ? err('Expecting one or more "ranges"')
    : ok({ kind: 'ranges', ranges });
}

function parseSet(text: string): Result<ParsedValue, string> {
  if (!text.endsWith('}')) return err(`Expecting '}' at the end of '${text}'`);
  const items = text
    .slice(1, -1)
    .split(',')
    .filter((item) => item !== '');
  return ok({ kind: 'set', items });
}
