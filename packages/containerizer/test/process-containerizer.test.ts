// What the containerizer decides, on a machine of fakes and in virtual time.
import t from 'tap';
import { aRequest, givenFakeMachine, launchError } from './builders/fake-machine.ts';

t.test('a launch resolves when the process exists, a wait when it has ended', async (t) => {
  const { containerizer, launcher, settle, runShim } = givenFakeMachine();
  const launched = containerizer.launch(aRequest('c1'));
  await settle();
  t.strictSame(launcher.sent, ['c1']);
  runShim('c1', 100);
  t.strictSame(await launched, { containerId: 'c1', pid: 101 });
  launcher.exited('c1', 3);
  t.strictSame(await containerizer.wait('c1'), { kind: 'exited', code: 3 });
  t.match(containerizer.statistics(), { launched: 1, launchesPending: 0, containers: 1 });
});

t.test('a shim that ends without having started the command says why', async (t) => {
  const { containerizer, launcher, files, settle } = givenFakeMachine();
  const launched = containerizer.launch(aRequest('c1'));
  await settle();
  files.journals.set('c1', "shim 100 1000 1\ncd: can't cd to /sandbox\nexited 1\n");
  launcher.exited('c1', 1);
  await t.rejects(launched, launchError("cd: can't cd to /sandbox"));
  t.strictSame(await files.list(), [], 'nothing is left behind');
  await t.rejects(containerizer.wait('c1'), { code: 'KAON_CONTAINER_UNKNOWN' });
});

t.test('launches beyond the limit are rejected and counted', async (t) => {
  const { containerizer, settle } = givenFakeMachine({ pendingLaunchesMax: 2 });
  for (const id of ['c1', 'c2']) containerizer.launch(aRequest(id)).catch(() => undefined);
  await settle();
  await t.rejects(
    containerizer.launch(aRequest('c3')),
    launchError('2 launches are waiting already'),
  );
  t.match(containerizer.statistics(), { launchesPending: 2, launchesRefused: 1 });
});

t.test('only so many launches are with the helper at once', async (t) => {
  const { containerizer, launcher, settle, runShim } = givenFakeMachine({ launchesInFlightMax: 2 });
  for (const id of ['c1', 'c2', 'c3']) containerizer.launch(aRequest(id)).catch(() => undefined);
  await settle();
  t.strictSame(launcher.sent, ['c1', 'c2']);
  runShim('c1', 100);
  t.strictSame(launcher.sent, ['c1', 'c2', 'c3']);
});

t.test('a launch that no shim takes is cancelled in time', async (t) => {
  const { containerizer, files, advance } = givenFakeMachine({ launchTimeoutMs: 5_000 });
  const launched = containerizer.launch(aRequest('c1'));
  const failed = t.rejects(launched, launchError('it was not started within 5000 ms'));
  await advance(5_000);
  await failed;
  t.strictSame(await files.list(), []);
});

t.test('a slow shim is waited for, a dead one is not', async (t) => {
  const { containerizer, files, processes, advance } = givenFakeMachine({ launchTimeoutMs: 5_000 });
  const launched = containerizer.launch(aRequest('c1'));
  const failed = t.rejects(launched, launchError(/its shim was killed/));
  await advance(1_000);
  const shim = processes.add(100);
  files.journals.set('c1', `shim ${shim.pid} ${shim.startTicks} 1\n`);
  await advance(6_000);
  t.equal(containerizer.statistics().launchesPending, 1);
  processes.remove(100);
  await advance(5_000);
  await failed;
});

t.test('a lost helper is replaced, and what it had not started is sent again', async (t) => {
  const { containerizer, launcher, settle, runShim } = givenFakeMachine();
  const launched = ['c1', 'c2'].map((id) => containerizer.launch(aRequest(id)));
  await settle();
  runShim('c1', 100);
  launcher.lose();
  await settle();
  t.equal(launcher.starts, 2);
  t.strictSame(launcher.sent, ['c1', 'c2', 'c2']);
  runShim('c2', 200);
  t.equal((await Promise.all(launched)).length, 2);
  t.equal(containerizer.statistics().launchersLost, 1);
});

t.test('a launch that takes helper after helper with it is given up', async (t) => {
  const { containerizer, launcher, files, settle } = givenFakeMachine();
  const failed = t.rejects(containerizer.launch(aRequest('c1')), launchError('it was killed'));
  for (let losses = 0; losses < 3; losses += 1) {
    await settle();
    launcher.lose();
  }
  await failed;
  t.strictSame(launcher.sent, ['c1', 'c1', 'c1']);
  t.strictSame(await files.list(), []);
});

