// Virtual time: what is due fires in order, and only when time is moved.
import { VIRTUAL_EPOCH_MS, VirtualClock } from '@kaon/testkit';
import fc from 'fast-check';
import t from 'tap';

t.test('time stands still until it is moved, and never goes back', async (t) => {
  const clock = new VirtualClock();
  t.equal(clock.monotonicMs(), 0);
  t.equal(clock.nowMs(), VIRTUAL_EPOCH_MS);
  clock.jump(100);
  clock.jump(50);
  t.equal(clock.monotonicMs(), 100);
  t.equal(clock.nowMs(), VIRTUAL_EPOCH_MS + 100);
});

t.test('a step fires the next due timer alone and moves time to it', async (t) => {
  const clock = new VirtualClock();
  const log: string[] = [];
  clock.setTimer(20, () => void log.push(`b at ${clock.monotonicMs()}`));
  clock.setTimer(10, () => void log.push(`a at ${clock.monotonicMs()}`));
  t.equal(clock.nextDueMs(), 10);
  t.notOk(clock.step(9));
  t.ok(clock.step(100));
  t.same(log, ['a at 10']);
  t.ok(clock.step(100));
  t.notOk(clock.step(100));
  t.same(log, ['a at 10', 'b at 20']);
  t.equal(clock.nextDueMs(), undefined);
});

t.test('a delay below nothing is due now, one that is no number is a bug', async (t) => {
  const clock = new VirtualClock();
  clock.jump(5);
  clock.setTimer(-10, () => undefined);
  t.equal(clock.nextDueMs(), 5);
  t.throws(() => clock.setTimer(Number.NaN, () => undefined), { name: 'InvariantError' });
});

t.test(
  'timers fire by time, then by order of setting, as a sorted list would have them',
  async (t) => {
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ set: fc.integer({ min: 0, max: 20 }) }) },
      { weight: 2, arbitrary: fc.record({ cancel: fc.nat() }) },
      { weight: 2, arbitrary: fc.record({ advance: fc.integer({ min: 0, max: 10 }) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const clock = new VirtualClock();
        const fired: number[] = [];
        const expected: number[] = [];
        const handles: unknown[] = [];
        let list: { readonly atMs: number; readonly id: number }[] = [];
        let nowMs = 0;
        for (const one of steps) {
          if ('set' in one) {
            const id = handles.length;
            handles.push(clock.setTimer(one.set, () => void fired.push(id)));
            list.push({ atMs: nowMs + one.set, id });
          } else if ('cancel' in one) {
            const id = one.cancel % Math.max(1, handles.length);
            if (handles[id] !== undefined) clock.clearTimer(handles[id] as object);
            list = list.filter((timer) => timer.id !== id);
          } else {
            nowMs += one.advance;
            while (clock.step(nowMs));
            clock.jump(nowMs);
            list.sort((left, right) => left.atMs - right.atMs || left.id - right.id);
            while (list[0] && list[0].atMs <= nowMs)
              expected.push((list.shift() as { id: number }).id);
          }
          const nextMs = Math.min(...list.map(({ atMs }) => atMs));
          if ((clock.nextDueMs() ?? Number.POSITIVE_INFINITY) !== nextMs) return false;
        }
        return fired.join() === expected.join();
      }),
      { numRuns: 300 },
    );
    t.pass('300 random histories');
  },
);

t.test('many cancelled timers leave the heap, the live ones keep their order', async (t) => {
  const clock = new VirtualClock();
  const fired: number[] = [];
  const handles = Array.from({ length: 5000 }, (_, index) =>
    clock.setTimer(index % 7, () => void fired.push(index)),
  );
  for (const [index, handle] of handles.entries()) if (index % 100 !== 0) clock.clearTimer(handle);
  while (clock.step(100));
  t.equal(fired.length, 50);
  t.same(
    fired,
    [...fired].sort((left, right) => (left % 7) - (right % 7) || left - right),
  );
});

t.test('clearing twice, or after it fired, does no harm', async (t) => {
  const clock = new VirtualClock();
  const timer = clock.setTimer(1, () => t.fail('fired'));
  clock.clearTimer(timer);
  clock.clearTimer(timer);
  const done = clock.setTimer(1, () => undefined);
  t.ok(clock.step(1));
  clock.clearTimer(done);
  t.equal(clock.nextDueMs(), undefined);
});
