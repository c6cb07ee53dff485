// The actor: what it hears, when it runs passes, and what it tells.

import {
  type AllocatorStats,
  allocationSinkProtocol,
  allocatorMetrics,
  expiryOf,
  type GrantBatch,
  inlineHost,
  type KernelCycle,
  type KernelHost,
  type KernelOptions,
  piscinaThread,
  startAllocator,
  workerHost,
} from '@kaon/allocator';
import type { MessageInit, Resource } from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import { Simulation, spawnProbe } from '@kaon/testkit';
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

t.test('an agent is offered at once to a framework that waits', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t);
  tell('addFramework', framework('f1', ['web']));
  await sim.settle();
  tell('addAgent', agent('a1', 'cpus:2;mem:1024;ports:[31000-32000]'));
  await sim.settle();
  t.same(takeTold(), [
    'f1 a1 web cpus(allocated: web):2; mem(allocated: web):1024; ports(allocated: web):[31000-32000]',
  ]);
  await sim.advance(10_000);
  t.same(takeTold(), [], 'and to nobody else');
});

t.test('a framework that comes later is offered everything that is free', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t);
  tell('addAgent', agent('a1', 'cpus:2'));
  tell('addAgent', agent('a2', 'cpus:2'));
  await sim.settle();
  tell('addFramework', framework('f1', ['web']));
  await sim.settle();
  t.equal(takeTold().length, 2);
});

t.test('a thousand changes in a row share a pass', async (t) => {
  const { sim, stats, tell } = await givenAllocator(t);
  for (let index = 0; index < 1000; index += 1) tell('addAgent', agent(`a${index}`, 'cpus:2'));
  await sim.settle();
  t.match(await stats(), { agents: 1000, passes: 1, lastCandidates: 1000 });
});

t.test('which changes ask for a pass, and over which agents', async (t) => {
  const { sim, stats, tell } = await givenAllocator(t);
  tell('addAgent', agent('a1', 'cpus:2'));
  tell('addAgent', agent('a2', 'cpus:2'));
  await sim.settle();
  let { passes } = await stats();
  const expectPass = async (what: string, candidates: number | undefined): Promise<void> => {
    const now = await stats();
    t.equal(now.passes - passes, candidates === undefined ? 0 : 1, what);
    if (candidates !== undefined) t.equal(now.lastCandidates, candidates, what);
    passes = now.passes;
  };
  const f1 = frameworkId('f1');
  tell('addFramework', { ...framework('f1', ['web']), isActive: false });
  await expectPass('an inactive framework', undefined);
  tell('activateFramework', { frameworkId: f1 });
  await expectPass('activation', 2);
  tell('updateFramework', framework('f1', ['web', 'ads']));
  await expectPass('an update of a framework', undefined);
  tell('deactivateFramework', { frameworkId: f1 });
  tell('suppressOffers', { frameworkId: f1, roles: [] });
  tell('setWeights', [{ role: 'web', weight: 2 }]);
  await expectPass('suppression, deactivation, weights', undefined);
  tell('reviveOffers', { frameworkId: f1, roles: [] });
  await expectPass('revival', 2);
  tell('updateAgent', agent('a1', 'cpus:2'));
  await expectPass('an agent as it was', undefined);
  tell('updateAgent', agent('a1', 'cpus:3'));
  await expectPass('a changed agent', 1);
  tell('updateAgent', { ...agent('a1', 'cpus:3'), capabilities: [] });
  await expectPass('other capabilities', 1);
  tell('deactivateAgent', { agentId: agentId('a1') });
  tell('activateAgent', { agentId: agentId('a1') });
  tell('removeAgent', { agentId: agentId('a1') });
  await expectPass('activity and removal of agents', undefined);
  tell('addFramework', framework('f2', ['web']));
  await expectPass('an active framework', 1);
  tell('removeFramework', { frameworkId: f1 });
  await expectPass('the end of a framework', undefined);
  await sim.advance(1000);
  await expectPass('the interval', 1);
});

t.test('declined resources come back when the filter ends, not before', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t);
  tell('addFramework', framework('f1', ['web']));
  tell('addAgent', agent('a1', 'cpus:2;mem:512'));
  await sim.settle();
  takeTold();
  tell('recoverResources', {
    frameworkId: frameworkId('f1'),
    agentId: agentId('a1'),
    resources: allocated('cpus:2;mem:512', 'web'),
    refuseMs: 5000,
  });
  await sim.advance(4900);
  t.same(takeTold(), []);
  await sim.advance(1100);
  t.equal(takeTold().length, 1);
});

