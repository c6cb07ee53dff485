// Writes the codecs of a package: for every hot message a function that writes its protobuf, one that reads it, one
// that prints its JSON and one that completes it, each with the fields spelled out. The engine compiles such code
// far better than a loop over a table: every property is read at a place of its own.
import { HOT_MESSAGES } from './hot-messages.ts';
import {
  camelCase,
  type FieldDescriptor,
  type FileDescriptor,
  localName,
  type MessageDescriptor,
  mapEntriesByName,
  moduleAlias,
  moduleName,
  ownerOf,
  valueField,
} from './protocol-emitter.ts';

const WIRE_LENGTH = 2;
/** Texts of doubles up to here look the same in JavaScript and in Mesos. */
const DOUBLE_TEXT_MAX = 16;

/** A field of a message, as far as the code for it differs. */
interface Member {
  readonly name: string;
  readonly key: string;
  readonly number: number;
  readonly label: 'required' | 'optional' | 'repeated' | 'map';
  /** Of the field, or of the values in the map. */
  readonly type: string;
  /** The enum or message it holds: `mesosV1.TaskState`. */
  readonly reference: string;
  /** The end of the names of the message's functions: `TaskInfo`. Absent when it has none. */
  readonly functions: string | undefined;
  /** Where the message's functions are: empty here, or `mesosV1Codecs.`. */
  readonly place: string;
  /** Whether a message without any field lacks one; for messages only. */
  readonly needsFields: boolean;
  /** The JSON of the value an absent field has. */
  readonly absentText: string | undefined;
  /** Keys of the other fields of the same choice. */
  readonly rivals: readonly string[];
}

interface Message {
  readonly fullName: string;
  readonly local: string;
  readonly type: string;
  readonly members: readonly Member[];
}

/**
 * The TypeScript source of the codecs for the hot messages of `file`; `files` are all there are. Nothing when none is
 * hot.
 *
 * @throws when a hot message is not declared.
 */
export function emitCodecs(
  file: FileDescriptor,
  files: readonly FileDescriptor[],
): string | undefined {
  const hot = HOT_MESSAGES[file.package];
  if (hot === undefined) return undefined;
  const messages = messagesOf(file, files);
  if (messages.length !== hot.length) throw new Error(`${file.package}: unknown hot messages`);
  const own = moduleAlias(file.package);
  const lines = messages.flatMap(emitMessage);
  lines.push(
    `/** The codecs of \`${file.package}\`, by schema. */`,
    `export const ${own}Codecs: readonly CodecEntry[] = [`,
    ...messages.map(
      ({ local, type }) =>
        `  codecFor(${type}, { write: write${local}, read: read${local}, print: print${local}, complete: complete${local} }),`,
    ),
    '];',
    '',
  );
  const body = lines.join('\n');
  const others = files.map((other) => other.package).filter((name) => name !== file.package);
  const imports = [
    ...HELPERS.flatMap(([from, names]) => importOf(from, names, body)),
    `import * as ${own} from '../${moduleName(file.package)}.ts';`,
    ...others.sort().flatMap((name) => {
      const alias = moduleAlias(name);
      const module = moduleName(name);
      return [
        ...(body.includes(`${alias}.`) ? [`import * as ${alias} from '../${module}.ts';`] : []),
        ...(body.includes(`${alias}Codecs.`)
          ? [`import * as ${alias}Codecs from './${module}.ts';`]
          : []),
      ];
    }),
  ];
  return [`// Generated from ${file.name}: do not edit.`, ...imports, '', body].join('\n');
}

const HELPERS: readonly (readonly [string, readonly string[]])[] = [
  ['codec-registry', ['type CodecEntry']],
  ['decode-budget', ['type DecodeBudget']],
  ['json-number', ['formatDouble', 'formatFloat', 'formatInteger']],
  ['json-options', ['type JsonOptions']],
  ['json-string', ['formatBytes', 'formatString']],
  ['message-fields', ['newMap']],
  [
    'message-codec',
    [
      'codecFor',
      'completeMap',
      'inRange',
      'lacks',
      'numberIn',
      'objectsOf',
      'readEntry',
      'readPacked',
      'type Unfinished',
    ],
  ],
  ['table-complete', ['completeByTable']],
  ['table-decode', ['readByTable']],
  ['table-encode', ['writeByTable']],
  ['table-print', ['printByTable']],
  ['wire-reader', ['type WireReader']],
  ['wire-writer', ['type WireWriter']],
];