t.test('a helper that does not come up is tried again, but not for ever', async (t) => {
  const { containerizer, launcher, advance, runShim } = givenFakeMachine();
  launcher.startsThatFail = 2;
  const launched = containerizer.launch(aRequest('c1'));
  await advance(1_000);
  t.equal(launcher.starts, 3);
  runShim('c1', 100);
  t.match(await launched, { pid: 101 });

  launcher.lose();
  launcher.startsThatFail = 4;
  const failed = t.rejects(containerizer.launch(aRequest('c2')), launchError('no shell here'));
  await advance(10_000);
  await failed;
  const again = containerizer.launch(aRequest('c3'));
  await advance(0);
  runShim('c3', 300);
  t.match(await again, { pid: 301 }, 'the next launch tries anew');
});

t.test('destroying a launch under way keeps it from ever running', async (t) => {
  const { containerizer, files, settle } = givenFakeMachine();
  const failed = t.rejects(containerizer.launch(aRequest('c1')), launchError('it was destroyed'));
  await settle();
  await containerizer.destroy('c1');
  await failed;
  t.strictSame(await files.list(), []);
  await containerizer.destroy('c1');
});

t.test('a kill that finds the shim at work waits for the command and kills that', async (t) => {
  const { containerizer, launcher, files, processes, settle, runShim } = givenFakeMachine();
  const launched = containerizer.launch(aRequest('c1'));
  await settle();
  files.journals.set('c1', 'shim 100 1000 1\n');
  const killed = containerizer.signal('c1', 'SIGTERM');
  await settle();
  t.strictSame(processes.signals, []);
  const { task } = runShim('c1', 100);
  await launched;
  await killed;
  t.strictSame(processes.signals, [`SIGTERM ${task.pid}`]);
  launcher.exited('c1', 0);
});

t.test('a shim that was killed leaves an unknown end and no process', async (t) => {
  const { containerizer, processes, settle, advance, runShim } = givenFakeMachine();
  const launched = containerizer.launch(aRequest('c1'));
  await settle();
  const { shim, task } = runShim('c1', 100);
  await launched;
  const ended = containerizer.wait('c1');
  processes.remove(shim.pid);
  await advance(200);
  t.match(await ended, { kind: 'unknown', reason: /shim was killed/ });
  t.strictSame(processes.signals, [`SIGKILL ${task.pid}`]);
});

t.test('a status that nobody reported is found in the journal', async (t) => {
  const { containerizer, files, processes, settle, advance, runShim } = givenFakeMachine();
  const launched = containerizer.launch(aRequest('c1'));
  await settle();
  const { shim, task } = runShim('c1', 100);
  await launched;
  processes.remove(task.pid);
  processes.remove(shim.pid);
  files.journals.set('c1', `${files.journals.get('c1')}exited 9\n`);
  const ended = containerizer.wait('c1');
  await advance(200);
  t.strictSame(await ended, { kind: 'exited', code: 9 });
});

t.test('processes that do not die are named, and destroying can be tried again', async (t) => {
  const { containerizer, launcher, processes, settle, advance, runShim } = givenFakeMachine({
    destroyTimeoutMs: 1_000,
  });
  const launched = containerizer.launch(aRequest('c1'));
  await settle();
  const { task } = runShim('c1', 100);
  await launched;
  processes.stubborn.add(task.pid);
  const failed = t.rejects(containerizer.destroy('c1'), {
    code: 'KAON_CONTAINER_DESTROY_FAILED',
    pids: [task.pid],
  });
  await advance(2_000);
  await failed;
  processes.stubborn.clear();
  const destroyed = containerizer.destroy('c1');
  await advance(100);
  launcher.exited('c1', 137);
  await destroyed;
  t.equal(containerizer.statistics().containers, 0);
});

t.test('a task for another user: refused without root, unknown users are named', async (t) => {
  const { containerizer, launcher, files, settle, runShim } = givenFakeMachine();
  launcher.accounts.set('worker', { name: 'worker', userId: 1001, groupId: 1002 });
  const launched = containerizer.launch(aRequest('c1', { user: 'worker' }));
  await settle();
  runShim('c1', 100);
  await launched;
  t.equal(files.owners.get('/sandbox'), '1001:1002');
  await t.rejects(
    containerizer.launch(aRequest('c2', { user: 'nobody-here' })),
    launchError('there is no user nobody-here on this machine'),
  );

  launcher.identity.userId = 500;
  launcher.identity.userName = 'me';
  await t.rejects(
    containerizer.launch(aRequest('c3', { user: 'worker' })),
    launchError('only an agent that runs as root can run tasks as worker; this one runs as me'),
  );
  t.equal(launcher.lookUps, 2, 'a known account is not asked for again');
});

