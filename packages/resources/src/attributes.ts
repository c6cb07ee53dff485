// What an agent says about itself: `rack:r1;level:3;zone:z1`.
import { err, ok, type Result } from '@kaon/primitives';
import type { Attribute } from '@kaon/protocol';
import { formatScalar } from './milli.ts';
import { parseValue } from './parse-value.ts';
import { formatRanges } from './ranges.ts';

/** Parses attributes, in the order written. A value may hold colons; a name may not. */
export function parseAttributes(text: string): Result<readonly Attribute[], string> {
  const attributes: Attribute[] = [];
  for (const token of text.split(/[;\n]/)) {
    if (token.trim() === '') continue;
    const colon = token.indexOf(':');
    const name = token.slice(0, colon).trim();
    if (colon === -1 || name === '') return err(`Invalid attribute key:value pair '${token}'`);
    const attribute = parseAttribute(name, token.slice(colon + 1).trim());
    if (!attribute.ok) return attribute;
    attributes.push(attribute.value);
  }
  return ok(attributes);
}

/** The value of an attribute as text: `r1`, `3`, `[1-5]`, `{a, b}`. */
export function formatAttributeValue({ type, text, scalar, ranges, set }: Attribute): string {
  switch (type) {
    case 'TEXT':
      return text?.value ?? '';
    case 'SCALAR':
      return formatScalar(scalar?.value ?? 0);
    case 'RANGES':
      return formatRanges(ranges?.range ?? []);
    case 'SET':
      return `{${(set?.item ?? []).join(', ')}}`;
  }
}

function parseAttribute(name: string, value: string): Result<Attribute, string> {
  const parsed = parseValue(value);
  if (!parsed.ok) {
    return err(`Failed to parse attribute ${name} value ${value} error ${parsed.error}`);
  }
  switch (parsed.value.kind) {
    case 'text':
      return ok({ name, type: 'TEXT', text: { value } });
    case 'scalar':
      return ok({ name, type: 'SCALAR', scalar: { value: parsed.value.value } });
    case 'ranges':
      return ok({ name, type: 'RANGES', ranges: { range: parsed.value.ranges } });
    case 'set':
      return ok({ name, type: 'SET', set: { item: parsed.value.items } });
  }
}
