// A second policy beside the live one: compared, never obeyed, and no burden.
import {
  type AllocatorPolicy,
  CommandBuffer,
  type GrantBatch,
  inlineHost,
  type KernelHost,
  type PolicyGrant,
  piscinaThread,
  type ShadowHostOptions,
  shadowHost,
  workerHost,
} from '@kaon/allocator';
import t from 'tap';
import {
  commandsOf,
  FakeThread,
  kindNames,
  OPTIONS,
  runCycles,
  takers,
} from './builders/hosted-cluster.ts';

const MODULE = 'file:///second.js';

/** A live host of the built-in rules with a shadow of `allocate`. */
function givenShadow(
  allocate: NonNullable<AllocatorPolicy['allocate']>,
  options: Partial<ShadowHostOptions> = {},
) {
  const thread = new FakeThread(() => ({ name: 'second', allocate }));
  const shadow = workerHost({ kernel: OPTIONS, thread, policy: MODULE, kindNames });
  const host = shadowHost({ live: inlineHost(OPTIONS), shadow, module: MODULE, ...options });
  return { host, shadow, thread };
}

/** Waits until the shadow has had its say about all passes so far. */
async function settled(shadow: KernelHost): Promise<void> {
  await shadow.inspect({ framework: 0, role: 0, nowMs: 0 });
  await new Promise((resolve) => setImmediate(resolve));
}

const everythingTo =
  (framework: string, role: string): NonNullable<AllocatorPolicy['allocate']> =>
  ({ agents }) =>
    agents
      .filter(({ free }) => free.length > 0)
      .map(({ id }): PolicyGrant => ({ agent: id, framework, role }));

t.test('what the shadow would do is told, and never done', async (t) => {
  const names = { nameOfFramework: (index: number) => `F${index}`, nameOfRole: () => undefined };
  const { host, shadow } = givenShadow(everythingTo('f2', 'web'), { environment: names });
  const alone = await runCycles(inlineHost(OPTIONS), 4);
  t.same(await runCycles(host, 4), alone);
  await settled(shadow);
  const report = host.stats.shadow!;
  t.match(report, {
    module: MODULE,
    comparedPasses: 4,
    skippedPasses: 0,
    failedPasses: 0,
    isOff: false,
    totals: { agents: 20, liveGrants: 20, shadowGrants: 20 },
    last: { pass: 4, agents: 5, liveGrants: 5, shadowGrants: 5 },
  });
  const [, , , last] = alone as [GrantBatch, GrantBatch, GrantBatch, GrantBatch];
  const toOthers = last.frameworks.filter((framework) => framework !== 2).length;
  t.equal(report.last?.differingAgents, toOthers);
  const counts = [0, 1, 2].map(
    (framework) => last.frameworks.filter((f) => f === framework).length,
  );
  const expected = counts.map((liveGrants, framework) => ({
    ...{ framework: `F${framework}`, liveGrants, shadowGrants: framework === 2 ? 5 : 0 },
  }));
  t.same(
    [...report.last!.frameworks].sort((left, right) => (left.framework < right.framework ? -1 : 1)),
    expected.filter(({ liveGrants, shadowGrants }) => liveGrants !== shadowGrants),
  );
  const [first, second] = report.last!.roles;
  t.match([first?.role, second?.role].sort(), ['0', '1'], 'a role without a name has its index');
  t.ok(first!.liveShare !== first!.shadowShare);
});

t.test('a shadow that decides the same differs in nothing', async (t) => {
  const thread = new FakeThread(() => ({ name: 'same', compare: () => 0 }));
  const shadow = workerHost({ kernel: OPTIONS, thread, policy: MODULE });
  const host = shadowHost({ live: inlineHost(OPTIONS), shadow, module: MODULE });
  await runCycles(host, 4);
  await settled(shadow);
  t.match(host.stats.shadow, {
    comparedPasses: 4,
    totals: { agents: 20, differingAgents: 0, liveGrants: 20, shadowGrants: 20 },
    last: { frameworks: [], roles: [] },
  });
});

