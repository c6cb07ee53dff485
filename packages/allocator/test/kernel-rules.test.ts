// Rules that decide who may be offered an agent at all, one by one.
import { CAPABILITY } from '@kaon/allocator';
import t from 'tap';
import { givenKernel } from './builders/given-kernel.ts';

t.test(
  'weights 2 to 1 give cpus 2 to 1 within one percent, however large agents are',
  async (t) => {
    const given = givenKernel().framework('f', 'web').framework('g', 'ads');
    given.kernel.setWeight('web', 2);
    for (let agent = 0; agent < 3000; agent += 1)
      given.agent(`a${agent}`, { cpus: 1 + (agent % 7) });
    const cpus = { f: 0, g: 0 };
    for (const grant of given.grants()) cpus[grant.framework as 'f' | 'g'] += grant.cpus;
    t.ok(Math.abs(cpus.f / cpus.g - 2) < 0.02, `${cpus.f} to ${cpus.g}`);
  },
);

t.test('a minimum of its own decides what a framework is offered in that role', async (t) => {
  const given = givenKernel().framework('f', ['web', 'ads']).framework('g', 'web');
  const f = given.frameworkIndex('f');
  given.kernel.setMinimums(f, given.roleIndex('web'), given.quantities(4, 0));
  given.agent('small', { cpus: 2 });
  given.kernel.suppress(f, given.roleIndex('ads'));
  t.same(given.takers(), ['small:g']);
  given.kernel.unsuppress(f, given.roleIndex('ads'));
  t.same(given.skips('f', 'web'), { lowerShare: 1 });
  t.equal(given.inspect('f', 'web').suitable, 0, 'no agent is large enough, not even empty');
  given.kernel.clearMinimums(f, given.roleIndex('web'));
  t.equal(given.inspect('f', 'web').suitable, 1);
});

t.test('an empty list of minimums lets crumbs through', async (t) => {
  const given = givenKernel().framework('f', 'web').agent('a', { cpus: 0.001 });
  t.same(given.takers(), []);
  given.kernel.setMinimums(given.frameworkIndex('f'), given.roleIndex('web'), new Float64Array(0));
  t.same(given.takers(), ['a:f']);
});

t.test('agents on its exclusion list are hidden from a framework in that role', async (t) => {
  const given = givenKernel().framework('f', 'web').framework('g', 'web');
  for (const name of ['a', 'b', 'c']) given.agent(name, { cpus: 1 });
  const [f, web] = [given.frameworkIndex('f'), given.roleIndex('web')];
  given.kernel.deactivateFramework(given.frameworkIndex('g'));
  given.kernel.setExclusions(7, Float64Array.of(given.agentIndex('a'), given.agentIndex('b')));
  given.kernel.setExclusionList(f, web, 7);
  t.same(given.takers(), ['c:f']);
  t.same(given.skips('f', 'web'), { constraint: 2 });
  t.equal(given.inspect('f', 'web', 'a').agent?.exclusionList, 7);
  given.kernel.exclude(7, given.agentIndex('b'), false);
  t.same(given.takers(), ['b:f']);
  given.kernel.setExclusionList(f, web, -1);
  t.same(given.takers(), ['a:f']);
});

t.test('an agent that comes in the place of another is on nobody’s list', async (t) => {
  const given = givenKernel().framework('f', 'web').agent('a', { cpus: 1 });
  given.kernel.setExclusions(0, Float64Array.of(given.agentIndex('a')));
  given.kernel.setExclusionList(given.frameworkIndex('f'), given.roleIndex('web'), 0);
  given.kernel.removeAgent(given.agentIndex('a'));
  given.agent('a', { cpus: 1 });
  t.same(given.takers(), ['a:f']);
});

t.test('shared resources are offered while in use, once per pass', async (t) => {
  const bits = CAPABILITY.sharedResources;
  const given = givenKernel()
    .framework('f', 'web', bits)
    .framework('g', 'web', bits)
    .agent('a', { cpus: 1, reserved: { web: { cpus: 2, bits } } });
  const shared = (): number[] => given.grants().map(({ cpus }) => cpus);
  t.same(shared(), [3]);
  t.same(shared(), [2], 'the next one is offered the shared part alone');
  given.free('a', { cpus: 1, reserved: { web: { cpus: 2, bits } } }).quota('web', 4);
  t.same(shared(), [3], 'both stages together');
});

t.test('heavier roles come first more often when the order is random', async (t) => {
  const given = givenKernel({ roleSorter: 'random' }).framework('f', 'web').framework('g', 'ads');
  given.kernel.setWeight('web', 3);
  const passes = 4000;
  let first = 0;
  given.agent('a', { cpus: 1 });
  for (let seed = 0; seed < passes; seed += 1) {
    const [granted] = given.grants(0, seed);
    if (granted?.framework === 'f') first += 1;
    given.recover(granted?.framework ?? '', granted?.role ?? '', 1).free('a', { cpus: 1 });
  }
  const deviation = Math.abs(first - passes * 0.75) / Math.sqrt(passes * 0.75 * 0.25);
  t.ok(deviation < 3, `${first} of ${passes} is within 3 sigma of three quarters`);
});

t.test('frameworks of a role may be in random order while roles are fair', async (t) => {
  const given = givenKernel({ frameworkSorter: 'random' })
    .framework('f', 'web')
    .framework('g', 'web')
    .holds('f', 'web', 5)
    .agent('a', { cpus: 1 });
  const winners = new Set<string>();
  for (let seed = 0; seed < 40; seed += 1) {
    const [granted] = given.grants(0, seed);
    winners.add(granted?.framework ?? '');
    given.recover(granted?.framework ?? '', 'web', 1).free('a', { cpus: 1 });
  }
  t.same([...winners].sort(), ['f', 'g'], 'also the one with the larger share');
});

t.test('another order of siblings can be plugged in', async (t) => {
  const given = givenKernel(
    {},
    { compareSiblings: (left, right) => (left.name > right.name ? -1 : 1) },
  );
  given.framework('a', 'web').framework('z', 'web').agent('x', { cpus: 1 }).agent('y', { cpus: 1 });
  t.same(given.takers(), ['x:z', 'y:z'], 'last name first, whatever it holds');
});

t.test('whoever decides itself has what it gives taken and counted as a pass does', async (t) => {
  const given = givenKernel().framework('f', 'web').framework('g', 'ads');
  given.agent('a', { cpus: 4, mem: 64, items: 3 });
  const [a, f, web] = [given.agentIndex('a'), given.frameworkIndex('f'), given.roleIndex('web')];
  given.kernel.beginGrants({ nowMs: 0, seed: 1 });
  t.ok(given.kernel.grant(a, f, web, given.quantities(1, 64)));
  const batch = given.kernel.finishGrants();
  t.same([...batch.quantities], [1000, 64_000, 0, 3]);
  t.same([...batch.chopped], [1000, 64_000, 0]);
  t.same([...batch.held], [1000, 64_000, 0]);
  t.same(given.takers(), ['a:g'], 'the rest');
  given.kernel.beginGrants({ nowMs: 0, seed: 2 });
  t.notOk(given.kernel.grant(a, f, web, undefined), 'nothing is left');
  t.equal(given.kernel.finishGrants().agents.length, 0);
});
