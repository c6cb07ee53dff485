// What an explanation looks like as JSON, to the byte.
import type { Explanation, RoleExplanation } from '@kaon/allocator';
import { jsonText, toId } from '@kaon/protocol';
import t from 'tap';
import { explanationJson } from '#master/views/explanation-json';

const cpus = (milli: number) => new Map([['cpus', milli]]);

const ROLE: RoleExplanation = {
  role: 'eng/web',
  competing: 'notSubscribed',
  advice: ['it is so'],
  candidates: 5,
  grantedAgents: 1,
  skippedAgents: { lowerShare: 3, filtered: 1 },
  suitableAgents: 4,
  unsuitableAgents: { notAllocatable: 1 },
  largestAgent: new Map([
    ['mem', 1_024_500],
    ['cpus', 8000],
  ]),
  minimums: [cpus(10), new Map([['mem', 32_000]])],
  standings: [{ path: 'eng', share: 0.75, weight: 2, allocations: 3, before: 1, firstShare: 0.25 }],
  held: cpus(500),
  quota: {
    role: 'eng',
    guarantees: cpus(4000),
    limits: cpus(8000),
    consumed: cpus(500),
  },
  headroom: { required: cpus(3500), available: cpus(9001) },
  agent: {
    agentId: toId('a1'),
    verdict: 'filtered',
    because: 'refusal 7 covers it',
    free: cpus(1000),
    offerable: cpus(1000),
    whole: cpus(4000),
    missingCapabilities: ['GPU_RESOURCES'],
    limitLeft: cpus(7500),
    refusal: { id: 7, expiresInMs: 58_500, refused: cpus(1000) },
    constraint: 'rack is r1',
    winner: { frameworkId: toId('f2'), role: 'ads', share: 0 },
  },
};

const EXPLANATION: Explanation = {
  frameworkId: toId('f1'),
  atMs: 1_700_000_000_500,
  lastPassAtMs: 1_700_000_000_250,
  lastFullPassAtMs: undefined,
  roles: [ROLE],
};

t.test('all of it', (t) => {
  const expected = [
    '{"framework_id":"f1","time":1700000000.5,"last_pass_time":1700000000.25,"roles":[{"role":"eng/web",',
    '"competing":"not_subscribed","advice":["it is so"],"candidates":5,"granted_agents":1,',
    '"skipped_agents":{"lower_share":3,"filtered":1},"suitable_agents":4,',
    '"unsuitable_agents":{"not_allocatable":1},"largest_agent":{"cpus":8.0,"mem":1024.5},',
    '"minimums":[{"cpus":0.01},{"mem":32.0}],"standings":[{"path":"eng","share":0.75,"weight":2.0,',
    '"allocations":3,"before":1,"first_share":0.25}],"held":{"cpus":0.5},"quota":{"role":"eng",',
    '"guarantees":{"cpus":4.0},"limits":{"cpus":8.0},"consumed":{"cpus":0.5}},',
    '"headroom":{"required":{"cpus":3.5},"available":{"cpus":9.001}},"agent":{"agent_id":"a1",',
    '"verdict":"filtered","because":"refusal 7 covers it","free":{"cpus":1.0},"offerable":{"cpus":1.0},',
    '"whole":{"cpus":4.0},"missing_capabilities":["GPU_RESOURCES"],"limit_left":{"cpus":7.5},',
    '"refusal":{"id":7,"expires_in":58.5,"refused":{"cpus":1.0}},"constraint":"rack is r1",',
    '"winner":{"framework_id":"f2","role":"ads","share":0.0}}}]}',
  ];
  t.equal(jsonText(explanationJson(EXPLANATION)), expected.join(''));
  t.end();
});

t.test('what there is none of is left out', (t) => {
  const text = jsonText(
    explanationJson({
      ...EXPLANATION,
      lastPassAtMs: undefined,
      roles: [{ ...ROLE, quota: undefined, agent: undefined, held: new Map() }],
    }),
  );
  const [role] = JSON.parse(text).roles;
  t.notHas(JSON.parse(text), { last_pass_time: Number });
  t.strictSame([role.quota, role.agent], [undefined, undefined]);
  t.strictSame(role.held, {});
  t.end();
});
