// The machine's clock. What it does can be waited for, but never timed, by a test.
import { systemClock } from '@kaon/primitives';
import t from 'tap';

const clock = systemClock();

function fired(delayMs: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimer(delayMs, resolve);
  });
}

t.test('the wall clock agrees with the machine, the monotonic one never goes back', async (t) => {
  const before = Date.now();
  const nowMs = clock.nowMs();
  t.ok(nowMs >= before - 3 && nowMs <= Date.now() + 3);
  let last = clock.monotonicMs();
  for (let index = 0; index < 1000; index += 1) {
    const next = clock.monotonicMs();
    if (next < last) t.fail('went back');
    last = next;
  }
});

t.test('the wall clock follows when the machine is set to another time', async (t) => {
  const shifted = systemClock();
  const realNow = Date.now;
  t.teardown(() => {
    Date.now = realNow;
  });
  Date.now = () => realNow() + 3_600_000;
  t.ok(Math.abs(shifted.nowMs() - Date.now()) <= 3);
  Date.now = realNow;
  t.ok(Math.abs(shifted.nowMs() - Date.now()) <= 3);
});

t.test('a timer never fires before its delay has passed', async (t) => {
  for (const delayMs of [0, 0.4, 1.2, 2.7, 5, 11.9]) {
    const startedMs = clock.monotonicMs();
    await fired(delayMs);
    t.ok(clock.monotonicMs() - startedMs >= delayMs, `${delayMs} ms`);
  }
  await fired(-5);
});

t.test('what is due at once comes after what has come in meanwhile, and in order', async (t) => {
  const seen: string[] = [];
  const done = new Promise<void>((resolve) => {
    clock.setTimer(0, () => {
      seen.push('first');
      clock.setTimer(0, () => resolve());
    });
  });
  clock.setTimer(-1, () => seen.push('second'));
  const standby = clock.setTimer(0, () => seen.push('third'));
  clock.keepAlive?.(standby, false);
  seen.push('meanwhile');
  await done;
  t.same(seen, ['meanwhile', 'first', 'second', 'third']);
});

t.test('a cleared timer does not fire; clearing it again or late does no harm', async (t) => {
  const timer = clock.setTimer(0, () => t.fail('a cleared timer fired'));
  clock.clearTimer(timer);
  clock.clearTimer(timer);
  await fired(2);
  const done = clock.setTimer(0, () => undefined);
  await fired(2);
  clock.clearTimer(done);
});

t.test('a delay longer than Node keeps does not fire at once', async (t) => {
  const timer = clock.setTimer(2 ** 40, () => t.fail('fired'));
  await fired(2);
  clock.clearTimer(timer);
});

t.test('a timer that stands by does not keep the process alive, until it is told to', async (t) => {
  const clock = systemClock();
  const count = (): number =>
    process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
  const before = count();
  const timer = clock.setTimer(3_600_000, () => undefined);
  t.equal(count(), before + 1);
  clock.keepAlive?.(timer, false);
  t.equal(count(), before);
  clock.keepAlive?.(timer, true);
  t.equal(count(), before + 1);
  clock.clearTimer(timer);
  t.equal(count(), before);
});
