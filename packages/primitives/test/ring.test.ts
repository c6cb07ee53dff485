// The queue below every mailbox.
import { Ring } from '@kaon/primitives';
import fc from 'fast-check';
import t from 'tap';

t.test('what went in first comes out first, across chunks', async (t) => {
  const ring = new Ring<number>();
  for (let value = 0; value < 1000; value += 1) ring.push(value);
  t.equal(ring.size, 1000);
  for (let value = 0; value < 1000; value += 1) {
    if (ring.shift() !== value) t.fail(`out of order at ${value}`);
  }
  t.equal(ring.size, 0);
  t.equal(ring.shift(), undefined);
});

t.test('it behaves as a list does, whatever the mix of pushes, shifts and clears', async (t) => {
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ push: fc.integer({ min: 1, max: 400 }) }) },
    { weight: 6, arbitrary: fc.record({ shift: fc.integer({ min: 1, max: 400 }) }) },
    { weight: 1, arbitrary: fc.constant({ clear: true as const }) },
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const ring = new Ring<number>();
      const list: number[] = [];
      let next = 0;
      for (const one of steps) {
        if ('push' in one) {
          for (let left = one.push; left > 0; left -= 1) {
            ring.push(next);
            list.push(next);
            next += 1;
          }
        } else if ('shift' in one) {
          for (let left = one.shift; left > 0; left -= 1) {
            if (ring.shift() !== list.shift()) return false;
          }
        } else {
          ring.clear();
          list.length = 0;
        }
        if (ring.size !== list.length) return false;
      }
      return true;
    }),
  );
  t.pass('100 random histories');
});

t.test('undefined is an item like any other', async (t) => {
  const ring = new Ring<number | undefined>();
  ring.push(undefined);
  ring.push(1);
  t.equal(ring.size, 2);
  t.equal(ring.shift(), undefined);
  t.equal(ring.shift(), 1);
});
