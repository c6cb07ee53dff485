// What operators' calls and the older endpoints answer, word for word as Mesos does, over a real socket.
import type { Pid } from '@kaon/actor';
import { spawnProbe } from '@kaon/testkit';
import t, { type Test } from 'tap';
import { agentProtocol } from './builders/cluster.ts';
import { givenHttpMaster, type HttpMaster } from './builders/http-master.ts';
import { registration } from './builders/records.ts';

const JSON_HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json' };
const GHOST = { hostname: 'ghost.example', ip: '10.9.8.7' };
const GHOST_TEXT = '{"hostname":"ghost.example","ip":"10.9.8.7"}';
/** As recorded; such numbers go through as the double that is nearest. */
const START = { nanoseconds: Number('1795423282866457088') };

/** A call as its type and body, the status, and the body word for word; JSON may be given as it is. */
type Exchange = readonly [type: string, body: unknown, status: number, text?: string];

async function call(master: HttpMaster, type: string, body?: unknown) {
  const field = type.toLowerCase();
  const text = JSON.stringify(body === undefined ? { type } : { type, [field]: body });
  return master.send({ path: '/api/v1', headers: JSON_HEADERS, body: text });
}

async function replay(t: Test, master: HttpMaster, exchanges: readonly Exchange[]): Promise<void> {
  for (const [type, body, status, text = ''] of exchanges) {
    const answer = await call(master, type, body);
    t.same([answer.status, answer.text], [status, text], `${type} ${JSON.stringify(body)}`);
    const contentType = answer.headers['content-type'];
    if (text === '') t.equal(contentType, undefined, 'an empty answer has no type');
    else t.equal(contentType, status === 200 ? 'application/json' : 'text/plain; charset=utf-8');
  }
}

/** Two agents of one machine, with what those of the recordings had. */
async function givenAgents(master: HttpMaster): Promise<readonly string[]> {
  const texts = ['cpus:4;mem:4096;disk:8192', 'cpus:2;cpus(ops):1;mem:2048;mem(ops):512;disk:4096'];
  const ids: string[] = [];
  for (const [index, text] of texts.entries()) {
    const probe = spawnProbe(master.system, agentProtocol, { id: `slave(${index + 1})` });
    const pid = master.master.pid as Pid<never>;
    probe.send(pid, 'registerAgent' as never, registration('localhost', text) as never);
    // The call is heard after the registration, and answered when what was written before it is durable.
    await call(master, 'UPDATE_WEIGHTS', { weight_infos: [] });
    const { body } = probe.take('agentRegistered');
    ids.push((body as { readonly agentId: { readonly value: string } }).agentId.value);
  }
  return ids;
}

t.test('quotas are checked, set, shown and reset', async (t) => {
  const master = await givenHttpMaster(t);
  await givenAgents(master);
  const quota = (guarantee: number, limit: number) => ({
    quota_configs: [
      {
        role: 'quotarole',
        guarantees: { cpus: { value: guarantee } },
        limits: { cpus: { value: limit } },
      },
    ],
  });
  await replay(t, master, [
    ['GET_QUOTA', undefined, 200, '{"type":"GET_QUOTA","get_quota":{"status":{}}}'],
    [
      'UPDATE_QUOTA',
      quota(3, 2),
      400,
      "Invalid QuotaConfig: 'QuotaConfig.guarantees' { cpus: 3 } is not contained within the 'QuotaConfig.limits' { cpus: 2 }",
    ],
    [
      'UPDATE_QUOTA',
      quota(1000, 1000),
      400,
      "Invalid QuotaConfig: total quota guarantees 'cpus:1000' exceed cluster capacity 'cpus:7; disk:12288; mem:6656' (use 'force' flag to bypass this check)",
    ],
    [
      'UPDATE_QUOTA',
      { quota_configs: [{ limits: { cpus: { value: 2 } } }] },
      400,
      'Failed to convert JSON into Call protobuf: Missing required fields: update_quota.quota_configs[0].role',
    ],
    [
      'UPDATE_QUOTA',
      { quota_configs: [{ role: 'a/b' }] },
      400,
      "Updating quota on nested role 'a/b' is not supported yet",
    ],
    [
      'UPDATE_QUOTA',
      { quota_configs: [{ role: 'ops', limits: { cpus: { value: 0.5 } } }] },
      400,
      "Invalid QuotaConfig: Role 'ops' is already consuming 'cpus:1; mem:512'; this is more than the requested limits 'cpus:0.5' (use 'force' flag to bypass this check)",
    ],
    [
      'UPDATE_QUOTA',
      { quota_configs: [{ role: 'x', limits: { cpus: { value: -1 } } }] },
      400,
      "Invalid QuotaConfig: Invalid limit configuration {'cpus': -1}: Negative values not supported",
    ],
    ['UPDATE_QUOTA', quota(1, 2), 200],
    ['UPDATE_QUOTA', { force: true, ...quota(1000, 1000) }, 200],
    ['UPDATE_QUOTA', { quota_configs: [{ role: 'quotarole' }] }, 200],
    [
      'GET_QUOTA',
      undefined,
      200,
      '{"type":"GET_QUOTA","get_quota":{"status":{"infos":[{"role":"quotarole"}],"configs":[{"role":"quotarole"}]}}}',
    ],
    ['UPDATE_QUOTA', { quota_configs: [{ role: '*', limits: { cpus: { value: 2 } } }] }, 200],
  ]);
  const legacy = await master.send({ method: 'GET', path: '/master/quota' });
  t.equal(
    legacy.text,
    '{"infos":[{"role":"quotarole"},{"role":"*"}],"configs":[{"role":"quotarole"},{"role":"*","limits":{"cpus":{"value":2.0}}}]}',
  );
  const roles = JSON.parse((await master.send({ method: 'GET', path: '/roles' })).text).roles;
  t.match(
    roles.find(({ name }: { readonly name: string }) => name === '*'),
    { quota: { role: '*', guarantee: {}, limit: { cpus: 2 }, consumed: {} } },
  );
  t.match(
    roles.find(({ name }: { readonly name: string }) => name === 'ops'),
    { quota: { consumed: { cpus: 1, mem: 512 } } },
  );
});

