// Writes in order, again and again until they are down.
import { fromUtf8, silentLogger, utf8 } from '@kaon/primitives';
import { MemoryDisk, VirtualClock } from '@kaon/testkit';
import t from 'tap';
import { DurableWriter } from '#agent/checkpoint/durable-writer';

function given() {
  const disk = new MemoryDisk();
  const clock = new VirtualClock();
  return { disk, clock, writer: new DurableWriter({ disk, clock, logger: silentLogger }) };
}

const append = (path: string, text: string) =>
  ({ kind: 'append', path, bytes: utf8(text) }) as const;

t.test('one key keeps its order, and waits for the keys it names', async (t) => {
  const { disk, writer } = given();
  const request = { after: [], isRetried: true };
  void writer.write({ ...request, key: 'a', writes: [append('/a', '1'), append('/a', '2')] });
  void writer.write({ ...request, key: 'b', after: ['a'], writes: [append('/b', '4')] });
  void writer.write({ ...request, key: 'a', writes: [append('/a', '3')] });
  t.equal(writer.pending, 3);
  await writer.drain();
  t.equal(writer.pending, 0);
  t.equal(fromUtf8((await disk.readFile('/a')) as Uint8Array), '123');
  const order = disk.journal.map(({ path }) => path);
  t.ok(order.indexOf('/b') >= 2, 'after both of the first batch');
});

t.test('a failed append leaves no half record behind', async (t) => {
  const { disk, clock, writer } = given();
  await disk.appendDurable('/f', utf8('whole;'));
  let failures = 2;
  const { appendDurable } = disk;
  disk.appendDurable = async (path, bytes) => {
    if (failures > 0) {
      failures -= 1;
      await appendDurable.call(disk, path, bytes.subarray(0, 2));
      throw new Error('no space left on device');
    }
    return appendDurable.call(disk, path, bytes);
  };
  const written = writer.write({
    key: 'a',
    after: [],
    writes: [append('/f', 'next;')],
    isRetried: true,
  });
  for (const delayMs of [1000, 2000]) {
    await new Promise((resolve) => setImmediate(resolve));
    t.equal(clock.nextDueMs(), clock.monotonicMs() + delayMs, `tried again after ${delayMs} ms`);
    clock.step(clock.monotonicMs() + delayMs);
  }
  await written;
  t.equal(fromUtf8((await disk.readFile('/f')) as Uint8Array), 'whole;next;');
  t.equal(writer.failures, 2);
});

t.test('what is not to be retried fails at once, and later writes go on', async (t) => {
  const { disk, writer } = given();
  const request = { key: 'a', after: [], isRetried: false };
  await t.rejects(writer.write({ ...request, writes: [append('/no/f', 'x')] }), /\/no\/f/);
  await writer.write({ ...request, writes: [append('/f', 'x')] });
  t.equal(fromUtf8((await disk.readFile('/f')) as Uint8Array), 'x');
});

t.test('closing gives up what waits for another try', async (t) => {
  const { clock, writer } = given();
  const request = { key: 'a', after: [], isRetried: true };
  const failed = t.rejects(writer.write({ ...request, writes: [append('/no/f', 'x')] }));
  await new Promise((resolve) => setImmediate(resolve));
  writer.close();
  await failed;
  t.equal(clock.nextDueMs(), undefined);
});
