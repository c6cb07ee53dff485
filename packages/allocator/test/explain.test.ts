// "Why does my framework get no offer?" and "what would the next pass give?", asked of the actor.
import { type AllocatorOptions, piscinaThread, startAllocator, workerHost } from '@kaon/allocator';
import { createMessage, schedulerV1 } from '@kaon/protocol';
import { Simulation } from '@kaon/testkit';
import t from 'tap';
import { agent, agentId, allocated, framework, frameworkId } from './builders/records.ts';

async function givenCluster(
  t: Pick<typeof import('tap').t, 'teardown'>,
  options: Partial<AllocatorOptions> = {},
) {
  const sim = new Simulation({ seed: 5 });
  const system = sim.createSystem('master:5050');
  t.teardown(() => sim.close());
  const { pid, tell } = startAllocator(system, { onAllocation: () => undefined, ...options });
  const settled = async <T>(answer: Promise<T>): Promise<T> => {
    await sim.settle();
    return answer;
  };
  const given = {
    sim,
    pid,
    system,
    tell,
    /** How the framework stands in the role; with `agent`, what became of that. */
    async explain(id: string, role?: string, agent?: string) {
      await sim.settle();
      const question = {
        frameworkId: frameworkId(id),
        role,
        agentId: agent === undefined ? undefined : agentId(agent),
      };
      const answer = system.ask(pid, 'explain', question, { timeoutMs: 1000 });
      return settled(answer);
    },
    async roleOf(id: string, role: string, agent?: string) {
      const explanation = await given.explain(id, role, agent);
      const [only] = explanation?.roles ?? [];
      if (only === undefined) throw new Error(`no explanation of ${id} in ${role}`);
      return only;
    },
    plan: async () => settled(system.ask(pid, 'plan', undefined, { timeoutMs: 1000 })),
  };
  await sim.settle();
  return given;
}

t.test('agents are counted by the reason the framework has them not', async (t) => {
  const { explain, sim, tell } = await givenCluster(t);
  tell({ kind: 'addFramework', ...framework('f1', ['web']) });
  tell({ kind: 'addFramework', ...framework('f2', ['web', 'ads']) });
  tell({ kind: 'suppressOffers', frameworkId: frameworkId('f2'), roles: ['ads'] });
  tell({ kind: 'addAgent', ...agent('a1', 'cpus:1') });
  tell({ kind: 'addAgent', ...agent('a2', 'cpus:1;gpus:1') });
  tell({ kind: 'addAgent', ...agent('a3', 'cpus:0.001') });
  const explanation = await explain('f2');
  t.equal(explanation?.lastFullPassAtMs, sim.clock.nowMs());
  t.match(explanation?.roles, [
    {
      role: 'web',
      competing: 'yes',
      candidates: 3,
      grantedAgents: 0,
      skippedAgents: { notAllocatable: 1, lowerShare: 1, gpuAgent: 1 },
      suitableAgents: 1,
      unsuitableAgents: { notAllocatable: 1, gpuAgent: 1 },
    },
    { role: 'ads', competing: 'suppressed', skippedAgents: { suppressed: 3 } },
  ]);
  t.match(explanation?.roles[1]?.advice[0], /REVIVE ends that/);
  t.equal(await explain('nobody'), undefined);
});

t.test('of a lower share, both shares and the winner are named', async (t) => {
  const { roleOf, tell } = await givenCluster(t);
  tell({ kind: 'addFramework', ...framework('f1', ['web']) });
  tell({ kind: 'addFramework', ...framework('f2', ['ads']) });
  tell({
    kind: 'addAgent',
    ...agent('busy', 'cpus:3'),
    used: new Map([[frameworkId('f2'), allocated('cpus:3', 'ads')]]),
  });
  tell({ kind: 'addAgent', ...agent('a1', 'cpus:1') });
  const role = await roleOf('f2', 'ads', 'a1');
  t.match(role.standings[0], { path: 'ads', share: 0.75, before: 1, firstShare: 0.25 });
  t.match(role.agent, {
    verdict: 'lowerShare',
    winner: { frameworkId: 'f1', role: 'web', share: 0 },
  });
  t.match(
    role.agent?.because,
    /framework f1 got it in role 'web', which had a share of 0; .* ads has a share of 0.75, the first in line 0.25/,
  );
});

t.test('a refusal is named with what it covers and when it ends', async (t) => {
  const { roleOf, sim, tell } = await givenCluster(t);
  tell({ kind: 'addFramework', ...framework('f1', ['web']) });
  tell({ kind: 'addAgent', ...agent('a1', 'cpus:1') });
  await sim.settle();
  const refused = allocated('cpus:1', 'web');
  const about = { frameworkId: frameworkId('f1'), agentId: agentId('a1') };
  tell({ kind: 'recoverResources', ...about, resources: refused, refuseMs: 60_000 });
  await sim.advance(2000);
  const { agent: verdict, skippedAgents } = await roleOf('f1', 'web', 'a1');
  t.same(skippedAgents, { filtered: 1 });
  t.match(verdict, { verdict: 'filtered', refusal: { refused: new Map([['cpus', 1000]]) } });
  t.match(verdict?.because, /refusal \d+ of cpus 1 covers it and ends in 5[89] s/);
});

