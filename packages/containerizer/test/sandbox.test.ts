import { mkdtemp, readlink, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemDisk } from '@kaon/primitives';
import t from 'tap';
import { createSandbox, type SandboxOwner, sandboxPath } from '#src/sandbox.js';

const owner: SandboxOwner = {
  workDir: '/var/lib/kaon/',
  agentId: 'a-S0',
  frameworkId: 'f-0000',
  executorId: 'my executor',
  containerId: 'c1',
};

t.test('sandboxes are where the tools of Mesos look for them', async (t) => {
  t.strictSame(sandboxPath(owner), {
    ok: true,
    value: '/var/lib/kaon/slaves/a-S0/frameworks/f-0000/executors/my executor/runs/c1',
  });
});

t.test('no id leads out of the working directory', async (t) => {
  for (const id of ['', '.', '..', 'a/b', '/etc', 'a\0b', 'a\nb', 'x'.repeat(256)]) {
    for (const part of ['agentId', 'frameworkId', 'executorId', 'containerId'] as const) {
      t.match(sandboxPath({ ...owner, [part]: id }), {
        ok: false,
        error: { code: 'KAON_SANDBOX_PATH_INVALID' },
      });
    }
  }
  t.notOk(sandboxPath({ ...owner, workDir: 'relative' }).ok);
});

t.test('a sandbox is private to its user and its group, and found as latest', async (t) => {
  const workDir = await mkdtemp(join(tmpdir(), 'kaon-sandbox-'));
  t.teardown(() => rm(workDir, { recursive: true }));
  const disk = systemDisk();
  const first = await createSandbox(disk, { ...owner, workDir });
  t.equal((await stat(first)).mode & 0o777, 0o750);
  const second = await createSandbox(disk, { ...owner, workDir, containerId: 'c2' });
  t.equal(await readlink(join(second, '..', 'latest')), second);
  t.equal(await createSandbox(disk, { ...owner, workDir }), first, 'an existing one is kept');
  await t.rejects(createSandbox(disk, { ...owner, workDir, executorId: '..' }), {
    code: 'KAON_SANDBOX_PATH_INVALID',
  });
});
