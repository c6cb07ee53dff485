// What a user's policy may do, and what becomes of one that does something else.
import {
  type AllocatorPolicy,
  CAPABILITY,
  type ClusterView,
  CommandBuffer,
  definePolicy,
  type GrantBatch,
  importPolicy,
  inlineHost,
  type KernelHost,
  type NodeView,
  type Parcel,
  type PolicyGrant,
  parcelRows,
  piscinaThread,
  type RequestedResources,
  type WorkerHostOptions,
  workerHost,
} from '@kaon/allocator';
import type { Logger } from '@kaon/primitives';
import { VirtualClock } from '@kaon/testkit';
import t from 'tap';
import {
  addAgent,
  addFramework,
  commandsOf,
  elapse,
  FakeThread,
  factsOf,
  KINDS,
  kindNames,
  OPTIONS,
  runCycles,
  takers,
} from './builders/hosted-cluster.ts';

const REQUEST = { nowMs: 0, seed: 3 };
const nothing = () => new CommandBuffer().take();

type Decide = NonNullable<AllocatorPolicy['allocate']>;

interface Given {
  readonly host: KernelHost;
  readonly thread: FakeThread;
  readonly lines: [level: string, fields: object, sentence: string | undefined][];
}

/** A host with a policy on a thread that is none. */
function givenPolicy(
  policy: Omit<AllocatorPolicy, 'name'>,
  options: Partial<WorkerHostOptions> = {},
): Given {
  const thread = new FakeThread(() => ({ name: 'ours', ...policy }));
  const lines: Given['lines'] = [];
  const log = (level: string) => (fields: object, sentence?: string) => {
    lines.push([level, fields, sentence]);
  };
  const logger: Logger = {
    debug: log('debug'),
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
    child: () => logger,
  };
  const host = workerHost({
    kernel: OPTIONS,
    thread,
    policy: 'file:///ours.js',
    kindNames,
    logger,
    ...options,
  });
  return { host, thread, lines };
}

const CPUS = (cpus: number, mem = 0): Parcel => ({ quantities: [cpus * 1000, mem * 1000] });

/** Roles `web` (0) and `ads/banner` (1) with frameworks f0 in web, f1 in both; two agents. */
function smallCluster(): CommandBuffer {
  const buffer = new CommandBuffer();
  buffer.addRole(0, 'web');
  buffer.addRole(1, 'ads/banner');
  addFramework(buffer, 0, [0]);
  addFramework(buffer, 1, [0, 1], CAPABILITY.revocableResources);
  addAgent(buffer, 0, CPUS(4, 64));
  addAgent(buffer, 1, CPUS(8, 128));
  return buffer;
}

async function decide(
  commands: CommandBuffer,
  allocate: Decide,
  kernel = OPTIONS,
): Promise<{ batch: GrantBatch; host: KernelHost }> {
  const { host } = givenPolicy({ allocate }, { kernel });
  return { batch: await host.run({ commands: commands.take(), request: REQUEST }), host };
}

/** What the built-in rules give for `cycles` cycles. */
const builtIn = (cycles: number) => runCycles(inlineHost(OPTIONS), cycles);

// --- order ----------------------------------------------------------------------------------------

t.test('an order of siblings decides whose turn it is, all else stays', async (t) => {
  const compare = (left: NodeView, right: NodeView): number =>
    left.kind === 'framework' ? (left.name > right.name ? -1 : 1) : 0;
  const { host } = givenPolicy({ compare });
  const buffer = new CommandBuffer();
  buffer.addRole(0, 'web');
  for (let framework = 0; framework < 3; framework += 1) addFramework(buffer, framework, [0]);
  for (let agent = 0; agent < 4; agent += 1) addAgent(buffer, agent, CPUS(1));
  // The last one may not have agent 3: it refused as much.
  buffer.refuse(2, 0, 3, 1e9, parcelRows(KINDS, [CPUS(1)]));
  const batch = await host.run({ commands: buffer.take(), request: REQUEST });
  t.same(takers(batch), ['0:f2@0', '1:f2@0', '2:f2@0', '3:f1@0']);
  t.match(host.stats.policy, { passes: 1, failures: 0, isOff: false });
});