t.test('the deprecated ways to set and remove a quota answer as recorded', async (t) => {
  const master = await givenHttpMaster(t);
  const guarantee = [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 } }];
  const set = { quota_request: { role: 'oldquota', guarantee } };
  await replay(t, master, [
    [
      'SET_QUOTA',
      set,
      409,
      "Quota guarantees overcommit the cluster (use 'force' to bypass this check): Total quota guarantees 'cpus:0.5' exceed cluster capacity ''",
    ],
    ['SET_QUOTA', { quota_request: { force: true, ...set.quota_request } }, 200],
    [
      'SET_QUOTA',
      set,
      400,
      "Failed to validate set quota request: Cannot set quota for role 'oldquota' which already has quota",
    ],
    [
      'GET_QUOTA',
      undefined,
      200,
      '{"type":"GET_QUOTA","get_quota":{"status":{"infos":[{"role":"oldquota","guarantee":[{"name":"cpus","type":"SCALAR","scalar":{"value":0.5}}]}],"configs":[{"role":"oldquota","guarantees":{"cpus":{"value":0.5}},"limits":{"cpus":{"value":0.5}}}]}}}',
    ],
    ['REMOVE_QUOTA', { role: 'oldquota' }, 200],
    // The original crashed here.
    [
      'REMOVE_QUOTA',
      { role: 'oldquota' },
      400,
      "Failed to remove quota: Role 'oldquota' has no quota set",
    ],
    [
      'SET_QUOTA',
      { quota_request: { role: 'x', guarantee: [] } },
      400,
      "Failed to validate set quota request: QuotaInfo with empty 'guarantee'",
    ],
  ]);
  const send = async (method: string, path: string, body?: string) => {
    const { status, text } = await master.send({ method, path, body: body ?? '' });
    return [status, text];
  };
  const request = JSON.stringify({ role: 'v0q', force: true, guarantee });
  t.same(await send('POST', '/master/quota', request), [200, '']);
  t.same(await send('POST', '/master/quota', '{"role":'), [
    400,
    `Failed to parse set quota request JSON '{"role":': syntax error at line 1 near: `,
  ]);
  t.same(await send('DELETE', '/master/quota/v0q'), [200, '']);
  for (const path of ['/master/quota/v0q', '/quota/v0q']) {
    t.same(await send('DELETE', path), [
      400,
      "Failed to remove quota for path '/master/quota/v0q': Role 'v0q' has no quota set",
    ]);
  }
  t.same(await send('GET', '/quota'), [200, '{}']);
  t.equal((await master.send({ method: 'PUT', path: '/quota' })).status, 405);
});