t.test('a short filter lives one interval; 0 is none', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t, { allocationIntervalMs: 1000 });
  tell('addFramework', framework('f1', ['web']));
  tell('addAgent', agent('a1', 'cpus:2'));
  await sim.advance(500);
  takeTold();
  const decline = (refuseMs: number): void =>
    tell('recoverResources', {
      frameworkId: frameworkId('f1'),
      agentId: agentId('a1'),
      resources: allocated('cpus:2', 'web'),
      refuseMs,
    });
  decline(1);
  await sim.advance(600);
  t.same(takeTold(), [], 'survived the pass at 1 000 ms');
  await sim.advance(1000);
  t.equal(takeTold().length, 1);
  decline(0);
  await sim.advance(1000);
  t.equal(takeTold().length, 1);
});

t.test('what was not used of an offer goes to the next framework', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t);
  tell('addFramework', framework('f1', ['web']));
  tell('addAgent', agent('a1', 'cpus:4;ports:[1-10]'));
  await sim.settle();
  takeTold();
  tell('addFramework', framework('f2', ['ads']));
  tell('recoverResources', {
    frameworkId: frameworkId('f1'),
    agentId: agentId('a1'),
    resources: allocated('cpus:3;ports:[2-10]', 'web'),
    refuseMs: 60_000,
  });
  await sim.settle();
  t.same(takeTold(), ['f2 a1 ads cpus(allocated: ads):3; ports(allocated: ads):[2-10]']);
});

t.test('what a framework does not hold cannot be given back', async (t) => {
  const { sim, stats, takeTold, tell } = await givenAllocator(t);
  tell('addFramework', framework('f1', ['web']));
  tell('addAgent', agent('a1', 'cpus:2'));
  await sim.settle();
  takeTold();
  const giveBack = (what: Resources, id = 'f1', agent = 'a1'): void =>
    tell('recoverResources', {
      frameworkId: frameworkId(id),
      agentId: agentId(agent),
      resources: what,
      refuseMs: 0,
    });
  giveBack(allocated('cpus:5;mem:64', 'web'));
  giveBack(allocated('cpus:2', 'web'));
  giveBack(allocated('cpus:2', 'other'));
  giveBack(resources('cpus:2'));
  giveBack(allocated('cpus:2', 'web'), 'nobody');
  giveBack(allocated('cpus:2', 'web'), 'f1', 'nowhere');
  giveBack(Resources.empty, 'nobody');
  await sim.advance(1000);
  t.same(takeTold(), ['f1 a1 web cpus(allocated: web):2']);
  t.match(await stats(), { unheldResources: 6 });
});

t.test('tasks of an agent that came back count as held', async (t) => {
  const { sim, stats, takeTold, tell } = await givenAllocator(t);
  tell('addFramework', framework('f2', ['web']));
  tell('addAgent', {
    ...agent('a1', 'cpus:4'),
    used: new Map([[frameworkId('f1'), allocated('cpus:3', 'web')]]),
  });
  await sim.settle();
  t.same(takeTold(), ['f2 a1 web cpus(allocated: web):1']);
  tell('useResources', {
    frameworkId: frameworkId('f1'),
    agentId: agentId('a1'),
    resources: allocated('cpus:2', 'web'),
  });
  tell('recoverResources', {
    frameworkId: frameworkId('f2'),
    agentId: agentId('a1'),
    resources: allocated('cpus:1', 'web'),
    refuseMs: 0,
  });
  await sim.advance(1000);
  t.same(takeTold(), [], 'held beyond the total: nothing is free');
  tell('removeFramework', { frameworkId: frameworkId('f1') });
  await sim.advance(1000);
  t.same(takeTold(), ['f2 a1 web cpus(allocated: web):4']);
  t.match(await stats(), { unheldResources: 0, frameworks: 1 });
});

t.test('an agent that shrinks takes nothing from those who use it', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t);
  tell('addFramework', framework('f1', ['web']));
  tell('addAgent', agent('a1', 'cpus:4'));
  await sim.settle();
  tell('updateAgent', agent('a1', 'cpus:1'));
  await sim.settle();
  takeTold();
  tell('recoverResources', {
    frameworkId: frameworkId('f1'),
    agentId: agentId('a1'),
    resources: allocated('cpus:3.5', 'web'),
    refuseMs: 0,
  });
  await sim.advance(1000);
  t.same(takeTold(), ['f1 a1 web cpus(allocated: web):0.5']);
});

