// The master's log over HTTP, word for word as Mesos gives it.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemDisk } from '@kaon/primitives';
import t, { type Test } from 'tap';
import { givenHttpMaster } from './builders/http-master.ts';

const LOG = 'Log file created at: 2026/11/23 08:41:03\nRunning on machine: vm\n';

async function givenLog(t: Test, text = LOG) {
  const folder = await mkdtemp(join(tmpdir(), 'kaon-log-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'kaon-master.log');
  await writeFile(path, text);
  const log = { file: { path, disk: systemDisk() } };
  const master = await givenHttpMaster(t, { log });
  const get = async (target: string) => {
    const { status, text: body, headers } = await master.send({ method: 'GET', path: target });
    return { status, text: body, headers };
  };
  const call = async (type: string, body: unknown) => {
    const answer = await master.send({
      path: '/api/v1',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ type, [type.toLowerCase()]: body }),
    });
    return [answer.status, answer.text];
  };
  return { path, get, call };
}

t.test('the log is one file that can be browsed, read and downloaded', async (t) => {
  const { get, path } = await givenLog(t);
  t.match(await get('/files/browse'), {
    status: 400,
    text: "Expecting 'path=value' in query.\n",
  });
  t.match(await get('/files/browse?path=/master/log'), { status: 200, text: '[]' });
  t.match(await get('/files/browse?path=/nope'), { status: 404, text: '' });
  t.match(await get('/files/read'), { status: 400, text: "Expecting 'path=value' in query.\n" });
  for (const query of ['', '&offset=-1']) {
    const size = { status: 200, text: `{"data":"","offset":${LOG.length}}` };
    t.match(await get(`/files/read?path=/master/log${query}`), size);
  }
  t.match(await get('/files/read.json?path=/master/log&offset=4&length=4'), {
    status: 200,
    text: '{"data":"file","offset":4}',
  });
  t.match(await get('/files/read?path=/master/log&offset=abc'), {
    status: 400,
    text: "Failed to parse offset: Failed to convert 'abc' to number.\n",
  });
  t.match(await get('/files/read?path=/master/../etc/passwd&offset=0'), { status: 404, text: '' });
  t.match(await get('/files/download?path=/nope'), { status: 404, text: '404 Not Found.' });
  const downloaded = await get('/files/download?path=/master/log');
  t.equal(downloaded.text, LOG);
  t.equal(downloaded.headers['content-disposition'], 'attachment; filename=kaon-master.log');
  t.equal(downloaded.headers['content-type'], 'application/octet-stream');
  t.equal((await get('/files/debug')).text, `{"/master/log":"${path}"}`);
});

t.test('calls read the log, too', async (t) => {
  const { call } = await givenLog(t);
  t.same(await call('LIST_FILES', { path: '/master/log' }), [
    200,
    '{"type":"LIST_FILES","list_files":{}}',
  ]);
  t.same(await call('LIST_FILES', { path: '/nope' }), [404, '']);
  const data = Buffer.from(LOG.slice(0, 64)).toString('base64');
  t.same(await call('READ_FILE', { path: '/master/log', offset: 0, length: 64 }), [
    200,
    `{"type":"READ_FILE","read_file":{"size":${LOG.length},"data":"${data}"}}`,
  ]);
  t.same(await call('READ_FILE', { path: '/master/log', offset: 99_999_999_999 }), [
    200,
    `{"type":"READ_FILE","read_file":{"size":${LOG.length},"data":""}}`,
  ]);
  t.same(await call('READ_FILE', { path: '/nope', offset: 0 }), [404, '']);
});

t.test('a read never cuts a character, nor gives more than 64 KiB', async (t) => {
  const { get } = await givenLog(t, 'ä'.repeat(60_000));
  const { text } = await get('/files/read?path=/master/log&offset=0&length=5');
  t.equal(text, '{"data":"ää","offset":0}');
  const long = JSON.parse((await get('/files/read?path=/master/log&offset=0')).text);
  t.equal(Buffer.byteLength(long.data), 65_536);
});

t.test('without a log file there is nothing to read', async (t) => {
  const master = await givenHttpMaster(t);
  const get = (path: string) => master.send({ method: 'GET', path });
  t.equal((await get('/files/read?path=/master/log')).status, 404);
  t.equal((await get('/files/debug')).text, '{}');
});
