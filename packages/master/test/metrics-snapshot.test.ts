// `/metrics/snapshot` while keys come and go: what is kept from one answer to the next never shows.
import { createActorSystem } from '@kaon/actor';
import { startMaster } from '@kaon/master';
import { fromUtf8, utf8 } from '@kaon/primitives';
import { jsonDouble, jsonText } from '@kaon/protocol';
import { memoryStorage } from '@kaon/registry';
import { Routes, VirtualClock } from '@kaon/testkit';
import t, { type Test } from 'tap';
import { GreedyAllocator } from './builders/greedy-allocator.ts';

const JSON_TYPE = { 'content-type': 'application/json', accept: 'application/json' };
/** What the machine does is not under test. */
const LOAD = {
  cpus: 2,
  load: { oneMinute: 0.1, fiveMinutes: 2 / 3, fifteenMinutes: 0 },
  memoryFreeBytes: 1,
  memoryTotalBytes: 2 ** 35,
};

async function givenMaster(t: Test) {
  const routes = new Routes();
  const system = createActorSystem({ address: '127.0.0.1:5050', clock: new VirtualClock() });
  const master = startMaster({
    system,
    http: routes.server,
    storage: memoryStorage(),
    createAllocator: (onAllocated) => new GreedyAllocator(onAllocated),
    probeLoad: () => LOAD,
  });
  t.teardown(async () => {
    await master.close();
    await system.shutdown();
  });
  await master.ready;
  const post = async (path: string, call: object, headers: Record<string, string> = {}) =>
    routes.send({
      path,
      headers: { ...JSON_TYPE, ...headers },
      body: utf8(JSON.stringify(call)),
    });
  const snapshot = async (): Promise<string> => {
    const { body } = await routes.send({ method: 'GET', path: '/metrics/snapshot', headers: {} });
    return fromUtf8(body);
  };
  /** The same figures by the operator API, printed as they ought to be. */
  const wanted = async (): Promise<string> => {
    const { body } = await post('/api/v1', { type: 'GET_METRICS', get_metrics: {} });
    const { metrics } = JSON.parse(fromUtf8(body)).get_metrics as {
      metrics: readonly { readonly name: string; readonly value: number }[];
    };
    return jsonText(new Map(metrics.map(({ name, value }) => [name, jsonDouble(value)])));
  };
  const subscribe = async (name: string) => {
    const capabilities = [{ type: 'MULTI_ROLE' }];
    const framework_info = { user: 'root', name, principal: name, roles: ['*'], capabilities };
    const path = '/api/v1/scheduler';
    const { headers, stream } = await post(path, {
      type: 'SUBSCRIBE',
      subscribe: { framework_info },
    });
    const record = fromUtf8(stream?.chunks[0] ?? utf8('')).replace(/^\d+\n/, '');
    const { framework_id } = JSON.parse(record).subscribed;
    const call = (body: object) =>
      post(
        path,
        { framework_id, ...body },
        { 'mesos-stream-id': headers['Mesos-Stream-Id'] ?? '' },
      );
    return { call };
  };
  return { subscribe, snapshot, wanted };
}

const keysOf = (text: string): readonly string[] => Object.keys(JSON.parse(text));

t.test('the snapshot has all figures by key, whatever came and went before', async (t) => {
  const { subscribe, snapshot, wanted } = await givenMaster(t);
  const empty = await snapshot();
  t.equal(empty, await wanted());
  t.equal(await snapshot(), empty, 'nothing has happened since');
  t.match(empty, /"system\/load_5min":0\.6666666666666666[,}]/);

  const heir = await subscribe('b "1"');
  await subscribe('d');
  const full = await snapshot();
  t.equal(full, await wanted());
  const came = keysOf(full).filter((key) => !keysOf(empty).includes(key));
  t.ok(came.length > 5, `${came.length} keys came`);
  t.match(full, /"master\/frameworks_active":2\.0,/);
  t.same([...keysOf(full)].sort(), keysOf(full));

  await heir.call({ type: 'REVIVE' });
  const revived = await snapshot();
  t.same(keysOf(revived), keysOf(full));
  t.match(revived, /"master\/messages_revive_offers":1\.0,/, 'a figure moved on');

  await heir.call({ type: 'TEARDOWN' });
  const other = await subscribe('a');
  const changed = await snapshot();
  t.equal(changed, await wanted());
  t.equal(keysOf(changed).length, keysOf(full).length, 'as many keys, but others');
  t.same([...keysOf(changed)].sort(), keysOf(changed));

  await other.call({ type: 'TEARDOWN' });
  const after = await snapshot();
  t.equal(after, await wanted());
  t.match(after, /"master\/frameworks_active":1\.0,/);
  t.ok(keysOf(after).length < keysOf(full).length, 'keys of the framework are gone');
});
