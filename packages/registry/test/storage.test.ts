// One suite for every storage.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromUtf8, utf8 } from '@kaon/primitives';
import { lmdbStorage, memoryStorage, type Storage } from '@kaon/registry';
import t from 'tap';

type MakeStorage = (t: Tap) => Promise<Storage>;
type Tap = Pick<typeof t, 'teardown'>;

const STORAGES: readonly (readonly [string, MakeStorage])[] = [
  ['memory', async () => memoryStorage()],
  [
    'lmdb',
    async (t) => {
      const folder = await mkdtemp(join(tmpdir(), 'kaon-registry-'));
      t.teardown(() => rm(folder, { recursive: true, force: true }));
      return lmdbStorage({ path: join(folder, 'made', 'registry.mdb') });
    },
  ],
];

async function opened(t: Tap, storage: Storage) {
  const session = await storage.open();
  t.teardown(() => session.close());
  return session;
}

function texts(values: ReadonlyMap<string, Uint8Array>): Record<string, string> {
  return Object.fromEntries([...values].map(([key, value]) => [key, fromUtf8(value)]));
}

for (const [name, makeStorage] of STORAGES) {
  t.test(`${name}: a new storage is empty and starts at epoch 1`, async (t) => {
    const session = await opened(t, await makeStorage(t));
    t.equal(session.epoch, 1);
    t.same(texts(await session.load()), {});
  });

  t.test(`${name}: what was committed is there for the next session, in key order`, async (t) => {
    const storage = await makeStorage(t);
    const first = await opened(t, storage);
    await first.commit([
      { key: 'b/2', value: utf8('two') },
      { key: 'a/1', value: utf8('one') },
      { key: 'c/ü/日本', value: utf8('three') },
    ]);
    await first.commit([
      { key: 'b/2', value: undefined },
      { key: 'never/there', value: undefined },
      { key: 'a/1', value: utf8('old') },
      { key: 'a/1', value: utf8('new') },
    ]);
    await first.close();
    const second = await opened(t, storage);
    t.equal(second.epoch, 2);
    const values = await second.load();
    t.same([...values.keys()], ['a/1', 'c/ü/日本']);
    t.equal(fromUtf8(values.get('a/1') ?? utf8('')), 'new');
  });

  t.test(`${name}: a later session fences the former one`, async (t) => {
    const storage = await makeStorage(t);
    const first = await opened(t, storage);
    await first.commit([{ key: 'a', value: utf8('1') }]);
    const second = await opened(t, storage);
    t.ok(second.epoch > first.epoch);
    await t.rejects(first.commit([{ key: 'a', value: utf8('2') }]), {
      code: 'KAON_STORAGE_FENCED',
      epoch: first.epoch,
    });
    await second.commit([{ key: 'b', value: utf8('3') }]);
    t.same(texts(await second.load()), { a: '1', b: '3' });
  });

  t.test(`${name}: a closed session does nothing more`, async (t) => {
    const session = await opened(t, await makeStorage(t));
    await session.close();
    await session.close();
    await t.rejects(session.commit([]), { code: 'KAON_STORAGE_CLOSED' });
    await t.rejects(session.load(), { code: 'KAON_STORAGE_CLOSED' });
  });

  t.test(`${name}: keys of full length and large values come back whole`, async (t) => {
    const session = await opened(t, await makeStorage(t));
    const key = `agent/${'x'.repeat(990)}`;
    const value = new Uint8Array(3_000_000).map((_, index) => index % 251);
    await session.commit([{ key, value }]);
    value.fill(0, 0, 10);
    const loaded = (await session.load()).get(key);
    t.equal(loaded?.length, 3_000_000);
    t.equal(loaded?.[5], 5, 'the storage keeps its own copy');
  });

  t.test(`${name}: ten thousand writes are one commit`, async (t) => {
    const session = await opened(t, await makeStorage(t));
    await session.commit(
      Array.from({ length: 10_000 }, (_, index) => ({ key: `k/${index}`, value: utf8('v') })),
    );
    t.equal((await session.load()).size, 10_000);
  });
}

t.test('lmdb: a folder that cannot be made is an error', async (t) => {
  await t.rejects(lmdbStorage({ path: '/dev/null/registry.mdb' }).open());
});

t.test('a file that is no database is refused by name', async (t) => {
  const folder = t.testdir({
    'registry.mdb': 'these are not the bytes you are looking for',
    empty: '',
  });
  const path = join(folder, 'registry.mdb');
  await t.rejects(lmdbStorage({ path }).open(), { code: 'KAON_STORAGE_DAMAGED', path });
  const session = await lmdbStorage({ path: join(folder, 'empty') }).open();
  await session.close();
});
