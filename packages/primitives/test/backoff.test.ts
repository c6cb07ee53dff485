// How long retries wait.
import { doublingBackoffMs, jitteredBackoffMs, seededRandom } from '@kaon/primitives';
import fc from 'fast-check';
import t from 'tap';

t.test(
  'a jittered wait lies between nothing and the doubled factor, never above the cap',
  async (t) => {
    const random = seededRandom(1);
    fc.assert(
      fc.property(
        fc.nat({ max: 5000 }),
        fc.nat({ max: 60_000 }),
        fc.nat({ max: 600_000 }),
        (attempt, factorMs, capMs) => {
          const waitMs = jitteredBackoffMs(attempt, { factorMs, capMs }, random);
          return waitMs >= 0 && waitMs <= Math.min(capMs, factorMs * 2 ** Math.min(attempt, 52));
        },
      ),
    );
    t.pass('100 random options');
  },
);

t.test('jittered waits use the whole interval', async (t) => {
  const random = seededRandom(2);
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (let index = 0; index < 1000; index += 1) {
    const waitMs = jitteredBackoffMs(3, { factorMs: 100, capMs: 10_000 }, random);
    least = Math.min(least, waitMs);
    most = Math.max(most, waitMs);
  }
  t.ok(least < 40, `least ${least}`);
  t.ok(most > 760 && most <= 800, `most ${most}`);
});

t.test(
  'doubling starts at the factor and stays at the cap, for any number of attempts',
  async (t) => {
    const options = { factorMs: 1000, capMs: 60_000 };
    const waits = [0, 1, 2, 5, 6, 100, 100_000].map((attempt) =>
      doublingBackoffMs(attempt, options),
    );
    t.same(waits, [1000, 2000, 4000, 32_000, 60_000, 60_000, 60_000]);
  },
);