function importOf(from: string, names: readonly string[], body: string): readonly string[] {
  const used = names.filter((name) => new RegExp(`\\b${name.replace('type ', '')}\\b`).test(body));
  return used.length === 0 ? [] : [`import { ${used.join(', ')} } from '../../codec/${from}.ts';`];
}

function messagesOf(file: FileDescriptor, files: readonly FileDescriptor[]): readonly Message[] {
  const byName = new Map<string, MessageDescriptor>();
  for (const each of files) {
    visit(each, (descriptor, fullName) => byName.set(fullName, descriptor));
  }
  const entries = mapEntriesByName(file);
  const messages: Message[] = [];
  visit(file, (descriptor, fullName) => {
    if (!isHot(fullName, file.package)) return;
    const local = localName(fullName, file.package);
    const fields = descriptor.field ?? [];
    messages.push({
      fullName,
      local,
      type: `${moduleAlias(file.package)}.${local}`,
      members: fields.map((field) => {
        const entry = entries.get(field.typeName ?? '');
        const value = entry === undefined ? field : valueField(entry);
        return memberOf(file, files, byName, fields, field, value);
      }),
    });
  });
  return messages;
}

function isHot(fullName: string, protoPackage: string): boolean {
  return HOT_MESSAGES[protoPackage]?.includes(fullName.slice(protoPackage.length + 1)) ?? false;
}

function visit(
  file: FileDescriptor,
  each: (descriptor: MessageDescriptor, fullName: string) => void,
): void {
  const go = (descriptor: MessageDescriptor, prefix: string): void => {
    const fullName = `${prefix}.${descriptor.name}`;
    each(descriptor, fullName);
    for (const nested of descriptor.nestedType ?? []) go(nested, fullName);
  };
  for (const descriptor of file.messageType ?? []) go(descriptor, file.package);
}

function memberOf(
  file: FileDescriptor,
  files: readonly FileDescriptor[],
  byName: ReadonlyMap<string, MessageDescriptor>,
  siblings: readonly FieldDescriptor[],
  field: FieldDescriptor,
  value: FieldDescriptor,
): Member {
  const type = value.type.slice(5).toLowerCase();
  const fullName = (value.typeName ?? '').slice(1);
  const isReference = type === 'message' || type === 'enum';
  const owner = isReference
    ? ownerOf(
        fullName,
        files.map((each) => each.package),
      )
    : '';
  const local = isReference ? localName(fullName, owner) : '';
  const isMap = value !== field;
  return {
    name: field.name,
    key: camelCase(field.name),
    number: field.number,
    label: isMap
      ? 'map'
      : ((field.label ?? 'LABEL_OPTIONAL').slice(6).toLowerCase() as Member['label']),
    type,
    reference: `${moduleAlias(owner)}.${local}`,
    functions: type === 'message' && isHot(fullName, owner) ? local : undefined,
    place: type === 'message' && owner !== file.package ? `${moduleAlias(owner)}Codecs.` : '',
    needsFields:
      byName.get(fullName)?.field?.some(({ label }) => label === 'LABEL_REQUIRED') ?? false,
    absentText: absentText(field),
    rivals:
      field.oneofIndex === undefined || field.proto3Optional === true
        ? []
        : siblings
            .filter((other) => other !== field && other.oneofIndex === field.oneofIndex)
            .map(({ name }) => camelCase(name)),
  };
}

/** What JSON shows for an optional field that is absent. */
function absentText(field: FieldDescriptor): string | undefined {
  const { defaultValue, options, type, label } = field;
  if (defaultValue === undefined || options?.deprecated === true) return undefined;
  if (label !== undefined && label !== 'LABEL_OPTIONAL') return undefined;
  if (type === 'TYPE_STRING' || type === 'TYPE_ENUM') return JSON.stringify(defaultValue);
  if (type === 'TYPE_BOOL') return defaultValue;
  const number = Number(defaultValue);
  const isDouble = type === 'TYPE_DOUBLE' || type === 'TYPE_FLOAT';
  const text = isDouble && Number.isInteger(number) ? `${number}.0` : String(number);
  if (!/^-?\d+(\.\d+)?$/.test(text) || text.length > DOUBLE_TEXT_MAX) {
    throw new Error(`${field.name}: default ${defaultValue} is not as simple as expected`);
  }
  return text;
}

