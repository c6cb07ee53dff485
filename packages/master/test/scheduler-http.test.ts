// The v1 scheduler API over a real socket: what good and bad requests get.
import t from 'tap';
import { givenHttpMaster } from './builders/http-master.ts';

const PATH = '/api/v1/scheduler';
const JSON_TYPE = { 'Content-Type': 'application/json' };
const CAPABILITIES = '"capabilities":[{"type":"MULTI_ROLE"},{"type":"RESERVATION_REFINEMENT"}]';
const INFO = `{"user":"root","name":"x","roles":["web"],${CAPABILITIES},"checkpoint":true}`;
const SUBSCRIBE = `{"type":"SUBSCRIBE","subscribe":{"framework_info":${INFO}}}`;

t.test('a subscription is a stream that begins with SUBSCRIBED and HEARTBEAT', async (t) => {
  const master = await givenHttpMaster(t);
  const stream = await master.subscribe(SUBSCRIBE);
  await stream.heard((record) => record.includes('HEARTBEAT'));
  t.equal(stream.status, 200);
  t.equal(stream.headers['content-type'], 'application/json');
  t.equal(stream.headers['transfer-encoding'], 'chunked');
  t.match(stream.headers['mesos-stream-id'], /^[0-9a-f]{8}-[0-9a-f]{4}-4/);
  const { id, port } = master.master.masterInfo;
  t.equal(
    stream.records[0],
    `{"type":"SUBSCRIBED","subscribed":{"framework_id":{"value":"${id}-0000"},"heartbeat_interval_seconds":15.0,"master_info":{"id":"${id}","ip":16777343,"port":${port},"pid":"master@127.0.0.1:${port}","hostname":"localhost","version":"1.12.0","address":{"hostname":"localhost","ip":"127.0.0.1","port":${port}},"capabilities":[{"type":"AGENT_UPDATE"},{"type":"AGENT_DRAINING"},{"type":"QUOTA_V2"}]}}}`,
  );
  t.equal(stream.records[1], '{"type":"HEARTBEAT"}');
  stream.close();
});

t.test('calls are accepted on the stream they belong to, and on no other', async (t) => {
  const master = await givenHttpMaster(t);
  const stream = await master.subscribe(SUBSCRIBE);
  await stream.heard((record) => record.includes('HEARTBEAT'));
  const frameworkId = `${master.master.masterInfo.id}-0000`;
  const streamId = stream.headers['mesos-stream-id'] ?? '';
  const call = (type: string, given: string | undefined = streamId, rest = '') =>
    master.send({
      path: PATH,
      headers: { ...JSON_TYPE, ...(given === '' ? {} : { 'Mesos-Stream-Id': given }) },
      body: `{"framework_id":{"value":"${frameworkId}"},"type":"${type}"${rest}}`,
    });

  const refusals: [string, string, number, string][] = [
    ['', 'REVIVE', 400, "All non-subscribe calls should include the 'Mesos-Stream-Id' header"],
    [
      'aaaa',
      'REVIVE',
      400,
      `The stream ID 'aaaa' included in this request didn't match the stream ID currently associated with framework ID ${frameworkId}`,
    ],
  ];
  for (const [given, type, status, text] of refusals) {
    const answer = await call(type, given);
    t.equal(answer.status, status);
    t.equal(answer.text, text);
  }
  for (const type of ['REVIVE', 'SUPPRESS']) {
    const answer = await call(type);
    t.equal(answer.status, 202);
    t.equal(answer.text, '');
    t.equal(answer.headers['content-length'], '0');
  }
  const bodies: [string, string][] = [
    ['ACCEPT', ',"accept":{"offer_ids":[{"value":"nope"}]}'],
    ['DECLINE', ',"decline":{"offer_ids":[{"value":"nope"}]}'],
    ['KILL', ',"kill":{"task_id":{"value":"nope"}}'],
    ['RECONCILE', ',"reconcile":{"tasks":[]}'],
    ['REQUEST', ',"request":{"requests":[]}'],
    ['MESSAGE', ',"message":{"agent_id":{"value":"a"},"executor_id":{"value":"e"},"data":"eA=="}'],
    ['SHUTDOWN', ',"shutdown":{"agent_id":{"value":"a"},"executor_id":{"value":"e"}}'],
    ['RECONCILE_OPERATIONS', ',"reconcile_operations":{"operations":[]}'],
    ['ACCEPT_INVERSE_OFFERS', ',"accept_inverse_offers":{"inverse_offer_ids":[]}'],
  ];
  for (const [type, rest] of bodies) {
    t.equal((await call(type, streamId, rest)).status, 202, type);
  }

  const renamed = INFO.replace('"x"', `"y","id":{"value":"${frameworkId}"}`);
  const update = `,"update_framework":{"framework_info":${renamed}}`;
  const updated = await call('UPDATE_FRAMEWORK', streamId, update);
  t.equal(updated.status, 200);
  t.equal(updated.text, '');
  const other = update.replace('"root"', '"nobody"');
  const refused = await call('UPDATE_FRAMEWORK', streamId, other);
  t.equal(refused.status, 400);
  t.equal(
    refused.text,
    "FrameworkInfo update is not valid: Updating 'FrameworkInfo.user' is unsupported; attempted to update from 'root' to 'nobody'",
  );

  t.equal((await call('TEARDOWN')).status, 202);
  await stream.ended;
  const gone = await call('REVIVE');
  t.equal(gone.status, 400);
  t.equal(gone.text, 'Framework cannot be found');
});

