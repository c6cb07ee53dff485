// The rules that live in the actor and its books: one named test for each, with the real kernel behind.
import {
  Books,
  CONSTRAINT_LIMITS,
  type FrameworkInverseOffers,
  inlineHost,
  type KernelCycle,
  KindIndex,
  type QuotaUpdate,
  type RequestedResources,
} from '@kaon/allocator';
import { RecentTimes } from '@kaon/primitives';
import type { MessageInit, Resource, schedulerV1 } from '@kaon/protocol';
import { parseQuantities, Resources } from '@kaon/resources';
import t from 'tap';
import { givenAllocator } from './builders/given-allocator.ts';
import {
  agent,
  agentId,
  allocated,
  framework,
  frameworkId,
  resources,
} from './builders/records.ts';

/** `cpus:2;mem:64` as quantities. */
function quantities(text: string): ReadonlyMap<string, number> {
  const parsed = parseQuantities(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return parsed.value;
}

function quota(role: string, guarantees: string, limits: string): QuotaUpdate {
  return { role, guarantees: quantities(guarantees), limits: quantities(limits) };
}

function disk(size: number, source: MessageInit<Resource>['disk']): Resources {
  const record = {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: size },
    reservations: [],
    disk: source,
  };
  return Resources.of([record as unknown as Resource]);
}

t.test('a quota guarantee holds back headroom, and is served first', async (t) => {
  const { sim, takeTold, tell, updateQuota } = await givenAllocator(t);
  for (let index = 0; index < 4; index += 1) tell('addAgent', agent(`a${index}`, 'cpus:1'));
  await sim.settle();
  t.same(await updateQuota([quota('gold', 'cpus:2', '')]), { ok: true, value: undefined });
  tell('addFramework', framework('f1', ['lead']));
  await sim.settle();
  t.equal(takeTold().length, 2, 'two agents wait for gold');
  tell('addFramework', framework('f2', ['gold']));
  await sim.settle();
  t.same(
    takeTold().map((line) => line.slice(0, 2)),
    ['f2', 'f2'],
  );
});

t.test('a quota limit cuts what is offered; items and reservations are not cut', async (t) => {
  const { sim, takeTold, tell, updateQuota } = await givenAllocator(t);
  await updateQuota([quota('web', '', 'cpus:1.5')]);
  tell('addAgent', agent('a1', 'cpus:4;mem:64;ports:[1-9]'));
  tell('addFramework', framework('f1', ['web']));
  await sim.settle();
  t.same(takeTold(), [
    'f1 a1 web cpus(allocated: web):1.5; mem(allocated: web):64; ports(allocated: web):[1-9]',
  ]);
  tell('addAgent', agent('a2', 'cpus:4;cpus(web):1;mem:64'));
  await sim.settle();
  const [told = ''] = takeTold();
  t.match(told, /mem\(allocated: web\):64/);
  t.match(told, /STATIC,web\)\]\):1;/, 'reserved cpus are the role’s own');
  t.notMatch(told, 'cpus(allocated: web):');
  tell('addFramework', framework('f2', ['ads']));
  await sim.settle();
  t.same(takeTold(), ['f2 a1 ads cpus(allocated: ads):2.5', 'f2 a2 ads cpus(allocated: ads):4']);
});

t.test('of several disks that can be cut the first are taken first', async (t) => {
  const { sim, takeTold, tell, updateQuota } = await givenAllocator(t);
  await updateQuota([quota('web', '', 'disk:15')]);
  const path = (root: string): Resources =>
    disk(10, { source: { type: 'PATH', path: { root } } } as MessageInit<Resource>['disk']);
  tell('addAgent', agent('a1', resources('cpus:1').plus(path('/one')).plus(path('/two'))));
  tell('addFramework', framework('f1', ['web']));
  await sim.settle();
  t.match(takeTold(), [/one\]:10; disk.*two\]:5$/]);
});