t.test('a removed agent and a removed framework leave no trace', async (t) => {
  const { sim, stats, takeTold, tell } = await givenAllocator(t);
  tell('addFramework', framework('f1', ['web']));
  tell('addFramework', framework('f2', ['web']));
  tell('addAgent', agent('a1', 'cpus:4'));
  await sim.settle();
  tell('removeAgent', { agentId: agentId('a1') });
  tell('addAgent', agent('a1', 'cpus:4'));
  await sim.settle();
  t.same(takeTold(), ['f1 a1 web cpus(allocated: web):4', 'f2 a1 web cpus(allocated: web):4']);
  for (const id of ['f1', 'f2']) tell('removeFramework', { frameworkId: frameworkId(id) });
  tell('removeAgent', { agentId: agentId('a1') });
  await sim.advance(1000);
  const { total, held, agents, frameworks } = await stats();
  t.same([total.get('cpus'), held.get('cpus'), agents, frameworks], [0, 0, 0, 0]);
});

t.test(
  'reservations go to their role with the rest of the agent, refined ones to those who know',
  async (t) => {
    const { sim, takeTold, tell } = await givenAllocator(t);
    const refined: MessageInit<Resource> = {
      name: 'cpus',
      type: 'SCALAR',
      scalar: { value: 8 },
      reservations: [
        { type: 'STATIC', role: 'db' },
        { type: 'DYNAMIC', role: 'db/main' },
      ],
    };
    const total = resources('cpus:1;cpus(db):2').plus(Resources.of([refined as Resource]));
    tell('addFramework', framework('f1', ['db']));
    tell('addAgent', agent('a1', total));
    await sim.settle();
    t.match(takeTold(), [/^f1 a1 db cpus\(allocated: db\):1; cpus.*:2$/]);
    tell('addFramework', framework('f2', ['db/main']));
    await sim.settle();
    t.same(takeTold(), []);
    tell('addFramework', framework('f3', ['db/main'], ['RESERVATION_REFINEMENT']));
    await sim.settle();
    t.match(takeTold(), [/^f3 a1 db\/main .*:8$/]);
  },
);

t.test('a reservation converts what is held and stays with its role when given back', async (t) => {
  const { sim, takeTold, tell, stats } = await givenAllocator(t);
  tell('addFramework', framework('f1', ['db']));
  tell('addAgent', agent('a1', 'cpus:2;mem:64'));
  await sim.settle();
  takeTold();
  const consumed = allocated('cpus:2', 'db');
  const converted = consumed.pushReservation({ type: 'DYNAMIC', role: 'db' });
  const ids = { frameworkId: frameworkId('f1'), agentId: agentId('a1') };
  tell('updateAllocation', { ...ids, consumed, converted });
  tell('updateAllocation', { ...ids, consumed, converted });
  tell('recoverResources', {
    ...ids,
    resources: converted.plus(allocated('mem:64', 'db')),
    refuseMs: 0,
  });
  tell('suppressOffers', { frameworkId: frameworkId('f1'), roles: ['db'] });
  tell('addFramework', framework('f2', ['web']));
  await sim.settle();
  t.same(takeTold(), ['f2 a1 web mem(allocated: web):64']);
  tell('reviveOffers', { frameworkId: frameworkId('f1'), roles: ['db'] });
  await sim.settle();
  t.match(takeTold(), [/^f1 a1 db cpus.*:2$/]);
  t.match(await stats(), { unheldResources: 1 });
});

t.test('a shared volume is offered to others while it is in use', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t);
  const volume: Resource = {
    name: 'disk',
    type: 'SCALAR',
    scalar: { value: 100 },
    reservations: [{ type: 'DYNAMIC', role: 'web', labels: undefined, principal: undefined }],
    disk: {
      persistence: { id: 'v1', principal: undefined },
      volume: { mode: 'RW', containerPath: 'data' },
    } as Resource['disk'],
    shared: {},
  };
  const total = resources('cpus:2').plus(Resources.of([volume]));
  tell('addFramework', framework('f1', ['web'], ['SHARED_RESOURCES']));
  tell('addFramework', framework('f2', ['web'], ['SHARED_RESOURCES']));
  tell('addAgent', agent('a1', total));
  await sim.settle();
  t.match(takeTold(), [/^f1 a1 web .*disk.*100.*$/]);
  const ids = { frameworkId: frameworkId('f1'), agentId: agentId('a1') };
  tell('recoverResources', { ...ids, resources: allocated('cpus:1', 'web'), refuseMs: 60_000 });
  await sim.advance(1000);
  t.match(takeTold(), [/^f2 a1 web .*disk.*100.*$/]);
});

