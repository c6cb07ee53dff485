// The two encodings of the scheduler API: calls out, events in.
import { err, formatDecodeError, fromUtf8, ok, type Result } from '@kaon/primitives';
import { decodeJson, decodeProto, encodeJson, encodeProto, schedulerV1 } from '@kaon/protocol';

/** How calls and events are written. */
export type CallEncoding = 'json' | 'protobuf';

/** One encoding. */
export interface CallCodec {
  readonly contentType: string;
  encodeCall(call: schedulerV1.Call): string | Uint8Array;
  /** The error is a sentence. */
  decodeEvent(record: Uint8Array): Result<schedulerV1.Event, string>;
}

/** The codec of an encoding. */
export function callCodec(encoding: CallEncoding): CallCodec {
  return encoding === 'json' ? jsonCodec : protobufCodec;
}

const jsonCodec: CallCodec = {
  contentType: 'application/json',
  encodeCall: (call) => encodeJson(schedulerV1.Call, call),
  decodeEvent(record) {
    const decoded = decodeJson(schedulerV1.Event, fromUtf8(record));
    return decoded.ok ? ok(decoded.value) : err(decoded.error.message);
  },
};

const protobufCodec: CallCodec = {
  contentType: 'application/x-protobuf',
  encodeCall: (call) => encodeProto(schedulerV1.Call, call),
  decodeEvent(record) {
    const decoded = decodeProto(schedulerV1.Event, record);
    return decoded.ok ? ok(decoded.value) : err(formatDecodeError(decoded.error));
  },
};
