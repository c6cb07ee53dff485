import { VirtualClock } from '@kaon/testkit';
import t from 'tap';
import type { LaunchRequest } from '#src/containerizer.js';
import { noopContainerizer, simulatedContainerizer } from '#src/simulated-containerizer.js';

const request = (containerId: string, value = 'true'): LaunchRequest => ({
  containerId,
  sandbox: '/sandbox',
  command: { kind: 'shell', value },
  environment: {},
});
const advance = (clock: VirtualClock, byMs: number): void => {
  const untilMs = clock.monotonicMs() + byMs;
  while (clock.step(untilMs));
  clock.jump(untilMs);
};

t.test('commands take the time and end the way they are told to', async (t) => {
  const clock = new VirtualClock();
  const containerizer = simulatedContainerizer({
    clock,
    decide: () => ({ kind: 'runs', durationMs: 500, exit: { kind: 'exited', code: 4 } }),
  });
  const { pid } = await containerizer.launch(request('c1'));
  t.ok(pid > 0);
  advance(clock, 499);
  t.strictSame(await containerizer.usage('c1'), { cpuSeconds: 0, residentBytes: 0, processes: 1 });
  advance(clock, 1);
  t.strictSame(await containerizer.wait('c1'), { kind: 'exited', code: 4 });
  t.equal(await containerizer.usage('c1'), undefined);
});

t.test('SIGTERM takes the time it takes, SIGKILL none', async (t) => {
  const clock = new VirtualClock();
  const containerizer = simulatedContainerizer({
    clock,
    decide: ({ command }) => ({
      kind: 'runs',
      stopMs: command.kind === 'shell' && command.value === 'stubborn' ? 'never' : 200,
    }),
  });
  await containerizer.launch(request('polite'));
  await containerizer.launch(request('stubborn', 'stubborn'));
  await containerizer.signal('polite', 'SIGTERM');
  await containerizer.signal('stubborn', 'SIGTERM');
  advance(clock, 200);
  t.strictSame(await containerizer.wait('polite'), { kind: 'signaled', signal: 'SIGTERM' });
  await containerizer.signal('stubborn', 'SIGKILL');
  t.strictSame(await containerizer.wait('stubborn'), { kind: 'signaled', signal: 'SIGKILL' });
});

t.test('what runs is found again, what is destroyed is not', async (t) => {
  const clock = new VirtualClock();
  const containerizer = simulatedContainerizer({ clock, decide: () => ({ kind: 'runs' }) });
  await containerizer.launch(request('c1'));
  await containerizer.launch(request('c2'));
  const ended = containerizer.wait('c2');
  await containerizer.destroy('c2');
  t.strictSame(await ended, { kind: 'signaled', signal: 'SIGKILL' });
  await containerizer.close();
  t.match(await containerizer.recover(), [{ containerId: 'c1', termination: undefined }]);
  await t.rejects(containerizer.wait('c2'), { code: 'KAON_CONTAINER_UNKNOWN' });
  await containerizer.destroy('c2');
});

t.test('launches fail when they are told to, and when the id is taken', async (t) => {
  const containerizer = simulatedContainerizer({
    clock: new VirtualClock(),
    decide: ({ containerId }) =>
      containerId === 'bad' ? { kind: 'fails', reason: 'no such image' } : { kind: 'runs' },
  });
  await t.rejects(containerizer.launch(request('bad')), {
    code: 'KAON_CONTAINER_LAUNCH_FAILED',
    reason: 'no such image',
  });
  await containerizer.launch(request('c1'));
  await t.rejects(containerizer.launch(request('c1')), { code: 'KAON_CONTAINER_LAUNCH_FAILED' });
});

t.test('the containerizer of benchmarks says that everything worked', async (t) => {
  const containerizer = noopContainerizer(new VirtualClock());
  await containerizer.launch(request('c1', 'rm -rf /'));
  t.strictSame(await containerizer.wait('c1'), { kind: 'exited', code: 0 });
});