t.test('weights decide, and may change', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t);
  tell('setWeights', [{ role: 'heavy', weight: 2 }]);
  for (let index = 0; index < 30; index += 1) tell('addAgent', agent(`a${index}`, 'cpus:1'));
  await sim.settle();
  tell('addFramework', framework('f1', ['heavy']));
  tell('addFramework', framework('f2', ['light']));
  await sim.settle();
  const told = takeTold();
  t.equal(told.filter((line) => line.startsWith('f1')).length, 20);
});

t.test('suppressed roles of an update are exactly those, and roles left are left', async (t) => {
  const { sim, takeTold, tell } = await givenAllocator(t);
  tell('addFramework', {
    ...framework('f1', ['web', 'ads']),
    suppressedRoles: ['web', 'ads', 'x'],
  });
  tell('addAgent', agent('a1', 'cpus:1'));
  await sim.advance(1000);
  t.same(takeTold(), []);
  tell('updateFramework', { ...framework('f1', ['web', 'new']), suppressedRoles: ['web'] });
  await sim.advance(1000);
  t.same(takeTold(), ['f1 a1 new cpus(allocated: new):1']);
});

t.test('allocations can be told to a PID', async (t) => {
  const sim = new Simulation({ seed: 1 });
  const probe = spawnProbe(sim.createSystem('probe:1'), allocationSinkProtocol);
  t.teardown(() => sim.close());
  const system = sim.createSystem('m:1');
  const here = spawnProbe(system, allocationSinkProtocol);
  const { pid } = startAllocator(system, { onAllocation: here.pid });
  system.send(pid, 'addFramework', framework('f1', ['web']));
  system.send(pid, 'addAgent', agent('a1', 'cpus:1'));
  await sim.settle();
  t.match(here.take('allocate').body, [{ frameworkId: 'f1', shares: [{ role: 'web' }] }]);
  t.equal(probe.messages.length, 0);
});

/** A kernel on another thread as the test sees one: it answers when told to. */
function gatedHost() {
  const gates: (() => void)[] = [];
  return {
    gates,
    makeHost: (options: KernelOptions): KernelHost => {
      const host = inlineHost(options);
      const run = (cycle: KernelCycle) =>
        new Promise<GrantBatch>((resolve) => {
          gates.push(() => resolve(host.run(cycle)));
        });
      return { ...host, run };
    },
  };
}

t.test('changes that come during a pass wait for it, in order, and lose nothing', async (t) => {
  const { gates, makeHost } = gatedHost();
  const { sim, stats, takeTold, tell } = await givenAllocator(t, { makeHost });
  tell('addFramework', framework('f1', ['web']));
  tell('addAgent', agent('a1', 'cpus:2'));
  await sim.settle();
  t.equal(gates.length, 1);
  tell('removeAgent', { agentId: agentId('a1') });
  tell('addAgent', agent('a1', 'cpus:3'));
  t.match(await stats(), { waitingChanges: 2, agents: 1 }, 'asks are answered meanwhile');
  gates.shift()?.();
  await sim.settle();
  t.same(takeTold(), ['f1 a1 web cpus(allocated: web):2'], 'stale, and the master sees to that');
  gates.shift()?.();
  await sim.settle();
  t.same(takeTold(), ['f1 a1 web cpus(allocated: web):3']);
  tell('recoverResources', {
    frameworkId: frameworkId('f1'),
    agentId: agentId('a1'),
    resources: allocated('cpus:2', 'web'),
    refuseMs: 0,
  });
  await sim.advance(1000);
  gates.shift()?.();
  await sim.settle();
  t.same(takeTold(), ['f1 a1 web cpus(allocated: web):2'], 'never more than there is');
});

t.test('a large pass is told in slices, and what comes meanwhile waits for the last', async (t) => {
  const { gates, makeHost } = gatedHost();
  const slices: number[] = [];
  const waiting: number[] = [];
  const tells: (() => void)[] = [];
  let read: () => AllocatorStats = () => {
    throw new Error('not started');
  };
  const { sim, stats, tell } = await givenAllocator(t, {
    makeHost,
    exposeStats: (reader) => {
      read = reader;
    },
    onAllocation: (allocations) => {
      slices.push(allocations.reduce((sum, { shares }) => sum + shares.length, 0));
      waiting.push(read().waitingChanges);
      tells.shift()?.();
      return undefined;
    },
  });
  for (let index = 0; index < 600; index += 1) tell('addAgent', agent(`a${index}`, 'cpus:1'));
  await sim.settle();
  gates.shift()?.();
  await sim.settle();
  tells.push(() => {
    for (let index = 0; index < 600; index += 1) {
      tell('removeAgent', { agentId: agentId(`a${index}`) });
    }
  });
  tell('addFramework', framework('f1', ['web']));
  await sim.settle();
  gates.shift()?.();
  t.match(await stats(), { agents: 0, grants: 600, waitingChanges: 0 });
  t.same(slices, [...new Array<number>(18).fill(32), 24]);
  t.same(waiting[0], 0);
  t.ok((waiting.at(-1) ?? 0) > 500, 'changes waited while slices were told');
  await sim.advance(1000);
  gates.shift()?.();
  t.match(await stats(), { agents: 0, grants: 600, lastCandidates: 0 }, 'passes go on');
});

