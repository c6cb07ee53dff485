// Real processes: the helper that starts containers may be killed at any time.
import { onEachLauncher, type RealMachine, readPipe, writePipe } from './builders/real-machine.ts';

/** The shells this test process has for starting containers: its children that lead their own session. */
const killLaunchers = async (machine: RealMachine): Promise<number> => {
  const shells = (await machine.allProcesses()).filter(
    ({ pid, parentPid, sessionId, isZombie }) =>
      parentPid === process.pid && sessionId === pid && !isZombie,
  );
  for (const { pid } of shells) process.kill(pid, 'SIGKILL');
  return shells.length;
};

onEachLauncher(
  'containers outlive their launcher and still report their end',
  async (t, machine) => {
    const containerizer = machine.containerizer();
    const ready = await machine.pipe('ready');
    const gate = await machine.pipe('gate');
    const request = await machine.request('c', `echo up >${ready}; read line <${gate}; exit 2`);
    await containerizer.launch(request);
    await readPipe(ready);
    t.ok((await killLaunchers(machine)) > 0);
    await writePipe(gate);
    t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: 2 });

    const next = await machine.request('next', 'exit 1');
    await containerizer.launch(next);
    t.strictSame(await containerizer.wait(next.containerId), { kind: 'exited', code: 1 });
  },
);

onEachLauncher('launches under way when it is killed run once, all of them', async (t, machine) => {
  const containerizer = machine.containerizer();
  const warm = await machine.request('warm', 'true');
  await containerizer.launch(warm);
  const requests = await Promise.all(
    Array.from({ length: 60 }, (_, index) => machine.request(`c${index}`, 'echo ran')),
  );
  const launches = requests.map((request) => containerizer.launch(request));
  await Promise.race(launches);
  await killLaunchers(machine);
  await Promise.all(launches);
  for (const request of requests) {
    t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: 0 });
    t.equal(await machine.output(request), 'ran\n');
  }
  t.ok(containerizer.statistics().launchersLost > 0);
});
