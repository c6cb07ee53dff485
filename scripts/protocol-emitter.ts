// Turns buf's description of the `.proto` files into TypeScript: per protobuf package one file with
// the type and the schema table of every message and enum, under one name.

/** A field as `buf build` describes it in JSON. */
export interface FieldDescriptor {
  readonly name: string;
  readonly number: number;
  readonly label?: string;
  readonly type: string;
  readonly typeName?: string;
  readonly defaultValue?: string;
  readonly oneofIndex?: number;
  readonly proto3Optional?: boolean;
  readonly options?: { readonly deprecated?: boolean };
}

interface EnumDescriptor {
  readonly name: string;
  readonly value: readonly { readonly name: string; readonly number?: number }[];
}

/** A message as `buf build` describes it in JSON. */
export interface MessageDescriptor {
  readonly name: string;
  readonly field?: readonly FieldDescriptor[];
  readonly nestedType?: readonly MessageDescriptor[];
  readonly enumType?: readonly EnumDescriptor[];
  readonly oneofDecl?: readonly { readonly name: string }[];
  readonly options?: { readonly mapEntry?: boolean };
}

/** One `.proto` file as `buf build` describes it in JSON. */
export interface FileDescriptor {
  readonly name: string;
  readonly package: string;
  readonly messageType?: readonly MessageDescriptor[];
  readonly enumType?: readonly EnumDescriptor[];
  readonly sourceCodeInfo?: {
    readonly location?: readonly {
      readonly path?: readonly number[];
      readonly leadingComments?: string;
    }[];
  };
}

interface Scope {
  readonly file: FileDescriptor;
  readonly comments: ReadonlyMap<string, string>;
  readonly mapEntries: ReadonlyMap<string, MessageDescriptor>;
  /** Files this one refers to, by package. */
  readonly imports: Set<string>;
  readonly lines: string[];
}

/** `mesos.v1.scheduler` → `mesos-v1-scheduler`. */
export function moduleName(protoPackage: string): string {
  return protoPackage.replaceAll('.', '-').replaceAll('_', '-');
}

/** The TypeScript source for `file`. */
export function emitFile(file: FileDescriptor, packages: readonly string[]): string {
  const scope: Scope = {
    file,
    // The prose of imported schemas stays with their owners.
    comments: file.package.startsWith('google.') ? new Map() : commentsByPath(file),
    mapEntries: mapEntriesByName(file),
    imports: new Set(),
    lines: [],
  };
  file.enumType?.forEach((descriptor, index) => {
    emitEnum(scope, descriptor, file.package, `5.${index}`);
  });
  file.messageType?.forEach((descriptor, index) => {
    emitMessage(scope, descriptor, file.package, `4.${index}`, packages);
  });
  const imports = [...scope.imports]
    .sort()
    .map((name) => `import * as ${moduleAlias(name)} from './${moduleName(name)}.ts';`);
  return [
    `// Generated from ${file.name}: do not edit.`,
    `import { ${helpersFor(scope)} } from '../codec/schema.ts';`,
    ...imports,
    '',
    ...scope.lines,
  ].join('\n');
}

function helpersFor({ lines }: Scope): string {
  const hasEnums = lines.some((line) => line.includes('defineEnum('));
  return hasEnums
    ? 'defineEnum, defineMessage, type EnumSchema, type Schema'
    : 'defineMessage, type Schema';
}

function emitEnum(scope: Scope, descriptor: EnumDescriptor, prefix: string, path: string): void {
  const fullName = `${prefix}.${descriptor.name}`;
  const local = localName(fullName, scope.file.package);
  const names = descriptor.value.map(({ name }) => `'${name}'`);
  const pairs = descriptor.value.map(({ name, number }) => `['${name}', ${number ?? 0}]`);
  const doc = docComment(scope.comments.get(path) ?? `The enum \`${fullName}\`.`, '');
  scope.lines.push(
    ...doc,
    `export type ${local} =`,
    ...names.map((name, index) => `  | ${name}${index === names.length - 1 ? ';' : ''}`),
    '',
    ...doc,
    `export const ${local}: EnumSchema<${local}> = /* @__PURE__ */ defineEnum('${fullName}', [`,
    ...pairs.map((pair) => `  ${pair},`),
    ']);',
    '',
  );
}

