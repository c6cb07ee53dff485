// Every call in each encoding, answered in each encoding: the four answers say the same. And every byte
// boundary of a request and of an event stream, cut there.
import { MEDIA_TYPES, RecordDecoder } from '@kaon/http';
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
import t, { type Test } from 'tap';
import { givenCluster } from './cluster.ts';
import { differences, parseTree } from './json-tree.ts';
import { masked } from './masks.ts';
import { exchange, exchangeRaw, type Header, headerOf, type RawResponse } from './raw-http.ts';
import { FILES, recordingsOf } from './recordings.ts';
import { AGENT_SAMPLES, EXECUTOR_SAMPLES, MASTER_SAMPLES, SCHEDULER_SAMPLES } from './samples.ts';
import { bodyIn, type Encoding, type Json, jsonOf, RawScheduler } from './v1-scheduler.ts';

const ENCODINGS = ['json', 'protobuf'] as const;
const FRAMEWORK = {
  user: 'root',
  name: 'encodings',
  roles: ['golden'],
  capabilities: [{ type: 'MULTI_ROLE' }],
};

/** The records of a stream that comes in these parts. */
function recordsOf(parts: readonly Uint8Array[]): Uint8Array[] {
  const decoder = new RecordDecoder();
  return parts.flatMap((part) => {
    const records = decoder.push(part);
    if (!records.ok) throw records.error;
    return [...records.value];
  });
}

/** The original writes these members out of the order of their numbers: the bytes are the same, moved. */
const WRITTEN_IN_AN_ORDER_OF_ITS_OWN = new Set(
  ['GET_AGENT', 'GET_TASKS', 'GET_STATE'].map((type) => `agent/api_v1_protobuf/${type}`),
);

interface Api {
  readonly address: string;
  readonly path: string;
  readonly call: Schema<unknown>;
  readonly response: Schema<unknown> | undefined;
  readonly headers?: readonly Header[];
}

/** Status and message of the answer, whatever it was written in. */
async function send(
  { address, path, call, response, headers = [] }: Api,
  message: Json,
  sent: Encoding,
  wanted: Encoding,
): Promise<{ readonly status: number; readonly body: string }> {
  const answer = await exchange(address, {
    method: 'POST',
    path,
    headers: [['Content-Type', MEDIA_TYPES[sent]], ['Accept', MEDIA_TYPES[wanted]], ...headers],
    body: bodyIn(sent, call, message),
  });
  return { status: answer.status, body: textOf(answer, response) };
}

function textOf(
  { headers, bytes, body }: RawResponse,
  schema: Schema<unknown> | undefined,
): string {
  const type = headerOf(headers, 'content-type');
  if (schema === undefined || type === undefined || type.startsWith('text/')) return body;
  if (type === MEDIA_TYPES.json) return body;
  const message = jsonOf('protobuf', schema, bytes);
  const decoded = decodeJson(schema, JSON.stringify(message));
  return decoded.ok ? encodeJson(schema, decoded.value, { emptyLists: OPERATOR_LISTS }) : '';
}

/** Sends a call in all four ways; they must not differ. */
async function inEachEncoding(t: Test, api: Api, type: string, body: Json): Promise<void> {
  const message = { ...body, type };
  const first = await send(api, message, 'json', 'json');
  t.not(first.status, 500, `${type} is answered`);
  for (const sent of ENCODINGS) {
    for (const wanted of ENCODINGS) {
      const answer = await send(api, message, sent, wanted);
      const name = `${type} in ${sent}, answered in ${wanted}`;
      t.equal(answer.status, first.status, name);
      const isJson = first.body.startsWith('{');
      const found = isJson
        ? differences(masked(parseTree(first.body)), masked(parseTree(answer.body)))
        : [answer.body, first.body].filter((text) => text !== first.body);
      t.same(found, [], `${name}: the same`);
    }
  }
}

t.test('calls of operators to the master mean the same in each encoding', async (t) => {
  const { address } = await givenCluster(t);
  const api = { address, path: '/api/v1', call: masterV1.Call, response: masterV1.Response };
  for (const [type, body] of Object.entries(MASTER_SAMPLES)) {
    // A stream, not an answer.
    if (type !== 'SUBSCRIBE') await inEachEncoding(t, api, type, body);
  }
});

t.test('calls of operators to the agent mean the same in each encoding', async (t) => {
  const { address } = await givenCluster(t);
  const path = '/slave(1)/api/v1';
  const api = { address, path, call: agentV1.Call, response: agentV1.Response };
  for (const [type, body] of Object.entries(AGENT_SAMPLES)) {
    await inEachEncoding(t, api, type, body);
  }
});

