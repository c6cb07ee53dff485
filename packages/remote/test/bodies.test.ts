// Bodies cross as they are, and as msgpack that any other reader understands.
import { defineActor, defineProtocol, message, Pid } from '@kaon/actor';
import { decodeUnknown, err, ok, type PackingDecoder } from '@kaon/primitives';
import fc from 'fast-check';
import { Unpackr } from 'msgpackr';
import t, { type Test } from 'tap';
import { type MemorySocket, World } from './builders/world.ts';

const boxProtocol = defineProtocol({ put: message(decodeUnknown) });
const box = defineActor(boxProtocol, (_, put: (body: unknown) => undefined) => ({
  receive: { put: (body) => put(body) },
}));

const HEADER_BYTES = 12;
const MESSAGE = 3;
const unpackr = new Unpackr({ useRecords: false, int64AsType: 'number' });

/** The body of the last message in `frame`, read by another reader. */
function bodyIn(frame: Uint8Array): unknown {
  const bytes = Buffer.from(frame);
  let body: unknown;
  for (let at = 0; at < bytes.length; ) {
    const end = at + HEADER_BYTES + bytes.readUInt32LE(at + 8);
    if (bytes[at] === MESSAGE && end > at + HEADER_BYTES) {
      body = unpackr.unpack(bytes.subarray(at + HEADER_BYTES, end));
    }
    at = end;
  }
  return body;
}

/** Text, packed as its bytes; a number is no text, but comes through for the receiver to judge. */
const decodeText: PackingDecoder<string> = Object.assign(
  (value: unknown) =>
    value instanceof Uint8Array
      ? ok(Buffer.from(value).toString())
      : err({ path: '', problem: `expected bytes, got ${JSON.stringify(value)}` }),
  { pack: ({ text }: { readonly text?: string }) => Buffer.from(text as string) },
) as PackingDecoder<string>;
const packedProtocol = defineProtocol({ put: message(decodeText) });
const packedBox = defineActor(packedProtocol, (_, put: (body: unknown) => undefined) => ({
  receive: { put: (body) => put(body) },
}));

t.test(
  'a body that its protocol packs travels as those bytes, also before there is a connection',
  async (t) => {
    const world = new World(t);
    const left = world.node('a:1');
    const right = world.node('b:1');
    const received: unknown[] = [];
    right.system.spawn(packedBox, (body) => void received.push(body) as undefined, { id: 'box' });
    const target = new Pid('box', 'b:1', packedProtocol);
    for (const text of ['waits', 'goes at once']) {
      left.system.send(target, 'put', { text } as never);
      await world.settle();
    }
    t.same(received, ['waits', 'goes at once']);
    const end = world.connections[0]?.[0] as MemorySocket;
    t.equal(String(bodyIn(end.sent.at(-1) as Uint8Array)), 'goes at once');

    left.system.send(target, 'put', { number: 5 } as never);
    await world.settle();
    t.match(right.system.deadLetters.recent().at(-1), {
      reason: 'undecodable',
      detail: 'expected bytes, got {"number":5}',
    });
  },
);

async function givenBox(t: Test) {
  const world = new World(t);
  const left = world.node('a:1');
  const right = world.node('b:1');
  const received: unknown[] = [];
  right.system.spawn(
    box,
    (body) => {
      received.push(body);
    },
    { id: 'box' },
  );
  const target = new Pid('box', 'b:1', boxProtocol);
  /** Sends `body`; resolves with what arrived and what another reader makes of the frame. */
  const crossing = async (body: unknown) => {
    left.system.send(target, 'put', body);
    await world.settle();
    const end = world.connections[0]?.[0] as MemorySocket;
    return { arrived: received.at(-1), read: bodyIn(end.sent.at(-1) as Uint8Array) };
  };
  await crossing('first');
  return { crossing, received };
}

/** Bytes are compared as bytes, whatever view they come in. */
function plain(value: unknown): unknown {
  return value instanceof Uint8Array ? { bytes: Buffer.from(value).toString('hex') } : value;
}

t.test('at every size where the form changes', async (t) => {
  const { crossing } = await givenBox(t);
  const lengths = [0, 1, 23, 24, 25, 31, 32, 84, 85, 86, 255, 256, 4096, 4097, 21_845, 65_536];
  const numbers = [0, -0, 1, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, -1, 0.5];
  const values: unknown[] = [
    ...lengths.flatMap((length) => [
      'x'.repeat(length),
      'é'.repeat(length),
      '\u{1f600}'.repeat(length / 2),
      new Uint8Array(length).fill(7),
      Buffer.alloc(length, 8),
    ]),
    ...numbers,
    ...[Number.NaN, Infinity, 2 ** 53, true, false, null, [], {}, { a: [1, 'b', null] }],
  ];
  for (const value of values) {
    const { arrived, read } = await crossing(value);
    t.strictSame(plain(arrived), plain(value === 0 ? 0 : value));
    t.strictSame(plain(read), plain(value === 0 ? 0 : value));
  }
});

t.test('whatever they hold', async (t) => {
  const { crossing } = await givenBox(t);
  const value = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.uint8Array({ maxLength: 300 }),
    fc.integer(),
    fc.double({ noNaN: true }).filter((one) => !Object.is(one, -0)),
    fc.jsonValue(),
  );
  const held = fc.assert(
    fc.asyncProperty(value, async (one) => {
      const { arrived, read } = await crossing(one);
      const expected = JSON.stringify(plain(one));
      return (
        JSON.stringify(plain(arrived)) === expected && JSON.stringify(plain(read)) === expected
      );
    }),
    { numRuns: 300, seed: 7 },
  );
  await t.resolves(held);
});

t.test('bytes belong to the receiver: later messages do not change them', async (t) => {
  const { crossing, received } = await givenBox(t);
  for (let index = 0; index < 300; index += 1) await crossing(new Uint8Array(100).fill(index));
  const bytes = received.slice(1) as Uint8Array[];
  t.ok(bytes.every((one, index) => one.every((byte) => byte === index % 256)));
});
