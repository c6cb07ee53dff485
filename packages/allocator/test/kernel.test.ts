// What the kernel decides, told by small clusters.
import {
  AllocatorKernel,
  applyBatch,
  batchLength,
  CAPABILITY,
  CommandBuffer,
  snapshotOf,
} from '@kaon/allocator';
import t from 'tap';
import { givenKernel, OPTIONS } from './builders/given-kernel.ts';

t.test('a lone framework gets every agent whole', async (t) => {
  const given = givenKernel()
    .agent('a1', { cpus: 2, mem: 1024, items: 10 })
    .agent('a2', { cpus: 4, mem: 512 })
    .framework('f', 'web');
  t.same(given.grants(), [
    { agent: 'a1', framework: 'f', role: 'web', cpus: 2, mem: 1024 },
    { agent: 'a2', framework: 'f', role: 'web', cpus: 4, mem: 512 },
  ]);
  t.same(given.grants(), [], 'what was granted is not free any more');
});

t.test('two equal frameworks take turns', async (t) => {
  const given = givenKernel().framework('f1', 'web').framework('f2', 'web');
  for (let index = 0; index < 10; index += 1) given.agent(`a${index}`, { cpus: 1, mem: 64 });
  const takers = given.grants().map(({ framework }) => framework);
  t.equal(takers.filter((name) => name === 'f1').length, 5);
  t.equal(takers.filter((name) => name === 'f2').length, 5);
});

t.test('the example of the DRF paper: dominant shares end up equal', async (t) => {
  const given = givenKernel().agent('a', { cpus: 9, mem: 18_000 });
  const tasks = { f1: { cpus: 1, mem: 4000 }, f2: { cpus: 3, mem: 1000 } };
  given.framework('f1', 'r1').framework('f2', 'r2');
  const running = { f1: 0, f2: 0 };
  let free = { cpus: 9, mem: 18_000 };
  for (let round = 0; round < 20; round += 1) {
    const [grant] = given.grants();
    if (grant === undefined) break;
    const name = grant.framework as 'f1' | 'f2';
    const task = tasks[name];
    if (task.cpus > free.cpus || task.mem > free.mem) {
      given.refuse(name, grant.role, 'a', 1, free);
      given.recover(name, grant.role, free.cpus, free.mem);
    } else {
      running[name] += 1;
      free = { cpus: free.cpus - task.cpus, mem: free.mem - task.mem };
      given.recover(name, grant.role, free.cpus, free.mem);
    }
    given.free('a', free);
  }
  t.same(running, { f1: 3, f2: 2 }, '12 of 18 GB and 6 of 9 cpus: two thirds each');
});

t.test('weights 2 to 1 give agents 2 to 1', async (t) => {
  const given = givenKernel();
  given.kernel.setWeight('heavy', 2);
  for (let index = 0; index < 90; index += 1) given.agent(`a${index}`, { cpus: 1, mem: 64 });
  given.framework('f1', 'heavy').framework('f2', 'light');
  const heavy = given.grants().filter(({ role }) => role === 'heavy').length;
  t.equal(heavy, 60);

  const later = givenKernel();
  for (let index = 0; index < 90; index += 1) later.agent(`a${index}`, { cpus: 1, mem: 64 });
  later.framework('f1', 'heavy').framework('f2', 'light');
  later.kernel.setWeight('heavy', 0.5);
  t.equal(
    later.grants().filter(({ role }) => role === 'heavy').length,
    30,
    'a weight may change while the role is in use',
  );
});

t.test(
  'roles share by tree: a parent is one competitor, its own frameworks one child',
  async (t) => {
    const given = givenKernel();
    for (let index = 0; index < 40; index += 1) {
      given.agent(`a${String(index).padStart(2, '0')}`, { cpus: 1, mem: 64 });
    }
    given.framework('own', 'eng').framework('sub', 'eng/dev').framework('other', 'ads');
    const counts: Record<string, number> = {};
    for (const { framework } of given.grants()) counts[framework] = (counts[framework] ?? 0) + 1;
    t.same(counts, { other: 20, own: 10, sub: 10 });
  },
);