t.test('weights are checked, set and shown', async (t) => {
  const master = await givenHttpMaster(t);
  await replay(t, master, [
    ['GET_WEIGHTS', undefined, 200, '{"type":"GET_WEIGHTS"}'],
    [
      'UPDATE_WEIGHTS',
      { weight_infos: [{ role: 'a b', weight: 1 }] },
      400,
      "Failed to validate update weights request JSON: Invalid role 'a b': Role component 'a b' is invalid because it contains backspace or whitespace",
    ],
    [
      'UPDATE_WEIGHTS',
      { weight_infos: [{ role: 'golden', weight: 0 }] },
      400,
      "Failed to validate update weights request JSON for role 'golden': Invalid weight '0': Weights must be positive",
    ],
    [
      'UPDATE_WEIGHTS',
      { weight_infos: [{ role: 'golden' }] },
      400,
      'Failed to convert JSON into Call protobuf: Missing required fields: update_weights.weight_infos[0].weight',
    ],
    [
      'UPDATE_WEIGHTS',
      {
        weight_infos: [
          { role: 'ops', weight: 1 },
          { role: 'golden', weight: 2.5 },
        ],
      },
      200,
    ],
    [
      'GET_WEIGHTS',
      undefined,
      200,
      '{"type":"GET_WEIGHTS","get_weights":{"weight_infos":[{"weight":1.0,"role":"ops"},{"weight":2.5,"role":"golden"}]}}',
    ],
  ]);
  const put = (body: string) => master.send({ method: 'PUT', path: '/master/weights', body });
  t.same((await put('[{"role":"golden","weight":1.5}]')).status, 200);
  t.match(await put('{"role":"golden"}'), { status: 400, text: /^Failed to parse update weights/ });
  t.match(await put('[{"role":"golden"}]'), { status: 400, text: /^Failed to convert weights/ });
  t.equal(
    (await master.send({ method: 'GET', path: '/weights' })).text,
    '[{"role":"ops","weight":1.0},{"role":"golden","weight":1.5}]',
  );
  t.equal(
    (await call(master, 'GET_ROLES')).text,
    '{"type":"GET_ROLES","get_roles":{"roles":[{"name":"golden","weight":1.5},{"name":"ops","weight":1.0}]}}',
  );
});

