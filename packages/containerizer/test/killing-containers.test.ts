// Real processes: all of a container ends, and nothing else does.
import t from 'tap';
import {
  givenRealMachine,
  HAS_PERL,
  onEachLauncher,
  readPipe,
  writePipe,
} from './builders/real-machine.ts';

onEachLauncher('SIGTERM reaches the command, which may answer it', async (t, machine) => {
  const containerizer = machine.containerizer();
  const ready = await machine.pipe('ready');
  const request = await machine.request(
    'c',
    `trap 'echo bye; exit 7' TERM; echo up >${ready}; while :; do sleep 1000 & wait; done`,
  );
  await containerizer.launch(request);
  t.equal(await readPipe(ready), 'up');
  await containerizer.signal(request.containerId, 'SIGTERM');
  t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: 7 });
  t.equal(await machine.output(request), 'bye\n');
});

onEachLauncher(
  'SIGTERM reaches children, and daemons that left session and parent',
  async (t, machine) => {
    const containerizer = machine.containerizer();
    const ready = await machine.pipe('ready');
    const request = await machine.request(
      'c',
      `sleep 1000 & nohup sleep 1000 >/dev/null 2>&1 & setsid sh -c 'setsid sleep 1000 & echo up >${ready}' & wait`,
    );
    await containerizer.launch(request);
    await readPipe(ready);
    await containerizer.signal(request.containerId, 'SIGTERM');
    t.strictSame(await containerizer.wait(request.containerId), {
      kind: 'signaled',
      signal: 'SIGTERM',
    });
    await containerizer.destroy(request.containerId);
    t.strictSame(await machine.processes(), []);
  },
);

onEachLauncher(
  'destroying ends what ignores SIGTERM, and its daemons, and says the command was killed',
  async (t, machine) => {
    const containerizer = machine.containerizer();
    const ready = await machine.pipe('ready');
    const request = await machine.request(
      'c',
      `trap '' TERM HUP; (setsid sh -c 'trap "" TERM; sleep 1000 & sleep 1000' &) ; echo up >${ready}; while :; do sleep 1000; done`,
    );
    await containerizer.launch(request);
    await readPipe(ready);
    await containerizer.signal(request.containerId, 'SIGTERM');
    t.ok((await machine.processes()).length > 0);
    const ended = containerizer.wait(request.containerId);
    await containerizer.destroy(request.containerId);
    t.strictSame(await ended, { kind: 'signaled', signal: 'SIGKILL' });
    t.strictSame(await machine.processes(), []);
    await t.rejects(containerizer.wait(request.containerId), { code: 'KAON_CONTAINER_UNKNOWN' });
  },
);

onEachLauncher(
  'a member of the session is found although it wiped its environment',
  async (t, machine) => {
    const containerizer = machine.containerizer();
    const ready = await machine.pipe('ready');
    const request = await machine.request(
      'c',
      `(env -i sh -c 'echo $$ >${ready}; exec sleep 1000' &); sleep 1000`,
    );
    await containerizer.launch(request);
    const pid = Number(await readPipe(ready));
    await containerizer.destroy(request.containerId);
    const left = (await machine.allProcesses()).filter((process) => process.pid === pid);
    t.ok(left.every(({ isZombie }) => isZombie));
  },
);

onEachLauncher('daemons of a command that has ended are still found', async (t, machine) => {
  const containerizer = machine.containerizer();
  const ready = await machine.pipe('ready');
  const request = await machine.request('c', `setsid sleep 1000 >/dev/null & echo up >${ready}`);
  await containerizer.launch(request);
  await readPipe(ready);
  t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: 0 });
  t.equal((await machine.processes()).length, 1);
  t.match(await containerizer.usage(request.containerId), { processes: 1 });
  await containerizer.destroy(request.containerId);
  t.strictSame(await machine.processes(), []);
});

onEachLauncher('a command that signals its process group hits nobody else', async (t, machine) => {
  const containerizer = machine.containerizer();
  const gate = await machine.pipe('gate');
  const bystander = await machine.request('bystander', `read line <${gate}`);
  await containerizer.launch(bystander);
  const request = await machine.request('c', 'kill -KILL 0');
  await containerizer.launch(request);
  t.strictSame(await containerizer.wait(request.containerId), {
    kind: 'signaled',
    signal: 'SIGKILL',
  });
  await writePipe(gate);
  t.strictSame(await containerizer.wait(bystander.containerId), { kind: 'exited', code: 0 });
});

onEachLauncher('a shim outlives the signals a stopping service gets', async (t, machine) => {
  const containerizer = machine.containerizer();
  const gate = await machine.pipe('gate');
  const request = await machine.request('c', `read line <${gate}; exit 5`);
  await containerizer.launch(request);
  const shim = Number((await machine.journal(request, 'task')).split(' ')[1]);
  for (const signal of ['SIGTERM', 'SIGHUP', 'SIGINT'] as const) process.kill(shim, signal);
  await writePipe(gate);
  t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: 5 });
});

onEachLauncher(
  'a shim that is killed makes the end unknown and takes the command with it',
  async (t, machine) => {
    const containerizer = machine.containerizer();
    const ready = await machine.pipe('ready');
    const request = await machine.request('c', `echo up >${ready}; sleep 1000`);
    await containerizer.launch(request);
    await readPipe(ready);
    const shim = Number((await machine.journal(request, 'task')).split(' ')[1]);
    process.kill(shim, 'SIGKILL');
    t.match(await containerizer.wait(request.containerId), { kind: 'unknown' });
    t.strictSame(await machine.processes(), []);
  },
);

onEachLauncher('usage is that of the processes of the container', async (t, machine) => {
  const containerizer = machine.containerizer();
  const ready = await machine.pipe('ready');
  const gate = await machine.pipe('gate');
  const request = await machine.request(
    'c',
    `i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; echo up >${ready}; read line <${gate}`,
  );
  await containerizer.launch(request);
  await readPipe(ready);
  const usage = await containerizer.usage(request.containerId);
  t.ok(usage !== undefined && usage.cpuSeconds > 0 && usage.cpuSeconds < 60);
  t.ok(usage !== undefined && usage.residentBytes > 100_000 && usage.residentBytes < 100_000_000);
  t.equal(usage?.processes, 1);
  await writePipe(gate);
  await containerizer.wait(request.containerId);
});

t.test(
  'a daemon that left nothing to know it by is still a child of its shim',
  { skip: !HAS_PERL },
  async (t) => {
    const machine = await givenRealMachine(t, 'perl');
    const containerizer = machine.containerizer();
    const ready = await machine.pipe('ready');
    const request = await machine.request(
      'c',
      `(setsid env -i sh -c 'echo $$ >${ready}; exec sleep 1000' &); read line </dev/null; exit 0`,
    );
    await containerizer.launch(request);
    const pid = Number(await readPipe(ready));
    t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: 0 });
    t.match(await containerizer.usage(request.containerId), { processes: 1 });
    await containerizer.destroy(request.containerId);
    const left = (await machine.allProcesses()).filter((process) => process.pid === pid);
    t.ok(left.every(({ isZombie }) => isZombie));
  },
);