t.test('an order that leaves all to the built-in one gives what that gives', async (t) => {
  const { host } = givenPolicy({ compare: () => 0 });
  t.same((await runCycles(host, 6)).map(takers), (await builtIn(6)).map(takers));
});

t.test('an order that contradicts itself gives some order, and nothing twice', async (t) => {
  let comparisons = 0;
  const { host } = givenPolicy({
    compare: () => {
      comparisons += 1;
      return (comparisons * 7) % 5 < 2 ? 1 : -1;
    },
  });
  const buffer = new CommandBuffer();
  for (let role = 0; role < 6; role += 1) buffer.addRole(role, `r${role}`);
  for (let framework = 0; framework < 30; framework += 1) {
    addFramework(buffer, framework, [framework % 6]);
  }
  for (let agent = 0; agent < 200; agent += 1) addAgent(buffer, agent, CPUS(1 + (agent % 5)));
  const batch = await host.run({ commands: buffer.take(), request: REQUEST });
  t.same(
    [...batch.agents].sort((left, right) => left - right),
    [...Array(200).keys()],
  );
  t.equal(batch.held[0], batch.pool[0]);
  t.match(host.stats.policy, { passes: 1, failures: 0 });
});

t.test('a comparison sees who stands where, with what', async (t) => {
  const seen = new Map<string, NodeView>();
  const { host } = givenPolicy({
    compare: (left, right, { kinds }) => {
      for (const { name, path, kind, share, weight, allocations, held } of [left, right]) {
        const key = `${kind} ${name}`;
        // The first time is before anything was granted.
        if (seen.has(key)) continue;
        seen.set(key, { name, path, kind, share, weight, allocations, held });
      }
      t.same(kinds, ['cpus', 'mem']);
      return 0;
    },
  });
  const buffer = smallCluster();
  buffer.setWeight('web', 2);
  buffer.addAllocated(0, 0, Float64Array.of(3000, 0), Float64Array.of(3000, 0));
  await host.run({ commands: buffer.take(), request: REQUEST });
  t.same(seen.get('role web'), {
    ...{ name: 'web', path: 'web', kind: 'role', share: 0.125, weight: 2, allocations: 1 },
    held: { cpus: 3 },
  });
  t.match(seen.get('framework f0'), { path: 'web', share: 0.25, held: { cpus: 3 } });
  t.match(seen.get('role ads'), { path: 'ads', share: 0 });
});

// --- whole passes ---------------------------------------------------------------------------------

