// What a real Mesos sent is understood and written again byte for byte.
import {
  agentV1,
  decodeJson,
  decodeProto,
  encodeJson,
  encodeProto,
  executorV1,
  masterV1,
  OPERATOR_LISTS,
  type Schema,
  schedulerV1,
} from '@kaon/protocol';
import t from 'tap';
import { fixtureLines } from './builders/fixtures.ts';

function rewritten<T>(schema: Schema<T>, body: string): string {
  const message = decodeJson(schema, body);
  return message.ok
    ? encodeJson(schema, message.value, { emptyLists: OPERATOR_LISTS })
    : message.error.message;
}

t.test('the events of schedulers', async (t) => {
  for (const body of fixtureLines('scheduler-events.jsonl')) {
    t.equal(rewritten(schedulerV1.Event, body), body);
  }
});

t.test('the events of executors', async (t) => {
  for (const body of fixtureLines('executor-events.jsonl')) {
    t.equal(rewritten(executorV1.Event, body), body);
  }
});

t.test('the answers of the master, with its empty lists', async (t) => {
  for (const body of fixtureLines('master-responses.jsonl')) {
    t.equal(rewritten(masterV1.Response, body), body);
  }
});

t.test('the answers of the agent, with its empty lists', async (t) => {
  for (const body of fixtureLines('agent-responses.jsonl')) {
    t.equal(rewritten(agentV1.Response, body), body);
  }
});

t.test('the calls and events of a protobuf stream', async (t) => {
  for (const line of fixtureLines('scheduler-protobuf.jsonl')) {
    const { message, base64 } = JSON.parse(line) as { message: 'Call' | 'Event'; base64: string };
    const schema: Schema<unknown> = schedulerV1[message];
    const decoded = decodeProto(schema, Buffer.from(base64, 'base64'));
    if (!decoded.ok) t.fail(decoded.error.problem);
    else t.equal(Buffer.from(encodeProto(schema, decoded.value)).toString('base64'), base64);
  }
});
