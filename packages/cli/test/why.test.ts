// `kaon why`, against a real cluster and against masters that answer what the test says.
import { createHttpServer, jsonAnswer, textAnswer } from '@kaon/http';
import { startLocalCluster } from '@kaon/local';
import { connectScheduler } from '@kaon/scheduler';
import t, { type Test } from 'tap';
import { kaon } from './builders/fake-terminal.ts';

const MASTER = '6a4ffbb7-2a3c-4f6d-9f65-0b7bb0a7a2a1';
const F0 = `${MASTER}-0000`;
const F1 = `${MASTER}-0001`;
const S0 = `${MASTER}-S0`;
const S1 = `${MASTER}-S1`;

const SUMMARY = {
  slaves: [
    { id: S0, hostname: 'node1' },
    { id: S1, hostname: 'node2' },
  ],
  frameworks: [
    { id: F0, name: 'web' },
    { id: F1, name: 'ads\u001b[31m' },
    { id: 'elsewhere-0002', name: 'batch' },
    { id: 'elsewhere-0003', name: 'batch' },
    { id: 'lonely-0004', name: 'elsewhere' },
  ],
};

const ROLE = {
  role: 'eng/web',
  competing: 'yes',
  advice: ['it was granted something of 1 agent of 6', '3 agents: others come first'],
  candidates: 6,
  granted_agents: 1,
  skipped_agents: { filtered: 2, lower_share: 3 },
  suitable_agents: 5,
  unsuitable_agents: { not_allocatable: 1 },
  largest_agent: { cpus: 8, mem: 1024.5 },
  minimums: [{ cpus: 0.01 }, { mem: 32 }],
  standings: [
    { path: 'eng', share: 0.75, weight: 2, allocations: 3, before: 1, first_share: 0.123456 },
    { path: F0, share: 0.5, weight: 1, allocations: 3, before: 0, first_share: 0.5 },
  ],
  held: { cpus: 0.5 },
  quota: { role: 'eng', guarantees: { cpus: 4 }, limits: {}, consumed: { cpus: 0.5 } },
  headroom: { required: { cpus: 3.5 }, available: { cpus: 9 } },
};

const VERDICT = {
  agent_id: S0,
  verdict: 'lower_share',
  because: 'somebody whose turn came before took it',
  free: { cpus: 1 },
  offerable: { cpus: 1 },
  whole: { cpus: 4 },
  missing_capabilities: ['GPU_RESOURCES'],
  limit_left: { cpus: 7.5 },
  refusal: { id: 7, expires_in: 58.5, refused: { cpus: 1 } },
  constraint: 'rack is r1',
  winner: { framework_id: F1, role: 'ads', share: 0 },
};

const PLAN = {
  total: 3,
  grants: [{ framework_id: F0, role: 'eng/web', agent_id: S1, quantities: { cpus: 1, mem: 64 } }],
};

interface CannedMaster {
  readonly address: string;
  /** Queries of explanations, in order. */
  readonly asked: string[];
}

/** A master whose explanations have these roles; without, it is one of Mesos. */
async function givenMaster(t: Test, roles?: readonly unknown[]): Promise<CannedMaster> {
  const server = createHttpServer({ driver: 'node' });
  const asked: string[] = [];
  server.route('GET', '/state-summary', (exchange) =>
    exchange.respond(jsonAnswer(200, JSON.stringify(SUMMARY))),
  );
  if (roles !== undefined) {
    server.route('GET', '/allocator/explain', (exchange) => {
      const { query } = exchange.request;
      asked.push(query.toString());
      const id = query.get('framework_id');
      const explanation = { framework_id: id, time: 100.5, last_full_pass_time: 98, roles };
      if (id !== F1) return exchange.respond(jsonAnswer(200, JSON.stringify(explanation)));
      return exchange.respond(textAnswer(404, `No framework '${id}' is known to the allocator`));
    });
    server.route('GET', '/allocator/plan', (exchange) =>
      exchange.respond(jsonAnswer(200, JSON.stringify(PLAN))),
    );
  }
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => server.close());
  return { address: `127.0.0.1:${port}`, asked };
}

const why = (master: string, ...args: string[]) => kaon(['why', '--master', master, ...args]);

t.test('all there is to say about a framework, an agent and what comes next', async (t) => {
  const { address, asked } = await givenMaster(t, [{ ...ROLE, agent: VERDICT }]);
  const args = ['--framework', 'web', '--role', 'eng/web', '--agent', 'node1', '--plan'];
  const { exitCode, output, errors } = await why(address, ...args);
  t.equal(exitCode, 0);
  t.equal(errors, '');
  t.same(asked, [`framework_id=${F0}&role=eng%2Fweb&agent_id=${S0}`]);
  t.equal(
    output,
    `framework web (${F0}), as of the pass over all agents 2.5 s ago

role eng/web: competing, 1 of 6 agents granted
  it was granted something of 1 agent of 6
  3 agents: others come first

  NOT GRANTED  AGENTS
  lower share       3
  filtered          2

  IN LINE  SHARE  WEIGHT  FIRST IN LINE  BEFORE IT
  eng       0.75       2         0.1235          1
  web        0.5       1            0.5          0

  holds                                cpus 0.5
  needs at least                       cpus 0.01 or mem 32
  agents that could serve it if empty  5 of 6
  the most of one agent                cpus 8, mem 1024.5
  quota of eng                         cpus 4 guaranteed; limit none; cpus 0.5 used
  kept for guarantees                  cpus 3.5 of cpus 9 free

  agent node1 (${S0}): lower share
    somebody whose turn came before took it
    free for the role          cpus 1
    of that, would be offered  cpus 1
    the empty agent has        cpus 4
    missing                    GPU_RESOURCES
    the limit leaves           cpus 7.5
    refusal 7                  of cpus 1, ends in 58.5 s
    constraint                 rack is r1
    granted last to            ads?[31m (${F1}) in role ads, at share 0

the next pass would make it 3 grants:
  AGENT                                    HOST   ROLE     RESOURCES
  ${S1}  node2  eng/web  cpus 1, mem 64
  and 2 more
`,
  );
});