t.test('a policy that decides the pass is shown the cluster', async (t) => {
  const views: ClusterView[] = [];
  const asked: object[] = [];
  const { host } = givenPolicy({
    allocate: (cluster, request) => {
      views.push(cluster);
      asked.push(request);
      return [];
    },
  });
  const buffer = smallCluster();
  buffer.setWeight('web', 2);
  buffer.setQuota('web', Float64Array.of(0, 0), Float64Array.of(0, Number.POSITIVE_INFINITY));
  buffer.setQuota('ads', Float64Array.of(1000, 0), Float64Array.of(9000, 9000));
  buffer.suppress(0, 0);
  buffer.addAllocated(1, 1, Float64Array.of(2000, 0), Float64Array.of(2000, 0));
  const parcels: Parcel[] = [
    { ...CPUS(1, 2), items: 5 },
    { ...CPUS(2), role: 1, bits: CAPABILITY.reservationRefinement },
    { ...CPUS(3), bits: CAPABILITY.revocableResources },
  ];
  buffer.addAgent(
    2,
    { ...factsOf(parcels), demands: CAPABILITY.gpuResources },
    parcelRows(KINDS, parcels),
  );
  addAgent(buffer, 3, CPUS(1));
  buffer.deactivateAgent(3);
  const requested: RequestedResources[] = [{ framework: 1, quantities: Float64Array.of(500, 0) }];
  await host.run({ commands: buffer.take(), request: REQUEST, requested });
  const plain = {
    role: undefined,
    isRevocable: false,
    isShared: false,
    isRefined: false,
    isWhole: false,
  };
  t.same(asked, [REQUEST]);
  t.same(
    { ...views[0], canOffer: undefined },
    {
      kinds: ['cpus', 'mem'],
      total: { cpus: 19, mem: 194 },
      agents: [
        {
          id: 0,
          total: { cpus: 4, mem: 64 },
          demands: [],
          free: [{ ...plain, items: 0, amounts: { cpus: 4, mem: 64 } }],
        },
        {
          id: 1,
          total: { cpus: 8, mem: 128 },
          demands: [],
          free: [{ ...plain, items: 0, amounts: { cpus: 8, mem: 128 } }],
        },
        {
          id: 2,
          total: { cpus: 6, mem: 2 },
          demands: ['gpuResources'],
          free: [
            { ...plain, items: 5, amounts: { cpus: 1, mem: 2 } },
            { ...plain, role: 'ads/banner', isRefined: true, items: 0, amounts: { cpus: 2 } },
            { ...plain, isRevocable: true, items: 0, amounts: { cpus: 3 } },
          ],
        },
      ],
      frameworks: [
        {
          id: 'f0',
          isActive: true,
          capabilities: [],
          roles: [{ role: 'web', isSuppressed: true, held: {} }],
        },
        {
          id: 'f1',
          isActive: true,
          capabilities: ['revocableResources'],
          roles: [
            { role: 'web', isSuppressed: false, held: {} },
            { role: 'ads/banner', isSuppressed: false, held: { cpus: 2 } },
          ],
        },
      ],
      roles: [
        { path: 'ads/banner', weight: 1 },
        { path: 'web', weight: 2 },
      ],
      quotas: {
        web: { guarantees: {}, limits: { cpus: 0 }, consumed: {} },
        ads: { guarantees: { cpus: 1 }, limits: { cpus: 9, mem: 9 }, consumed: { cpus: 4 } },
      },
      requested: [{ framework: 'f1', agent: undefined, amounts: { cpus: 0.5 } }],
      canOffer: undefined,
    },
  );
});

t.test('what a policy gives is given: shares and free resources move', async (t) => {
  const grants: PolicyGrant[] = [
    { agent: 0, framework: 'f0', role: 'web' },
    { agent: 1, framework: 'f1', role: 'ads/banner', amounts: { cpus: 2.5, mem: 28 } },
  ];
  const { batch, host } = await decide(smallCluster(), () => grants.splice(0));
  t.same(takers(batch), ['0:f0@0', '1:f1@1']);
  t.same([...batch.quantities], [4000, 64_000, 0, 2500, 28_000, 0]);
  t.same([...batch.chops], [-1, 0]);
  t.same([...batch.chopped], [2500, 28_000]);
  t.equal(batch.candidates, 2);
  const { held } = await host.inspect({ framework: 1, role: 1, nowMs: 0 });
  t.same([...held], [2500, 28_000]);
  grants.push(
    { agent: 0, framework: 'f0', role: 'web' },
    { agent: 1, framework: 'f0', role: 'web' },
  );
  const rest = await host.run({ commands: nothing(), request: REQUEST });
  t.same(takers(rest), ['1:f0@0'], 'nothing is given twice');
  t.same([...rest.quantities], [5500, 100_000, 0]);
  t.match(host.stats.policy, {
    passes: 2,
    refusedGrants: 1,
    lastRefusedGrant: { code: 'KAON_ALLOCATOR_POLICY_GRANT' },
  });
});

t.test('a policy is about the agents of its pass only', async (t) => {
  const { host } = givenPolicy({
    allocate: ({ agents }) => agents.map(({ id }) => ({ agent: id, framework: 'f0', role: 'web' })),
  });
  const agents = Int32Array.of(1, 1, 7);
  const batch = await host.run({
    commands: smallCluster().take(),
    request: { ...REQUEST, agents },
  });
  t.same(takers(batch), ['1:f0@0']);
});

