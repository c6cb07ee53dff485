// The disk of tests: what it has in common with a real one, and the crashes only it can show.
import { fromUtf8, utf8 } from '@kaon/primitives';
import { MemoryDisk } from '@kaon/testkit';
import t from 'tap';

async function text(disk: MemoryDisk, path: string): Promise<string | undefined> {
  const bytes = await disk.readFile(path);
  return bytes && fromUtf8(bytes);
}

t.test('files, folders and links read as on a real disk', async (t) => {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/a/b', 0o750);
  await disk.writeFileAtomic('/a/b/f', utf8('one'));
  await disk.appendDurable('/a/b/f', utf8('two'));
  await disk.replaceLink('/a/latest', '/a/b');
  await disk.replaceLink('/a/relative', 'b/f');

  t.equal(await text(disk, '/a/latest/f'), 'onetwo');
  t.equal(await text(disk, '/a/relative'), 'onetwo');
  t.equal(await disk.realPath('/a/latest/f'), '/a/b/f');
  t.equal(await disk.realPath('/a/latest/../b/./f'), '/a/b/f');
  t.equal(await disk.realPath('/a/none'), undefined);
  t.strictSame(await disk.list('/a'), [
    { name: 'b', kind: 'directory' },
    { name: 'latest', kind: 'link' },
    { name: 'relative', kind: 'link' },
  ]);
  t.equal((await disk.stat('/a/latest'))?.kind, 'link', 'stat does not follow');
  t.equal((await disk.stat('/a/b'))?.mode, 0o040750);
  t.equal(fromUtf8((await disk.readRange('/a/b/f', 2, 3)) as Uint8Array), 'etw');
  await disk.truncate('/a/b/f', 3);
  t.equal(await text(disk, '/a/b/f'), 'one');
  await disk.remove('/a/b');
  t.equal(await text(disk, '/a/latest/f'), undefined);
});

t.test('a file needs its folder', async (t) => {
  const disk = new MemoryDisk();
  await t.rejects(disk.writeFileAtomic('/no/f', utf8('x')), { code: 'ENOENT' });
  await t.rejects(disk.appendDurable('/no/f', utf8('x')), { code: 'ENOENT' });
  t.strictSame(disk.journal, [], 'what failed did not happen');
});

t.test('a loop of links ends', async (t) => {
  const disk = new MemoryDisk();
  await disk.replaceLink('/a', '/b');
  await disk.replaceLink('/b', '/a');
  await t.rejects(disk.readFile('/a'), { code: 'ELOOP' });
});

t.test('replay gives the disk as a crash left it', async (t) => {
  const disk = new MemoryDisk();
  await disk.makeDirectory('/d');
  await disk.appendDurable('/d/f', utf8('first'));
  await disk.appendDurable('/d/f', utf8('second'));

  t.equal(await text(MemoryDisk.replay(disk.journal, 1), '/d/f'), undefined);
  t.equal(await text(MemoryDisk.replay(disk.journal, 2), '/d/f'), 'first');
  t.equal(await text(MemoryDisk.replay(disk.journal, 3, 2), '/d/f'), 'firstse');
  t.equal(await text(disk, '/d/f'), 'firstsecond', 'the original is untouched');
});

t.test('a test can make changes fail', async (t) => {
  const disk = new MemoryDisk();
  disk.beforeChange = () => {
    throw Object.assign(new Error('disk full'), { code: 'ENOSPC' });
  };
  await t.rejects(disk.makeDirectory('/d'), { code: 'ENOSPC' });
  t.equal(await disk.list('/d'), undefined);
});
