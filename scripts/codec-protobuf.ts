// The lines of generated codecs that write and read protobuf.
import { completeValue } from './codec-complete.ts';
import {
  byNumber,
  hasCollections,
  type Member,
  type Message,
  tagOf,
  WIRE_LENGTH,
  wireType,
} from './codec-members.ts';

/** The lines that write a field. */
export function writeLines({ fullName }: Message, member: Member): readonly string[] {
  const { key, label, type } = member;
  const field = `m.${key}`;
  const tag = tagOf(member);
  switch (label) {
    case 'required':
      return [
        `if (${field} === undefined) lacks('${fullName}', '${key}');`,
        writeValue(member, tag, field),
      ];
    case 'optional':
      return [`if (${field} !== undefined) { ${writeValue(member, tag, field)} }`];
    case 'repeated':
      return [
        `if (${field} !== undefined) for (const v of ${field}) { ${writeValue(member, tag, 'v')} }`,
      ];
    case 'map': {
      const value = writeValue(member, 2 * 8 + wireType(type), 'v');
      const entry = `const e = w.beginPart(${tag}); w.tag(10); w.string(k); ${value} w.endPart(e);`;
      return [
        `if (${field} !== undefined) for (const [k, v] of Object.entries(${field})) { ${entry} }`,
      ];
    }
  }
}

function writeValue(member: Member, tag: number, value: string): string {
  const { name, type, reference, functions, place } = member;
  if (type === 'enum') {
    return `w.tag(${tag}); w.int32(numberIn(${reference}, ${value}, '${name}'));`;
  }
  if (type !== 'message') return `w.tag(${tag}); w.${type}(${value});`;
  const write =
    functions === undefined
      ? `writeByTable(w, ${reference}, ${value})`
      : `${place}write${functions}(w, ${value})`;
  return `const p${tag} = w.beginPart(${tag}); ${write}; w.endPart(p${tag});`;
}

/** The lines that read a message. */
export function readLines(message: Message): readonly string[] {
  const required = message.members.filter(({ label }) => label === 'required');
  const missing = required.map(({ key }) => `m.${key} === undefined`).join(' || ');
  return [
    'b.enter();',
    `const m = (before ?? ${hasCollections(message) ? `make${message.local}()` : `new ${message.local}Object()`}) as Unfinished<${message.type}>;`,
    'while (r.at < end) {',
    '  const tag = r.tag();',
    '  switch (tag) {',
    ...byNumber(message).flatMap(readCases),
    '    default: r.skip(tag);',
    '  }',
    '}',
    'b.leave(r, end);',
    ...(missing === '' ? [] : [`if (${missing}) b.isIncomplete = true;`]),
    `return m as ${message.type};`,
  ];
}

function readCases(member: Member): readonly string[] {
  const { key, label, number, type, reference, rivals } = member;
  const open = `    case ${tagOf(member)}:`;
  const field = `m.${key}`;
  if (label === 'map') {
    const value = `() => ${readValue(member, undefined)}`;
    const tags = 2 * 8 + wireType(type);
    return [
      `${open} readEntry(r, ${field}, ${tags}, ${value}, () => ${emptyValue(member)}); break;`,
    ];
  }
  const set = (value: string): string =>
    label === 'repeated' ? `${field}.push(${value});` : `${field} = ${value};`;
  const clear = rivals.map((rival) => ` if (m.${rival} !== undefined) delete m.${rival};`).join('');
  const step =
    type === 'enum'
      ? `{ const v = ${reference}.nameOf.get(r.int32()); if (v !== undefined) { ${set('v')}${clear} } }`
      : `${set(readValue(member, label === 'repeated' ? undefined : field))}${clear}`;
  const packedTag = number * 8 + WIRE_LENGTH;
  const packed =
    label === 'repeated' && wireType(type) !== WIRE_LENGTH
      ? [`    case ${packedTag}: readPacked(r, () => { ${step} }); break;`]
      : [];
  return [`${open} ${step} break;`, ...packed];
}

/** A field that comes twice is merged, as protobuf asks; `previous` is what came before. */
function readValue(member: Member, previous: string | undefined): string {
  const { type, reference, functions, place } = member;
  switch (type) {
    case 'message':
      return functions === undefined
        ? `readByTable(r, r.end(), ${reference}, ${previous}, b)`
        : `${place}read${functions}(r, r.end(), ${previous}, b)`;
    case 'enum':
      return `${reference}.nameOf.get(r.int32())`;
    case 'int64':
    case 'sint64':
    case 'sfixed64':
      return `inRange(r.${type}(), 'int64')`;
    case 'uint64':
    case 'fixed64':
      return `inRange(r.${type}(), 'uint64')`;
    default:
      return `r.${type}()`;
  }
}

/** An entry of a map without a value holds the empty one. */
function emptyValue(member: Member): string {
  if (member.type === 'string') return "''";
  if (member.type !== 'message') return 'undefined';
  const { needsFields } = member;
  const made = completeValue(member, '{} as never');
  return needsFields ? `{ b.isIncomplete = true; return ${made}; }` : made;
}
