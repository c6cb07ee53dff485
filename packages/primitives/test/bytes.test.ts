// Sizes in Mesos' text form and byte conversions.
import {
  bytesEqual,
  concatBytes,
  fromBase64,
  fromUtf8,
  parseBytes,
  toBase64,
  utf8,
} from '@kaon/primitives';
import fc from 'fast-check';
import t from 'tap';

t.test('sizes are whole numbers with units of 1024', async (t) => {
  t.same(parseBytes('10B'), { ok: true, value: 10 });
  t.same(parseBytes('64KB'), { ok: true, value: 65_536 });
  t.same(parseBytes(' 2MB '), { ok: true, value: 2_097_152 });
  t.same(parseBytes('3GB'), { ok: true, value: 3 * 1024 ** 3 });
  t.same(parseBytes('1TB'), { ok: true, value: 1024 ** 4 });
});

t.test('a size without unit, with a fraction or too large to count is refused', async (t) => {
  for (const text of ['', '10', '1.5MB', '-1MB', '10mb', '10 MB', 'MB', '9999999999TB']) {
    t.notOk(parseBytes(text).ok, text);
  }
});

t.test('any bytes survive base64, padded or not, in both alphabets', async (t) => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const text = toBase64(bytes);
      const bare = text.replaceAll('=', '');
      const urlSafe = bare.replaceAll('+', '-').replaceAll('/', '_');
      for (const form of [text, bare, urlSafe]) {
        const back = fromBase64(form);
        if (!back || !bytesEqual(back, bytes)) return false;
      }
      return true;
    }),
  );
  t.pass('100 random byte strings');
});

t.test('what is not base64 is undefined, not a guess', async (t) => {
  for (const text of ['A', 'AAAAA', 'AA=', 'A===', 'AB=C', 'a b', 'ä', 'AAAA==']) {
    t.equal(fromBase64(text), undefined, text);
  }
  t.same(fromBase64(''), new Uint8Array(0));
});

t.test('base64 of a view covers the view alone', async (t) => {
  const view = utf8('xhellox').subarray(1, 6);
  t.equal(toBase64(view), 'aGVsbG8=');
});

t.test('text survives UTF-8, a byte order mark included', async (t) => {
  for (const text of ['', 'Kaon', 'grüße ☃ 𝄞', '\uFEFF{}']) t.equal(fromUtf8(utf8(text)), text);
  t.equal(fromUtf8(new Uint8Array([0xff, 0x41])), '\uFFFDA', 'malformed bytes are replaced');
});

t.test('byte strings are equal by content and join in order', async (t) => {
  t.ok(bytesEqual(utf8('abc'), Buffer.from('abc')));
  t.notOk(bytesEqual(utf8('abc'), utf8('abd')));
  t.notOk(bytesEqual(utf8('abc'), utf8('ab')));
  t.same(concatBytes([utf8('ab'), new Uint8Array(0), utf8('c')]), utf8('abc'));
  t.same(concatBytes([]), new Uint8Array(0));
});
