import { VirtualClock } from '@kaon/testkit';
import t from 'tap';
import { ShimWatch } from '#src/shim-watch.js';
import { FakeProcessTable } from './builders/fake-machine.ts';

const givenWatch = () => {
  const clock = new VirtualClock();
  const processes = new FakeProcessTable();
  const gone: string[] = [];
  const watch = new ShimWatch({ clock, processes, onGone: (id) => gone.push(id) });
  const advance = (byMs: number): void => {
    const untilMs = clock.monotonicMs() + byMs;
    while (clock.step(untilMs));
    clock.jump(untilMs);
  };
  return { clock, processes, gone, watch, advance };
};

t.test('a few shims are all looked at ten times a second', async (t) => {
  const { processes, gone, watch, advance } = givenWatch();
  for (let pid = 10; pid < 60; pid += 1) watch.watch(`c${pid}`, processes.add(pid));
  advance(1_000);
  t.strictSame(gone, []);
  processes.remove(33);
  advance(100);
  t.strictSame(gone, ['c33']);
  advance(1_000);
  t.strictSame(gone, ['c33'], 'told once');
});

t.test('many are each looked at within a second, a part of them at a time', async (t) => {
  const { processes, gone, watch, advance } = givenWatch();
  let looks = 0;
  const isAlive = processes.isAlive.bind(processes);
  processes.isAlive = (process) => {
    looks += 1;
    return isAlive(process);
  };
  for (let pid = 1_000; pid < 1_500; pid += 1) watch.watch(`c${pid}`, processes.add(pid));
  advance(100);
  t.equal(looks, 50);
  processes.remove(1_000);
  processes.remove(1_499);
  advance(1_900);
  t.strictSame(gone.sort(), ['c1000', 'c1499']);
});

t.test('a pid that was given to another process is a shim that is gone', async (t) => {
  const { processes, gone, watch, advance } = givenWatch();
  watch.watch('c1', processes.add(10));
  processes.remove(10);
  processes.add(10, { startTicks: 99_999 });
  advance(100);
  t.strictSame(gone, ['c1']);
});

t.test('with nothing to watch no timer is set', async (t) => {
  const { clock, processes, watch } = givenWatch();
  watch.watch('c1', processes.add(10));
  watch.unwatch('c1');
  t.equal(clock.nextDueMs(), undefined);
  watch.watch('c2', processes.add(11));
  watch.close();
  watch.watch('c3', processes.add(12));
  t.equal(clock.nextDueMs(), undefined);
});
