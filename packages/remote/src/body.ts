// Bodies: msgpack, encoded once by the sender and decoded only by the receiver.
import { err, errorText, ok, type Result } from '@kaon/primitives';
import { Packr } from 'msgpackr';

const packr = new Packr({
  useRecords: false,
  moreTypes: false,
  structuredClone: false,
  copyBuffers: true,
  int64AsType: 'number',
});

const NOTHING = new Uint8Array(0);

/** The bytes of `body`; no bytes for `undefined`. An error when it holds what cannot travel. */
export function encodeBody(body: unknown): Result<Uint8Array, string> {
  if (body === undefined) return ok(NOTHING);
  try {
    return ok(packr.pack(body));
  } catch (error) {
    return err(`the body cannot be encoded: ${errorText(error)}`);
  }
}

/** The value in `bytes[start..end)`. What it holds is the sender's word: the receiver's protocol checks it. */
export function decodeBody(bytes: Uint8Array, start: number, end: number): Result<unknown, string> {
  if (start === end) return ok(undefined);
  try {
    return ok(packr.unpack(bytes.subarray(start, end)));
  } catch (error) {
    return err(`the body is no msgpack: ${errorText(error)}`);
  }
}
