// Several masters: only the leader answers, the others send clients to it, as recorded from Mesos.
import { createActorSystem } from '@kaon/actor';
import type { Contender, ContenderCallbacks, Detector, Leader } from '@kaon/election';
import { createHttpServer, httpClient } from '@kaon/http';
import { startMaster } from '@kaon/master';
import { fromUtf8, seededRandom } from '@kaon/primitives';
import { memoryStorage, type Storage } from '@kaon/registry';
import t, { type Test } from 'tap';
import { GreedyAllocator } from './builders/greedy-allocator.ts';

/** A contender and a detector that do as the test says. */
class Election implements Contender, Detector {
  callbacks: ContenderCallbacks | undefined;
  #onChange: ((leader: Leader | undefined) => void) | undefined;

  contend(_candidate: unknown, callbacks: ContenderCallbacks): void {
    this.callbacks = callbacks;
  }

  async withdraw(): Promise<void> {}

  watch(onChange: (leader: Leader | undefined) => void): () => void {
    this.#onChange = onChange;
    return () => undefined;
  }

  async close(): Promise<void> {}

  seen(leader: Leader | undefined): void {
    this.#onChange?.(leader);
  }
}

const OTHER: Leader = {
  pid: 'master@127.0.0.1:5071',
  info: { id: 'other', ip: 16_777_343, port: 5071, hostname: 'localhost', capabilities: [] },
};

async function givenMaster(t: Test, storage: Storage = memoryStorage()) {
  const http = createHttpServer({ driver: 'node' });
  const { port } = await http.listen({ host: '127.0.0.1', port: 0 });
  const system = createActorSystem({ address: `127.0.0.1:${port}`, random: seededRandom(7) });
  const election = new Election();
  const fatal: unknown[] = [];
  const master = startMaster({
    system,
    http,
    hostname: 'localhost',
    storage,
    contender: election,
    detector: election,
    createAllocator: (onAllocated) => new GreedyAllocator(onAllocated),
    onFatal: (error) => fatal.push(error),
  });
  const client = httpClient();
  t.teardown(async () => {
    client.close();
    await master.close();
    await system.shutdown();
    await http.close();
  });
  const send = async (method: string, path: string, body?: string) => {
    const headers = { 'Content-Type': 'application/json' };
    const url = `http://127.0.0.1:${port}${path}`;
    const answer = await client.request({ method, url, headers, body: body ?? '' });
    return {
      status: answer.status,
      location: answer.headers['location'],
      type: answer.headers['content-type'],
      text: fromUtf8(answer.body),
    };
  };
  return { port, election, master, send, fatal };
}

t.test('a follower sends clients to the leader, whatever they ask for', async (t) => {
  const { election, send } = await givenMaster(t);
  election.seen(OTHER);
  const weights = '{"type":"UPDATE_WEIGHTS","update_weights":{"weight_infos":[]}}';
  const subscribe =
    '{"type":"SUBSCRIBE","subscribe":{"framework_info":{"user":"root","name":"x"}}}';
  const redirected: readonly (readonly [string, string, string | undefined, string])[] = [
    ['POST', '/api/v1', '{', '/master/api/v1'],
    ['POST', '/api/v1', '{"type":"GET_HEALTH"}', '/master/api/v1'],
    ['POST', '/api/v1', '{"type":"GET_METRICS","get_metrics":{}}', '/master/api/v1'],
    ['POST', '/master/api/v1', '{"type":"GET_STATE"}', '/master/api/v1'],
    ['POST', '/api/v1', weights, '/master/api/v1'],
    ['POST', '/api/v1/scheduler', subscribe, '/master/api/v1/scheduler'],
    ['POST', '/api/v1/scheduler', '{', '/master/api/v1/scheduler'],
    ['GET', '/master/slaves', undefined, '/master/slaves'],
    ['GET', '/state', undefined, '/master/state'],
    ['GET', '/master/state?a=b&c=d', undefined, '/master/state?a=b&c=d'],
    ['GET', '/master/tasks', undefined, '/master/tasks'],
    ['GET', '/master/weights', undefined, '/master/weights'],
    ['PUT', '/weights', '[]', '/master/weights'],
    ['GET', '/quota', undefined, '/master/quota'],
    ['GET', '/maintenance/status', undefined, '/master/maintenance/status'],
    ['POST', '/machine/down', '[]', '/master/machine/down'],
    ['POST', '/teardown', '', '/master/teardown'],
    ['GET', '/redirect', undefined, ''],
    ['GET', '/master/redirect', undefined, ''],
  ];
  for (const [method, path, body, to] of redirected) {
    const answer = await send(method, path, body);
    const expected = { status: 307, location: `//localhost:5071${to}`, type: undefined, text: '' };
    t.same(answer, expected, `${method} ${path}`);
  }
  t.match(await send('GET', '/master/redirect/master/state'), {
    status: 404,
    text: '404 Not Found.',
  });
});

