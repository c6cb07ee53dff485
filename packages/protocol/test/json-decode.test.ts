// Reading Mesos' JSON: what is accepted, what is refused, and in which words.
import {
  agentV1,
  ContainerID,
  decodeJson,
  encodeJson,
  executorV1,
  FrameworkInfo,
  jsonErrorText,
  masterV1,
  Parameter,
  type Schema,
  schedulerV1,
  TaskInfo,
  TaskStatus,
} from '@kaon/protocol';
import t from 'tap';
import { fixtureLines } from './builders/fixtures.ts';

const CALLS: Readonly<Record<string, Schema<unknown>>> = {
  scheduler: schedulerV1.Call,
  executor: executorV1.Call,
  master: masterV1.Call,
  agent: agentV1.Call,
};

interface RecordedError {
  readonly api: string;
  readonly case: string;
  readonly body: string;
  readonly answer: string;
}

function problemOf<T>(schema: Schema<T>, text: string): string {
  const decoded = decodeJson(schema, text);
  return decoded.ok ? `accepted as ${encodeJson(schema, decoded.value)}` : decoded.error.message;
}

t.test('every recorded refusal is repeated word for word', async (t) => {
  for (const line of fixtureLines('json-errors.jsonl')) {
    const { api, case: name, body, answer } = JSON.parse(line) as RecordedError;
    const decoded = decodeJson(CALLS[api] as Schema<unknown>, body);
    if (decoded.ok) {
      t.fail(`${api} ${name} was accepted`);
      continue;
    }
    // The agent answers a failed conversion without the words around it.
    const isBare = api === 'agent' && decoded.error.kind === 'conversion';
    const text = isBare ? decoded.error.message : jsonErrorText(decoded.error, 'Call');
    t.equal(text, answer, `${api} ${name}`);
  }
});

t.test('numbers and booleans may come as strings', async (t) => {
  const text = '{"user":"u","name":"n","failover_timeout":"2.5","checkpoint":"true"}';
  const decoded = decodeJson(FrameworkInfo, text);
  t.match(decoded, { ok: true, value: { failoverTimeout: 2.5, checkpoint: true } });
  t.equal(
    problemOf(FrameworkInfo, '{"user":"u","name":"n","failover_timeout":"true"}'),
    "Failed to parse 'true' as a JSON number for field 'failover_timeout': Unexpected JSON type parsed",
  );
});

t.test('null, unknown members and unknown names of an enum count as absent', async (t) => {
  const text = `{"user":"u","name":"n","role":null,"nope":{"deep":[1]},"capabilities":[{"type":"NO"},null]}`;
  const decoded = decodeJson(FrameworkInfo, text);
  t.same(decoded.ok && decoded.value.capabilities, [{}]);
  t.notOk(decoded.ok && 'role' in decoded.value);
});

t.test('an unknown name is refused where the enum is required', async (t) => {
  const text = '{"task_id":{"value":"t"},"state":"NO"}';
  t.equal(problemOf(TaskStatus, text), "Failed to find enum for 'NO'");
});

t.test('a lone value stands for a list of one', async (t) => {
  const decoded = decodeJson(FrameworkInfo, '{"user":"u","name":"n","roles":"web"}');
  t.same(decoded.ok && decoded.value.roles, ['web']);
});

t.test('of several mistakes the one first by name is told', async (t) => {
  t.equal(
    problemOf(Parameter, '{"value":[],"key":{}}'),
    "Not expecting a JSON object for field 'key'",
  );
  t.equal(
    problemOf(Parameter, '{"value":[],"key":""}'),
    "Not expecting a JSON array for field 'value'",
  );
});

t.test('missing fields are listed with their paths, those of the whole first', async (t) => {
  const text =
    '{"type":"ACCEPT","accept":{"operations":[{},{"launch":{"task_infos":[{"name":"x"}]}}]}}';
  t.equal(
    problemOf(schedulerV1.Call, text),
    'Missing required fields: accept.operations[1].launch.task_infos[0].task_id, accept.operations[1].launch.task_infos[0].agent_id',
  );
});

t.test('bytes must be base64, integers must fit', async (t) => {
  const withUuid = (uuid: string): string =>
    `{"agent_id":{"value":"a"},"task_id":{"value":"t"},"uuid":"${uuid}"}`;
  t.equal(
    problemOf(schedulerV1.Call_Acknowledge, withUuid('a!b')),
    "Failed to base64 decode bytes field 'uuid': Invalid character '!'",
  );
  t.match(
    problemOf(masterV1.Call_SetLoggingLevel, '{"level":-1}'),
    /out of range for field 'level'/,
  );
});

t.test('syntax errors tell the line and the rest of it', async (t) => {
  const syntax = (text: string): string => problemOf(FrameworkInfo, text);
  t.equal(syntax('{"user":"u",\n"name":nope}\n'), 'syntax error at line 2 near: ope}');
  t.equal(syntax('{"user":"u"'), 'syntax error at line 1 near: ');
  t.equal(syntax("{'user':1}"), "syntax error at line 1 near: 'user':1}");
  t.equal(syntax('{"user":"a\tb"}'), 'syntax error at line 1 near: b"}');
  t.equal(syntax('{"user":"\\x"}'), 'syntax error at line 1 near: "}');
  t.equal(syntax(`${'['.repeat(300)}`), `syntax error at line 1 near: ${'['.repeat(100)}`);
});

t.test('what only Mesos accepts is accepted: numbers such as 01 and 1.', async (t) => {
  const decoded = decodeJson(FrameworkInfo, '{"user":"\\u00e9","name":"n","failover_timeout":01.}');
  t.match(decoded, { ok: true, value: { user: 'é', failoverTimeout: 1 } });
});

t.test('names of members cannot reach a prototype', async (t) => {
  const text =
    '{"name":"t","task_id":{"value":"t"},"agent_id":{"value":"a"},"__proto__":{"polluted":1},"limits":{"__proto__":{"value":1},"constructor":{"value":2}}}';
  const decoded = decodeJson(TaskInfo, text);
  t.same(decoded.ok && Object.keys(decoded.value.limits), ['__proto__', 'constructor']);
  t.notOk('polluted' in {});
  t.notOk('value' in {});
});

t.test('a message nested without end is refused', async (t) => {
  const depth = 150;
  const text = `${'{"value":"c","parent":'.repeat(depth)}{"value":"c"}${'}'.repeat(depth)}`;
  t.equal(problemOf(ContainerID, text), 'JSON is nested too deeply');
});
