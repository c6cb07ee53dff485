// What the allocator decided and why, over a real socket.
import type { AllocatorPort } from '@kaon/master';
import { memoryStorage } from '@kaon/registry';
import { spawnProbe } from '@kaon/testkit';
import t, { type Test } from 'tap';
import { ALLOCATOR_READS_MAX } from '#master/constants';
import { agentProtocol } from './builders/cluster.ts';
import { GreedyAllocator } from './builders/greedy-allocator.ts';
import { givenHttpMaster, type HttpMaster } from './builders/http-master.ts';
import { registration } from './builders/records.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const SUBSCRIBE =
  '{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root","name":"x","roles":["web","ads"],"capabilities":[{"type":"MULTI_ROLE"}]}}}';

/** A master with its own allocator, one agent, and one framework that was offered the agent. */
async function givenOfferedAgent(t: Test) {
  const master = await givenHttpMaster(t, { createAllocator: undefined });
  const stream = await master.subscribe(SUBSCRIBE);
  t.teardown(() => stream.close());
  const agent = spawnProbe(master.system, agentProtocol, { id: 'slave(1)' });
  agent.send(master.master.pid, 'registerAgent', registration('host-1', 'cpus:2;mem:512.5'));
  await stream.heard((record) => record.includes('"OFFERS"'));
  const { id } = master.master.masterInfo;
  return { master, frameworkId: `${id}-0000`, agentId: `${id}-S0` };
}

const get = async (master: HttpMaster, path: string) => master.send({ method: 'GET', path });
const call = async (master: HttpMaster, body: unknown, headers = {}) =>
  master.send({
    path: '/api/v1',
    headers: { ...JSON_TYPE, ...headers },
    body: JSON.stringify(body),
  });

t.test('policies are reported, or that there are none', async (t) => {
  const policy = {
    ...{ module: 'file:///ours.js', passes: 3, failures: 1, failuresInRow: 1, isOff: false },
    refusedGrants: 2,
    lastFailure: { code: 'KAON_ALLOCATOR_POLICY_THREW', message: 'no idea' },
    lastRefusedGrant: undefined,
  } as const;
  const totals = { agents: 9, differingAgents: 4, liveGrants: 9, shadowGrants: 8 };
  const last = {
    ...{ pass: 7, ...totals },
    frameworks: [{ framework: 'F', liveGrants: 2, shadowGrants: 1 }],
    roles: [{ role: 'web', liveShare: 0.5, shadowShare: 0.25 }],
  };
  const shadow = {
    ...{ module: 'file:///second.js', comparedPasses: 6, skippedPasses: 1, failedPasses: 0 },
    ...{ isOff: false, lastFailure: undefined, totals, last },
  };
  const report = { policy, shadow };
  const createAllocator = (): AllocatorPort =>
    Object.assign(new GreedyAllocator(() => undefined), { policies: () => report });
  const master = await givenHttpMaster(t, { createAllocator });
  const answer = await get(master, '/allocator/policy');
  t.equal(answer.status, 200);
  const counts = { agents: 9, differing_agents: 4, live_grants: 9, shadow_grants: 8 };
  t.same(JSON.parse(answer.text), {
    policy: {
      ...{ module: 'file:///ours.js', passes: 3, failures: 1, failures_in_row: 1, is_off: false },
      refused_grants: 2,
      last_failure: { code: 'KAON_ALLOCATOR_POLICY_THREW', message: 'no idea' },
    },
    shadow: {
      ...{ module: 'file:///second.js', compared_passes: 6, skipped_passes: 1, failed_passes: 0 },
      ...{ is_off: false, totals: counts },
      last: {
        ...{ pass: 7, ...counts },
        frameworks: [{ framework_id: 'F', live_grants: 2, shadow_grants: 1 }],
        roles: [{ role: 'web', live_share: 0.5, shadow_share: 0.25 }],
      },
    },
  });
  const plain = await givenHttpMaster(t, { createAllocator: undefined });
  const none = await get(plain, '/master/allocator/policy');
  t.same(JSON.parse(none.text), {});
});

