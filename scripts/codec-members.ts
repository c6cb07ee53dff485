// The hot messages and their fields, as far as the code of their codecs depends on them.
import { HOT_MESSAGES } from './hot-messages.ts';
import {
  camelCase,
  type FieldDescriptor,
  type FileDescriptor,
  localName,
  type MessageDescriptor,
  mapEntriesByName,
  moduleAlias,
  ownerOf,
  valueField,
} from './protocol-emitter.ts';

/** The wire type of what has a length before it. */
export const WIRE_LENGTH = 2;
/** Texts of doubles up to here look the same in JavaScript and in Mesos. */
const DOUBLE_TEXT_MAX = 16;

/** A field of a message, as far as the code for it differs. */
export interface Member {
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

/** A hot message. */
export interface Message {
  readonly fullName: string;
  readonly local: string;
  readonly type: string;
  readonly members: readonly Member[];
}

/** The hot messages of `file`. */
export function messagesOf(
  file: FileDescriptor,
  files: readonly FileDescriptor[],
): readonly Message[] {
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

/** The fields in the order of protobuf bytes. */
export function byNumber({ members }: Message): readonly Member[] {
  return [...members].sort((left, right) => left.number - right.number);
}

/** Whether some field is a list or a map. */
export function hasCollections({ members }: Message): boolean {
  return members.some(({ label }) => label === 'repeated' || label === 'map');
}

/** How protobuf frames a value of `type`. */
export function wireType(type: string): number {
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

/** What stands before a value of the field: its number, times 8, and its wire type. */
export function tagOf({ number, label, type }: Member): number {
  return number * 8 + (label === 'map' ? WIRE_LENGTH : wireType(type));
}
