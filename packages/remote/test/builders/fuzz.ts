// What a fuzzer sends: bytes, and frames that look right until one reads on.
import fc from 'fast-check';
import { Packr } from 'msgpackr';
import { announce, hello, record } from './hand-made.ts';

/** Sent as one frame: as the first of a connection, or after a hello that is welcomed. */
export interface FuzzCase {
  readonly isFirst: boolean;
  readonly frame: Uint8Array;
}

const packr = new Packr({ useRecords: false });
const IDS = ['notes', 'vault', 'nobody', 'system', 'a@b', '', '__proto__', 'x'.repeat(255)];
const NAMES = ['note', 'read', 'echo', 'open', 'constructor', '__proto__', 'toString', ''];

/** Whatever msgpack can hold, small. */
const value = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 40 }) },
  { weight: 2, arbitrary: fc.jsonValue({ maxDepth: 2 }) },
  fc.uint8Array({ maxLength: 40 }),
  fc.integer(),
  fc.double(),
  fc.constant({ failure: 'noActor', detail: 7 }),
);

const body = fc.oneof(
  { weight: 4, arbitrary: value.map((one) => new Uint8Array(packr.pack(one))) },
  fc.uint8Array({ maxLength: 60 }),
  fc.constant(new Uint8Array(0)),
);

const text = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...IDS, ...NAMES) },
  fc.string({ maxLength: 300 }),
);

/** Indexes are nearly always among the announced ones: a frame with another is the connection's last. */
const index = fc.oneof({ weight: 60, arbitrary: fc.nat(3) }, fc.nat(0xffff));
const nameIndex = fc.oneof({ weight: 60, arbitrary: fc.nat(7) }, fc.nat(0xffff));

const messages = fc.record({
  kind: fc.integer({ min: 3, max: 6 }),
  flags: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(255)),
  name: nameIndex,
  to: index,
  from: index,
  correlation: fc.oneof(fc.nat(8), fc.nat(0xffffffff)),
  body,
});

const records = fc.oneof(
  {
    weight: 30,
    arbitrary: messages.map((fields) => {
      const { correlation, ...rest } = fields;
      return record(fields.kind === 3 ? rest : { ...rest, correlation });
    }),
  },
  {
    weight: 8,
    arbitrary: fc
      .tuple(fc.integer({ min: 7, max: 9 }), fc.nat(2), index, index)
      .map(([kind, flags, to, from]) => record({ kind, flags, to, from })),
  },
  fc.tuple(fc.nat(3), fc.nat(8), text).map(([table, at, name]) => announce(table, at, name)),
  fc.nat(3).map((flags) => record({ kind: 2, flags })),
  fc.tuple(fc.nat(255), fc.nat(255)).map(([kind, flags]) => record({ kind, flags })),
);

const frames = fc.array(records, { maxLength: 8 }).map((rows) => Buffer.concat(rows));

/** A frame in which some bytes are others, or whose end is missing. */
const damaged = fc
  .tuple(
    frames,
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 3 }),
    fc.option(fc.nat(), { freq: 3 }),
  )
  .map(([frame, changes, cut]) => {
    const bytes = Buffer.from(frame);
    if (bytes.length === 0) return bytes;
    for (const [at, byte] of changes) bytes[at % bytes.length] = byte;
    return cut === null ? bytes : bytes.subarray(0, cut % bytes.length);
  });

/** Everything a hello may say, some of it wrong. */
function hellos(dialled: string): fc.Arbitrary<Uint8Array> {
  const odd = fc.oneof(fc.jsonValue({ maxDepth: 1 }), fc.string({ maxLength: 20 }));
  const changes = fc.dictionary(
    fc.constantFrom('kaon', 'address', 'incarnation', 'dialled', 'connection', 'nonce'),
    odd,
    { maxKeys: 2 },
  );
  return changes.map((fields) => hello(dialled, fields));
}

/** All that is thrown at the node at `address`. */
export function fuzzCases(address: string): fc.Arbitrary<FuzzCase> {
  const bytes = fc.uint8Array({ maxLength: 200 });
  const first = fc.oneof(
    bytes,
    hellos(address),
    fc.jsonValue({ maxDepth: 2 }).map((json) => Buffer.from(JSON.stringify(json))),
    fc.constant(Buffer.alloc(5000, '{')),
  );
  return fc.oneof(
    { weight: 2, arbitrary: first.map((frame) => ({ isFirst: true, frame })) },
    { weight: 2, arbitrary: bytes.map((frame) => ({ isFirst: false, frame })) },
    { weight: 8, arbitrary: frames.map((frame) => ({ isFirst: false, frame })) },
    { weight: 4, arbitrary: damaged.map((frame) => ({ isFirst: false, frame })) },
  );
}

/** What a fuzzed connection announces after its hello, so that frames after it mean something. */
export const ANNOUNCEMENTS: Uint8Array = Buffer.concat([
  ...['notes', 'vault', 'nobody', 'system'].map((id, at) => announce(0, at, id)),
  ...['one', 'two', 'system', '__proto__'].map((id, at) => announce(1, at, id)),
  ...NAMES.map((name, at) => announce(2, at, name)),
]);
