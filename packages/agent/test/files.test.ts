// `/files/*` with Mesos' answers; and what a hostile task can make of it, which is nothing.
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { createMessage, internal } from '@kaon/protocol';
import t, { type Test } from 'tap';
import { startRealAgent, TestMaster } from './builders/real-cluster.ts';
import { FRAMEWORK_ID, givenFramework, givenTask } from './builders/simulated-agent.ts';

const VIRTUAL = `/frameworks/${FRAMEWORK_ID}/executors/t1/runs/latest`;

/** An agent on which the task `t1` has run. */
async function givenSandbox(t: Test): Promise<{
  readonly workDir: string;
  readonly sandbox: string;
  readonly get: (
    endpoint: string,
    query?: Readonly<Record<string, string>>,
  ) => Promise<{ readonly status: number; readonly text: string; readonly headers: Headers }>;
}> {
  const master = await TestMaster.start(t);
  const workDir = t.testdir();
  const { agent, url } = await startRealAgent(t, master, workDir);
  await master.until(() => master.registrations > 0);
  const message = {
    framework: givenFramework({ user: 'root' }),
    task: givenTask('t1', 'echo 0123456789'),
  };
  master.tell(agent.pid, 'runTask', createMessage(internal.RunTaskMessage, message));
  const status = await master.status('t1', 'TASK_FINISHED');
  const runs = `${workDir}/slaves/S0/frameworks/${FRAMEWORK_ID}/executors/t1/runs`;
  return {
    workDir,
    sandbox: `${runs}/${status.containerStatus?.containerId?.value}`,
    async get(endpoint, query = {}) {
      const response = await fetch(`${url}/files/${endpoint}?${new URLSearchParams(query)}`);
      return {
        status: response.status,
        text: await response.text(),
        headers: response.headers,
      };
    },
  };
}

t.test('a file is read in parts, by each of its paths', async (t) => {
  const { sandbox, get } = await givenSandbox(t);
  const containerId = sandbox.slice(sandbox.lastIndexOf('/') + 1);
  const paths = [
    VIRTUAL,
    VIRTUAL.replace('latest', containerId),
    sandbox,
    sandbox.replace(containerId, 'latest'),
  ];
  for (const path of paths) {
    const read = await get('read', { path: `${path}/stdout`, offset: '3', length: '4' });
    t.strictSame([read.status, read.text], [200, '{"data":"3456","offset":3}'], path);
  }
  const path = `${VIRTUAL}/stdout`;
  t.equal((await get('read', { path })).text, '{"data":"","offset":11}', 'the size alone');
  t.equal((await get('read', { path, offset: '-1' })).text, '{"data":"","offset":11}');
  t.equal((await get('read', { path, offset: '99' })).text, '{"data":"","offset":99}');
  t.equal(
    (await get('read', { path, offset: '8', length: '-1' })).text,
    '{"data":"89\\n","offset":8}',
  );
  const jsonp = await get('read', { path, offset: '8', jsonp: 'show' });
  t.equal(jsonp.text, 'show({"data":"89\\n","offset":8})');
});

t.test('bad requests get Mesos’ answers', async (t) => {
  const { get } = await givenSandbox(t);
  const path = `${VIRTUAL}/stdout`;
  const answers = {
    'read without a path': await get('read'),
    'browse without a path': await get('browse'),
    'read of nothing': await get('read', { path: '/nope' }),
    'browse of nothing': await get('browse', { path: '/nope' }),
    'download of nothing': await get('download', { path: '/nope' }),
    'an offset in words': await get('read', { path, offset: 'abc' }),
    'a length in words': await get('read', { path, length: '1e3' }),
    'an offset below all': await get('read', { path, offset: '-2' }),
    'read of a folder': await get('read', { path: VIRTUAL, offset: '0' }),
    'download of a folder': await get('download', { path: VIRTUAL }),
  };
  const seen = Object.fromEntries(
    Object.entries(answers).map(([name, { status, text }]) => [name, [status, text]]),
  );
  t.strictSame(seen, {
    'read without a path': [400, "Expecting 'path=value' in query.\n"],
    'browse without a path': [400, "Expecting 'path=value' in query.\n"],
    'read of nothing': [404, ''],
    'browse of nothing': [404, ''],
    'download of nothing': [404, '404 Not Found.'],
    'an offset in words': [400, "Failed to parse offset: Failed to convert 'abc' to number.\n"],
    'a length in words': [400, "Failed to parse length: Failed to convert '1e3' to number.\n"],
    'an offset below all': [400, 'Negative offset provided: -2.\n'],
    'read of a folder': [400, 'Cannot read a directory.\n'],
    'download of a folder': [400, 'Cannot download a directory.\n'],
  });
});

