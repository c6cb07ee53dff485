// Protobuf's wire as it is read and written here is the one that others read and write.
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire';
import t, { type Test } from 'tap';
import { WireReader } from '#protocol/codec/wire-reader';
import { WireWriter } from '#protocol/codec/wire-writer';

const WHOLE = [0, 1, 127, 128, 16_383, 16_384, 2 ** 28, 2 ** 31 - 1] as const;
const UNSIGNED = [...WHOLE, 2 ** 31, 2 ** 32 - 1] as const;
const SIGNED = [...WHOLE, -1, -64, -65, -(2 ** 31)] as const;
const WIDE = [...UNSIGNED, 2 ** 32, 2 ** 53 - 1, 2 ** 53, 2 ** 60 + 2 ** 59] as const;
const WIDE_SIGNED = [...SIGNED, ...WIDE, -(2 ** 32), -(2 ** 53) + 1, -(2 ** 63)] as const;
const NUMBERS = {
  uint32: UNSIGNED,
  int32: SIGNED,
  sint32: SIGNED,
  fixed32: UNSIGNED,
  sfixed32: SIGNED,
  int64: WIDE_SIGNED,
  sint64: WIDE_SIGNED,
  sfixed64: WIDE_SIGNED,
  uint64: WIDE,
  fixed64: WIDE,
  double: [0, -0.5, 1e300, Number.POSITIVE_INFINITY, Number.NaN],
  float: [0, -0.5, 1.5, Number.NEGATIVE_INFINITY],
} as const;
type Rows = [keyof typeof NUMBERS, readonly number[]][];
const TEXTS = [
  '',
  'a',
  'x'.repeat(64),
  'x'.repeat(65),
  'é'.repeat(50),
  '😀',
  '\ud800',
  'y'.repeat(70_000),
];

const same = (t: Test, ours: Uint8Array, theirs: Uint8Array, what?: string): unknown =>
  t.ok(Buffer.compare(ours, theirs) === 0, what ?? 'the same bytes');

/** What `write` writes, copied. */
function written(write: (writer: WireWriter) => void): Buffer {
  const writer = new WireWriter();
  writer.start();
  write(writer);
  return Buffer.from(writer.written());
}

t.test('numbers of every kind are written and read as by another library', async (t) => {
  for (const [kind, values] of Object.entries(NUMBERS) as Rows) {
    for (const value of values) {
      const wide = kind.endsWith('64') ? BigInt(value) : value;
      const theirs = new BinaryWriter()[kind](wide as never).finish();
      same(
        t,
        written((writer) => writer[kind](value)),
        theirs,
        `${kind} ${value}`,
      );
      const reader = new WireReader(theirs);
      t.ok(Object.is(reader[kind](), Number(new BinaryReader(theirs)[kind]())), `${kind} ${value}`);
      t.equal(reader.at, theirs.length);
    }
  }
});

t.test('texts are written and read as by another library, also a second time', async (t) => {
  for (const text of [...TEXTS, ...TEXTS]) {
    const theirs = new BinaryWriter().bytes(Buffer.from(text)).finish();
    same(
      t,
      written((writer) => writer.string(text)),
      theirs,
    );
    t.equal(new WireReader(theirs).string(), Buffer.from(text).toString());
    t.equal(new WireReader(Uint8Array.from(theirs)).string(), Buffer.from(text).toString());
  }
});

t.test('texts that share a place in memory do not take each other for the same', async (t) => {
  const texts = Array.from({ length: 5000 }, (_, index) => `task-${index}`);
  for (const text of [...texts, ...texts]) {
    const bytes = written((writer) => writer.string(text));
    if (new WireReader(bytes).string() !== text) t.fail(text);
  }
});

t.test('bytes that are no text become U+FFFD each time', async (t) => {
  const bytes = Buffer.from('02c3ff', 'hex');
  for (let time = 0; time < 2; time += 1) t.equal(new WireReader(bytes).string(), '\ufffd\ufffd');
});

t.test('parts of any length are nested', async (t) => {
  for (const length of [0, 127, 128, 20_000, 300_000]) {
    const body = new Uint8Array(length).fill(7);
    const ours = written((writer) => {
      const outer = writer.beginPart(10);
      const inner = writer.beginPart(10);
      writer.bytes(body);
      writer.endPart(inner);
      writer.endPart(outer);
    });
    const part = WireType.LengthDelimited;
    const theirs = new BinaryWriter().tag(1, part).fork().tag(1, part).fork().bytes(body);
    same(t, ours, theirs.join().join().finish());
  }
});

t.test('byte strings are copies', async (t) => {
  const bytes = Buffer.from('0201ff', 'hex');
  const read = new WireReader(bytes).bytes();
  bytes.fill(0);
  t.same([...read], [1, 255]);
});

t.test('what a field cannot hold is not written', async (t) => {
  const writer = new WireWriter();
  t.throws(() => writer.uint32(-1));
  t.throws(() => writer.int32(2 ** 31));
  t.throws(() => writer.int64(0.5));
  t.throws(() => writer.uint64(-1));
  t.throws(() => writer.fixed64(2 ** 64));
  t.throws(() => writer.string(5 as never));
  t.throws(() => writer.double('5' as never));
  t.throws(() => writer.bytes('5' as never));
});

t.test('bytes that end too soon, and numbers that never end, are faults', async (t) => {
  const reader = (hex: string): WireReader => new WireReader(Buffer.from(hex, 'hex'));
  t.throws(() => reader('').uint32(), RangeError);
  t.throws(() => reader('80').uint32(), RangeError);
  t.throws(() => reader('ff'.repeat(11)).uint32(), RangeError);
  t.throws(() => reader('000000').fixed32(), RangeError);
  t.throws(() => reader('0500').string(), RangeError);
  t.throws(() => reader('0500').bytes(), RangeError);
  t.throws(() => reader('00').tag(), RangeError);
  t.throws(() => reader('0f').tag(), RangeError);
});

t.test('values of every wire type are passed over, groups to their end', async (t) => {
  const group = (1 << 3) | 3;
  const writer = new BinaryWriter().tag(2, WireType.Varint).uint64(2n ** 60n);
  writer.tag(3, WireType.StartGroup).tag(4, WireType.Bit32).fixed32(1);
  writer.tag(3, WireType.EndGroup).tag(5, WireType.Bit64).fixed64(1n);
  writer.tag(6, WireType.LengthDelimited).string('text').tag(1, WireType.EndGroup);
  const bytes = writer.finish();
  const reader = new WireReader(bytes);
  reader.skip(group);
  t.equal(reader.at, bytes.length);
  const wrongEnd = new BinaryWriter().tag(2, WireType.EndGroup).finish();
  t.throws(() => new WireReader(wrongEnd).skip(group), RangeError);
  t.throws(() => new WireReader(Buffer.alloc(500, group)).skip(group), RangeError);
});
