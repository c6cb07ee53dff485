// Random histories of a cluster: replay from snapshots, and seeds. The rules are in `kernel-oracle.test.ts`.
import {
  AllocatorKernel,
  applyBatch,
  CommandBuffer,
  type GrantBatch,
  snapshotOf,
} from '@kaon/allocator';
import t from 'tap';
import { same } from './builders/cluster-books.ts';
import { RandomCluster } from './builders/random-cluster.ts';
import { randomOptions } from './builders/random-world.ts';

const CLUSTERS = 150;
const PASSES = 10;
const STEPS_PER_PASS = 10;

t.test('a kernel rebuilt from a snapshot goes on as the first would have', async (t) => {
  let grants = 0;
  for (let seed = 0; seed < CLUSTERS; seed += 1) {
    const options = randomOptions(seed);
    const first = new AllocatorKernel(options);
    const buffer = new CommandBuffer();
    const cluster = new RandomCluster(seed, [first, buffer]);
    cluster.populate();
    let second = new AllocatorKernel(options);
    for (let pass = 0; pass < PASSES; pass += 1) {
      for (let step = 0; step < STEPS_PER_PASS; step += 1) cluster.step();
      applyBatch(second, buffer.take());
      const rebuilt = new AllocatorKernel(options);
      applyBatch(rebuilt, snapshotOf(second));
      second = rebuilt;
      const request = { nowMs: cluster.world.nowMs, seed: pass };
      const batch = first.allocate(request);
      same(decisions(second.allocate(request)), decisions(batch), `cluster ${seed}, pass ${pass}`);
      cluster.book(batch);
      cluster.books.checkConservation();
      cluster.answerOffers();
      grants += batch.agents.length;
    }
  }
  t.ok(grants > 1000, `${grants} grants were compared`);
});

t.test('the same seed gives the same batch, another seed another order', async (t) => {
  const build = (): AllocatorKernel => {
    const kernel = new AllocatorKernel(randomOptions(0));
    const cluster = new RandomCluster(4, [kernel]);
    for (let agent = 0; agent < 20; agent += 1) cluster.addAgent(agent);
    kernel.addFramework(0, 'f', 63);
    kernel.subscribe(0, 0);
    kernel.activateFramework(0);
    return kernel;
  };
  const batch = build().allocate({ nowMs: 0, seed: 7 });
  t.same(build().allocate({ nowMs: 0, seed: 7 }), batch);
  t.not(build().allocate({ nowMs: 0, seed: 8 }).agents.join(), batch.agents.join());
});

/** A batch without the counts of what is remembered: a snapshot leaves dead refusals out. */
function decisions({ refusals: _, refusalsDropped: __, ...batch }: GrantBatch): unknown {
  const { roleShares } = batch;
  const shares = Array.from(
    { length: roleShares.length / 2 },
    (_, index) => `${roleShares[index * 2]} ${roleShares[index * 2 + 1]}`,
  );
  return { ...batch, roleShares: shares.sort() };
}
