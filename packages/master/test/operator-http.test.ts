// The endpoints operators read, over a real socket.

import { utf8 } from '@kaon/primitives';
import { decodeProto, encodeProto, masterV1 } from '@kaon/protocol';
import t from 'tap';
import { givenHttpMaster } from './builders/http-master.ts';

const JSON_TYPE = { 'Content-Type': 'application/json' };

t.test('reading endpoints answer at the root and below /master, whatever the method', async (t) => {
  const master = await givenHttpMaster(t);
  const paths = [
    '/state',
    '/state-summary',
    '/slaves',
    '/frameworks',
    '/tasks',
    '/roles',
    '/flags',
  ];
  for (const path of paths.flatMap((one) => [one, `/master${one}`])) {
    for (const method of ['GET', 'PUT']) {
      const answer = await master.send({ method, path });
      t.equal(answer.status, 200, `${method} ${path}`);
      t.equal(answer.headers['content-type'], 'application/json');
      t.ok(JSON.parse(answer.text));
    }
  }
  for (const path of ['/health', '/master/health']) {
    const answer = await master.send({ method: 'GET', path });
    t.equal(answer.status, 200);
    t.equal(answer.text, '');
  }
  const version = await master.send({ method: 'GET', path: '/version' });
  t.equal(
    version.text,
    '{"build_date":"1970-01-01 00:00:00 UTC","build_time":0.0,"build_user":"kaon","version":"1.12.0"}',
  );
  const { port } = master.master.masterInfo;
  for (const path of ['/redirect', '/master/redirect']) {
    const answer = await master.send({ method: 'GET', path });
    t.equal(answer.status, 307);
    t.equal(answer.headers['location'], `//localhost:${port}`);
  }
  t.equal((await master.send({ method: 'GET', path: '/master/nope' })).status, 404);
});

t.test('the state names this master and its flags', async (t) => {
  const master = await givenHttpMaster(t);
  const { id, port } = master.master.masterInfo;
  const state = JSON.parse((await master.send({ method: 'GET', path: '/state' })).text);
  t.match(state, {
    id,
    pid: `master@127.0.0.1:${port}`,
    hostname: 'localhost',
    capabilities: ['AGENT_UPDATE', 'AGENT_DRAINING', 'QUOTA_V2'],
    cluster: 'test',
    flags: { cluster: 'test' },
    leader_info: { id, port, hostname: 'localhost' },
  });
});

t.test('JSON can be wrapped for a callback, whose name is only a name', async (t) => {
  const master = await givenHttpMaster(t);
  const good = await master.send({ method: 'GET', path: '/roles?jsonp=app.show' });
  t.equal(good.text, 'app.show({"roles":[]})');
  t.equal(good.headers['content-type'], 'text/javascript');
  const bad = await master.send({ method: 'GET', path: '/roles?jsonp=alert(1)%2F%2F' });
  t.equal(bad.status, 400);
});

t.test('metrics are Mesos keys, as JSON and for Prometheus', async (t) => {
  const master = await givenHttpMaster(t);
  const stream = await master.subscribe(
    '{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root","name":"x"}}}',
  );
  await stream.heard((record) => record.includes('HEARTBEAT'));
  const soon = await master.send({ method: 'GET', path: '/metrics/snapshot?timeout=soon' });
  t.match(soon, { status: 400, text: /^Invalid timeout 'soon': / });
  const answer = await master.send({ method: 'GET', path: '/metrics/snapshot?timeout=5secs' });
  const metrics = JSON.parse(answer.text);
  t.equal(metrics['master/elected'], 1);
  t.equal(metrics['master/frameworks_active'], 1);
  t.equal(metrics['master/messages_register_framework'], 1);
  t.equal(metrics['master/slaves_active'], 0);
  t.equal(metrics['master/cpus_total'], 0);
  t.equal(metrics['registrar/queued_operations'], 0);
  t.equal(metrics['actors/dead_letters/full'], 0);
  t.strictSame(Object.keys(metrics), Object.keys(metrics).sort());
  t.match(answer.text, '"master/elected":1.0');

  for (const round of [1, 2]) {
    const text = (await master.send({ method: 'GET', path: '/metrics/prometheus' })).text;
    t.match(text, /^mesos_master_frameworks_active 1$/m, `round ${round}`);
    t.match(text, /^mesos_master_messages_register_framework_total 1$/m);
    t.match(text, '# TYPE mesos_master_messages_register_framework_total counter');
  }
  stream.close();
});

