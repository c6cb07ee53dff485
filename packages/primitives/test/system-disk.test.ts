// The real file system behind the `Disk` port, in a folder of the test's own.
import { lstatSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fromUtf8, systemDisk, utf8 } from '@kaon/primitives';
import t from 'tap';

const disk = systemDisk();

t.test('what is written can be read, whole and in parts', async (t) => {
  const path = join(t.testdir({}), 'facts');
  await disk.writeFileAtomic(path, utf8('hello disk'));
  t.equal(fromUtf8((await disk.readFile(path)) ?? new Uint8Array()), 'hello disk');
  t.equal(fromUtf8((await disk.readRange(path, 6, 4)) ?? new Uint8Array()), 'disk');
  t.equal(fromUtf8((await disk.readRange(path, 6, 400)) ?? new Uint8Array()), 'disk');
  t.same(await disk.readRange(path, 100, 10), new Uint8Array(0), 'beyond the end is empty');
});

t.test('what is not there is undefined, not an error', async (t) => {
  const folder = t.testdir({ file: 'x' });
  t.equal(await disk.readFile(join(folder, 'none')), undefined);
  t.equal(await disk.readRange(join(folder, 'none'), 0, 1), undefined);
  t.equal(await disk.list(join(folder, 'none')), undefined);
  t.equal(await disk.stat(join(folder, 'none')), undefined);
  t.equal(await disk.realPath(join(folder, 'none')), undefined);
  t.equal(await disk.readFile(join(folder, 'file', 'below')), undefined, 'a file as a folder');
});

t.test('an atomic write replaces the file in one step and leaves nothing beside it', async (t) => {
  const folder = t.testdir({ facts: 'old' });
  await disk.writeFileAtomic(join(folder, 'facts'), utf8('new'), 0o600);
  t.same(readdirSync(folder), ['facts']);
  t.equal(readFileSync(join(folder, 'facts'), 'utf8'), 'new');
  t.equal(lstatSync(join(folder, 'facts')).mode & 0o777, 0o600);
});

t.test('an atomic write that fails leaves the target and nothing beside it', async (t) => {
  const folder = t.testdir({ facts: { inner: 'a folder cannot be replaced by a file' } });
  await t.rejects(disk.writeFileAtomic(join(folder, 'facts'), utf8('new')));
  t.same(readdirSync(folder), ['facts']);
  await t.rejects(disk.writeFileAtomic(join(folder, 'none', 'facts'), utf8('x')), {
    code: 'ENOENT',
  });
});

t.test('concurrent writes of one file end with one of them, whole', async (t) => {
  const folder = t.testdir({});
  const path = join(folder, 'facts');
  const texts = Array.from({ length: 20 }, (_, index) => String(index).repeat(1000));
  await Promise.all(texts.map((text) => disk.writeFileAtomic(path, utf8(text))));
  t.ok(texts.includes(readFileSync(path, 'utf8')));
  t.same(readdirSync(folder), ['facts']);
});

t.test('records append in order, and a torn end can be cut off', async (t) => {
  const path = join(t.testdir({}), 'log');
  await disk.appendDurable(path, utf8('one.'));
  await disk.appendDurable(path, utf8('two.'));
  await disk.appendDurable(path, utf8('tor'));
  await disk.truncate(path, 8);
  t.equal(readFileSync(path, 'utf8'), 'one.two.');
});

t.test('folders are made with their parents, and again without complaint', async (t) => {
  const folder = t.testdir({});
  const deep = join(folder, 'a', 'b', 'c');
  await disk.makeDirectory(deep, 0o700);
  await disk.makeDirectory(deep);
  t.equal((await disk.stat(deep))?.kind, 'directory');
  t.equal(((await disk.stat(deep))?.mode ?? 0) & 0o777, 0o700);
});

t.test('a listing is sorted and tells files, folders and links apart', async (t) => {
  const folder = t.testdir({ b: 'x', a: {}, c: t.fixture('symlink', 'b') });
  t.same(await disk.list(folder), [
    { name: 'a', kind: 'directory' },
    { name: 'b', kind: 'file' },
    { name: 'c', kind: 'link' },
  ]);
});

t.test('stat does not follow a link, realPath does', async (t) => {
  const folder = t.testdir({ target: 'four' });
  symlinkSync('target', join(folder, 'link'));
  t.equal((await disk.stat(join(folder, 'link')))?.kind, 'link');
  t.equal(await disk.realPath(join(folder, 'link')), await disk.realPath(join(folder, 'target')));
  const stat = await disk.stat(join(folder, 'target'));
  t.equal(stat?.sizeBytes, 4);
  t.equal(stat?.links, 1);
  t.equal(stat?.userId, process.getuid?.());
});

t.test('a link is pointed elsewhere in one step', async (t) => {
  const folder = t.testdir({ one: '1', two: '2' });
  const link = join(folder, 'latest');
  await disk.replaceLink(link, 'one');
  t.equal(readFileSync(link, 'utf8'), '1');
  await disk.replaceLink(link, 'two');
  t.equal(readFileSync(link, 'utf8'), '2');
  t.same(readdirSync(folder).sort(), ['latest', 'one', 'two']);
  const occupied = join(t.testdir({ latest: { file: 'x' } }), 'latest');
  await t.rejects(disk.replaceLink(occupied, 'one'), 'a folder is not replaced by a link');
});

t.test('files, folders and links are removed; what a link points at stays', async (t) => {
  const folder = t.testdir({ tree: { deep: { file: 'x' } }, file: 'y' });
  symlinkSync('file', join(folder, 'link'));
  await disk.remove(join(folder, 'tree'));
  await disk.remove(join(folder, 'link'));
  await disk.remove(join(folder, 'none'));
  await disk.remove(join(folder, 'none', 'below'));
  t.same(readdirSync(folder), ['file']);
});

t.test('errors other than absence are told with their code', async (t) => {
  const folder = t.testdir({});
  writeFileSync(join(folder, 'file'), '');
  await t.rejects(disk.readFile(folder), { code: 'EISDIR' });
  await t.rejects(disk.makeDirectory(join(folder, 'file', 'below')), { code: 'ENOTDIR' });
});

t.test('what need only outlive the process is written just the same', async (t) => {
  const disk = systemDisk();
  const folder = t.testdir();
  await disk.makeDirectory(join(folder, 'a', 'b'), 0o700, 'process');
  await disk.writeFileAtomic(join(folder, 'a', 'f'), utf8('one'), 0o600, 'process');
  await disk.append(join(folder, 'a', 'f'), utf8('two'));
  await disk.append(join(folder, 'a', 'new'), utf8('first'));
  await disk.replaceLink(join(folder, 'link'), 'a/f', 'process');
  t.equal(readFileSync(join(folder, 'link'), 'utf8'), 'onetwo');
  t.equal(readFileSync(join(folder, 'a', 'new'), 'utf8'), 'first');
  t.strictSame(readdirSync(join(folder, 'a')), ['b', 'f', 'new'], 'no temporary file is left');
});