t.test('--json passes on what the master answers, with the plan if asked for', async (t) => {
  const { address } = await givenMaster(t, [ROLE]);
  const plain = JSON.parse((await why(address, '--framework', 'web', '--json')).output);
  t.strictSame(plain, { framework_id: F0, time: 100.5, last_full_pass_time: 98, roles: [ROLE] });
  const { output } = await why(address, '--framework', 'web', '--json', '--plan');
  t.strictSame(JSON.parse(output), { ...plain, plan: PLAN });
});

t.test('frameworks and agents are found by id, beginning of an id, or name', async (t) => {
  const { address, asked } = await givenMaster(t, [ROLE]);
  const frameworks = [
    ['web', F0],
    [F0, F0],
    ['lone', 'lonely-0004'],
    ['elsewhere', 'lonely-0004'],
  ] as const;
  for (const [text, id] of frameworks) {
    t.equal((await why(address, '--framework', text)).exitCode, 0, text);
    t.equal(asked.at(-1), `framework_id=${id}`);
  }
  for (const name of ['node2', S1]) {
    t.equal((await why(address, '--framework', 'web', '--agent', name)).exitCode, 0, name);
  }
  t.same(asked.slice(frameworks.length), Array(2).fill(`framework_id=${F0}&agent_id=${S1}`));
});

t.test('who cannot be found is told with those that can', async (t) => {
  const { address } = await givenMaster(t, [ROLE]);
  const cases: readonly (readonly [string[], string, string])[] = [
    [
      ['--framework', 'batch'],
      "'batch' may be any of 2 frameworks: elsewhere-0002 (batch), elsewhere-0003 (batch)",
      'Give the id, or as much of it as only one has.',
    ],
    [
      ['--framework', `${MASTER}-`],
      `'${MASTER}-' may be any of 2 frameworks: ${F0} (web), ${F1} (ads?[31m)`,
      'Give the id, or as much of it as only one has.',
    ],
    [
      ['--framework', 'nope'],
      "no framework is called 'nope'",
      `There are: ${F0} (web), ${F1} (ads?[31m), elsewhere-0002 (batch), elsewhere-0003 (batch), lonely-0004 (elsewhere)`,
    ],
    [
      ['--framework', 'web', '--agent', 'node9'],
      "no agent is called 'node9'",
      `There are: ${S0} (node1), ${S1} (node2)`,
    ],
    [
      ['--framework', F1],
      `framework ${F1} takes no part in allocation`,
      'It has not subscribed to this master, or it is gone.',
    ],
  ];
  for (const [args, problem, hint] of cases) {
    const { exitCode, output, errors } = await why(address, ...args);
    t.equal(exitCode, 1, args.join(' '));
    t.equal(output, '');
    t.equal(errors, `kaon: ${problem}\nkaon: ${hint}\n`);
  }
});

t.test('a master that is not of Kaon is told as such', async (t) => {
  const { address } = await givenMaster(t);
  const { exitCode, errors } = await why(address, '--framework', 'web');
  t.equal(exitCode, 1);
  t.equal(errors, `kaon: the master at ${address} explains no offers; is it a master of Kaon?\n`);
});

t.test('on a real cluster', async (t) => {
  const cluster = await startLocalCluster({ agents: 1, port: 0, resources: 'cpus:2;mem:512' });
  t.teardown(() => cluster.close());
  const scheduler = await connectScheduler({
    master: cluster.address,
    framework: { name: 'greedy', roles: ['prod'] },
  });
  t.teardown(() => scheduler.close());
  scheduler.launch({ command: 'true', cpus: 64 }).finished.catch(() => undefined);
  for await (const signal of scheduler.events()) {
    if (signal.kind === 'event' && signal.event.type === 'OFFERS') break;
  }
  const ask = (...args: string[]) => why(cluster.address, '--framework', 'greedy', ...args);
  const { exitCode, output } = await ask('--agent', `127.0.0.1`, '--plan');
  t.equal(exitCode, 0);
  t.match(output, /^framework greedy \(\S+-0000\), /);
  t.match(output, /^role prod: competing, [01] of 1 agent granted$/m);
  t.match(output, /^ {2}agents that could serve it if empty +1 of 1$/m);
  t.match(output, /^ {2}the most of one agent +cpus 2, .*mem 512/m);
  t.match(output, /^ {2}agent 127\.0\.0\.1 \(\S+-S0\): (granted|filtered|pending)$/m);
  t.match(output, /^the next pass would (make it 1 grant:|grant it nothing)$/m);
  const other = await ask('--role', 'dev');
  t.match(other.output, /^role dev: not competing \(not subscribed\), 0 of 1 agent granted$/m);
  t.match(other.output, /it is not in role 'dev'; its roles are prod/);
  const { roles } = JSON.parse((await ask('--json')).output);
  t.match(roles, [{ role: 'prod', competing: 'yes', candidates: 1, largest_agent: { cpus: 2 } }]);
});