t.test('a framework that is not valid hears so on its stream, which then ends', async (t) => {
  const master = await givenHttpMaster(t);
  const cases: [string, string][] = [
    [
      '"roles":["a"]',
      "'FrameworkInfo.roles' must not be set when the framework is not MULTI_ROLE capable",
    ],
    [
      `"role":"a","roles":["a"],${CAPABILITIES}`,
      "'FrameworkInfo.role' must not be set when the framework is MULTI_ROLE capable",
    ],
    [`"roles":["a","a"],${CAPABILITIES}`, "'FrameworkInfo.roles' contains duplicate items: { a }"],
    [
      `"roles":["bad role"],${CAPABILITIES}`,
      "'FrameworkInfo.roles' contains invalid role: Role component 'bad role' is invalid because it contains backspace or whitespace",
    ],
    [
      `"roles":[".."],${CAPABILITIES}`,
      "'FrameworkInfo.roles' contains invalid role: Role '..' cannot include '..' as a component",
    ],
    [
      `"roles":["/a"],${CAPABILITIES}`,
      "'FrameworkInfo.roles' contains invalid role: Role '/a' cannot start with a slash",
    ],
    [
      `"roles":["a"],${CAPABILITIES},"failover_timeout":1e+20`,
      'The framework failover_timeout (1e+20) is invalid',
    ],
  ];
  for (const [fields, message] of cases) {
    const info = `{"user":"root","name":"x",${fields}}`;
    const body = `{"type":"SUBSCRIBE","subscribe":{"framework_info":${info}}}`;
    const stream = await master.subscribe(body);
    await stream.ended;
    t.strictSame(stream.records, [`{"type":"ERROR","error":{"message":"${message}"}}`]);
  }
  const suppressed = SUBSCRIBE.replace('}}}', '},"suppressed_roles":["nope"]}}').replace(
    /\}\},"suppressed/,
    '},"suppressed',
  );
  const stream = await master.subscribe(suppressed);
  await stream.ended;
  t.strictSame(stream.records, [
    '{"type":"ERROR","error":{"message":"Suppressed roles { nope } are not contained in the set of roles"}}',
  ]);
});

