// Stores of schedulers: one suite for the file and for LMDB, and a crash at every byte of the file.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileStore, lmdbStore, type SchedulerStore } from '@kaon/scheduler';
import { MemoryDisk } from '@kaon/testkit';
import t, { type Test } from 'tap';

async function folder(t: Test): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'kaon-store-'));
  t.teardown(() => rm(path, { recursive: true }));
  return path;
}

const STORES: readonly (readonly [string, (path: string) => SchedulerStore])[] = [
  ['file', (path) => fileStore(join(path, 'state'))],
  ['LMDB', (path) => lmdbStore(join(path, 'state'))],
];

for (const [name, open] of STORES) {
  t.test(`${name}: what was written is there after it was opened again`, async (t) => {
    const path = await folder(t);
    const first = open(path);
    t.same([...(await first.load())], [], 'a new store is empty');
    await first.write(
      new Map([
        ['framework', '{"id":"f1"}'],
        ['task/ä\n"b"', 'two\nlines'],
      ]),
    );
    await first.write(
      new Map<string, string | undefined>([
        ['task/2', 'x'],
        ['framework', undefined],
      ]),
    );
    await first.close();

    const second = open(path);
    t.same(
      new Map(await second.load()),
      new Map([
        ['task/2', 'x'],
        ['task/ä\n"b"', 'two\nlines'],
      ]),
    );
    await second.write(new Map([['task/2', undefined]]));
    await second.close();
    const third = open(path);
    t.same([...(await third.load())], [['task/ä\n"b"', 'two\nlines']]);
    await third.close();
  });
}

t.test(
  'the file stays small however often entries change, and only its owner may read it',
  async (t) => {
    const path = join(await folder(t), 'state');
    const store = fileStore(path);
    await store.load();
    const large = 'x'.repeat(40_000);
    for (let round = 0; round < 40; round += 1) {
      await store.write(new Map([[`task/${round % 2}`, `${round}${large}`]]));
    }
    const { size, mode } = await stat(path);
    t.ok(size < 600_000, `1.6 MB were written, ${size} bytes are kept`);
    t.equal(mode & 0o777, 0o600);
    const again = fileStore(path);
    t.equal((await again.load()).get('task/1'), `39${large}`);
  },
);

t.test('a crash leaves the changes before or after a write, never a part of one', async (t) => {
  const disk = new MemoryDisk();
  const store = fileStore('/state', { disk });
  await store.load();
  await store.write(new Map([['framework', 'one']]));
  await store.write(
    new Map([
      ['task/1', 'a'],
      ['task/2', 'b'],
    ]),
  );
  const last = disk.journal.at(-1);
  t.equal(last?.kind, 'append');
  const length = last?.kind === 'append' ? last.bytes.length : 0;
  for (let torn = 0; torn < length; torn += 1) {
    const crashed = MemoryDisk.replay(disk.journal, disk.journal.length, torn);
    const found = fileStore('/state', { disk: crashed });
    t.same([...(await found.load())], [['framework', 'one']], `${torn} bytes got down`);
    await found.write(new Map([['task/3', 'c']]));
    const after = await fileStore('/state', { disk: crashed }).load();
    t.same([...after.keys()], ['framework', 'task/3'], 'and it can be written again');
  }
});

t.test('a file that is no store is refused and left as it is', async (t) => {
  const path = join(await folder(t), 'notes.txt');
  await writeFile(path, 'my notes\n');
  await t.rejects(fileStore(path).load(), { code: 'KAON_STORE_DAMAGED', place: path });
  t.equal(await readFile(path, 'utf8'), 'my notes\n');
  await writeFile(path, '{"a":1}\n');
  await t.rejects(fileStore(path).load(), /line 1 is not a list of changes/);
});