t.test(
  'whether an agent can be offered heeds refusals, minimums and what the grant would check',
  async (t) => {
    const answers: boolean[][] = [];
    const { host } = givenPolicy({
      allocate: (cluster) => {
        answers.push(
          cluster.agents.map(({ id }) => cluster.canOffer(id, 'f0', 'web')),
          cluster.agents.map(({ id }) => cluster.canOffer(id, 'f1', 'ads/banner')),
        );
        return [];
      },
    });
    const buffer = smallCluster();
    buffer.refuse(0, 0, 0, 100, parcelRows(KINDS, [CPUS(4, 64)]));
    buffer.refuse(0, 0, 1, 100, parcelRows(KINDS, [CPUS(4, 64)]));
    buffer.setMinimums(1, 1, Float64Array.of(5000, 0, 0, 256_000));
    addAgent(buffer, 2, CPUS(0.001));
    await host.run({ commands: buffer.take(), request: REQUEST });
    t.same(answers[0], [false, true, false], 'refused, grown beyond the refusal, too little');
    t.same(answers[1], [false, true, false], 'its own minimum is 5 cpus or 256 mem');
    await host.run({ commands: nothing(), request: { ...REQUEST, nowMs: 100 } });
    t.same(answers[2], [true, true, false], 'the refusal has ended');
  },
);

const SHARED: Parcel = { ...CPUS(1), role: 0, bits: CAPABILITY.sharedResources };

/** What must not be given, by the sentence that says so. `grant` is added to one that may be. */
const FORBIDDEN: readonly {
  readonly says: string;
  readonly grant: unknown;
  readonly change?: (buffer: CommandBuffer) => void;
}[] = [
  {
    says: 'agent 7 is unknown, or not for this pass',
    grant: { agent: 7, framework: 'f0', role: 'web' },
  },
  {
    says: 'agent 0.5 is unknown, or not for this pass',
    grant: { agent: 0.5, framework: 'f0', role: 'web' },
  },
  { says: 'agent undefined is unknown, or not for this pass', grant: 'a grant' },
  {
    says: 'agent 0 is unknown, or not for this pass',
    grant: { agent: 0, framework: 'f0', role: 'web' },
    change: (buffer) => buffer.deactivateAgent(0),
  },
  { says: 'framework f9 is unknown', grant: { agent: 0, framework: 'f9', role: 'web' } },
  { says: 'role db is unknown', grant: { agent: 0, framework: 'f0', role: 'db' } },
  {
    says: 'framework f0 is not in role ads/banner',
    grant: { agent: 0, framework: 'f0', role: 'ads/banner' },
  },
  {
    says: 'framework f0 is not active',
    grant: { agent: 0, framework: 'f0', role: 'web' },
    change: (buffer) => buffer.deactivateFramework(0),
  },
  {
    says: 'framework f0 wants no offers in role web',
    grant: { agent: 0, framework: 'f0', role: 'web' },
    change: (buffer) => buffer.suppress(0, 0),
  },
  {
    says: 'agent 0 does not meet the constraints of framework f0',
    grant: { agent: 0, framework: 'f0', role: 'web' },
    change: (buffer) => {
      buffer.setExclusions(0, Float64Array.of(0));
      buffer.setExclusionList(0, 0, 0);
    },
  },
  {
    says: 'framework f0 lacks gpuResources and regionAware',
    grant: { agent: 2, framework: 'f0', role: 'web' },
    change: (buffer) => {
      const demands = CAPABILITY.gpuResources | CAPABILITY.regionAware;
      buffer.addAgent(2, { ...factsOf([CPUS(1)]), demands }, parcelRows(KINDS, [CPUS(1)]));
    },
  },
  {
    says: 'agent 2 lacks hierarchicalRole',
    grant: { agent: 2, framework: 'f1', role: 'ads/banner' },
    change: (buffer) => {
      const lacks = CAPABILITY.hierarchicalRole;
      buffer.addAgent(2, { ...factsOf([CPUS(1)]), lacks }, parcelRows(KINDS, [CPUS(1)]));
    },
  },
  {
    says: 'of agent 0, 5 cpus is more than the 4 free',
    grant: { agent: 0, framework: 'f0', role: 'web', amounts: { cpus: 5 } },
  },
  {
    says: 'of agent 0, -1 is no amount of cpus',
    grant: { agent: 0, framework: 'f0', role: 'web', amounts: { cpus: -1 } },
  },
  {
    says: 'of agent 0, NaN is no amount of mem',
    grant: { agent: 0, framework: 'f0', role: 'web', amounts: { mem: Number.NaN } },
  },
  {
    says: 'of agent 0, Infinity is no amount of cpus',
    grant: { agent: 0, framework: 'f0', role: 'web', amounts: { cpus: Number.POSITIVE_INFINITY } },
  },
  {
    says: 'of agent 0, there is no resource called bananas',
    grant: { agent: 0, framework: 'f0', role: 'web', amounts: { bananas: 1 } },
  },
  {
    says: 'of agent 0, the amounts are no record',
    grant: { agent: 0, framework: 'f0', role: 'web', amounts: 3 },
  },
  {
    says: 'agent 0 has nothing free for framework f0 in role web',
    grant: { agent: 0, framework: 'f0', role: 'web', amounts: { cpus: 0 } },
  },
  {
    says: 'agent 2 has nothing free for framework f0 in role web',
    grant: { agent: 2, framework: 'f0', role: 'web' },
    change: (buffer) => addAgent(buffer, 2, { ...CPUS(1), role: 1 }),
  },
  {
    says: 'agent 2 has nothing free for framework f0 in role web',
    grant: { agent: 2, framework: 'f0', role: 'web' },
    change: (buffer) => addAgent(buffer, 2, { ...CPUS(1), bits: CAPABILITY.revocableResources }),
  },
  {
    says: 'agent 2 has nothing free for framework f0 in role web',
    grant: { agent: 2, framework: 'f0', role: 'web' },
    change: (buffer) => addAgent(buffer, 2, SHARED),
  },
  {
    says: '4 cpus is over the limit of role web, which leaves 3',
    grant: { agent: 0, framework: 'f0', role: 'web' },
    change: (buffer) => {
      const none = Number.POSITIVE_INFINITY;
      buffer.setQuota('web', Float64Array.of(0, 0), Float64Array.of(3000, none));
    },
  },
];

