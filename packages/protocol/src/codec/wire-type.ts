// How protobuf frames a value of each type.
import type { FieldSchema } from './schema.ts';

/** Seven bits a byte. */
export const WIRE_VARINT = 0;
/** Eight bytes. */
export const WIRE_64_BIT = 1;
/** Four bytes. */
export const WIRE_32_BIT = 5;

/** A length, then so many bytes: texts, bytes, messages, packed lists. */
export const WIRE_LENGTH = 2;

/** The wire type of one value of `type`. */
export function wireType(type: FieldSchema['type']): number {
  switch (type) {
    case 'double':
    case 'fixed64':
    case 'sfixed64':
      return WIRE_64_BIT;
    case 'float':
    case 'fixed32':
    case 'sfixed32':
      return WIRE_32_BIT;
    case 'string':
    case 'bytes':
    case 'message':
      return WIRE_LENGTH;
    default:
      return WIRE_VARINT;
  }
}
