// RecordIO: any split boundary, bounds, clear errors.

import { encodeRecord, RecordDecoder } from '@kaon/http';
import { concatBytes, fromUtf8, utf8 } from '@kaon/primitives';
import fc from 'fast-check';
import t from 'tap';

const texts = (records: readonly Uint8Array[]): string[] => records.map((bytes) => fromUtf8(bytes));

function pushed(decoder: RecordDecoder, text: string): string[] {
  const result = decoder.push(utf8(text));
  if (!result.ok) throw result.error;
  return texts(result.value);
}

t.test('a record is its length, a newline and its bytes', async (t) => {
  t.equal(fromUtf8(encodeRecord(utf8('{"type":"HEARTBEAT"}'))), '20\n{"type":"HEARTBEAT"}');
  t.equal(fromUtf8(encodeRecord(new Uint8Array(0))), '0\n');
});

t.test('records survive being cut at every byte', async (t) => {
  const bytes = utf8('5\nhello0\n12\nhello world!1\nx');
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const decoder = new RecordDecoder();
    const records = [bytes.subarray(0, cut), bytes.subarray(cut)].flatMap((part) => {
      const result = decoder.push(part);
      return result.ok ? result.value : [];
    });
    t.same(texts(records), ['hello', '', 'hello world!', 'x'], `cut at ${cut}`);
    t.ok(decoder.finish().ok);
  }
});

t.test('whatever the records and the cuts, what goes in comes out', async (t) => {
  const records = fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 });
  const cuts = fc.array(fc.nat(400), { maxLength: 20 });
  fc.assert(
    fc.property(records, cuts, (originals, steps) => {
      const stream = concatBytes(originals.map(encodeRecord));
      const decoder = new RecordDecoder();
      const found: Uint8Array[] = [];
      let offset = 0;
      for (const step of [...steps, stream.length]) {
        const result = decoder.push(stream.subarray(offset, offset + step));
        if (!result.ok) return false;
        found.push(...result.value);
        offset += step;
      }
      const rest = decoder.push(stream.subarray(offset));
      if (!rest.ok || !decoder.finish().ok) return false;
      found.push(...rest.value);
      return (
        JSON.stringify(found.map((r) => [...r])) === JSON.stringify(originals.map((r) => [...r]))
      );
    }),
  );
  t.pass();
});

t.test('a record over the limit is refused by its header', async (t) => {
  const decoder = new RecordDecoder(10);
  t.same(pushed(decoder, '10\n0123456789'), ['0123456789']);
  const result = decoder.push(utf8('11\n'));
  t.match(result, {
    ok: false,
    error: { code: 'KAON_BAD_RECORD_IO', message: /11 bytes, at most 10/ },
  });
});

t.test('bytes that are no length lose the stream for good', async (t) => {
  for (const bad of ['x\n', '\n', '-1\n', ' 5\nhello', '12345678901234567\n']) {
    const decoder = new RecordDecoder();
    t.notOk(decoder.push(utf8(bad)).ok, JSON.stringify(bad));
    t.notOk(decoder.push(utf8('1\na')).ok, 'and stays lost');
    t.notOk(decoder.finish().ok);
  }
});

t.test('records before a fault in the same chunk are delivered first', async (t) => {
  const decoder = new RecordDecoder();
  t.same(pushed(decoder, '1\na1\nbfault'), ['a', 'b']);
  t.notOk(decoder.push(utf8('1\nc')).ok);
});

t.test('an end in the middle of a record is an error', async (t) => {
  for (const part of ['5', '5\nhel']) {
    const decoder = new RecordDecoder();
    t.same(pushed(decoder, part), []);
    t.match(decoder.finish(), { ok: false, error: { message: /middle of a record/ } });
  }
});