t.test('a whole disk is offered as it is or not at all', async (t) => {
  const { sim, takeTold, tell, updateQuota } = await givenAllocator(t, { minAllocatable: [] });
  const mount = disk(10, {
    source: { type: 'MOUNT', mount: { root: '/m' } },
  } as MessageInit<Resource>['disk']);
  await updateQuota([quota('web', '', 'disk:9')]);
  tell('addAgent', agent('a1', resources('cpus:1').plus(mount)));
  tell('addFramework', framework('f1', ['web']));
  await sim.settle();
  t.same(takeTold(), ['f1 a1 web cpus(allocated: web):1']);
  await updateQuota([quota('web', '', 'disk:10')]);
  await sim.advance(1000);
  t.match(takeTold(), [/^f1 a1 web disk.*MOUNT.*:10$/]);
  t.match(await updateQuota([quota('web', '', 'disk:9')]), {
    ok: false,
    error: { code: 'KAON_ALLOCATOR_QUOTA_EXCEEDED' },
  });
});

t.test('a shared volume is granted once in a pass, whoever else may use it', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t);
  const record = {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: 100 },
    reservations: [{ type: 'DYNAMIC', role: 'web' }],
    disk: { persistence: { id: 'v1' } },
    shared: {},
  };
  const volume = Resources.of([record as unknown as Resource]);
  const spare = { name: 'cpus', type: 'SCALAR', scalar: { value: 1 }, reservations: [] };
  const revocable = Resources.of([{ ...spare, revocable: {} } as Resource]);
  tell('addAgent', agent('a1', resources('cpus:1').plus(volume).plus(revocable)));
  await sim.settle();
  tell('addFramework', framework('f1', ['web'], ['SHARED_RESOURCES']));
  tell('addFramework', framework('f2', ['web'], ['SHARED_RESOURCES', 'REVOCABLE_RESOURCES']));
  await sim.settle();
  const told = takeTold();
  t.equal(told.filter((line) => line.includes('v1')).length, 1, told.join(' | '));
  t.equal(told.filter((line) => line.includes('{REV}')).length, 1, 'what was left went on');
});

t.test('quotas that make no sense are refused by name, all or none', async (t) => {
  const { sim, stats, tell, updateQuota } = await givenAllocator(t);
  tell('addAgent', agent('a1', 'cpus:4;ports:[1-9];cpus(web):1'));
  tell('addFramework', framework('f1', ['web']));
  await sim.settle();
  const good = quota('ads', 'cpus:1', '');
  const infinite = new Map([['cpus', Number.POSITIVE_INFINITY]]);
  const nan = new Map([['cpus', Number.NaN]]);
  const negative = new Map([['cpus', -1]]);
  const none = quantities('');
  const cases: readonly (readonly [string, QuotaUpdate])[] = [
    ['ROLE', quota('web/a', 'cpus:1', '')],
    ['ROLE', quota('.', 'cpus:1', '')],
    ['NAME', quota('web', 'ports:1', '')],
    ['QUANTITY', { role: 'web', guarantees: infinite, limits: none }],
    ['QUANTITY', { role: 'web', guarantees: none, limits: nan }],
    ['QUANTITY', { role: 'web', guarantees: negative, limits: none }],
    ['ORDER', quota('web', 'cpus:2', 'cpus:1')],
    ['OVERCOMMIT', quota('web', 'cpus:4.5', '')],
    ['EXCEEDED', quota('web', '', 'cpus:4')],
  ];
  for (const [code, bad] of cases) {
    const answer = await updateQuota([good, bad]);
    t.match(answer, { ok: false, error: { code: `KAON_ALLOCATOR_QUOTA_${code}` } }, code);
  }
  t.match(await stats(), { quotas: [] }, 'none of them was set');
  t.match(await updateQuota([good, quota('web', 'cpus:4.5', '')], true), { ok: true });
  t.match(await updateQuota([quota('web', '', 'cpus:4')], true), { ok: true });
  t.match(await updateQuota([quota('web', '', ''), quota('ads', '', '')]), { ok: true });
  t.match(await stats(), { quotas: [] }, 'and taken away again');
});

