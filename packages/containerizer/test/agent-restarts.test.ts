// Real processes: containers outlive the agent, and the next one takes them over.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemRuntimeFiles } from '#src/node/system-runtime-files.js';
import { onEachLauncher, readPipe, writePipe } from './builders/real-machine.ts';

onEachLauncher(
  'a running container is found again, watched and killed by the next instance',
  async (t, machine) => {
    const first = machine.containerizer();
    const gate = await machine.pipe('gate');
    const finishing = await machine.request('finishing', `read line <${gate}; exit 6`);
    const staying = await machine.request('staying', 'sleep 1000');
    const { pid } = await first.launch(finishing);
    await first.launch(staying);
    await first.close();

    const second = machine.containerizer();
    t.match(await second.recover(), [
      {
        containerId: finishing.containerId,
        sandbox: finishing.sandbox,
        pid,
        termination: undefined,
      },
      { containerId: staying.containerId, termination: undefined },
    ]);
    const ended = second.wait(finishing.containerId);
    await writePipe(gate);
    t.strictSame(await ended, { kind: 'exited', code: 6 });
    await second.signal(staying.containerId, 'SIGTERM');
    t.strictSame(await second.wait(staying.containerId), { kind: 'signaled', signal: 'SIGTERM' });
  },
);

onEachLauncher('a command that ended while nobody watched is not lost', async (t, machine) => {
  const first = machine.containerizer();
  const gate = await machine.pipe('gate');
  const request = await machine.request('c', `read line <${gate}; exit 4`);
  await first.launch(request);
  await first.close();
  await writePipe(gate);
  await machine.journal(request, 'exited');

  const second = machine.containerizer();
  const [recovered] = await second.recover();
  t.ok(recovered !== undefined);
  t.strictSame(await second.wait(request.containerId), { kind: 'exited', code: 4 });
  await second.destroy(request.containerId);
  t.strictSame(await second.recover(), []);
});

onEachLauncher('kill -9 of the agent harms no container', async (t, machine) => {
  const ready = await machine.pipe('ready');
  const gate = await machine.pipe('gate');
  const command = `echo up >${ready}; read line <${gate}; echo done; exit 8`;
  const request = await machine.request('c', command);
  const script = fileURLToPath(new URL('./builders/agent-process.js', import.meta.url));
  const agent = spawn(
    process.execPath,
    [script, machine.runtimeDir, request.containerId, request.sandbox, command],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  t.teardown(() => agent.kill('SIGKILL'));
  const [line] = await once(agent.stdout, 'data');
  t.equal(await readPipe(ready), 'up');
  agent.kill('SIGKILL');
  await once(agent, 'exit');

  const containerizer = machine.containerizer();
  t.match(await containerizer.recover(), [{ pid: Number(String(line)), termination: undefined }]);
  await writePipe(gate);
  t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: 8 });
  t.equal(await machine.output(request), 'done\n');
});

onEachLauncher(
  'a shim that was killed in the meantime is noticed, and the command ended',
  async (t, machine) => {
    const first = machine.containerizer();
    const ready = await machine.pipe('ready');
    const request = await machine.request('c', `echo up >${ready}; sleep 1000`);
    await first.launch(request);
    await readPipe(ready);
    await first.close();
    process.kill(Number((await machine.journal(request, 'task')).split(' ')[1]), 'SIGKILL');

    const second = machine.containerizer();
    await second.recover();
    t.match(await second.wait(request.containerId), { kind: 'unknown' });
    t.strictSame(await machine.processes(), []);
  },
);

onEachLauncher('a launch that no shim had taken never runs after a restart', async (t, machine) => {
  const files = systemRuntimeFiles(machine.runtimeDir);
  const request = await machine.request('c', 'echo ran');
  await files.prepare();
  await files.create(request.containerId, Buffer.from(`d${request.sandbox}\no\n=/bin/true\n`));
  const containerizer = machine.containerizer();
  t.strictSame(await containerizer.recover(), []);
  t.strictSame(await readdir(join(machine.runtimeDir, 'containers')), []);
});

onEachLauncher('an orphan that nobody wants can be destroyed', async (t, machine) => {
  const first = machine.containerizer();
  const request = await machine.request('c', 'setsid sleep 1000 & sleep 1000');
  await first.launch(request);
  await first.close();
  const second = machine.containerizer();
  const [orphan] = await second.recover();
  await second.destroy(orphan?.containerId ?? '');
  t.strictSame(await machine.processes(), []);
});