t.test(
  'a framework no agent is large enough for is told that it can never be served',
  async (t) => {
    const { roleOf, tell } = await givenCluster(t, {
      minAllocatable: [
        new Map([
          ['cpus', 4000],
          ['mem', 8_000_000],
        ]),
      ],
    });
    tell({ kind: 'addFramework', ...framework('f1', ['web']) });
    tell({ kind: 'addAgent', ...agent('a1', 'cpus:2;mem:9000') });
    tell({ kind: 'addAgent', ...agent('a2', 'cpus:8;mem:1000') });
    tell({ kind: 'addAgent', ...agent('a3', 'cpus:8;mem:9000;gpus:1') });
    const { advice, suitableAgents } = await roleOf('f1', 'web');
    t.equal(suitableAgents, 0);
    t.same(advice, [
      'it can never be served: no agent would do, not even an empty one',
      '2 agents too small: the least is cpus 4, mem 8000, the largest has cpus 8, mem 9000',
      '1 agent: agents with GPUs are for frameworks with GPU_RESOURCES',
    ]);
  },
);

t.test('of an offer constraint, what it wants and what the agent has is named', async (t) => {
  const { roleOf, tell } = await givenCluster(t);
  const selector = { attributeName: 'rack' };
  const constraint = { selector, predicate: { textEquals: { value: 'r1' } } };
  const groups = [{ attributeConstraints: [constraint] }];
  tell({
    kind: 'addFramework',
    ...framework('f1', ['web']),
    offerConstraints: createMessage(schedulerV1.OfferConstraints, {
      roleConstraints: { web: { groups } },
    }),
  });
  const attribute = { name: 'rack', type: 'TEXT', text: { value: 'r2' } } as const;
  tell({ kind: 'addAgent', ...agent('a1', 'cpus:1', { attributes: [attribute] }) });
  const { agent: verdict, skippedAgents } = await roleOf('f1', 'web', 'a1');
  t.same(skippedAgents, { constraint: 1 });
  t.match(verdict, { verdict: 'constraint', constraint: "rack must be 'r1', but it is 'r2'" });
});

t.test('agents that are offered to nobody, or that nobody knows, are told apart', async (t) => {
  const { roleOf, tell } = await givenCluster(t);
  tell({ kind: 'addFramework', ...framework('f1', ['web']) });
  tell({ kind: 'addAgent', ...agent('a1', 'cpus:1') });
  tell({ kind: 'deactivateAgent', agentId: agentId('a1') });
  t.match((await roleOf('f1', 'web', 'a1')).agent, { verdict: 'inactiveAgent' });
  t.match((await roleOf('f1', 'web', 'a7')).agent, { verdict: 'unknownAgent' });
  t.match(await roleOf('f1', 'nowhere', 'a1'), {
    competing: 'notSubscribed',
    advice: ["it is not in role 'nowhere'; its roles are web"],
  });
  tell({ kind: 'deactivateFramework', frameworkId: frameworkId('f1') });
  t.match(await roleOf('f1', 'web'), { competing: 'inactive' });
});

t.test('a plan says what the next pass would grant, and grants nothing', async (t) => {
  const { plan, roleOf, sim, tell } = await givenCluster(t);
  tell({ kind: 'addFramework', ...framework('f1', ['web']) });
  tell({ kind: 'addAgent', ...agent('a1', 'cpus:1;mem:64') });
  await sim.settle();
  t.same(await plan(), [], 'nothing is free');
  const given = { frameworkId: frameworkId('f1'), agentId: agentId('a1') };
  const resources = allocated('cpus:1;mem:64', 'web');
  tell({ kind: 'recoverResources', ...given, resources, refuseMs: 0 });
  const grant = {
    frameworkId: 'f1',
    role: 'web',
    agentId: 'a1',
    quantities: new Map([
      ['cpus', 1000],
      ['mem', 64_000],
    ]),
  };
  t.same(await plan(), [grant]);
  t.same(await plan(), [grant], 'as often as one asks');
  t.same((await roleOf('f1', 'web')).skippedAgents, {}, 'what was granted counts as granted');
  await sim.advance(1000);
  t.same(await plan(), [], 'the pass did what was planned');
});

t.test('a kernel on a thread answers the same', async (t) => {
  const { pid, sim, system, tell } = await givenCluster(t, {
    makeHost: (kernel) => workerHost({ kernel, thread: piscinaThread() }),
  });
  /** The thread takes real time, which a simulation does not wait for. */
  const inRealTime = async <T>(asked: Promise<T>): Promise<T> => {
    let isThere = false;
    const ended = asked.finally(() => {
      isThere = true;
    });
    while (!isThere) {
      await sim.settle();
      await new Promise((resolve) => setImmediate(resolve));
    }
    return ended;
  };
  tell({ kind: 'addFramework', ...framework('f1', ['web']) });
  tell({ kind: 'addAgent', ...agent('a1', 'cpus:1') });
  const question = { frameworkId: frameworkId('f1'), agentId: agentId('a1') };
  const explain = () => inRealTime(system.ask(pid, 'explain', question, { timeoutMs: 1000 }));
  let found = await explain();
  while (found?.roles[0]?.grantedAgents !== 1) found = await explain();
  t.match(found.roles, [{ role: 'web', candidates: 1, agent: { verdict: 'granted' } }]);
  t.same(await inRealTime(system.ask(pid, 'plan', undefined, { timeoutMs: 1000 })), []);
});