t.test('calls of executors mean the same in each encoding', async (t) => {
  const { address } = await givenCluster(t);
  const api = {
    address,
    path: '/slave(1)/api/v1/executor',
    call: executorV1.Call,
    response: undefined,
  };
  const ids = { executor_id: { value: 'no-executor' }, framework_id: { value: 'no-framework' } };
  for (const [type, body] of Object.entries(EXECUTOR_SAMPLES)) {
    await inEachEncoding(t, api, type, { ...ids, ...body });
  }
});

t.test('calls of schedulers mean the same in each encoding', async (t) => {
  const { address } = await givenCluster(t);
  for (const subscribed of ENCODINGS) {
    const scheduler = await RawScheduler.subscribe(address, FRAMEWORK, undefined, subscribed);
    t.teardown(() => scheduler.close());
    const api: Api = {
      address,
      path: '/api/v1/scheduler',
      call: schedulerV1.Call,
      response: schedulerV1.Response,
      headers: [['Mesos-Stream-Id', scheduler.streamId]],
    };
    const framework_id = { value: scheduler.frameworkId };
    const info = { ...FRAMEWORK, id: framework_id };
    for (const [type, body] of Object.entries(SCHEDULER_SAMPLES)) {
      if (type === 'SUBSCRIBE' || type === 'TEARDOWN') continue;
      const update = type === 'UPDATE_FRAMEWORK' && { update_framework: { framework_info: info } };
      await inEachEncoding(t, api, type, { framework_id, ...body, ...update });
    }
    t.equal((await scheduler.call('TEARDOWN')).status, 202, `TEARDOWN in ${subscribed}`);
  }
});

t.test('recorded protobuf is written again to the byte', async (t) => {
  for (const file of FILES.filter((name) => name.endsWith('protobuf'))) {
    for (const { name, answer } of recordingsOf(file)) {
      if (answer.bodyBase64 === undefined) continue;
      const bytes = Buffer.from(answer.bodyBase64, 'base64');
      const schema: Schema<unknown> = name.startsWith('agent')
        ? agentV1.Response
        : masterV1.Response;
      const message = decodeProto(schema, bytes);
      const again = message.ok ? encodeProto(schema, message.value) : new Uint8Array();
      const hex = (some: Uint8Array): string =>
        Buffer.from(WRITTEN_IN_AN_ORDER_OF_ITS_OWN.has(name) ? some.toSorted() : some).toString(
          'hex',
        );
      t.equal(hex(again), hex(bytes), name);
    }
  }
});

t.test('a request may be cut at any byte', async (t) => {
  const { address } = await givenCluster(t);
  for (const encoding of ENCODINGS) {
    const body = Buffer.from(bodyIn(encoding, masterV1.Call, { type: 'GET_HEALTH' }));
    const head = `POST /api/v1 HTTP/1.1\r\nHost: ${address}\r\nContent-Type: ${MEDIA_TYPES[encoding]}\r\nAccept: application/json\r\nContent-Length: ${body.length}\r\n\r\n`;
    const request = Buffer.concat([Buffer.from(head), body]);
    for (let cut = 1; cut < request.length; cut += 1) {
      const parts = [request.subarray(0, cut), request.subarray(cut)];
      const answer = await exchangeRaw(address, ...parts);
      if (answer.body !== '{"type":"GET_HEALTH","get_health":{"healthy":true}}') {
        t.fail(`${encoding}, cut after ${cut} bytes: ${answer.statusLine} ${answer.body}`);
      }
    }
    t.pass(`${encoding}: ${request.length} bytes`);
  }
});

t.test('a stream of records may be cut at any byte', async (t) => {
  const { address } = await givenCluster(t);
  for (const encoding of ENCODINGS) {
    const scheduler = await RawScheduler.subscribe(address, FRAMEWORK, undefined, encoding);
    t.teardown(() => scheduler.close());
    const chunks: Buffer[] = [];
    // HEARTBEAT and OFFERS.
    for (let count = 0; count < 2; count += 1) {
      chunks.push((await scheduler.stream.nextChunk()) ?? Buffer.alloc(0));
    }
    const bytes = Buffer.concat(chunks);
    const whole = recordsOf([bytes]).map((record) => jsonOf(encoding, schedulerV1.Event, record));
    t.same(whole.map(({ type }) => type).sort(), ['HEARTBEAT', 'OFFERS'], encoding);
    for (let cut = 1; cut < bytes.length; cut += 1) {
      const cutOnce = recordsOf([bytes.subarray(0, cut), bytes.subarray(cut)]);
      const events = cutOnce.map((record) => jsonOf(encoding, schedulerV1.Event, record));
      if (JSON.stringify(events) !== JSON.stringify(whole)) t.fail(`cut after ${cut} bytes`);
    }
    const single = recordsOf([...bytes].map((byte) => Uint8Array.of(byte)));
    t.equal(single.length, whole.length, `${encoding}, byte by byte`);
    // So that the next one is offered something.
    await scheduler.call('TEARDOWN');
  }
});