for (const { says, grant, change } of FORBIDDEN) {
  t.test(`a policy must not: ${says}`, async (t) => {
    const buffer = smallCluster();
    change?.(buffer);
    const fine = { agent: 1, framework: 'f1', role: 'ads/banner' };
    const { batch, host } = await decide(buffer, () => [grant as PolicyGrant, fine]);
    t.same(takers(batch), ['1:f1@1'], 'the other grant goes on');
    t.match(host.stats.policy, {
      passes: 1,
      failures: 0,
      refusedGrants: 1,
      lastRefusedGrant: {
        code: 'KAON_ALLOCATOR_POLICY_GRANT',
        message: `policy ours wants to give what it must not: ${says}`,
      },
    });
  });
}

t.test('a limit counts what the policy has given before, and what is reserved', async (t) => {
  const buffer = smallCluster();
  const none = Number.POSITIVE_INFINITY;
  buffer.setQuota('web', Float64Array.of(0, 0), Float64Array.of(8000, none));
  addAgent(buffer, 2, { ...CPUS(2), role: 0 });
  const grant = (agent: number, cpus?: number): PolicyGrant => ({
    ...{ agent, framework: 'f0', role: 'web' },
    amounts: cpus === undefined ? undefined : { cpus },
  });
  const { batch, host } = await decide(buffer, () => [
    grant(2),
    grant(0),
    grant(1, 3),
    grant(1, 2),
  ]);
  t.same(takers(batch), ['0:f0@0', '1:f0@0', '2:f0@0']);
  t.same([...batch.chopped], [2000, 0]);
  t.match(host.stats.policy?.lastRefusedGrant?.message, /3 cpus is over the limit.* leaves 2$/);
});

