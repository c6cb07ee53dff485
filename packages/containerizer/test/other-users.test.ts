// Real processes run as another user; needs root.
import { chmod, readFile, stat, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { onEachLauncher } from './builders/real-machine.ts';

const isRoot = process.getuid?.() === 0;
const skip = isRoot ? false : 'only root may run tasks as others';

onEachLauncher(
  'a task runs as the user it asks for, with a sandbox of its own',
  async (t, machine) => {
    await chmod(machine.folder, 0o711);
    const containerizer = machine.containerizer();
    const request = await machine.request('c', { user: 'nobody', environment: { A: 'b\nc' } });
    await containerizer.launch({
      ...request,
      command: { kind: 'shell', value: 'id -un; id -G; printf "%s" "$A"; touch mine' },
    });
    t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: 0 });
    const passwd = await readFile('/etc/passwd', 'utf8');
    const [, , userId, groupId] = (passwd.match(/^nobody:.*$/m)?.[0] ?? '').split(':');
    t.equal(await machine.output(request), `nobody\n${groupId}\nb\nc`);
    for (const file of ['', 'stdout', 'stderr', 'mine']) {
      t.equal((await stat(join(request.sandbox, file))).uid, Number(userId), file);
    }
  },
  { skip },
);

onEachLauncher(
  'output files are opened as the user: a link out of the sandbox opens no door',
  async (t, machine) => {
    await chmod(machine.folder, 0o711);
    const containerizer = machine.containerizer();
    const request = await machine.request('c', { user: 'nobody' });
    const forbidden = join(machine.folder, 'forbidden');
    await symlink(forbidden, join(request.sandbox, 'stdout'));
    await containerizer.launch(request);
    t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: 2 });
    await t.rejects(stat(forbidden), { code: 'ENOENT' });
  },
  { skip },
);

onEachLauncher(
  'an unknown user is named',
  async (t, machine) => {
    const containerizer = machine.containerizer();
    const request = await machine.request('c', { user: 'nobody-of-that-name' });
    await t.rejects(containerizer.launch(request), {
      code: 'KAON_CONTAINER_LAUNCH_FAILED',
      reason: 'there is no user nobody-of-that-name on this machine',
    });
  },
  { skip },
);

onEachLauncher("the agent's own user needs no switch", async (t, machine) => {
  const containerizer = machine.containerizer();
  const { username } = (await import('node:os')).userInfo();
  const request = await machine.request('c', { user: username });
  await containerizer.launch(request);
  t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: 0 });
});