t.test('consumption counts the roles below and what is reserved for nobody to hold', async (t) => {
  const { tell, updateQuota } = await givenAllocator(t);
  tell('addAgent', {
    ...agent('a1', 'cpus:8;cpus(web/a):2'),
    used: new Map([[frameworkId('f1'), allocated('cpus:3', 'web/b')]]),
  });
  t.match(await updateQuota([quota('web', '', 'cpus:4.9')]), { ok: false });
  t.match(await updateQuota([quota('web', '', 'cpus:5')]), { ok: true });
});

t.test(
  'quotas of the registry are taken in as they are, and neither asks for a pass',
  async (t) => {
    const { stats, tell } = await givenAllocator(t);
    tell('setQuota', { quotas: [quota('web', 'cpus:100', '')] });
    t.match(await stats(), { quotas: [{ role: 'web' }], passes: 0, refusedCommands: 0 });
    tell('setQuota', { quotas: [quota('web/a', 'cpus:100', '')] });
    t.match(await stats(), { quotas: [{ role: 'web' }], passes: 0, refusedCommands: 1 });
  },
);

t.test('weights that are none are refused, and the others of the message with them', async (t) => {
  const { sim, stats, takeTold, tell } = await givenAllocator(t);
  for (const weight of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    tell('setWeights', [
      { role: 'heavy', weight: 8 },
      { role: 'light', weight },
    ]);
  }
  t.match(await stats(), { refusedCommands: 4 });
  for (let index = 0; index < 10; index += 1) tell('addAgent', agent(`a${index}`, 'cpus:1'));
  await sim.settle();
  tell('addFramework', framework('f1', ['heavy']));
  tell('addFramework', framework('f2', ['light']));
  await sim.settle();
  t.equal(takeTold().filter((line) => line.startsWith('f1')).length, 5, 'still one to one');
});

t.test('a role says itself what is worth offering to it', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t);
  const picky = (id: string, cpus: number | undefined) => {
    const body = framework(id, ['web']);
    if (cpus === undefined) return body;
    const filters = {
      minAllocatableResources: { quantities: [{ quantities: { cpus: { value: cpus } } }] },
    };
    return { ...body, info: { ...body.info, offerFilters: { web: filters } } };
  };
  tell('addFramework', picky('f1', 2));
  tell('addAgent', agent('a1', 'cpus:1;mem:9999'));
  tell('addAgent', agent('a2', 'cpus:2'));
  await sim.settle();
  t.same(takeTold(), ['f1 a2 web cpus(allocated: web):2']);
  tell('updateFramework', picky('f1', 0.001));
  tell('addAgent', agent('a3', 'cpus:0.001'));
  await sim.advance(1000);
  t.equal(takeTold().length, 2, 'less than the common minimum, too');
  tell('updateFramework', picky('f1', undefined));
  tell('addAgent', agent('a4', 'cpus:0.001'));
  await sim.advance(1000);
  t.same(takeTold(), []);
});

const onRack = (rack: string): schedulerV1.OfferConstraints => ({
  roleConstraints: {
    web: {
      groups: [
        {
          attributeConstraints: [
            { selector: { attributeName: 'rack' }, predicate: { textEquals: { value: rack } } },
          ],
        },
      ],
    },
  },
});

function rackAgent(id: string, rack: string) {
  return agent(id, 'cpus:1', {
    attributes: [{ name: 'rack', type: 'TEXT', text: { value: rack } }],
  });
}