t.test('a request that is no call gets the status and sentence of Mesos', async (t) => {
  const master = await givenHttpMaster(t);
  const negotiated: [Record<string, string>, string, number, string][] = [
    [{}, SUBSCRIBE, 400, "Expecting 'Content-Type' to be present"],
    [
      { 'Content-Type': 'text/plain' },
      SUBSCRIBE,
      415,
      "Expecting 'Content-Type' of application/json or application/x-protobuf",
    ],
    [
      { ...JSON_TYPE, Accept: 'application/recordio' },
      SUBSCRIBE,
      406,
      "Expecting 'Accept' to allow 'application/x-protobuf' or 'application/json'",
    ],
    [
      { ...JSON_TYPE, 'Mesos-Stream-Id': 'x' },
      SUBSCRIBE,
      400,
      "Subscribe calls should not include the 'Mesos-Stream-Id' header",
    ],
    [JSON_TYPE, '{"type": ', 400, 'Failed to parse body into JSON: syntax error at line 1 near: '],
    [JSON_TYPE, '[1,2]', 400, 'Failed to convert JSON into Call protobuf: Expecting a JSON object'],
    [
      JSON_TYPE,
      '{"type":3}',
      400,
      "Failed to convert JSON into Call protobuf: Not expecting a JSON number for field 'type'",
    ],
    [
      { 'Content-Type': 'application/x-protobuf' },
      'abcd',
      400,
      'Failed to parse body into Call protobuf',
    ],
  ];
  for (const [headers, body, status, text] of negotiated) {
    const answer = await master.send({ path: PATH, headers, body });
    t.equal(answer.status, status, text);
    t.equal(answer.text, text);
  }

  const put = await master.send({ method: 'PUT', path: PATH, headers: JSON_TYPE, body: SUBSCRIBE });
  t.equal(put.status, 405);
  t.equal(put.text, "405 Method Not Allowed. Expecting one of { 'POST' }, but received 'PUT'.");

  const id = '"framework_id":{"value":"f"},';
  const shapes: [string, string][] = [
    ['{}', "Expecting 'type' to be present"],
    ['{"type":"NO_SUCH"}', "Expecting 'type' to be present"],
    ['{"type":"UNKNOWN"}', "Expecting 'framework_id' to be present"],
    [`{${id}"type":"UNKNOWN"}`, "Expecting 'type' to be a known call"],
    ['{"type":"REVIVE"}', "Expecting 'framework_id' to be present"],
    ['{"type":"SUBSCRIBE"}', "Expecting 'subscribe' to be present"],
    [`{${id}"type":"ACCEPT"}`, "Expecting 'accept' to be present"],
    [`{${id}"type":"ACCEPT_INVERSE_OFFERS"}`, "Expecting 'accept_inverse_offers' to be present"],
    [`{${id}"type":"RECONCILE_OPERATIONS"}`, "Expecting 'reconcile_operations' to be present"],
    [`{${id}"type":"UPDATE_FRAMEWORK"}`, "Expecting 'update_framework' to be present"],
    [
      SUBSCRIBE.replace('{"type"', `{${id}"type"`),
      "'framework_id' differs from 'subscribe.framework_info.id'",
    ],
    [
      `{${id}"type":"ACKNOWLEDGE","acknowledge":{"agent_id":{"value":"a"},"task_id":{"value":"t"},"uuid":"AAAA"}}`,
      'Not a valid UUID',
    ],
  ];
  for (const [body, sentence] of shapes) {
    const answer = await master.send({ path: PATH, headers: JSON_TYPE, body });
    t.equal(answer.status, 400, sentence);
    t.equal(answer.text, `Failed to validate scheduler::Call: ${sentence}`);
  }
  const missing = '{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root"}}}';
  t.equal(
    (await master.send({ path: PATH, headers: JSON_TYPE, body: missing })).text,
    'Failed to convert JSON into Call protobuf: Missing required fields: subscribe.framework_info.name',
  );
});