t.test(
  'plans, questions and what is told go to the live kernel; the shadow keeps up',
  async (t) => {
    const { host, shadow } = givenShadow(everythingTo('f0', 'web'));
    await runCycles(host, 1);
    const request = { nowMs: 1, seed: 1 };
    const plan = await host.plan({ commands: commandsOf(1).take(), request });
    host.tell({ commands: commandsOf(2).take() });
    const nothing = new CommandBuffer().take();
    const batch = await host.run({ commands: nothing, request: { nowMs: 2, seed: 2 } });
    t.equal(plan.agents.length, 5);
    t.equal(batch.agents.length, 10);
    await settled(shadow);
    t.match(host.stats.shadow?.last, { agents: 10, shadowGrants: 10 });
    const held = await host.inspect({ framework: 1, role: 1, nowMs: 0 });
    t.same((await shadow.inspect({ framework: 1, role: 1, nowMs: 0 })).held, held.held);
  },
);

t.test('a shadow that lags is asked less often, and still follows', async (t) => {
  const { host, shadow } = givenShadow(everythingTo('f0', 'web'), { backlogMax: 2 });
  // The live host is inline: its passes are over before the shadow's thread has answered once.
  const batches: GrantBatch[] = [];
  for (let cycle = 0; cycle < 6; cycle += 1) {
    const commands = commandsOf(cycle).take();
    batches.push(host.run({ commands, request: { nowMs: cycle, seed: cycle } }) as GrantBatch);
  }
  await settled(shadow);
  t.match(host.stats.shadow, { comparedPasses: 2, skippedPasses: 4, isOff: false });
  t.same(await runCycles(host, 1, 6), (await runCycles(inlineHost(OPTIONS), 7)).slice(6));
  await settled(shadow);
  t.match(host.stats.shadow, { comparedPasses: 3, last: { pass: 7, agents: 5, shadowGrants: 5 } });
});

t.test('a shadow that lags too far is given up', async (t) => {
  const { host, thread } = givenShadow(everythingTo('f0', 'web'), { backlogWordsMax: 150 });
  thread.mishaps.set(1, 'hang');
  t.same(await runCycles(host, 4), await runCycles(inlineHost(OPTIONS), 4));
  t.match(host.stats.shadow, { isOff: true, comparedPasses: 0, lastFailure: /lags/ });
});

t.test('a shadow that fails is counted, and given up after three times in a row', async (t) => {
  const { host, shadow } = givenShadow(() => {
    throw new Error('no idea');
  });
  const batches: GrantBatch[] = [];
  for (let cycle = 0; cycle < 5; cycle += 1) {
    batches.push(...(await runCycles(host, 1, cycle)));
    await settled(shadow).catch(() => undefined);
  }
  t.same(batches, await runCycles(inlineHost(OPTIONS), 5));
  t.match(host.stats.shadow, {
    comparedPasses: 0,
    failedPasses: 3,
    isOff: true,
    lastFailure: 'policy second threw: no idea',
  });
});

t.test('a shadow whose kernel fails does no harm', async (t) => {
  const { host, thread, shadow } = givenShadow(everythingTo('f0', 'web'));
  for (let job = 1; job < 20; job += 1) thread.mishaps.set(job, 'crashBefore');
  t.same(await runCycles(host, 2), await runCycles(inlineHost(OPTIONS), 2));
  await settled(shadow).catch(() => undefined);
  t.match(host.stats.shadow, { comparedPasses: 0, failedPasses: 2 });
});

t.test('both on real threads', async (t) => {
  const host = shadowHost({
    live: workerHost({ kernel: OPTIONS, thread: piscinaThread() }),
    shadow: workerHost({ kernel: OPTIONS, thread: piscinaThread() }),
    module: MODULE,
  });
  const batches = await runCycles(host, 4);
  t.same(batches.map(takers), (await runCycles(inlineHost(OPTIONS), 4)).map(takers));
  while (host.stats.shadow!.comparedPasses < 4) await new Promise((r) => setImmediate(r));
  t.match(host.stats.shadow, { totals: { agents: 20, differingAgents: 0 } });
  await host.close();
});