t.test(
  'offer constraints hide agents, and frameworks that say the same share a list',
  async (t) => {
    const { sim, stats, takeTold, tell } = await givenAllocator(t);
    const constrained = (id: string, rack: string | undefined) => ({
      ...framework(id, ['web']),
      offerConstraints: rack === undefined ? undefined : onRack(rack),
    });
    tell('addAgent', rackAgent('a1', 'r1'));
    tell('addAgent', rackAgent('a2', 'r2'));
    tell('addFramework', constrained('f1', 'r1'));
    await sim.settle();
    t.same(takeTold(), ['f1 a1 web cpus(allocated: web):1']);
    tell('addAgent', rackAgent('a3', 'r1'));
    tell('addAgent', rackAgent('a4', 'r2'));
    await sim.settle();
    t.same(takeTold(), ['f1 a3 web cpus(allocated: web):1'], 'new agents are judged, too');
    tell('addFramework', constrained('f2', 'r1'));
    t.match(await stats(), { exclusionLists: 1 });
    tell('updateAgent', rackAgent('a4', 'r1'));
    await sim.settle();
    t.match(takeTold(), [/^f\d a4 web/], 'attributes have changed');
    tell('updateFramework', constrained('f1', undefined));
    await sim.advance(1000);
    t.same(
      takeTold(),
      ['f1 a2 web cpus(allocated: web):1'],
      'without constraints all agents are good',
    );
    t.match(await stats(), { exclusionLists: 1 });
    tell('removeFramework', { frameworkId: frameworkId('f2') });
    t.match(await stats(), { exclusionLists: 0, refusedCommands: 0 });
  },
);

t.test('constraints that make no sense are refused with the command', async (t) => {
  const { stats, tell } = await givenAllocator(t, {
    constraintLimits: { ...CONSTRAINT_LIMITS, regexProgramMax: 10 },
  });
  const regex = 'a{50}';
  const selector = { attributeName: 'rack' };
  tell('addFramework', {
    ...framework('f1', ['web']),
    offerConstraints: {
      roleConstraints: {
        web: {
          groups: [{ attributeConstraints: [{ selector, predicate: { textMatches: { regex } } }] }],
        },
      },
    },
  });
  t.match(await stats(), { frameworks: 0, refusedCommands: 1 });
});

t.test('agents on hosts that are not on the whitelist are not offered', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t);
  tell('addAgent', agent('a1', 'cpus:1'));
  tell('addAgent', agent('a2', 'cpus:1'));
  tell('setWhitelist', { hostnames: ['a2.example', 'a3.example'] });
  tell('addFramework', framework('f1', ['web']));
  await sim.settle();
  t.same(takeTold(), ['f1 a2 web cpus(allocated: web):1']);
  tell('addAgent', agent('a3', 'cpus:1'));
  tell('addAgent', agent('a4', 'cpus:1'));
  await sim.settle();
  t.same(takeTold(), ['f1 a3 web cpus(allocated: web):1'], 'new agents are looked up');
  tell('deactivateAgent', { agentId: agentId('a4') });
  tell('setWhitelist', {});
  await sim.advance(1000);
  t.same(takeTold(), ['f1 a1 web cpus(allocated: web):1'], 'a4 is still deactivated');
  tell('activateAgent', { agentId: agentId('a4') });
  await sim.advance(1000);
  t.same(takeTold(), ['f1 a4 web cpus(allocated: web):1']);
});

