// Protobuf bytes to messages. Nothing from outside can make it throw, recurse without bound or touch a prototype.
import { type DecodeError, err, ok, type Result } from '@kaon/primitives';
import { DecodeBudget, LimitExceeded } from './decode-budget.ts';
import { generatedCodec } from './generated-codecs.ts';
import { missingFields } from './message-fields.ts';
import type { Schema } from './schema.ts';
import { readByTable } from './table-decode.ts';
import { WireReader } from './wire-reader.ts';

/** Bounds of one decoding. */
export interface DecodeLimits {
  /** Bytes of the whole message. Default: 64 MiB. */
  readonly bytesMax?: number;
  /** Messages inside messages. Default: 100. */
  readonly depthMax?: number;
  /** Messages in all, so that few bytes cannot fill the memory. Default: 4 000 000. */
  readonly messagesMax?: number;
}

const BYTES_MAX = 64 * 1024 * 1024;
const DEPTH_MAX = 100;
const MESSAGES_MAX = 4_000_000;

/**
 * Reads a message of `schema` from `bytes`.
 *
 * Unknown fields and enum values are skipped. Fails when the bytes are malformed, when a required
 * field is missing (`problem` lists all of them), or when a limit is exceeded. Byte fields of the
 * result are copies.
 */
export function decodeProto<T>(
  schema: Schema<T>,
  bytes: Uint8Array,
  limits: DecodeLimits = {},
): Result<T, DecodeError> {
  const bytesMax = limits.bytesMax ?? BYTES_MAX;
  if (bytes.length > bytesMax) {
    return failure(`${bytes.length} bytes, at most ${bytesMax} allowed`);
  }
  const budget = new DecodeBudget(limits.depthMax ?? DEPTH_MAX, limits.messagesMax ?? MESSAGES_MAX);
  let message: unknown;
  try {
    const reader = new WireReader(bytes);
    const codec = generatedCodec(schema);
    message =
      codec === undefined
        ? readByTable(reader, bytes.length, schema, undefined, budget)
        : codec.read(reader, bytes.length, undefined, budget);
  } catch (error) {
    return failure(
      error instanceof LimitExceeded ? error.message : `malformed protobuf: ${String(error)}`,
    );
  }
  if (budget.isIncomplete) {
    const missing = missingFields(schema, message);
    if (missing.length > 0) return failure(`Missing required fields: ${missing.join(', ')}`);
  }
  return ok(message as T);
}

function failure(problem: string): Result<never, DecodeError> {
  return err({ path: '', problem });
}