function emitMessage(
  scope: Scope,
  descriptor: MessageDescriptor,
  prefix: string,
  path: string,
  packages: readonly string[],
): void {
  const fullName = `${prefix}.${descriptor.name}`;
  const local = localName(fullName, scope.file.package);
  const fields = descriptor.field ?? [];
  const doc = docComment(scope.comments.get(path) ?? `The message \`${fullName}\`.`, '');
  scope.lines.push(...doc, `export interface ${local} {`);
  fields.forEach((field, index) => {
    const comment = fieldComment(scope.comments.get(`${path}.2.${index}`), field);
    if (comment !== '') scope.lines.push(...docComment(comment, '  '));
    scope.lines.push(`  ${propertyOf(scope, field, packages)}`);
  });
  scope.lines.push('}', '', ...doc);
  scope.lines.push(
    `export const ${local}: Schema<${local}> = /* @__PURE__ */ defineMessage('${fullName}', [`,
  );
  for (const field of fields) scope.lines.push(`  ${rowOf(scope, descriptor, field, packages)},`);
  scope.lines.push(']);', '');

  descriptor.enumType?.forEach((nested, index) => {
    emitEnum(scope, nested, fullName, `${path}.4.${index}`);
  });
  descriptor.nestedType?.forEach((nested, index) => {
    if (nested.options?.mapEntry === true) return;
    emitMessage(scope, nested, fullName, `${path}.3.${index}`, packages);
  });
}

function propertyOf(scope: Scope, field: FieldDescriptor, packages: readonly string[]): string {
  const key = camelCase(field.name);
  const entry = scope.mapEntries.get(field.typeName ?? '');
  if (entry !== undefined) {
    const value = valueField(entry);
    return `readonly ${key}: Readonly<Record<string, ${typeOf(scope, value, packages)}>>;`;
  }
  const type = typeOf(scope, field, packages);
  if (field.label === 'LABEL_REPEATED') return `readonly ${key}: readonly ${type}[];`;
  if (field.label === 'LABEL_REQUIRED') return `readonly ${key}: ${type};`;
  return `readonly ${key}?: ${type} | undefined;`;
}

function rowOf(
  scope: Scope,
  owner: MessageDescriptor,
  field: FieldDescriptor,
  packages: readonly string[],
): string {
  const entry = scope.mapEntries.get(field.typeName ?? '');
  const value = entry === undefined ? field : valueField(entry);
  const label =
    entry !== undefined ? 'map' : (field.label ?? 'LABEL_OPTIONAL').slice(6).toLowerCase();
  const parts = [
    `name: '${field.name}'`,
    `key: '${camelCase(field.name)}'`,
    `number: ${field.number}`,
    `label: '${label}'`,
    `type: '${value.type.slice(5).toLowerCase()}'`,
  ];
  if (value.type === 'TYPE_MESSAGE' || value.type === 'TYPE_ENUM') {
    const reference = typeOf(scope, value, packages);
    parts.push(`${value.type === 'TYPE_ENUM' ? 'enum' : 'message'}: () => ${reference}`);
  }
  if (field.defaultValue !== undefined) parts.push(`default: ${defaultLiteral(field)}`);
  if (field.options?.deprecated === true) parts.push('deprecated: true');
  if (field.oneofIndex !== undefined && field.proto3Optional !== true) {
    parts.push(`oneof: '${owner.oneofDecl?.[field.oneofIndex]?.name}'`);
  }
  return `{ ${parts.join(', ')} }`;
}