t.test(
  'frameworks on an agent that will be away are asked once, and again after a filter',
  async (t) => {
    const asked: string[] = [];
    const { sim, stats, system, allocator, tell } = await givenAllocator(t, {
      onInverseOffers: (all: readonly FrameworkInverseOffers[]) => {
        for (const { frameworkId, inverseOffers } of all) {
          for (const { agentId, unavailability } of inverseOffers) {
            asked.push(`${frameworkId} ${agentId} ${unavailability.startMs}`);
          }
        }
        return undefined;
      },
    });
    const takeAsked = (): string[] => asked.splice(0).sort();
    tell('addFramework', framework('f1', ['web']));
    tell('addAgent', agent('a1', 'cpus:1'));
    tell('addAgent', agent('a2', 'cpus:1'));
    await sim.settle();
    tell('addFramework', framework('idle', ['web']));
    await sim.settle();
    tell('updateUnavailability', { agentId: agentId('a1'), unavailability: { startMs: 7 } });
    await sim.settle();
    t.same(takeAsked(), ['f1 a1 7'], 'who was only offered something is asked, too');
    t.match(await stats(), { inverseOffers: 1, lastCandidates: 1 });
    await sim.advance(5000);
    t.same(takeAsked(), [], 'one question at a time');
    const ids = { frameworkId: frameworkId('f1'), agentId: agentId('a1') };
    tell('updateInverseOffer', { ...ids, answer: 'declined', refuseMs: 3000 });
    await sim.advance(2000);
    t.same(takeAsked(), [], 'not while it does not want to be asked');
    const statuses = system.ask(allocator.pid, 'inverseOfferStatuses', undefined, {
      timeoutMs: 1000,
    });
    await sim.settle();
    t.match(await statuses, [{ ...ids, answer: 'declined' }]);
    await sim.advance(2000);
    t.same(takeAsked(), ['f1 a1 7']);
    tell('deactivateFramework', { frameworkId: frameworkId('f1') });
    await sim.advance(2000);
    t.same(takeAsked(), [], 'who is away cannot answer');
    tell('activateFramework', { frameworkId: frameworkId('f1') });
    await sim.settle();
    t.same(takeAsked(), ['f1 a1 7'], 'and is asked anew when it is back');
    tell('updateUnavailability', { agentId: agentId('a1') });
    await sim.advance(2000);
    t.match([takeAsked(), await stats()], [[], { inverseOffers: 0 }]);
  },
);

t.test('after a failover with quotas passes wait for four fifths of the agents', async (t) => {
  const { sim, stats, takeTold, tell } = await givenAllocator(t);
  tell('recover', { expectedAgents: 5, hasQuota: true });
  tell('addFramework', framework('f1', ['web']));
  for (let index = 0; index < 3; index += 1) tell('addAgent', agent(`a${index}`, 'cpus:1'));
  await sim.advance(60_000);
  t.same(takeTold(), []);
  t.match(await stats(), { isHeldOff: true, passes: 0, agents: 3 }, 'changes and asks go on');
  tell('addAgent', agent('a3', 'cpus:1'));
  await sim.settle();
  t.equal(takeTold().length, 4);
  t.match(await stats(), { isHeldOff: false });
});

t.test('passes are held off for ten minutes at most, and without quotas not at all', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t);
  tell('recover', { expectedAgents: 5, hasQuota: true });
  tell('addFramework', framework('f1', ['web']));
  tell('addAgent', agent('a1', 'cpus:1'));
  await sim.advance(10 * 60_000 - 1);
  t.same(takeTold(), []);
  await sim.advance(1);
  t.equal(takeTold().length, 1);
  const other = await givenAllocator(t);
  other.tell('recover', { expectedAgents: 5, hasQuota: false });
  other.tell('addFramework', framework('f1', ['web']));
  other.tell('addAgent', agent('a1', 'cpus:1'));
  await other.sim.settle();
  t.equal(other.takeTold().length, 1);
});

t.test('names that are excluded do not count for shares', async (t) => {
  const granted = async (excludedNames: readonly string[]): Promise<number> => {
    const { sim, takeTold, tell } = await givenAllocator(t, { excludedNames });
    // f1 has all the gpus: by that it would be served last.
    tell('addAgent', {
      ...agent('gpu', 'gpus:8'),
      used: new Map([[frameworkId('f1'), allocated('gpus:8', 'science')]]),
    });
    for (let index = 0; index < 10; index += 1) tell('addAgent', agent(`a${index}`, 'cpus:1'));
    await sim.settle();
    tell('addFramework', framework('f1', ['science'], ['GPU_RESOURCES']));
    tell('addFramework', framework('f2', ['web']));
    await sim.settle();
    return takeTold().filter((line) => line.startsWith('f1')).length;
  };
  t.equal(await granted([]), 0);
  t.equal(await granted(['gpus']), 5);
});

t.test('the interval between passes over all agents can be chosen', async (t) => {
  const { sim, stats } = await givenAllocator(t, { allocationIntervalMs: 250 });
  await sim.advance(1000);
  t.match(await stats(), { passes: 4, fullPasses: 4 });
});