t.test(
  'disks that cannot be cut are given with the rest, or stay when a limit forbids them',
  async (t) => {
    const whole: Parcel = { ...CPUS(0, 100), bits: 128 };
    for (const limit of [300, 200]) {
      const buffer = smallCluster();
      addAgent(buffer, 2, CPUS(1, 120), whole);
      const none = Number.POSITIVE_INFINITY;
      buffer.setQuota('web', Float64Array.of(0, 0), Float64Array.of(none, limit * 1000));
      const grants = [{ agent: 2, framework: 'f0', role: 'web' }];
      const { batch, host } = await decide(buffer, () => grants.splice(0));
      const mem = limit === 300 ? 220 : 120;
      t.same([...batch.quantities], [1000, mem * 1000, 0]);
      grants.push({ agent: 2, framework: 'f1', role: 'ads/banner' });
      const rest = await host.run({ commands: nothing(), request: REQUEST });
      t.same([...rest.quantities], limit === 300 ? [] : [0, 100_000, 0]);
    }
  },
);

t.test('shared resources are given once in a pass, and again in the next', async (t) => {
  const capabilities = CAPABILITY.sharedResources;
  const buffer = new CommandBuffer();
  buffer.addRole(0, 'web');
  for (let framework = 0; framework < 2; framework += 1) {
    addFramework(buffer, framework, [0], capabilities);
  }
  addAgent(buffer, 0, SHARED);
  const allocate = (): PolicyGrant[] => [
    { agent: 0, framework: 'f0', role: 'web' },
    { agent: 0, framework: 'f1', role: 'web' },
  ];
  const { batch, host } = await decide(buffer, allocate);
  t.same(takers(batch), ['0:f0@0']);
  t.same(takers(await host.run({ commands: nothing(), request: REQUEST })), ['0:f0@0']);
});

t.test('a plan asks the policy, and gives nothing away', async (t) => {
  const { host } = givenPolicy({
    allocate: ({ agents }) => agents.map(({ id }) => ({ agent: id, framework: 'f1', role: 'web' })),
  });
  const plan = await host.plan({ commands: smallCluster().take(), request: REQUEST });
  t.same(takers(plan), ['0:f1@0', '1:f1@0']);
  t.same(takers(await host.run({ commands: nothing(), request: REQUEST })), takers(plan));
});

// --- failures -------------------------------------------------------------------------------------

const ENDLESS = {
  *[Symbol.iterator]() {
    for (;;) yield { agent: 0, framework: 'f0', role: 'web' };
  },
};

const FAILING: readonly (readonly [string, string, RegExp, Omit<AllocatorPolicy, 'name'>])[] = [
  ['throws', 'THREW', /threw: no idea$/, { allocate: () => fail() }],
  ['throws half-way', 'THREW', /threw: no idea$/, { allocate: halfWay }],
  ['throws nothing', 'THREW', /threw: undefined$/, { allocate: () => throwNothing() }],
  ['throws in a comparison', 'THREW', /threw: no idea$/, { compare: () => fail() }],
  ['is async', 'ANSWER', /at once$/, { allocate: (async () => []) as unknown as Decide }],
  ['returns nothing', 'ANSWER', /at once$/, { allocate: (() => undefined) as unknown as Decide }],
  ['never ends its list', 'ANSWER', /more than 1000000 grants$/, { allocate: () => ENDLESS }],
  ['compares to NaN', 'ANSWER', /return a number$/, { compare: () => Number.NaN }],
];

function fail(): never {
  throw new Error('no idea');
}

function throwNothing(): never {
  throw undefined;
}

function* halfWay(): Generator<PolicyGrant> {
  yield { agent: 0, framework: 'f0', role: 'web' };
  fail();
}

for (const [what, code, message, policy] of FAILING) {
  t.test(
    `when a policy ${what}, the built-in rules decide, and after three times always`,
    async (t) => {
      const { host, lines } = givenPolicy(policy);
      const batches = await runCycles(host, 5);
      t.same(batches.map(takers), (await builtIn(5)).map(takers));
      t.match(host.stats.policy, {
        passes: 0,
        failures: 3,
        failuresInRow: 3,
        isOff: true,
        lastFailure: { code: `KAON_ALLOCATOR_POLICY_${code}`, message },
      });
      t.same(
        lines.map(([level, , sentence]) => `${level} ${sentence}`),
        [
          'warn the policy failed; the built-in rules decided',
          'warn the policy failed; the built-in rules decided',
          'error the policy failed again and is switched off',
        ],
      );
    },
  );
}