/** The TypeScript type of one value of `field`; messages and enums share it with their schema. */
function typeOf(scope: Scope, field: FieldDescriptor, packages: readonly string[]): string {
  switch (field.type) {
    case 'TYPE_STRING':
      return 'string';
    case 'TYPE_BOOL':
      return 'boolean';
    case 'TYPE_BYTES':
      return 'Uint8Array';
    case 'TYPE_MESSAGE':
    case 'TYPE_ENUM':
      return referenceTo(scope, (field.typeName ?? '').slice(1), packages);
    case 'TYPE_GROUP':
      throw new Error(`${field.name}: groups are not supported`);
    default:
      return 'number';
  }
}

function referenceTo(scope: Scope, fullName: string, packages: readonly string[]): string {
  const owner = ownerOf(fullName, packages);
  const local = localName(fullName, owner);
  if (owner === scope.file.package) return local;
  scope.imports.add(owner);
  return `${moduleAlias(owner)}.${local}`;
}

/** The package that declares `fullName`. */
export function ownerOf(fullName: string, packages: readonly string[]): string {
  const owner = packages
    .filter((name) => fullName.startsWith(`${name}.`))
    .sort((a, b) => b.length - a.length)[0];
  if (owner === undefined) throw new Error(`no package for ${fullName}`);
  return owner;
}

function defaultLiteral(field: FieldDescriptor): string {
  const value = field.defaultValue ?? '';
  if (field.type === 'TYPE_STRING' || field.type === 'TYPE_ENUM') return JSON.stringify(value);
  if (field.type === 'TYPE_BOOL') return value;
  const number = Number(value);
  if (!Number.isFinite(number)) throw new Error(`${field.name}: default ${value} is no number`);
  return String(number);
}

function fieldComment(comment: string | undefined, field: FieldDescriptor): string {
  const parts = [comment?.trim() ?? ''];
  if (field.defaultValue !== undefined) parts.push(`Default: ${defaultLiteral(field)}.`);
  if (field.options?.deprecated === true) parts.push('@deprecated');
  return parts.filter((part) => part !== '').join('\n');
}

function docComment(text: string, indent: string): string[] {
  const lines = text
    .trim()
    .split('\n')
    .map((line) => line.trim().replaceAll('*/', '* /'));
  if (lines.length === 1) return [`${indent}/** ${lines[0]} */`];
  return [`${indent}/**`, ...lines.map((line) => `${indent} * ${line}`.trimEnd()), `${indent} */`];
}

function commentsByPath(file: FileDescriptor): Map<string, string> {
  const comments = new Map<string, string>();
  for (const { path, leadingComments } of file.sourceCodeInfo?.location ?? []) {
    if (path !== undefined && leadingComments !== undefined) {
      comments.set(path.join('.'), leadingComments);
    }
  }
  return comments;
}

/** The descriptors that stand for the entries of maps, by full name with a leading dot. */
export function mapEntriesByName(file: FileDescriptor): Map<string, MessageDescriptor> {
  const entries = new Map<string, MessageDescriptor>();
  const visit = (descriptor: MessageDescriptor, prefix: string): void => {
    const fullName = `${prefix}.${descriptor.name}`;
    if (descriptor.options?.mapEntry === true) {
      if (descriptor.field?.[0]?.type !== 'TYPE_STRING') {
        throw new Error(`${fullName}: only string keys are supported`);
      }
      entries.set(fullName, descriptor);
    }
    for (const nested of descriptor.nestedType ?? []) visit(nested, fullName);
  };
  for (const descriptor of file.messageType ?? []) visit(descriptor, `.${file.package}`);
  return entries;
}

/** The value of a map's entries. */
export function valueField(entry: MessageDescriptor): FieldDescriptor {
  const value = entry.field?.[1];
  if (value === undefined) throw new Error(`${entry.name}: a map entry without a value`);
  return value;
}

/** `mesos.v1.scheduler.Call.Accept` in `mesos.v1.scheduler` → `Call_Accept`. */
export function localName(fullName: string, protoPackage: string): string {
  return fullName.slice(protoPackage.length + 1).replaceAll('.', '_');
}

/** `mesos.v1.scheduler` → `mesosV1Scheduler`. */
export function moduleAlias(protoPackage: string): string {
  return camelCase(protoPackage.replaceAll('.', '_'));
}

/** `framework_id` → `frameworkId`. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}