t.test(
  'agents with gpus are for frameworks that use them, unless that is turned off',
  async (t) => {
    const granted = async (reservesGpuAgents: boolean): Promise<readonly string[]> => {
      const { sim, takeTold, tell } = await givenAllocator(t, { reservesGpuAgents });
      tell('addAgent', agent('a1', 'cpus:1;gpus:1'));
      tell('addFramework', framework('f1', ['web']));
      await sim.settle();
      tell('addFramework', framework('f2', ['web'], ['GPU_RESOURCES']));
      await sim.settle();
      return takeTold().map((line) => line.slice(0, 2));
    };
    t.same(await granted(true), ['f2']);
    t.same(await granted(false), ['f1']);
  },
);

t.test('agents in another region are for frameworks that know of regions', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t, { region: 'here' });
  const inRegion = (id: string, name: string) =>
    agent(id, 'cpus:1', { domain: { faultDomain: { region: { name }, zone: { name: 'z' } } } });
  tell('addAgent', inRegion('near', 'here'));
  tell('addAgent', inRegion('far', 'there'));
  tell('addFramework', framework('f1', ['web']));
  await sim.settle();
  t.same(takeTold(), ['f1 near web cpus(allocated: web):1']);
  tell('addFramework', framework('f2', ['web'], ['REGION_AWARE']));
  await sim.settle();
  t.same(takeTold(), ['f2 far web cpus(allocated: web):1']);
});

t.test('requests for resources are counted and change nothing', async (t) => {
  const { sim, stats, takeTold, tell } = await givenAllocator(t);
  tell('addFramework', framework('f1', ['web']));
  const request = { agentId: { value: 'a1' }, resources: [] };
  tell('requestResources', { frameworkId: frameworkId('f1'), requests: [request, request] });
  tell('requestResources', { frameworkId: frameworkId('nobody'), requests: [request] });
  tell('addAgent', agent('a1', 'cpus:1'));
  await sim.settle();
  t.equal(takeTold().length, 1);
  t.match(await stats(), { resourceRequests: 3, refusedCommands: 1 });
});

t.test('wishes reach a policy, whatever else is in them', async (t) => {
  const asked: (readonly RequestedResources[] | undefined)[] = [];
  const { sim, tell } = await givenAllocator(t, {
    makeHost: (kernel) => {
      const host = inlineHost(kernel);
      const run = (cycle: KernelCycle) => {
        asked.push(cycle.requested);
        return host.run(cycle);
      };
      return { ...host, run };
    },
  });
  tell('addAgent', agent('a1', 'cpus:1'));
  tell('addFramework', framework('f1', ['web']));
  const scalar = (name: string, value: number): Resource =>
    ({ name, type: 'SCALAR', scalar: { value }, reservations: [] }) as Resource;
  const resources = [
    ...[scalar('cpus', 2), scalar('cpus', 0.5), scalar('mem', -1), scalar('gpus', Number.NaN)],
    scalar('bananas', 3),
  ];
  tell('requestResources', {
    frameworkId: frameworkId('f1'),
    requests: [
      { resources },
      { agentId: { value: 'a1' }, resources: [scalar('mem', 64)] },
      { agentId: { value: 'a9' }, resources: [scalar('mem', 64)] },
    ],
  });
  await sim.advance(1000);
  const [first, second, ...more] = asked.at(-1) ?? [];
  t.match(first, { framework: 0, agent: undefined });
  t.same([...(first?.quantities ?? [])].slice(0, 4), [2500, 0, 0, 0]);
  t.match(second, { framework: 0, agent: 0 });
  t.same([...(second?.quantities ?? [])].slice(0, 4), [0, 64_000, 0, 0]);
  t.same(more, []);
});

t.test('of requests the last ones of a framework are kept, up to a bound', async (t) => {
  const kinds = new KindIndex(4);
  const books = new Books({ kinds, reservesGpuAgents: true, region: undefined });
  books.addFramework(framework('f1', ['web']));
  const id = frameworkId('f1');
  const request = { resources: [] };
  books.requestResources(id, new Array(5000).fill(request));
  t.equal(books.framework(id)?.requests.length, 1000);
  books.requestResources(id, [request]);
  t.same(books.framework(id)?.requests, [request]);
});