t.test('a framework is told how it stands, role by role', async (t) => {
  const { master, frameworkId, agentId } = await givenOfferedAgent(t);
  for (const prefix of ['', '/master']) {
    const answer = await get(master, `${prefix}/allocator/explain?framework_id=${frameworkId}&x=1`);
    t.equal(answer.status, 200);
    t.equal(answer.headers['content-type'], 'application/json');
    t.match(JSON.parse(answer.text), {
      framework_id: frameworkId,
      time: Number,
      last_pass_time: Number,
      roles: [
        { role: 'web', competing: 'yes', candidates: 1, suitable_agents: 1, advice: [String] },
        { role: 'ads', competing: 'yes', candidates: 1, suitable_agents: 1, advice: [String] },
      ],
    });
  }
  const path = `/allocator/explain?framework_id=${frameworkId}&role=ads&agent_id=${agentId}`;
  const { roles } = JSON.parse((await get(master, path)).text);
  t.match(roles, [{ role: 'ads', agent: { agent_id: agentId, whole: { cpus: 2, mem: 512.5 } } }]);
  t.equal(roles.length, 1);
  const nowhere = await get(master, `/allocator/explain?framework_id=${frameworkId}&role=nope`);
  t.match(JSON.parse(nowhere.text).roles, [{ role: 'nope', competing: 'not_subscribed' }]);
  const script = await get(master, `${path}&jsonp=show`);
  t.match(script.text, /^show\(\{"framework_id":.*\}\)$/);
});

t.test('the operator API explains in the same words', async (t) => {
  const { master, frameworkId, agentId } = await givenOfferedAgent(t);
  const question = {
    framework_id: { value: frameworkId },
    role: 'web',
    agent_id: { value: agentId },
  };
  const body = { type: 'EXPLAIN_OFFERS', explain_offers: question };
  const answer = await call(master, body);
  t.equal(answer.status, 200);
  t.equal(answer.headers['content-type'], 'application/json');
  const path = `/allocator/explain?framework_id=${frameworkId}&role=web&agent_id=${agentId}`;
  const shown = JSON.parse((await get(master, path)).text);
  const { type, explain_offers: explained } = JSON.parse(answer.text);
  t.equal(type, 'EXPLAIN_OFFERS');
  t.strictSame({ ...explained, time: 0 }, { ...shown, time: 0 });

  const protobuf = await call(master, body, { Accept: 'application/x-protobuf' });
  t.equal(protobuf.status, 406);
  t.equal(protobuf.text, 'EXPLAIN_OFFERS is answered as application/json only');
  const refusals: [unknown, number, string][] = [
    [
      { type: 'EXPLAIN_OFFERS' },
      400,
      "Failed to validate master::Call: Expecting 'explain_offers' to be present",
    ],
    [
      { type: 'EXPLAIN_OFFERS', explain_offers: { role: 'web' } },
      400,
      'Failed to validate master::Call: explain_offers.framework_id: expected an object, got nothing',
    ],
    [
      { type: 'EXPLAIN_OFFERS', explain_offers: { framework_id: { value: 'nope' } } },
      404,
      "No framework 'nope' is known to the allocator",
    ],
    [
      { type: 'EXPLAIN_NOTHING' },
      400,
      "Failed to validate master::Call: Expecting 'type' to be present",
    ],
  ];
  for (const [wrong, status, text] of refusals) {
    const refused = await call(master, wrong);
    t.equal(refused.status, status);
    t.equal(refused.text, text);
  }
});

