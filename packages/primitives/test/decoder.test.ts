// Decoders at the borders: what passes, what does not, and where it says so.
import {
  type Decoder,
  decodeBoolean,
  decodeBytes,
  decodeInteger,
  decodeList,
  decodeNothing,
  decodeNumber,
  decodeOneOf,
  decodeOptional,
  decodeRecord,
  decodeString,
  decodeTable,
  decodeUnknown,
  formatDecodeError,
} from '@kaon/primitives';
import fc from 'fast-check';
import t from 'tap';

function problemOf<T>(decode: Decoder<T>, value: unknown): string | undefined {
  const decoded = decode(value);
  return decoded.ok ? undefined : formatDecodeError(decoded.error);
}

t.test('each primitive accepts its own type and names what it got instead', async (t) => {
  t.equal(problemOf(decodeString, 'x'), undefined);
  t.equal(problemOf(decodeString, 1), 'expected a string, got 1');
  t.equal(problemOf(decodeBoolean, false), undefined);
  t.equal(problemOf(decodeBoolean, 'true'), 'expected a boolean, got "true"');
  t.equal(problemOf(decodeNumber, 1.5), undefined);
  t.equal(problemOf(decodeNumber, Number.NaN), 'expected a finite number, got NaN');
  t.equal(problemOf(decodeNumber, '1'), 'expected a finite number, got "1"');
  t.equal(problemOf(decodeInteger, -3), undefined);
  t.equal(problemOf(decodeInteger, 1.5), 'expected an integer, got 1.5');
  t.equal(problemOf(decodeInteger, 2 ** 53), `expected an integer, got ${2 ** 53}`);
  t.equal(problemOf(decodeBytes, new Uint8Array(1)), undefined);
  t.equal(problemOf(decodeBytes, [1]), 'expected bytes, got a list');
  t.equal(problemOf(decodeOneOf('a', 'b'), 'b'), undefined);
  t.equal(problemOf(decodeOneOf('a', 'b'), 'c'), 'expected one of a, b, got "c"');
});

t.test('what was sent is quoted at most forty characters long', async (t) => {
  t.ok((problemOf(decodeNumber, 'x'.repeat(10_000)) ?? '').length < 100);
});

t.test('nothing drops whatever comes, unknown keeps it', async (t) => {
  t.same(decodeNothing({ big: 1 }), { ok: true, value: undefined });
  t.same(decodeUnknown({ a: 1 }), { ok: true, value: { a: 1 } });
});

t.test('a record keeps its fields alone and leaves absent optional ones out', async (t) => {
  const decode = decodeRecord({ id: decodeString, count: decodeOptional(decodeInteger) });
  t.strictSame(decode({ id: 'a', count: 2, other: true }), {
    ok: true,
    value: { id: 'a', count: 2 },
  });
  const absent = decode({ id: 'a', count: null });
  t.strictSame(absent, { ok: true, value: { id: 'a' } });
  t.notOk(absent.ok && 'count' in absent.value);
});

t.test('a record is a plain object: not a list, not bytes, not nothing', async (t) => {
  const decode = decodeRecord({ id: decodeOptional(decodeString) });
  for (const value of [[], new Uint8Array(2), null, undefined, 'text', 1]) {
    t.notOk(decode(value).ok);
  }
});

t.test('a field named like a method of all objects is absent unless it was sent', async (t) => {
  const decode = decodeRecord({
    constructor: decodeOptional(decodeUnknown),
    toString: decodeUnknown,
  });
  t.strictSame(decode({}), { ok: true, value: {} });
});

t.test('an error says where: fields, list items, both nested', async (t) => {
  const task = decodeRecord({ id: decodeString });
  const decode = decodeRecord({ tasks: decodeList(task), ports: decodeList(decodeInteger) });
  t.equal(
    problemOf(decode, { tasks: [{ id: 'a' }, {}], ports: [] }),
    'tasks[1].id: expected a string, got nothing',
  );
  t.equal(
    problemOf(decode, { tasks: [], ports: [1, 'x'] }),
    'ports[1]: expected an integer, got "x"',
  );
  t.equal(
    problemOf(decodeList(decodeList(decodeString)), [['a'], [2]]),
    '[1][0]: expected a string, got 2',
  );
});

t.test('a list longer than its bound is refused before its items are looked at', async (t) => {
  let looked = 0;
  const item: Decoder<unknown> = (value) => {
    looked += 1;
    return { ok: true, value };
  };
  t.equal(problemOf(decodeList(item, 2), [1, 2, 3]), '3 items, at most 2 allowed');
  t.equal(looked, 0);
});

t.test('no decoder throws, whatever comes', async (t) => {
  const decode = decodeRecord({
    name: decodeString,
    tags: decodeList(decodeOneOf('x', 'y'), 5),
    body: decodeOptional(decodeRecord({ data: decodeBytes, on: decodeBoolean })),
  });
  fc.assert(
    fc.property(fc.anything(), (value) => {
      const decoded = decode(value);
      return decoded.ok || decoded.error.problem.length > 0;
    }),
  );
  t.pass('100 random values');
});

t.test('a table has entries that all decode, and not too many', async (t) => {
  const decode = decodeTable(decodeInteger, 2);
  t.same(decode({ a: 1, b: 2 }), { ok: true, value: { a: 1, b: 2 } });
  t.match(decode({ a: 1, b: 'x' }), { ok: false, error: { path: 'b' } });
  t.match(decode({ a: 1, b: 2, c: 3 }), { ok: false, error: { problem: /at most 2/ } });
  for (const value of [[], 'x', null, undefined, new Uint8Array(1)]) t.notOk(decode(value).ok);
  const sneaky = decode(JSON.parse('{ "__proto__": 1 }'));
  t.ok(sneaky.ok && Object.hasOwn(sneaky.value, '__proto__'));
});