t.test(
  'of equal shares the one with fewer allocations goes first, then the smaller name',
  async (t) => {
    const given = givenKernel().framework('f2', 'web').framework('f1', 'web');
    given.agent('a', { cpus: 1, mem: 64 });
    t.same(given.takers(), ['a:f1']);
    given.recover('f1', 'web', 1, 64).free('a', { cpus: 1, mem: 64 });
    t.same(given.takers(), ['a:f2']);
    given.recover('f2', 'web', 1, 64).free('a', { cpus: 1, mem: 64 });
    t.same(given.takers(), ['a:f1']);
  },
);

t.test('reservations go to their role and below, the rest to whose turn it is', async (t) => {
  const given = givenKernel()
    .framework('ads', 'ads')
    .framework('eng', 'eng')
    .framework('dev', 'eng/dev')
    .agent('a', {
      cpus: 1,
      mem: 64,
      reserved: { eng: { cpus: 2, mem: 64 }, 'eng/dev': { cpus: 4 } },
    });
  t.same(given.grants(), [
    { agent: 'a', framework: 'ads', role: 'ads', cpus: 1, mem: 64 },
    { agent: 'a', framework: 'eng', role: 'eng', cpus: 2, mem: 64 },
    { agent: 'a', framework: 'dev', role: 'eng/dev', cpus: 4, mem: 0 },
  ]);
});

t.test('crumbs are not offered: 0.01 cpus or 32 MB is the least', async (t) => {
  const given = givenKernel()
    .framework('f', 'web')
    .agent('a1', { cpus: 0.009, mem: 31.999, items: 100 })
    .agent('a2', { cpus: 0.01 })
    .agent('a3', { cpus: 0, mem: 32 });
  const batch = given.pass();
  t.equal(batch.agents.length, 2);
  t.same(given.skips('f', 'web'), { notAllocatable: 1 });
});

t.test('a refusal holds until it expires and only for what it contains', async (t) => {
  const given = givenKernel().framework('f', 'web').agent('a', { cpus: 1, mem: 64 });
  given.pass();
  const decline = (): void => {
    given.recover('f', 'web', 1, 64).free('a', { cpus: 1, mem: 64 });
    given.refuse('f', 'web', 'a', 5000, { cpus: 1, mem: 64 });
  };
  decline();
  const batch = given.pass(4999);
  t.equal(batch.agents.length, 0);
  t.same(given.skips('f', 'web', 4999), { filtered: 1 });
  t.same(given.takers(5000), ['a:f'], 'expired');

  decline();
  given.free('a', { cpus: 0.5, mem: 64 });
  t.same(given.takers(0), [], 'less than refused is refused too');
  given.free('a', { cpus: 2, mem: 64 });
  t.same(given.takers(0), ['a:f'], 'more breaks through');
});

t.test('more items break through a refusal', async (t) => {
  const given = givenKernel().framework('f', 'web').agent('a', { cpus: 1, items: 5 });
  given.refuse('f', 'web', 'a', 5000, { cpus: 1, items: 4 });
  t.same(given.takers(0), ['a:f']);
});

t.test('a refusal concerns one framework, role and agent', async (t) => {
  const given = givenKernel()
    .framework('f1', ['web', 'ads'])
    .agent('a', { cpus: 1 })
    .agent('b', { cpus: 1 });
  given.refuse('f1', 'web', 'a', 5000, { cpus: 1 }).refuse('f1', 'ads', 'b', 5000, { cpus: 1 });
  t.same(
    given.grants().map(({ agent, role }) => `${agent}:${role}`),
    ['a:ads', 'b:web'],
  );
});

t.test('revive forgets refusals and suppression; suppress keeps refusals', async (t) => {
  const given = givenKernel().framework('f', 'web').agent('a', { cpus: 1 });
  const [framework, role] = [given.frameworkIndex('f'), given.roleIndex('web')];
  given.refuse('f', 'web', 'a', 5000, { cpus: 1 });
  given.kernel.suppress(framework, role);
  given.pass();
  t.same(given.skips('f', 'web'), { suppressed: 1 });
  given.kernel.revive(framework, role);
  t.same(given.takers(), ['a:f']);
});

t.test('a change of the agent forgets refusals when asked to, and removal always', async (t) => {
  const given = givenKernel().framework('f', 'web').agent('a', { cpus: 1 });
  given.refuse('f', 'web', 'a', 5000, { cpus: 1 });
  given.kernel.clearRefusals(given.agentIndex('a'));
  t.same(given.takers(), ['a:f']);
  t.equal(given.kernel.refusals.used, 0);
  given.refuse('f', 'web', 'a', 5000, { cpus: 1 });
  given.kernel.removeAgent(given.agentIndex('a'));
  t.equal(given.kernel.refusals.used, 0);
  t.equal(given.kernel.parcels.used, 0);
});

