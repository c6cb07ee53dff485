// Quotas: guarantees that are kept free, limits that nobody passes, and what is cut off for them.
import { CAPABILITY, PARCEL_WHOLE } from '@kaon/allocator';
import t from 'tap';
import { givenKernel } from './builders/given-kernel.ts';

t.test('a guarantee is served before fair shares are', async (t) => {
  const given = givenKernel()
    .framework('f', 'web')
    .framework('g', 'ads')
    .holds('f', 'web', 4)
    .quota('web', 8)
    .agent('a', { cpus: 4 });
  t.same(given.takers(), ['a:f'], 'web has the larger share and is first all the same');
});

t.test('what a guarantee still needs is kept free although its role takes nothing', async (t) => {
  const given = givenKernel().framework('g', 'ads').quota('web', 6);
  given.agent('a', { cpus: 4 }).agent('b', { cpus: 4 });
  const granted = given.grants();
  t.equal(
    granted.reduce((sum, { cpus }) => sum + cpus, 0),
    2,
    '8 are free, 6 of them are web’s',
  );
  t.equal(given.skips('g', 'ads').headroom, 1);
  t.equal(given.inspect('g', 'ads').requiredHeadroom[0], 6000);
  t.equal(given.inspect('g', 'ads').availableHeadroom[0], 6000);
});

t.test('a limit cuts an agent down to what it leaves, items included', async (t) => {
  const given = givenKernel().framework('f', 'web').quota('web', 0, 3);
  given.agent('a', { cpus: 4, mem: 64, items: 7 });
  const batch = given.pass();
  t.same([...batch.quantities], [3000, 64_000, 0, 7]);
  t.same([...batch.chops], [0]);
  t.same([...batch.chopped], [3000, 64_000, 0], 'of the plain parcel');
  t.equal(given.pass().agents.length, 0, 'the rest of it stays free and is not offered');
  const { quota, agent } = given.inspect('f', 'web', 'a');
  t.same([...(quota?.consumed ?? [])], [3000, 64_000, 0]);
  t.equal(agent?.free[0], 1000);
});

t.test('what one role’s limit cuts off goes on down the line', async (t) => {
  const given = givenKernel()
    .framework('f', 'ads')
    .framework('g', 'web')
    .quota('ads', 0, 1)
    .agent('a', { cpus: 4 });
  t.same(
    given.grants().map(({ framework, cpus }) => `${framework}:${cpus}`),
    ['f:1', 'g:3'],
  );
});

t.test('a role at its limit is skipped, and says so', async (t) => {
  const given = givenKernel()
    .framework('f', 'web')
    .holds('f', 'web', 3)
    .quota('web', 0, 3)
    .agent('a', { cpus: 4 });
  t.same(given.takers(), []);
  t.same(given.skips('f', 'web'), { quotaLimit: 1 });
});

t.test('reservations use up quota, held or free, and so do roles below', async (t) => {
  const given = givenKernel()
    .framework('f', 'web')
    .framework('deep', 'web/eu')
    .quota('web', 0, 5)
    .agent('r', { cpus: 0, reserved: { 'web/eu': { cpus: 2 } } })
    .agent('a', { cpus: 10 });
  given.kernel.deactivateAgent(given.agentIndex('r'));
  const granted = given.grants();
  t.equal(
    granted.reduce((sum, { cpus }) => sum + cpus, 0),
    3,
    '5 less the 2 that are reserved on an agent nobody can be offered',
  );
  t.equal(given.inspect('deep', 'web/eu').quota?.consumed[0], 5000);
});

t.test('reservations of a role are offered to it although it is at its limit', async (t) => {
  const given = givenKernel()
    .framework('f', 'web')
    .quota('web', 0, 2)
    .agent('a', { cpus: 4, reserved: { web: { cpus: 2 } } });
  t.same(given.grants(), [{ agent: 'a', framework: 'f', role: 'web', cpus: 2, mem: 0 }]);
});

t.test('revocable resources neither count for a limit nor are cut by it', async (t) => {
  const bits = CAPABILITY.revocableResources;
  const given = givenKernel()
    .framework('f', 'web', bits)
    .quota('web', 0, 1)
    .agent('a', { cpus: 4, reserved: { '': { cpus: 8, bits } } });
  t.same(
    given.grants().map(({ cpus }) => cpus),
    [9],
    'one plain, eight revocable',
  );
  t.equal(given.inspect('f', 'web').quota?.consumed[0], 1000);
});

t.test('a disk that cannot be cut is let through whole or not at all', async (t) => {
  const bits = PARCEL_WHOLE;
  for (const [limit, cpus] of [
    [4, 5 - 4],
    [5, 5],
  ] as const) {
    const given = givenKernel().framework('f', 'web').quota('web', 0, limit);
    given.agent('a', { cpus: 1, reserved: { '': { cpus: 4, bits } } });
    const [granted] = given.grants();
    t.equal(granted?.cpus, cpus, `of a limit of ${limit}`);
  }
});

t.test('a guarantee of a role reaches the roles below it', async (t) => {
  const given = givenKernel()
    .framework('f', 'web/eu')
    .framework('g', 'ads')
    .holds('f', 'web/eu', 2)
    .quota('web', 4)
    .agent('a', { cpus: 2 });
  t.same(given.takers(), ['a:f']);
});

t.test('guarantees beyond the cluster are served as far as it goes', async (t) => {
  const given = givenKernel()
    .framework('f', 'web')
    .framework('g', 'ads')
    .quota('web', 100)
    .quota('ads', 100);
  for (const name of ['a', 'b', 'c', 'd']) given.agent(name, { cpus: 1 });
  const takers = given.takers();
  t.equal(takers.length, 4);
  t.equal(takers.filter((taker) => taker.endsWith(':f')).length, 2);
});

t.test('an agent that does not help the guarantee is left to fair shares', async (t) => {
  const given = givenKernel()
    .framework('f', 'web')
    .framework('g', 'ads')
    .holds('f', 'web', 1)
    .quota('web', 2)
    .agent('a', { cpus: 0, mem: 64 })
    .agent('big', { cpus: 8 });
  given.kernel.deactivateAgent(given.agentIndex('big'));
  t.same(given.takers(), ['a:g'], 'only memory, and the guarantee is of cpus');
});

t.test('taking the quota away gives everything back to fair shares', async (t) => {
  const given = givenKernel().framework('g', 'ads').quota('web', 6).agent('a', { cpus: 4 });
  t.same(given.takers(), []);
  given.quota('web', 0);
  t.same(given.takers(), ['a:g']);
  t.equal(given.kernel.sorter.findRole('web'), -1, 'and the role nobody uses is gone');
});

t.test('partitions take no more than their part of a limit each', async (t) => {
  const given = givenKernel({ partitions: 2 }).framework('f', 'web').quota('web', 0, 3);
  given.agent('a', { cpus: 8 });
  t.same(
    given.grants().map(({ cpus }) => cpus),
    [1.5],
  );
});

t.test('quota belongs to top-level roles', async (t) => {
  t.throws(() => givenKernel().quota('web/eu', 1), { name: 'InvariantError' });
});
