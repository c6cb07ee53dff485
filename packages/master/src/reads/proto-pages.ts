// Protobuf in pages: the bytes of `encodeProto`, message by message, for the answers that list a cluster.
import { encodeProto, type FieldSchema, type Schema } from '@kaon/protocol';
import { CopiedTask } from '../state/copied-task.ts';
import { alone, openSchema } from './json-pages.ts';

/** The parts of an open message, in order, and how long they are together. */
export interface ProtoParts {
  readonly parts: Uint8Array[];
  readonly bytes: number;
}

const WIRE_LENGTH = 2;

/** The parts of `message`, whose schema must be an open one. */
export function protoParts(schema: Schema<unknown>, message: unknown): ProtoParts {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  const add = (part: Uint8Array): void => {
    parts.push(part);
    bytes += part.length;
  };
  const fields = [...schema.fields].sort((left, right) => left.number - right.number);
  for (const field of fields) {
    const value = (message as Readonly<Record<string, unknown>>)[field.key];
    if (value === undefined) continue;
    for (const item of field.label === 'repeated' ? (value as readonly unknown[]) : [value]) {
      const inner = partsOf(field, item);
      if (inner === undefined) {
        add(encodeProto(...alone(field, item)));
        continue;
      }
      add(varints((field.number << 3) | WIRE_LENGTH, inner.bytes));
      for (const part of inner.parts) add(part);
    }
  }
  return { parts, bytes };
}

/** Undefined for what is no message: an open one has enums and numbers beside its messages. */
function partsOf(field: FieldSchema, value: unknown): ProtoParts | undefined {
  const open = openSchema(field);
  if (open !== undefined) return protoParts(open, value);
  const schema = field.message?.();
  if (schema === undefined) return undefined;
  // A task came as these very bytes.
  const part = value instanceof CopiedTask ? value.stored.bytes : encodeProto(schema, value);
  return { parts: [part], bytes: part.length };
}

function varints(...numbers: readonly number[]): Uint8Array {
  const bytes: number[] = [];
  for (const number of numbers) {
    let rest = number;
    while (rest > 0x7f) {
      bytes.push((rest % 0x80) | 0x80);
      rest = Math.floor(rest / 0x80);
    }
    bytes.push(rest);
  }
  return new Uint8Array(bytes);
}