t.test('a policy that recovers is asked again, and its failures in a row start over', async (t) => {
  let pass = 0;
  const { host } = givenPolicy({
    allocate: () => {
      pass += 1;
      return pass % 3 === 0 ? [] : fail();
    },
  });
  const batches = await runCycles(host, 9);
  t.same(
    batches.map(({ agents }) => agents.length > 0),
    [true, true, false, true, true, false, true, true, false],
  );
  t.match(host.stats.policy, { passes: 3, failures: 6, failuresInRow: 0, isOff: false });
});

t.test(
  'an order that fails sometimes leaves no trace in the passes of the built-in rules',
  async (t) => {
    let comparisons = 0;
    const { host } = givenPolicy({
      compare: () => {
        comparisons += 1;
        return comparisons % 7 === 0 ? fail() : 0;
      },
    });
    t.same((await runCycles(host, 6)).map(takers), (await builtIn(6)).map(takers));
    t.ok(host.stats.policy?.failures);
  },
);

t.test('a policy that fails in a plan leaves the plan to the built-in rules', async (t) => {
  for (const policy of [{ allocate: () => fail() }, { compare: () => fail() }]) {
    const { host } = givenPolicy(policy);
    const plan = await host.plan({
      commands: commandsOf(0).take(),
      request: { nowMs: 0, seed: 0 },
    });
    t.same(takers(plan), (await builtIn(1)).map(takers)[0]);
    t.match(host.stats.policy, { failures: 1 });
  }
});

t.test('a policy that hangs is ended after 5 s, and the built-in rules decide', async (t) => {
  const clock = new VirtualClock();
  const { host, thread } = givenPolicy({ allocate: () => [] }, { clock });
  // start, loadPolicy, run
  thread.mishaps.set(3, 'hang');
  thread.onHang = () => elapse(clock, 5000);
  const [first, second] = await runCycles(host, 2);
  t.same(takers(first!), (await builtIn(1)).map(takers)[0]);
  t.same(takers(second!), [], 'asked again in the next pass');
  t.match(host.stats, {
    timeouts: 1,
    rebuilds: 1,
    policy: {
      failures: 1,
      failuresInRow: 0,
      lastFailure: {
        code: 'KAON_ALLOCATOR_POLICY_TIMEOUT',
        message: 'policy module file:///ours.js did not answer within 5000 ms',
      },
    },
  });
});

t.test('a policy that takes its thread down is to blame', async (t) => {
  const { host, thread } = givenPolicy({ allocate: () => [] });
  thread.mishaps.set(3, 'crashBefore');
  t.same(takers((await runCycles(host, 1))[0]!), (await builtIn(1)).map(takers)[0]);
  t.match(host.stats.policy?.lastFailure, { code: 'KAON_ALLOCATOR_POLICY_CRASHED' });
});

t.test('a module that cannot be used is a named failure', async (t) => {
  const thread = new FakeThread();
  const host = workerHost({ kernel: OPTIONS, thread, policy: 'file:///missing.js' });
  t.same((await runCycles(host, 4)).map(takers), (await builtIn(4)).map(takers));
  t.match(host.stats.policy, {
    failures: 3,
    isOff: true,
    lastFailure: { code: 'KAON_ALLOCATOR_POLICY_NOT_LOADED' },
  });
});