t.test('input that makes no sense is refused and counted, and the passes go on', async (t) => {
  const { sim, stats, takeTold, tell } = await givenAllocator(t);
  const scalar = (value: number): Resource =>
    ({ name: 'cpus', type: 'SCALAR', scalar: { value }, reservations: [] }) as Resource;
  const body = agent('a1', 'cpus:1');
  for (const value of [-1, Number.NaN, Number.POSITIVE_INFINITY, 1e15]) {
    tell('addAgent', { ...body, info: { ...body.info, resources: [scalar(value)] } });
  }
  t.match(await stats(), { agents: 0, refusedCommands: 4 });
  tell('addAgent', body);
  tell('updateAgent', { ...body, info: { ...body.info, resources: [scalar(-1)] } });
  const ids = { frameworkId: frameworkId('f1'), agentId: agentId('a1') };
  const endless = Resources.of([scalar(Number.POSITIVE_INFINITY)]).allocate('web');
  tell('useResources', { ...ids, resources: endless });
  tell('addAgent', { ...body, used: new Map([[ids.frameworkId, endless]]) });
  tell('addFramework', framework('f1', ['web']));
  await sim.settle();
  t.same(takeTold(), ['f1 a1 web cpus(allocated: web):1'], 'the agent is as it was');
  tell('recoverResources', { ...ids, resources: endless, refuseMs: 5000 });
  tell('suppressOffers', { frameworkId: ids.frameworkId, roles: ['web', 'other'] });
  tell('reviveOffers', { frameworkId: ids.frameworkId, roles: ['other'] });
  tell('reviveOffers', { frameworkId: frameworkId('nobody'), roles: [] });
  t.match(await stats(), { agents: 1, refusedCommands: 11, unheldResources: 0 });
  for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
    const odd = { minAllocatableResources: { quantities: [{ quantities: { cpus: { value } } }] } };
    const body = framework('odd', ['web']);
    tell('addFramework', { ...body, info: { ...body.info, offerFilters: { web: odd } } });
  }
  t.match(await stats(), { frameworks: 1, refusedCommands: 14 });
  tell('recoverResources', { ...ids, resources: allocated('cpus:1', 'web'), refuseMs: 0 });
  await sim.advance(1000);
  t.equal(takeTold().length, 1, 'not suppressed');
});

t.test('quotas, times of passes and what was refused stand among the metrics', async (t) => {
  const { sim, allocator, tell, updateQuota } = await givenAllocator(t);
  tell('addAgent', agent('a1', 'cpus:4;mem:64'));
  await updateQuota([quota('web', 'cpus:1', 'cpus:2;mem:64')]);
  tell('setWeights', [{ role: 'web', weight: 0 }]);
  await sim.advance(2000);
  t.match(Object.fromEntries(allocator.metrics()), {
    'allocator/mesos/quota/roles/web/resources/cpus/guarantee': 1,
    'allocator/mesos/quota/roles/web/resources/cpus/limit': 2,
    'allocator/mesos/quota/roles/web/resources/mem/limit': 64,
    'allocator/mesos/allocation_run_ms/count': 3,
    'allocator/mesos/allocation_run_ms/p99': 0,
    'allocator/kaon/refused_commands': 1,
    'allocator/kaon/is_held_off': 0,
  });
});

t.test('percentiles are those of the last thousand', async (t) => {
  const times = new RecentTimes();
  t.match(times.distribution(), { count: 0, last: 0, min: 0, max: 0, p50: 0, p9999: 0 });
  for (let timeMs = 1; timeMs <= 1500; timeMs += 1) times.add(timeMs);
  const { count, last, min, max, p50, p90, p999, p9999 } = times.distribution();
  t.same(
    [count, last, min, max, p50, p90, p999, p9999],
    [1500, 1500, 501, 1500, 1000, 1400, 1499, 1500],
  );
});