t.test('folders are listed as `ls` would', async (t) => {
  const { sandbox, get } = await givenSandbox(t);
  mkdirSync(`${sandbox}/data`);
  const { text } = await get('browse', { path: VIRTUAL });
  t.match(text, /^\[\{"gid":"[^"]+","mode":"drwx/);
  t.match(text, /"mtime":\d+\.0,"nlink":\d+,"path":/, 'members stand in Mesos’ order');
  t.match(JSON.parse(text), [
    { path: `${VIRTUAL}/data` },
    { mode: '-rw-r--r--', path: `${VIRTUAL}/stderr`, size: 0, nlink: 1 },
    { path: `${VIRTUAL}/stdout`, size: 11 },
  ]);
  t.equal((await get('browse', { path: `${VIRTUAL}/stdout` })).text, '[]', 'a file has no entries');
});

t.test('a download is the file', async (t) => {
  const { get } = await givenSandbox(t);
  const { status, text, headers } = await get('download', { path: `${VIRTUAL}/stdout` });
  t.strictSame([status, text], [200, '0123456789\n']);
  t.equal(headers.get('content-disposition'), 'attachment; filename=stdout');
  t.equal(headers.get('content-type'), 'application/octet-stream');
  t.equal(headers.get('content-length'), '11');
});

t.test('what is attached is listed', async (t) => {
  const { sandbox, get } = await givenSandbox(t);
  const { text } = await get('debug');
  const attached = JSON.parse(text) as Record<string, string>;
  t.equal(attached[VIRTUAL], sandbox);
  t.equal(attached[sandbox], sandbox);
});

t.test('no path leads out of a sandbox', async (t) => {
  const { workDir, sandbox, get } = await givenSandbox(t);
  writeFileSync(`${workDir}/secret`, 'secret');
  symlinkSync(`${workDir}/secret`, `${sandbox}/link`);
  symlinkSync(workDir, `${sandbox}/folder`);
  symlinkSync('/etc', `${sandbox}/etc`);
  symlinkSync('stdout', `${sandbox}/inside`);
  symlinkSync('loop', `${sandbox}/loop`);
  const paths = [
    `${VIRTUAL}/link`,
    `${VIRTUAL}/folder/secret`,
    `${VIRTUAL}/etc/passwd`,
    `${VIRTUAL}/../../../../../../../../../secret`,
    `${VIRTUAL}/../../../../../../../secret`,
    `${sandbox}/../../../../../../../../secret`,
    `${VIRTUAL}/stdout\0/link`,
    `${VIRTUAL}/loop`,
    `${workDir}/secret`,
    'secret',
    '/etc/passwd',
    '/meta/slaves/S0/slave.info',
  ];
  for (const path of paths) {
    for (const endpoint of ['read', 'download']) {
      const { status, text } = await get(endpoint, { path, offset: '0' });
      t.ok(status === 404 || status === 400, `${endpoint} ${path} is ${status}`);
      t.notMatch(text, /secret|root:/);
    }
    const listed = await get('browse', { path });
    t.ok(listed.status === 404 || listed.text === '[]', `browse ${path}`);
  }
  const folder = await get('browse', { path: `${VIRTUAL}/folder` });
  t.equal(folder.status, 404);
  const inside = await get('read', { path: `${VIRTUAL}/inside`, offset: '0', length: '2' });
  t.equal(inside.text, '{"data":"01","offset":0}', 'links within the sandbox work');
});

t.test('a pipe or a device does not hold the agent up', async (t) => {
  const { sandbox, get } = await givenSandbox(t);
  execFileSync('mkfifo', [`${sandbox}/pipe`]);
  for (const endpoint of ['read', 'download']) {
    const { status } = await get(endpoint, { path: `${VIRTUAL}/pipe`, offset: '0' });
    t.equal(status, 400, endpoint);
  }
  t.match((await get('browse', { path: VIRTUAL })).text, /"mode":"prw-r--r--"/);
});

t.test('a character is never cut in two', async (t) => {
  const { sandbox, get } = await givenSandbox(t);
  writeFileSync(`${sandbox}/words`, 'aé€😀z');
  const parts: string[] = [];
  for (let offset = 0; offset < 11; ) {
    const query = { path: `${VIRTUAL}/words`, offset: `${offset}`, length: '4' };
    const { data } = JSON.parse((await get('read', query)).text) as { data: string };
    parts.push(data);
    offset += Buffer.byteLength(data);
    if (data === '') break;
  }
  t.strictSame(parts, ['aé', '€', '😀', 'z']);
});
