// Operators reserve resources and make volumes: calls and older endpoints over a real socket.

import { spawnProbe } from '@kaon/testkit';
import t, { type Test } from 'tap';
import { agentProtocol } from './builders/cluster.ts';
import { givenHttpMaster } from './builders/http-master.ts';
import { registration } from './builders/records.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };
const FORM_TYPE = { 'Content-Type': 'application/x-www-form-urlencoded' };

const STACK = [{ type: 'DYNAMIC', role: 'opres' }];
const CPUS = { name: 'cpus', type: 'SCALAR', scalar: { value: 0.25 }, reservations: STACK };
const DISK = { name: 'disk', type: 'SCALAR', scalar: { value: 64 }, reservations: STACK };
const volume = (value: number) => ({
  ...DISK,
  scalar: { value },
  disk: { persistence: { id: 'opvol' }, volume: { container_path: 'opdata', mode: 'RW' } },
});

async function givenAgent(t: Test) {
  const http = await givenHttpMaster(t);
  const probe = spawnProbe(http.system, agentProtocol, { id: 'slave(1)' });
  probe.send(http.master.pid, 'registerAgent' as never, registration('localhost') as never);
  const state = async () => JSON.parse((await http.send({ method: 'GET', path: '/slaves' })).text);
  for (;;) {
    if ((await state()).slaves.length === 1) break;
  }
  const [agent] = (await state()).slaves;
  const call = async (type: string, body: object) => {
    const field = type.toLowerCase();
    const full = { type, [field]: { agent_id: { value: agent.id }, ...body } };
    const { status, text } = await http.send({
      path: '/api/v1',
      headers: JSON_TYPE,
      body: JSON.stringify(full),
    });
    return `${status} ${text}`;
  };
  const post = async (path: string, fields: Record<string, string>) => {
    const body = String(new URLSearchParams(fields));
    const { status, text } = await http.send({ path, headers: FORM_TYPE, body });
    return `${status} ${text}`;
  };
  const place = `on agent ${agent.id} at ${agent.pid} (localhost)`;
  return { agent, call, post, place, state, probe };
}

t.test('calls answer 202 when it is done, and in Mesos words when it cannot be', async (t) => {
  const { call, place, state, probe } = await givenAgent(t);
  t.equal(await call('RESERVE_RESOURCES', { resources: [CPUS, DISK] }), '202 ');
  t.equal(
    await call('RESERVE_RESOURCES', { resources: [{ ...CPUS, reservations: [] }] }),
    `400 Invalid RESERVE operation ${place}: Resource cpus:0.25 is not dynamically reserved`,
  );
  t.match(
    await call('RESERVE_RESOURCES', { resources: [{ ...CPUS, scalar: { value: 500 } }] }),
    /^409 .* does not contain cpus:500$/,
  );
  t.equal(
    await call('RESERVE_RESOURCES', { agent_id: { value: 'nope' }, resources: [CPUS] }),
    '400 No agent found with specified ID',
  );
  t.equal(await call('CREATE_VOLUMES', { volumes: [volume(32)] }), '202 ');
  t.equal(
    await call('CREATE_VOLUMES', { volumes: [volume(32)] }),
    `400 Invalid CREATE operation ${place}: Persistence ID 'opvol' is not unique`,
  );
  const addition = { ...DISK, scalar: { value: 16 } };
  t.equal(await call('GROW_VOLUME', { volume: volume(32), addition }), '202 ');
  t.equal(await call('SHRINK_VOLUME', { volume: volume(48), subtract: { value: 16 } }), '202 ');
  t.match(
    await call('UNRESERVE_RESOURCES', { resources: [CPUS, DISK] }),
    /^409 .* does not contain disk/,
  );
  t.equal(await call('DESTROY_VOLUMES', { volumes: [volume(32)] }), '202 ');
  t.equal(
    await call('DESTROY_VOLUMES', { volumes: [volume(32)] }),
    '400 Invalid DESTROY operation: Persistent volumes not found',
  );
  t.equal((await state()).slaves[0].reserved_resources.opres.disk, 64);
  t.equal(await call('UNRESERVE_RESOURCES', { resources: [CPUS, DISK] }), '202 ');
  t.strictSame((await state()).slaves[0].reserved_resources, {});
  t.equal(probe.messages.filter(({ name }) => name === 'applyOperation').length, 6);
});

t.test('the older endpoints take forms', async (t) => {
  const { agent, post, state } = await givenAgent(t);
  const id = { slaveId: agent.id };
  const old = {
    name: 'cpus',
    type: 'SCALAR',
    scalar: { value: 0.25 },
    role: 'v0',
    reservation: {},
  };
  t.equal(await post('/master/reserve', { ...id, resources: JSON.stringify([old]) }), '202 ');
  t.equal((await state()).slaves[0].reserved_resources.v0.cpus, 0.25);
  t.equal(await post('/unreserve', { ...id, resources: JSON.stringify([old]) }), '202 ');
  t.equal(await post('/reserve', { ...id, resources: JSON.stringify([DISK]) }), '202 ');
  const volumes = JSON.stringify([volume(32)]);
  t.equal(await post('/master/create-volumes', { ...id, volumes }), '202 ');
  t.equal(await post('/master/destroy-volumes', { ...id, volumes }), '202 ');

  const missing = (name: string): string =>
    `400 Missing '${name}' query parameter in the request body`;
  t.equal(await post('/create-volumes', {}), missing('slaveId'));
  t.equal(await post('/reserve', id), missing('resources'));
  t.equal(
    await post('/reserve', { ...id, resources: '[{' }),
    "400 Error parsing 'resources' query parameter in the request body: syntax error at line 1 near: ",
  );
  t.equal(
    await post('/reserve', { slaveId: 'nope', resources: JSON.stringify([CPUS]) }),
    '400 No agent found with specified ID',
  );
  t.match(
    await post('/unreserve', { ...id, resources: '{}' }),
    /^400 Error in parsing 'resources' query parameter/,
  );
});
