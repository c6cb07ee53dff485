// The lines of generated codecs that print JSON.
import type { Member, Message } from './codec-members.ts';

/** Whether something is printed before a member: never, maybe, always. */
type Before = 'nothing' | 'maybe' | 'something';

/** The lines that print a message. */
export function printLines({ fullName, members }: Message): readonly string[] {
  let before: Before = 'nothing';
  const lines = ["let t = '';"];
  for (const member of members) {
    const { key, name, label, absentText: absent } = member;
    const field = `m.${key}`;
    const opening = (rest: string): string => openingOf(before, `"${name}":${rest}`);
    if (label === 'required') {
      lines.push(`if (${field} === undefined) lacks('${fullName}', '${key}');`);
      lines.push(`t += ${opening('')} + ${printValue(member, field)};`);
      before = 'something';
    } else if (label === 'optional') {
      lines.push(`if (${field} !== undefined) t += ${opening('')} + ${printValue(member, field)};`);
      if (absent !== undefined) lines.push(`else t += ${opening(absent)};`);
      if (absent !== undefined) before = 'something';
      else if (before === 'nothing') before = 'maybe';
    } else {
      const isList = label === 'repeated';
      const items = isList ? field : `Object.entries(${field})`;
      const item = isList
        ? printValue(member, 'v')
        : `formatString(v[0]) + ':' + ${printValue(member, 'v[1]')}`;
      lines.push(
        `if (${field} !== undefined${isList ? ` && ${field}.length !== 0` : ''}) {`,
        `  let s = ${opening(isList ? '[' : '{')};`,
        `  for (const v of ${items}) { t += s + ${item}; s = ','; }`,
        isList ? "  t += ']';" : "  if (s === ',') t += '}';",
        '}',
      );
      if (isList) {
        const isShown = `o.emptyLists?.has('${fullName}.${name}') === true`;
        lines[lines.length - 1] = `} else if (${isShown}) t += ${opening('[]')};`;
      }
      if (before === 'nothing') before = 'maybe';
    }
  }
  const last: Before = before;
  lines.push(closingOf(last));
  return lines;
}

function openingOf(before: Before, text: string): string {
  if (before === 'nothing') return `'{${text}'`;
  if (before === 'something') return `',${text}'`;
  return `(t === '' ? '{${text}' : ',${text}')`;
}

function closingOf(before: Before): string {
  return before === 'something' ? "return t + '}';" : "return t === '' ? '{}' : t + '}';";
}

function printValue({ type, reference, functions, place }: Member, value: string): string {
  switch (type) {
    case 'message':
      return functions === undefined
        ? `printByTable(${reference}, ${value}, o)`
        : `${place}print${functions}(${value}, o)`;
    case 'enum':
    case 'string':
      return `formatString(${value})`;
    case 'bytes':
      return `formatBytes(${value})`;
    case 'bool':
      return `(${value} ? 'true' : 'false')`;
    case 'double':
      return `formatDouble(${value})`;
    case 'float':
      return `formatFloat(${value})`;
    default:
      return `formatInteger(${value})`;
  }
}