t.test('a question without a framework, or about an unknown one, is told so', async (t) => {
  const master = await givenHttpMaster(t, { createAllocator: undefined });
  const missing = await get(master, '/allocator/explain?framework_id=');
  t.equal(missing.status, 400);
  t.equal(missing.text, "Missing 'framework_id' query parameter");
  const unknown = await get(master, '/allocator/explain?framework_id=nope');
  t.equal(unknown.status, 404);
  t.equal(unknown.text, "No framework 'nope' is known to the allocator");
});

/** An allocator that plans what the test says. */
function planning(plan: AllocatorPort['plan']): () => AllocatorPort {
  return () => {
    const allocator = new GreedyAllocator(() => undefined);
    allocator.plan = plan;
    return allocator;
  };
}

t.test('a plan is shown by framework and up to a limit, with its total', async (t) => {
  const grant = (frameworkId: string, agentId: string) => ({
    frameworkId: frameworkId as never,
    role: 'web',
    agentId: agentId as never,
    quantities: new Map([
      ['mem', 64_000],
      ['cpus', 1500],
    ]),
  });
  const plan = [grant('f1', 'a1'), grant('f2', 'a2'), grant('f1', 'a3')];
  const master = await givenHttpMaster(t, {
    createAllocator: planning(async () => plan),
  });
  const shown = async (query: string) => (await get(master, `/allocator/plan${query}`)).text;
  const first =
    '{"framework_id":"f1","role":"web","agent_id":"a1","quantities":{"cpus":1.5,"mem":64.0}}';
  t.equal(await shown('?framework_id=f1&limit=1'), `{"total":2,"grants":[${first}]}`);
  t.equal(JSON.parse(await shown('')).grants.length, 3);
  t.equal(await shown('?limit=0'), '{"total":3,"grants":[]}');
  t.equal(await shown('?framework_id=f9'), '{"total":0,"grants":[]}');
  t.equal((await get(master, '/master/allocator/plan')).status, 200);
});

t.test(
  'questions beyond the bound are refused and counted, and the rest is answered',
  async (t) => {
    let answerAll: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      answerAll = resolve;
    });
    let asked = 0;
    const master = await givenHttpMaster(t, {
      createAllocator: planning(async () => {
        asked += 1;
        await held;
        return [];
      }),
    });
    const all = Array.from({ length: ALLOCATOR_READS_MAX + 1 }, () =>
      get(master, '/allocator/plan'),
    );
    const refused = await Promise.race(all);
    t.equal(refused.status, 503);
    t.match(refused.text, /The allocator has 32 questions to answer; ask again later/);
    t.equal((await get(master, '/health')).status, 200, 'the master itself is not held up');
    answerAll();
    const statuses = (await Promise.all(all)).map(({ status }) => status);
    t.equal(statuses.filter((status) => status === 200).length, ALLOCATOR_READS_MAX);
    t.equal(asked, ALLOCATOR_READS_MAX);
    t.equal(master.master.counters.get('allocatorReadsRefused'), 1);
  },
);

t.test('an allocator that does not answer is 503', async (t) => {
  const master = await givenHttpMaster(t, {
    createAllocator: planning(() => Promise.reject(new Error('it is gone'))),
  });
  const answer = await get(master, '/allocator/plan');
  t.equal(answer.status, 503);
  t.equal(answer.text, 'The master does not answer: it is gone');
});

t.test('until the master serves, nothing is explained', async (t) => {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const storage = memoryStorage();
  const master = await givenHttpMaster(t, {
    createAllocator: undefined,
    storage: { open: () => gate.then(() => storage.open()) },
  });
  const body = { type: 'EXPLAIN_OFFERS', explain_offers: { framework_id: { value: 'f' } } };
  const early = [
    await get(master, '/allocator/explain?framework_id=f'),
    await get(master, '/allocator/plan'),
    await call(master, body),
  ];
  for (const answer of early) {
    t.equal(answer.status, 503);
    t.equal(answer.text, 'Master has not finished recovery');
  }
  open();
  await master.master.ready;
  t.equal((await get(master, '/allocator/plan')).status, 200);
});