t.test('a missing program is a launch error', async (t) => {
  const { containerizer, files, settle, runShim } = givenFakeMachine();
  const command = { kind: 'exec', path: 'tool', argv: ['tool'] } as const;
  await t.rejects(
    containerizer.launch(aRequest('c1', { command })),
    launchError('there is no program "tool" that can be executed'),
  );
  files.executables.add('/opt/tool');
  const found = containerizer.launch(
    aRequest('c1', { command, environment: { PATH: '/bin:/opt' } }),
  );
  await settle();
  runShim('c1', 100);
  await found;
});

t.test('an id is used once', async (t) => {
  const { containerizer, files, settle, runShim } = givenFakeMachine();
  const launched = containerizer.launch(aRequest('c1'));
  await t.rejects(containerizer.launch(aRequest('c1')), launchError(/with this id already/));
  await settle();
  runShim('c1', 100);
  await launched;

  files.specs.set('of-before', Buffer.from('d/sandbox\n'));
  await t.rejects(containerizer.launch(aRequest('of-before')), launchError(/with this id already/));
  t.ok(files.specs.has('of-before'), 'the container of a former instance is left alone');
});

t.test('closing rejects what waits and keeps what a shim has', async (t) => {
  const { containerizer, launcher, files, settle } = givenFakeMachine();
  const waiting = t.rejects(containerizer.launch(aRequest('waiting')), launchError(/is stopping/));
  const taken = t.rejects(containerizer.launch(aRequest('taken')), launchError(/is stopping/));
  await settle();
  files.journals.set('taken', 'shim 100 1000 1\n');
  await containerizer.close();
  await waiting;
  await taken;
  t.ok(launcher.isStopped);
  t.strictSame(await files.list(), ['taken']);
  await t.rejects(containerizer.launch(aRequest('late')), launchError(/is stopping/));
});

t.test('usage adds up what the living processes use', async (t) => {
  const { containerizer, launcher, processes, settle, runShim } = givenFakeMachine();
  const launched = containerizer.launch(aRequest('c1'));
  await settle();
  const { task } = runShim('c1', 100);
  await launched;
  processes.add(300, { parentPid: task.pid, cpuTicks: 150, residentPages: 10 });
  t.strictSame(await containerizer.usage('c1'), {
    cpuSeconds: 1.5,
    residentBytes: 40_960,
    processes: 2,
  });
  processes.processes = [];
  launcher.exited('c1', 0);
  t.equal(await containerizer.usage('c1'), undefined);
  t.equal(await containerizer.usage('nobody'), undefined);
});

t.test(
  'recovery: the living are watched, the ended are told, the unstarted are dropped',
  async (t) => {
    const { containerizer, files, processes, advance } = givenFakeMachine();
    const spec = Buffer.from('d/sandbox\n');
    for (const id of ['living', 'ended', 'unstarted', 'killed']) files.specs.set(id, spec);
    const shim = processes.add(100);
    files.journals.set('living', `shim 100 ${shim.startTicks} 1\ntask 101 1010\n`);
    files.journals.set('ended', 'shim 200 2000 1\ntask 201 2010\nexited 4\n');
    files.journals.set('killed', 'shim 300 3000 1\ntask 301 3010\n');
    processes.add(302, { containerMark: 'killed' });

    const recovering = containerizer.recover();
    await advance(1_000);
    t.strictSame(await recovering, [
      {
        containerId: 'ended',
        sandbox: '/sandbox',
        pid: 201,
        termination: { kind: 'exited', code: 4 },
      },
      {
        containerId: 'killed',
        sandbox: '/sandbox',
        pid: 301,
        termination: {
          kind: 'unknown',
          reason: 'the shim was killed before it could write how the command ended',
        },
      },
      { containerId: 'living', sandbox: '/sandbox', pid: 101, termination: undefined },
    ]);
    t.strictSame(processes.signals, ['SIGKILL 302']);
    t.notOk(files.specs.has('unstarted'));

    processes.remove(100);
    files.journals.set('living', `shim 100 ${shim.startTicks} 1\ntask 101 1010\nexited 0\n`);
    const ended = containerizer.wait('living');
    await advance(200);
    t.strictSame(await ended, { kind: 'exited', code: 0 });
  },
);

t.test('a container that its shim says is empty is destroyed without a look', async (t) => {
  const { containerizer, launcher, processes, settle, runShim } = givenFakeMachine();
  const launched = containerizer.launch(aRequest('c1'));
  await settle();
  runShim('c1', 100);
  await launched;
  launcher.emptied('c1');
  launcher.exited('c1', 0);
  processes.snapshot = () => Promise.reject(new Error('nobody needs to look'));
  await containerizer.signal('c1', 'SIGKILL');
  t.equal(await containerizer.usage('c1'), undefined);
  await containerizer.destroy('c1');
  t.strictSame(processes.signals, []);
});