t.test('maintenance is planned and done, word for word', async (t) => {
  const master = await givenHttpMaster(t);
  const update = (windows: unknown): Exchange => [
    'UPDATE_MAINTENANCE_SCHEDULE',
    { schedule: { windows } },
    200,
  ];
  const bad = (windows: unknown, text: string): Exchange => [
    'UPDATE_MAINTENANCE_SCHEDULE',
    { schedule: { windows } },
    400,
    text,
  ];
  const window = (unavailability: unknown, ...machine_ids: readonly unknown[]) => ({
    machine_ids,
    unavailability,
  });
  const inDown = 'is not in DRAINING mode and cannot be brought down';
  const inUp = 'is not in DOWN mode and cannot be brought up';
  const status = (text: string): Exchange => [
    'GET_MAINTENANCE_STATUS',
    undefined,
    200,
    `{"type":"GET_MAINTENANCE_STATUS","get_maintenance_status":{"status":${text}}}`,
  ];
  await replay(t, master, [
    status('{}'),
    [
      'START_MAINTENANCE',
      { machines: [GHOST] },
      400,
      `Machine '${GHOST_TEXT}' is not part of a maintenance schedule`,
    ],
    ['START_MAINTENANCE', { machines: [] }, 400, 'List of machines is empty'],
    bad(
      [window({ start: { nanoseconds: 1 } }, {})],
      "Both 'hostname' and 'ip' for a machine are empty",
    ),
    bad(
      [window({ start: { nanoseconds: 1 }, duration: { nanoseconds: -5 } }, GHOST)],
      "Unavailability 'duration' is negative",
    ),
    bad(
      [window({ start: { nanoseconds: 1 } })],
      'List of machines in the maintenance window is empty',
    ),
    bad(
      [window({ start: START }, GHOST, { ...GHOST, hostname: 'GHOST.example' })],
      `Machine '{"hostname":"GHOST.example","ip":"10.9.8.7"}' appears more than once in the schedule`,
    ),
    bad([window({ start: START }, { ip: '10.9.8' })], 'Failed to parse IPv4: 10.9.8'),
    update([window({ start: START, duration: { nanoseconds: 1_000_000_000_000 } }, GHOST)]),
    status(`{"draining_machines":[{"id":${GHOST_TEXT}}]}`),
    [
      'GET_MAINTENANCE_SCHEDULE',
      undefined,
      200,
      `{"type":"GET_MAINTENANCE_SCHEDULE","get_maintenance_schedule":{"schedule":{"windows":[{"machine_ids":[${GHOST_TEXT}],"unavailability":{"start":{"nanoseconds":1795423282866457088},"duration":{"nanoseconds":1000000000000}}}]}}}`,
    ],
    ['STOP_MAINTENANCE', { machines: [GHOST] }, 400, `Machine '${GHOST_TEXT}' ${inUp}`],
    ['START_MAINTENANCE', { machines: [GHOST] }, 200],
    status(`{"down_machines":[${GHOST_TEXT}]}`),
    ['START_MAINTENANCE', { machines: [GHOST] }, 400, `Machine '${GHOST_TEXT}' ${inDown}`],
    bad([], `Machine '${GHOST_TEXT}' is deactivated and cannot be removed from the schedule`),
    ['STOP_MAINTENANCE', { machines: [GHOST] }, 200],
    status('{}'),
    // A machine that was scheduled once is known, but up.
    ['START_MAINTENANCE', { machines: [GHOST] }, 400, `Machine '${GHOST_TEXT}' ${inDown}`],
    update([]),
  ]);
  const post = async (path: string, body: string) => {
    const answer = await master.send({ path, body });
    return [answer.status, answer.text];
  };
  const unknown = `Machine '{"hostname":"zz","ip":"1.2.3.4"}' is not part of a maintenance schedule`;
  for (const path of ['/master/machine/down', '/machine/up']) {
    t.same(await post(path, '[{"hostname":"zz","ip":"1.2.3.4"}]'), [400, unknown]);
  }
  t.same(await post('/master/maintenance/schedule', '{"windows":[{}]}'), [
    400,
    'Missing required fields: windows[0].unavailability',
  ]);
  const windows = `{"windows":[{"machine_ids":[${GHOST_TEXT}],"unavailability":{"duration":{"nanoseconds":5},"start":{"nanoseconds":1795423850628932864}}}]}`;
  t.same(await post('/maintenance/schedule', windows), [200, '']);
  const get = async (path: string) => (await master.send({ method: 'GET', path })).text;
  t.equal(await get('/master/maintenance/schedule'), windows);
  t.equal(await get('/maintenance/status'), `{"draining_machines":[{"id":${GHOST_TEXT}}]}`);
  t.same(await post('/machine/down', `[${GHOST_TEXT}]`), [200, '']);
  t.same(await post('/machine/up', `[${GHOST_TEXT}]`), [200, '']);
  t.equal(await get('/maintenance/schedule'), '{}');
});

t.test('agents are deactivated, reactivated, drained and marked gone', async (t) => {
  const master = await givenHttpMaster(t);
  const [first = '', second = ''] = await givenAgents(master);
  const id = (value: string) => ({ agent_id: { value } });
  await replay(t, master, [
    ['DEACTIVATE_AGENT', id('nope'), 400, 'Unknown agent'],
    ['REACTIVATE_AGENT', id(first), 400, 'Agent is not deactivated'],
    ['MARK_AGENT_GONE', id('nope'), 404, "Agent 'nope' not found"],
    ['DRAIN_AGENT', id('nope'), 400, 'Unknown agent'],
    ['DEACTIVATE_AGENT', id(first), 200],
  ]);
  const agents = async () => {
    const { text } = await call(master, 'GET_AGENTS');
    const list: { agent_info: { id: { value: string } } }[] = JSON.parse(text).get_agents.agents;
    return new Map(list.map((agent) => [agent.agent_info.id.value, agent]));
  };
  t.match((await agents()).get(first), { active: false, deactivated: true });
  await replay(t, master, [
    ['REACTIVATE_AGENT', id(first), 200],
    ['DRAIN_AGENT', { ...id(first), max_grace_period: { seconds: 10 } }, 200],
  ]);
  t.match((await agents()).get(first), {
    deactivated: true,
    drain_info: { config: { max_grace_period: { nanoseconds: 10_000_000_000 }, mark_gone: false } },
    estimated_drain_start_time: {},
  });
  const { slaves } = JSON.parse((await master.send({ method: 'GET', path: '/slaves' })).text);
  t.match(
    slaves.find((agent: { readonly id: string }) => agent.id === first),
    { active: false, deactivated: true, drain_info: { config: { mark_gone: false } } },
  );
  await replay(t, master, [
    ['MARK_AGENT_GONE', id(second), 200],
    ['MARK_AGENT_GONE', id(second), 200],
  ]);
  t.notOk((await agents()).has(second));
});