t.test('an operator tears a framework down by form or by call', async (t) => {
  const master = await givenHttpMaster(t);
  const form = { 'Content-Type': 'application/x-www-form-urlencoded' };
  const teardown = (body: string) => master.send({ path: '/master/teardown', headers: form, body });
  const missing = await teardown('');
  t.equal(missing.status, 400);
  t.equal(missing.text, "Missing 'frameworkId' query parameter in the request body");
  const unknown = await teardown('frameworkId=nope');
  t.equal(unknown.status, 400);
  t.equal(unknown.text, 'No framework found with specified ID');
  const subscribe = '{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"r","name":"x"}}}';
  const first = await master.subscribe(subscribe);
  await first.heard((record) => record.includes('HEARTBEAT'));
  const { id } = master.master.masterInfo;
  t.equal((await teardown(`frameworkId=${id}-0000`)).status, 200);
  await first.ended;

  const second = await master.subscribe(subscribe);
  await second.heard((record) => record.includes('HEARTBEAT'));
  const body = `{"type":"TEARDOWN","teardown":{"framework_id":{"value":"${id}-0001"}}}`;
  const answer = await master.send({ path: '/api/v1', headers: JSON_TYPE, body });
  t.equal(answer.status, 200);
  t.equal(answer.text, '');
  await second.ended;
});

t.test('the operator API answers in the encoding that was asked for', async (t) => {
  const master = await givenHttpMaster(t);
  const call = (
    body: string | Uint8Array,
    headers: Record<string, string> = JSON_TYPE,
    path = '/api/v1',
  ) => master.send({ path, headers, body });
  t.equal(
    (await call('{"type":"GET_HEALTH"}')).text,
    '{"type":"GET_HEALTH","get_health":{"healthy":true}}',
  );
  t.equal((await call('{"type":"GET_HEALTH"}', JSON_TYPE, '/master/api/v1')).status, 200);
  t.equal((await call('{"type":"GET_HEALTH"}', JSON_TYPE, '/api/v1/anything')).status, 200);
  const empty =
    '{"type":"GET_STATE","get_state":{"get_tasks":{"tasks":[],"unreachable_tasks":[],"completed_tasks":[]},"get_executors":{"executors":[]},"get_frameworks":{"frameworks":[],"completed_frameworks":[]},"get_agents":{"agents":[],"recovered_agents":[]}}}';
  t.equal((await call('{"type":"GET_STATE"}')).text, empty);
  t.match((await call('{"type":"GET_METRICS","get_metrics":{}}')).text, '"master/elected"');

  const protobuf = { 'Content-Type': 'application/x-protobuf', Accept: 'application/x-protobuf' };
  const answer = await call(encodeProto(masterV1.Call, { type: 'GET_MASTER' }), protobuf);
  t.equal(answer.headers['content-type'], 'application/x-protobuf');
  const health = await call(encodeProto(masterV1.Call, { type: 'GET_HEALTH' }), protobuf);
  const response = decodeProto(masterV1.Response, utf8(health.text));
  t.match(response, { ok: true, value: { getHealth: { healthy: true } } });

  const failures: [string, number, string][] = [
    ['{}', 400, "Failed to validate master::Call: Expecting 'type' to be present"],
    ['{"type":"UNKNOWN"}', 501, '501 Not Implemented.'],
    [
      '{"type":"TEARDOWN"}',
      400,
      "Failed to validate master::Call: Expecting 'teardown' to be present",
    ],
    ['[1,2]', 400, 'Failed to convert JSON into Call protobuf: Expecting a JSON object'],
  ];
  for (const [body, status, text] of failures) {
    const refused = await call(body);
    t.equal(refused.status, status);
    t.equal(refused.text, text);
  }
  const put = await master.send({ method: 'GET', path: '/api/v1' });
  t.equal(put.status, 405);
});