t.test(
  'refusals of one bundle and expiry share a row; a full table drops and counts',
  async (t) => {
    const given = givenKernel({ refusalsMax: 1 })
      .framework('f', 'web')
      .framework('g', 'web')
      .agent('a', { cpus: 1 });
    given.refuse('f', 'web', 'a', 5000, { cpus: 1 }).refuse('g', 'web', 'a', 5000, { cpus: 1 });
    given.refuse('g', 'web', 'a', 5000, { cpus: 1 });
    t.equal(given.kernel.refusals.used, 2);
    given.refuse('f', 'web', 'a', 6000, { cpus: 1 });
    t.equal(given.kernel.refusals.dropped, 1);
    t.same(given.takers(5000), ['a:f'], 'both expire together');
    given.refuse('f', 'web', 'a', 6000, { cpus: 1 });
    t.equal(given.kernel.refusals.used, 1, 'and make room');
  },
);

t.test('inactive frameworks and inactive or removed agents take no part', async (t) => {
  const given = givenKernel()
    .framework('f', 'web')
    .framework('g', 'web')
    .agent('a', { cpus: 1 })
    .agent('b', { cpus: 1 })
    .agent('c', { cpus: 1 });
  given.kernel.deactivateFramework(given.frameworkIndex('f'));
  given.kernel.deactivateAgent(given.agentIndex('a'));
  given.kernel.removeAgent(given.agentIndex('b'));
  const batch = given.pass();
  t.equal(batch.candidates, 1);
  t.same(given.skips('f', 'web'), { inactive: 1 });
  given.kernel.activateAgent(given.agentIndex('a'));
  given.kernel.activateFramework(given.frameworkIndex('f'));
  t.same(given.takers(), ['a:f']);
});

t.test('a pass over some agents leaves the others alone', async (t) => {
  const given = givenKernel().framework('f', 'web').agent('a', { cpus: 1 }).agent('b', { cpus: 1 });
  const batch = given.pass(0, 1, ['b', 'b', 'unknown']);
  t.equal(batch.candidates, 1);
  t.same([...batch.agents], [given.agentIndex('b')]);
});

t.test('agents with GPUs or in another region are for those who know', async (t) => {
  const given = givenKernel()
    .framework('f1', 'web')
    .framework('f2', 'web', CAPABILITY.gpuResources)
    .framework('f3', 'web', CAPABILITY.regionAware)
    .agent('g', { cpus: 1, gpus: 1, demands: CAPABILITY.gpuResources })
    .agent('r', { cpus: 1, demands: CAPABILITY.regionAware });
  const batch = given.pass();
  t.same(given.skips('f1', 'web'), { gpuAgent: 1, remoteRegion: 1 });
  t.same([...batch.frameworks].sort(), [given.frameworkIndex('f2'), given.frameworkIndex('f3')]);
});

t.test(
  'old agents are hidden from multi-role frameworks and from roles with a slash',
  async (t) => {
    const given = givenKernel()
      .framework('multi', 'web', CAPABILITY.multiRole)
      .framework('deep', 'eng/dev')
      .agent('old', { cpus: 1, lacks: CAPABILITY.multiRole | CAPABILITY.hierarchicalRole });
    const batch = given.pass();
    t.equal(batch.agents.length, 0);
    t.same(given.skips('multi', 'web'), { agentNotMultiRole: 1 });
    t.same(given.skips('deep', 'eng/dev'), { agentNotHierarchicalRole: 1 });
  },
);

t.test('parcels that need a capability are stripped and go to the next in line', async (t) => {
  const bits = CAPABILITY.revocableResources;
  const given = givenKernel()
    .framework('f1', 'web')
    .framework('f2', 'web', bits)
    .agent('a', { cpus: 1, reserved: { '': { cpus: 2, bits } } });
  t.same(given.grants(), [
    { agent: 'a', framework: 'f1', role: 'web', cpus: 1, mem: 0 },
    { agent: 'a', framework: 'f2', role: 'web', cpus: 2, mem: 0 },
  ]);
  given.agent('b', { cpus: 0, reserved: { '': { cpus: 2, bits } } });
  given.pass();
  t.same(given.skips('f1', 'web'), { nothingLeft: 1, noCapability: 1 });
});