function emitMessage(message: Message): readonly string[] {
  return [
    `const ${message.local}Object = objectsOf<${message.type}>();`,
    ...functionOf(
      `write${message.local}`,
      [
        ['w', 'WireWriter'],
        ['m', message.type],
      ],
      'void',
      [...byNumber(message).flatMap((member) => writeLines(message, member))],
    ),
    ...(hasCollections(message)
      ? functionOf(`make${message.local}`, [], `Unfinished<${message.type}>`, makeLines(message))
      : []),
    ...functionOf(
      `read${message.local}`,
      [
        ['r', 'WireReader'],
        ['end', 'number'],
        ['before', `${message.type} | undefined`],
        ['b', 'DecodeBudget'],
      ],
      message.type,
      readLines(message),
    ),
    ...functionOf(
      `print${message.local}`,
      [
        ['m', message.type],
        ['o', 'JsonOptions'],
      ],
      'string',
      printLines(message),
    ),
    ...functionOf(`complete${message.local}`, [['i', message.type]], message.type, [
      `const m = new ${message.local}Object();`,
      ...message.members.map(completeLine),
      `return m as ${message.type};`,
    ]),
  ];
}

/** A parameter that the body does not use has a leading underscore. */
function functionOf(
  name: string,
  parameters: readonly (readonly [string, string])[],
  result: string,
  body: readonly string[],
): readonly string[] {
  const text = body.join('\n');
  const list = parameters.map(([parameter, type]) => {
    const isUsed = new RegExp(`\\b${parameter}\\b`).test(text);
    return `${isUsed ? '' : '_'}${parameter}: ${type}`;
  });
  return [
    `export function ${name}(${list.join(', ')}): ${result} {`,
    ...body.map((line) => `  ${line}`),
    '}',
    '',
  ];
}

function byNumber({ members }: Message): readonly Member[] {
  return [...members].sort((left, right) => left.number - right.number);
}

function wireType(type: string): number {
  switch (type) {
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return 1;
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return 5;
    case 'string':
    case 'bytes':
    case 'message':
      return WIRE_LENGTH;
    default:
      return 0;
  }
}

function tagOf({ number, label, type }: Member): number {
  return number * 8 + (label === 'map' ? WIRE_LENGTH : wireType(type));
}

function writeLines({ fullName }: Message, member: Member): readonly string[] {
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

function hasCollections({ members }: Message): boolean {
  return members.some(({ label }) => label === 'repeated' || label === 'map');
}

function makeLines({ local, members }: Message): readonly string[] {
  return [
    `const m = new ${local}Object();`,
    ...members.filter(({ label }) => label === 'repeated').map(({ key }) => `m.${key} = [];`),
    ...members
      .filter(({ label }) => label === 'map')
      .map(({ key }) => `m.${key} = newMap() as typeof m.${key};`),
    'return m;',
  ];
}

function readLines(message: Message): readonly string[] {
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

/** Whether something is printed before a member: never, maybe, always. */
type Before = 'nothing' | 'maybe' | 'something';

function printLines({ fullName, members }: Message): readonly string[] {
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

function completeLine(member: Member): string {
  const { key, label, type } = member;
  const isMessage = type === 'message';
  switch (label) {
    case 'repeated':
      return isMessage
        ? `m.${key} = i.${key}?.map((v) => ${completeValue(member, 'v')}) ?? [];`
        : `m.${key} = (i.${key} as typeof m.${key}) ?? [];`;
    case 'map':
      return `m.${key} = completeMap(i.${key}, (v) => ${isMessage ? completeValue(member, 'v') : 'v'});`;
    default: {
      const value = isMessage ? completeValue(member, `i.${key}`) : `i.${key}`;
      return `if (i.${key} !== undefined) m.${key} = ${value};`;
    }
  }
}

function completeValue({ reference, functions, place }: Member, value: string): string {
  return functions === undefined
    ? `completeByTable(${reference}, ${value})`
    : `${place}complete${functions}(${value})`;
}