t.test('a follower answers itself what is about itself', async (t) => {
  const { election, send } = await givenMaster(t);
  election.seen(OTHER);
  t.match(await send('GET', '/master/health'), { status: 200, text: '' });
  t.match(await send('GET', '/version'), { status: 200, text: /"version":"1.12.0"/ });
  t.match(await send('GET', '/master/flags'), { status: 200, text: /^\{"flags":/ });
  const metrics = await send('GET', '/metrics/snapshot');
  t.equal(metrics.status, 200);
  t.equal(JSON.parse(metrics.text)['master/elected'], 0);
});

t.test('who knows no leader says so, and the leader is found by its PID alone', async (t) => {
  const { election, send } = await givenMaster(t);
  for (const path of ['/state', '/redirect']) {
    t.match(await send('GET', path), { status: 503, text: 'No leader elected' });
  }
  t.match(await send('POST', '/api/v1', '{}'), { status: 503, text: 'No leader elected' });
  election.seen({ pid: 'master@10.0.0.1:5050' });
  t.match(await send('GET', '/state'), { location: '//10.0.0.1:5050/master/state' });
  election.seen(undefined);
  t.match(await send('GET', '/state'), { status: 503 });
});

t.test('a leader that still reads the registry shows itself, and takes no calls', async (t) => {
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const storage = memoryStorage();
  const slow: Storage = { open: () => gate.then(() => storage.open()) };
  const { election, master, port, send } = await givenMaster(t, slow);
  election.seen(OTHER);
  election.callbacks?.onElected();
  // The election is told in a turn of its own.
  while ((await send('GET', '/weights')).status === 307) {}
  const notYet = { status: 503, text: 'Master has not finished recovery' };
  for (const [path, body] of [
    ['/api/v1', '{"type":"GET_HEALTH"}'],
    ['/api/v1', '{'],
    ['/master/api/v1', '{"type":"GET_MASTER"}'],
    ['/api/v1/scheduler', '{"type":"SUBSCRIBE"}'],
  ] as const) {
    t.match(await send('POST', path, body), notYet);
  }
  t.match(await send('GET', '/master/health'), { status: 200 });
  t.match(await send('GET', '/master/redirect'), { location: `//localhost:${port}` });
  const state = await send('GET', '/master/state');
  t.equal(state.status, 200);
  t.ok(JSON.parse(state.text).elected_time > 0);
  t.match(await send('GET', '/master/weights'), { status: 200, text: '[]' });

  open();
  await master.ready;
  t.match(await send('POST', '/api/v1', '{"type":"GET_HEALTH"}'), { status: 200 });
  t.match(await send('POST', '/api/v1', '{'), {
    status: 400,
    text: /^Failed to parse body into JSON/,
  });
});

t.test('a leader that is deposed sends clients on, and ends', async (t) => {
  const { election, fatal, master, send } = await givenMaster(t);
  election.callbacks?.onElected();
  await master.ready;
  t.match(await send('GET', '/state'), { status: 200 });
  election.seen(OTHER);
  election.callbacks?.onLost('the session expired');
  t.match(fatal, [{ code: 'KAON_MASTER_LEADERSHIP_LOST' }]);
  t.match(await send('GET', '/state'), { status: 307, location: '//localhost:5071/master/state' });
});