t.test('an exported thing that is no policy is told apart', async (t) => {
  const module = (source: string): string => `data:text/javascript,${encodeURIComponent(source)}`;
  const cases: readonly (readonly [string, RegExp])[] = [
    ['export const policy = {};', /default export is no object/],
    ['export default 3;', /default export is no object/],
    ['export default { compare() {} };', /has no name/],
    ['export default { name: "x" };', /neither compare nor allocate/],
    ['export default { name: "x", compare: 3 };', /compare is no function/],
    ['export default { name: "x", allocate: {} };', /allocate is no function/],
    ['throw new Error("sorry");', /cannot be used: sorry/],
    ['export default {', /cannot be used/],
  ];
  for (const [source, message] of cases) {
    await t.rejects(importPolicy(module(source)), {
      code: 'KAON_ALLOCATOR_POLICY_NOT_LOADED',
      message,
    });
  }
  await t.rejects(importPolicy('file:///no/such/policy.js'), {
    code: 'KAON_ALLOCATOR_POLICY_NOT_LOADED',
  });
  t.equal((await importPolicy(module('export default { name: "x", compare() {} }'))).name, 'x');
});

t.test('what a policy decided by chance is the same after a crash', async (t) => {
  for (let crash = 3; crash <= 8; crash += 1) {
    let calls = 0;
    const { host, thread } = givenPolicy(
      {
        // Gives other agents each time it is asked, whatever it is asked.
        allocate: ({ agents }) => {
          calls += 1;
          return agents
            .filter(({ id }) => (id + calls) % 2 === 0)
            .map(({ id }) => ({
              ...{ agent: id, framework: 'f0', role: 'web' },
              amounts: id % 3 === 0 ? { cpus: 0.5 } : undefined,
            }));
        },
      },
      { cyclesPerSnapshot: 4 },
    );
    thread.mishaps.set(crash, 'crashAfter');
    const batches = await runCycles(host, 6);
    const given = batches.reduce(
      (sum, { frameworks, quantities }) =>
        sum +
        frameworks.reduce(
          (cpus, framework, grant) => cpus + (framework === 0 ? quantities[grant * 3]! : 0),
          0,
        ),
      0,
    );
    const { held } = await host.inspect({ framework: 0, role: 0, nowMs: 0 });
    t.equal(held[0], given, `crash after job ${crash}`);
    t.match(host.stats, { rebuilds: 1, policy: { failures: 1 } });
  }
});

// --- real modules on a real thread ----------------------------------------------------------------

function misbehaving(what: string): string {
  return new URL(`./builders/misbehaving-policy.js?do=${what}`, import.meta.url).href;
}

function onRealThread(
  t: Pick<typeof import('tap').t, 'teardown'>,
  options: Partial<WorkerHostOptions>,
) {
  const host = workerHost({ kernel: OPTIONS, thread: piscinaThread(), kindNames, ...options });
  t.teardown(() => host.close());
  return host;
}

t.test(
  'a real module that throws, exits, or does not load costs one pass of its own',
  async (t) => {
    const codes = { throw: 'THREW', exit: 'CRASHED', fail: 'NOT_LOADED' };
    for (const [what, code] of Object.entries(codes)) {
      const host = onRealThread(t, { policy: misbehaving(what) });
      t.same((await runCycles(host, 4)).map(takers), (await builtIn(4)).map(takers), what);
      t.match(host.stats.policy, {
        failures: 3,
        isOff: true,
        lastFailure: { code: `KAON_ALLOCATOR_POLICY_${code}` },
      });
    }
  },
);

t.test('a real module that loops is ended with its thread', async (t) => {
  const clock = new VirtualClock();
  const thread = piscinaThread();
  let jobs = 0;
  const host = onRealThread(t, {
    policy: misbehaving('loop'),
    clock,
    thread: {
      close: () => thread.close(),
      run: (job, signal) => {
        jobs += 1;
        const answer = thread.run(job, signal);
        if (job.kind === 'run' && job.rules === 'policy') void elapsing(clock);
        return answer;
      },
    },
  });
  t.same((await runCycles(host, 2)).map(takers), (await builtIn(2)).map(takers));
  t.match(host.stats, { timeouts: 2, policy: { failures: 2 } });
  t.ok(jobs > 4);
});

/** Lets 5 s pass as soon as the thread has had the time to begin. */
async function elapsing(clock: VirtualClock): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  elapse(clock, 5000);
}

t.test('definePolicy gives back what it is given', async (t) => {
  const policy = { name: 'x', compare: () => 0 };
  t.equal(definePolicy(policy), policy);
});
