// Distributions of latency: their bounds, their shape and their repeatability.
import { seededRandom } from '@kaon/primitives';
import { drawLatencyMs, type Latency } from '@kaon/testkit';
import t from 'tap';

function draws(latency: Latency, count = 20_000, seed = 3): readonly number[] {
  const random = seededRandom(seed);
  return Array.from({ length: count }, () => drawLatencyMs(latency, random));
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function median(values: readonly number[]): number {
  return [...values].sort((left, right) => left - right)[values.length >> 1] as number;
}

t.test('fixed is always the same, uniform stays between its ends and uses all of it', async (t) => {
  t.same(new Set(draws({ kind: 'fixed', ms: 7 }, 100)), new Set([7]));
  for (const latency of [[10, 20], { kind: 'uniform', leastMs: 10, mostMs: 20 }] as const) {
    const drawn = draws(latency);
    t.ok(Math.min(...drawn) >= 10 && Math.max(...drawn) < 20);
    t.ok(Math.min(...drawn) < 10.1 && Math.max(...drawn) > 19.9);
    t.ok(Math.abs(mean(drawn) - 15) < 0.1);
  }
  t.same(draws([10, 20], 50), draws({ kind: 'uniform', leastMs: 10, mostMs: 20 }, 50));
});

t.test('exponential has its mean above its least, and a cap when told', async (t) => {
  const drawn = draws({ kind: 'exponential', meanMs: 10, leastMs: 5 });
  t.ok(Math.min(...drawn) >= 5);
  t.ok(Math.abs(mean(drawn) - 15) < 0.5, String(mean(drawn)));
  t.ok(Math.max(...drawn) > 50, 'it has a tail');
  const capped = draws({ kind: 'exponential', meanMs: 10, leastMs: 5, capMs: 30 });
  t.equal(Math.max(...capped), 30);
});

t.test('log-normal has its median, a long tail and its cap', async (t) => {
  const drawn = draws({ kind: 'logNormal', medianMs: 10, sigma: 1, capMs: 200 });
  t.ok(Math.abs(median(drawn) - 10) < 0.5, String(median(drawn)));
  t.ok(mean(drawn) > 14, 'the tail pulls the mean up');
  t.ok(Math.min(...drawn) > 0);
  t.equal(Math.max(...drawn), 200);
});

t.test('one seed draws the same latencies, another seed others', async (t) => {
  const latency: Latency = { kind: 'logNormal', medianMs: 10, sigma: 1, capMs: 200 };
  t.same(draws(latency, 100, 5), draws(latency, 100, 5));
  t.not(draws(latency, 1, 5)[0], draws(latency, 1, 6)[0]);
});

t.test('a latency below nothing is a mistake of the test', async (t) => {
  t.throws(() => draws({ kind: 'fixed', ms: -1 }, 1), { name: 'InvariantError' });
  t.throws(() => draws([-5, -1], 1), { name: 'InvariantError' });
});