t.test('a filter ends at a moment it shares with others, at most 1.6 % late', async (t) => {
  for (const filterMs of [1, 63, 64, 1000, 5000, 86_400_000]) {
    for (const nowMs of [0, 0.25, 12_345, 987_654_321]) {
      const expiresMs = expiryOf(nowMs, filterMs);
      const lateMs = expiresMs - nowMs - filterMs;
      t.ok(lateMs >= 0 && lateMs <= Math.max(1, filterMs / 64), `${filterMs} at ${nowMs}`);
    }
  }
  const moments = new Set(Array.from({ length: 1000 }, (_, nowMs) => expiryOf(nowMs, 5000)));
  t.equal(moments.size, 16, 'declines of one second, all with filters of 5 s');
});

t.test('too many changes during one pass end the allocator, and somebody is told', async (t) => {
  const { makeHost } = gatedHost();
  let failures = 0;
  const sim = new Simulation();
  t.teardown(() => sim.close());
  const system = sim.createSystem('m:1');
  const allocator = startAllocator(system, {
    onAllocation: () => undefined,
    makeHost,
    waitingChangesMax: 2,
    onFailed: () => {
      failures += 1;
    },
  });
  for (let index = 0; index < 4; index += 1) {
    system.send(allocator.pid, 'addAgent', agent(`a${index}`, 'cpus:1'));
    await sim.settle();
  }
  t.equal(failures, 1);
  t.same([...allocator.metrics()].length > 0, true);
  await allocator.close();
  t.same([...allocator.metrics()], []);
});

t.test('the same actor with its kernel on a real thread', async (t) => {
  const { stats, takeTold, tell } = await givenAllocator(t, {
    makeHost: (kernel) => workerHost({ kernel, thread: piscinaThread() }),
  });
  /** The thread takes real time, which a simulation does not wait for. */
  const passes = async (count: number): Promise<void> => {
    while ((await stats()).passes < count) await new Promise((resolve) => setImmediate(resolve));
  };
  tell('addFramework', framework('f1', ['web']));
  for (let index = 0; index < 50; index += 1) tell('addAgent', agent(`a${index}`, 'cpus:1'));
  await passes(1);
  t.equal(takeTold().length, 50);
});

t.test('metrics stand under the keys Mesos has', async (t) => {
  const { sim, stats, tell, allocator } = await givenAllocator(t);
  tell('addFramework', framework('f1', ['web']));
  tell('addAgent', agent('a1', 'cpus:2;mem:64;disk:8'));
  await sim.advance(1000);
  const metrics = Object.fromEntries(allocatorMetrics(await stats()));
  t.match(metrics, {
    'allocator/mesos/allocation_runs': 2,
    'allocator/mesos/resources/cpus/total': 2,
    'allocator/mesos/resources/mem/offered_or_allocated': 64,
    'allocator/mesos/roles/web/shares/dominant': 1,
  });
  t.same(Object.fromEntries(allocator.metrics()), metrics);
});

t.test('the same seed and messages give the same allocations', async (t) => {
  const run = async (seed: number): Promise<string[]> => {
    const sim = new Simulation({ seed });
    const order: string[] = [];
    const { tell } = await givenAllocator(t, {
      sim,
      makeHost: inlineHost,
      onAllocation: (allocations) => {
        for (const { frameworkId, shares } of allocations) {
          for (const { agentId } of shares) order.push(`${frameworkId} ${agentId}`);
        }
        return undefined;
      },
    });
    for (let index = 0; index < 20; index += 1) tell('addAgent', agent(`a${index}`, 'cpus:1'));
    tell('addFramework', framework('f1', ['web']));
    tell('addFramework', framework('f2', ['web']));
    await sim.settle();
    return order;
  };
  const first = await run(3);
  t.same(await run(3), first);
  t.not((await run(4)).join(), first.join());
});
