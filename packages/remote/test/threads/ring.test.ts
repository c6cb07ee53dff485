// The ring by itself: what is written is taken, whole and in order, wherever it wraps.
import { seededRandom } from '@kaon/primitives';
import t from 'tap';
import { newRingMemory, RING_BYTES_MIN, RingReader, RingWriter } from '#src/threads/ring.js';

function givenRing() {
  const memory = newRingMemory(RING_BYTES_MIN);
  return { writer: new RingWriter(memory), reader: new RingReader(memory) };
}

const fresh = (length: number): Uint8Array => new Uint8Array(length);

t.test('frames of all sizes come out whole and in order, over a hundred laps', async (t) => {
  const { writer, reader } = givenRing();
  const random = seededRandom(7);
  const waiting: { readonly length: number; readonly first: number }[] = [];
  let written = 0;
  let refused = 0;
  let bytes = 0;
  while (bytes < 100 * RING_BYTES_MIN) {
    const isBurst = random.nextInt(2) === 0;
    const length = 1 + random.nextInt(random.nextInt(4) === 0 ? writer.frameBytesMax : 600);
    const frame = fresh(length);
    frame.fill(written & 0xff);
    if (writer.write(frame, written & 0x7fff)) {
      waiting.push({ length, first: written & 0xff });
      written += 1;
      bytes += length;
    } else {
      refused += 1;
    }
    for (let takes = isBurst ? 0 : random.nextInt(4); takes > 0; takes -= 1) takeOne();
  }
  while (waiting.length > 0) takeOne();
  t.ok(refused > 0, 'it was full now and then');
  t.ok(reader.isEmpty);
  t.equal(reader.take(fresh), undefined);

  function takeOne(): void {
    const expected = waiting.shift();
    const frame = reader.take(fresh);
    if (expected === undefined) {
      if (frame !== undefined) throw new Error('a frame nobody has written');
      return;
    }
    if (frame?.length !== expected.length) throw new Error(`a frame of ${frame?.length} bytes`);
    const whole = Buffer.alloc(expected.length, expected.first);
    if (!whole.equals(frame)) throw new Error('a frame is mixed up');
  }
});

t.test('the writer sees which frames were taken', async (t) => {
  const { writer, reader } = givenRing();
  t.ok(writer.write(fresh(10)));
  t.ok(writer.write(fresh(20)));
  t.notOk(writer.hasTaken(1));
  reader.take(fresh);
  t.ok(writer.hasTaken(1));
  t.notOk(writer.hasTaken(2));
  reader.take(fresh);
  t.ok(writer.hasTaken(2));
});

t.test('a full ring takes nothing more until its reader has taken', async (t) => {
  const { writer, reader } = givenRing();
  const frame = fresh(writer.frameBytesMax - 8);
  t.ok(writer.write(frame));
  t.ok(writer.write(frame));
  t.notOk(writer.write(fresh(1)));
  t.notOk(reader.takeWriterWaits(), 'nobody waits yet');
  t.notOk(writer.hasRoomFor(1));
  t.equal(reader.take(fresh)?.length, frame.length);
  t.ok(reader.takeWriterWaits(), 'the reader is to ring');
  t.notOk(reader.takeWriterWaits(), 'once');
  t.ok(writer.write(frame));
});