t.test(
  'agents that others got are counted as lower share, empty ones as nothing left',
  async (t) => {
    const given = givenKernel().framework('f1', 'web').framework('f2', 'web');
    for (const name of ['a', 'b', 'c', 'd']) given.agent(name, { cpus: 1 });
    const first = given.pass();
    t.same(given.skips('f1', 'web'), { lowerShare: 2 });
    t.same([...first.roleShares], [given.roleIndex('web'), 1]);
    given.pass();
    t.same(given.skips('f1', 'web'), { nothingLeft: 4 });
  },
);

t.test('an agent reserved for others is nothing left, not lower share', async (t) => {
  const given = givenKernel()
    .framework('f1', 'web')
    .framework('f2', 'db')
    .agent('a', { cpus: 0, reserved: { db: { cpus: 1 } } });
  given.pass();
  t.same(given.skips('f1', 'web'), { nothingLeft: 1 });
  t.same(given.skips('f2', 'db'), {});
});

t.test('excluded kinds do not count for shares', async (t) => {
  const given = givenKernel({ excludedKinds: [2] })
    .framework('f1', 'web', CAPABILITY.gpuResources)
    .framework('f2', 'web')
    .agent('g', { cpus: 1, mem: 64, gpus: 8, demands: CAPABILITY.gpuResources })
    .agent('big', { cpus: 100, mem: 64_000 });
  given.pass(0, 1, ['g']);
  given.pass(0, 1, ['big']);
  given.pass();
  const standing = given.inspect('f1', 'web').standings.at(-1);
  t.ok((standing?.share ?? 1) < 0.02, 'all the GPUs of the cluster are a share of about nothing');
});

t.test('what an unsubscribed framework holds still counts for its role', async (t) => {
  const given = givenKernel()
    .framework('f1', 'web')
    .framework('f2', 'web')
    .framework('g', 'ads')
    .agent('a', { cpus: 1 });
  const [f1, web] = [given.frameworkIndex('f1'), given.roleIndex('web')];
  given.holds('f1', 'web', 1);
  given.kernel.unsubscribe(f1, web);
  t.same(given.takers(), ['a:g'], 'f2 holds nothing, but its role does');
  given.recover('f1', 'web', 1);
  t.equal(given.kernel.frameworks.find(f1, web), -1, 'an idle client goes away');
});

t.test('removals leave nothing behind', async (t) => {
  const given = givenKernel()
    .framework('f', ['a/b', 'a', 'c'])
    .agent('x', { cpus: 1, reserved: { 'a/b': { cpus: 1 } } });
  given.refuse('f', 'a', 'x', 10, { cpus: 1 });
  given.pass();
  given.kernel.removeFramework(given.frameworkIndex('f'));
  given.kernel.removeAgent(given.agentIndex('x'));
  for (const role of ['a/b', 'a', 'c']) given.kernel.removeRole(given.roleIndex(role));
  t.equal(given.kernel.sorter.findRole('a'), -1);
  t.equal(given.kernel.parcels.used, 0);
  t.equal(given.kernel.refusals.used, 0);
  t.same(given.kernel.sorter.pool(), new Float64Array(3));
});

t.test('commands about the unknown or beyond what is held are programmer errors', async (t) => {
  const given = givenKernel().framework('f', 'web').agent('a', { cpus: 1 });
  t.throws(() => given.recover('f', 'web', 1), { name: 'InvariantError' });
  t.throws(() => given.kernel.setFree(77, given.rows([])), { name: 'InvariantError' });
  t.throws(() => given.kernel.setFree(0, given.rows([{ quantities: [-1] }])), {
    name: 'InvariantError',
  });
  t.throws(() => given.kernel.addFramework(0, 'again', 0), { name: 'InvariantError' });
  t.throws(() => new AllocatorKernel({ ...OPTIONS, kinds: 0 }), { name: 'InvariantError' });
});

t.test('a batch that is not a batch is a programmer error', async (t) => {
  const given = givenKernel();
  t.throws(() => applyBatch(given.kernel, { chunks: [Float64Array.of(999, 0)], names: [] }), {
    name: 'InvariantError',
  });
  t.throws(() => applyBatch(given.kernel, { chunks: [Float64Array.of(1)], names: [] }), {
    name: 'InvariantError',
  });
  t.same(new CommandBuffer().take().names, []);
  t.equal(batchLength(snapshotOf(given.kernel)), 0);
});
