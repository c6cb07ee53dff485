// Bodies that do not come whole, come in pieces or grow without end, on every API of a real cluster; and
// whoever speaks out of turn. Meanwhile everybody else is answered. Wrong headers and calls: see
// `recorded-errors.test.ts` and `replay.test.ts`.
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { LEGACY_AGENT_ACTOR } from '@kaon/protocol';
import t, { type Test } from 'tap';
import { givenCluster } from './cluster.ts';
import { exchange, type Header, openStream, type RawResponse, type RawStream } from './raw-http.ts';
import { type Json, RawScheduler } from './v1-scheduler.ts';

const JSON_HEADERS: readonly Header[] = [
  ['Content-Type', 'application/json'],
  ['Accept', 'application/json'],
];
/** Longer than any body may be once it is inflated. */
const BOMB = gzipSync(Buffer.alloc(33 * 1024 ** 2, ' '));
/** More than any server takes. */
const HUGE_LENGTH = 2 ** 40;
/** Bodies that are held back at a time, on each API. */
const HELD = 20;
const INFO = { user: 'root', name: 'bad input', failover_timeout: 60 };

interface Api {
  readonly path: string;
  /** A call that is answered `status`, and a text with `word` in it, when it comes whole. */
  readonly call: Json;
  readonly status: number;
  readonly word: string;
}

const APIS: readonly Api[] = [
  {
    path: '/api/v1/scheduler',
    call: { framework_id: { value: 'none' }, type: 'REVIVE' },
    status: 400,
    word: 'Framework cannot be found',
  },
  { path: '/api/v1', call: { type: 'GET_HEALTH' }, status: 200, word: 'healthy' },
  {
    path: '/api/v1/executor',
    call: { framework_id: { value: 'a' }, executor_id: { value: 'b' }, type: 'HEARTBEAT' },
    status: 202,
    word: '',
  },
  {
    path: `/${LEGACY_AGENT_ACTOR}/api/v1`,
    call: { type: 'GET_HEALTH' },
    status: 200,
    word: 'healthy',
  },
];

function head(address: string, path: string, ...headers: readonly Header[]): string {
  const all: readonly Header[] = [['Host', address], ...JSON_HEADERS, ...headers];
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  return `POST ${path} HTTP/1.1\r\n${lines}\r\n`;
}

async function open(address: string): Promise<Socket> {
  const [host, port] = address.split(':');
  const socket = connect({ host: host as string, port: Number(port) });
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return socket;
}

/** Sends `bytes` and no more; all that came back until the server, or this side, had closed. */
async function sendAndEnd(address: string, bytes: string | Buffer): Promise<string> {
  const socket = await open(address);
  let text = '';
  socket.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  socket.end(bytes);
  await closed;
  return text;
}

function chunked(...pieces: readonly string[]): string {
  const chunks = pieces.map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`);
  return `${chunks.join('')}0\r\n\r\n`;
}

const statusOf = (answer: string): number => Number(answer.split(' ')[1] ?? 0);

const get = (address: string, path: string): Promise<RawResponse> =>
  exchange(address, { method: 'GET', path, headers: [] });

async function frameworkIds(address: string): Promise<readonly string[]> {
  const { body } = await get(address, '/frameworks');
  const { frameworks } = JSON.parse(body) as { readonly frameworks: readonly { id: string }[] };
  return frameworks.map(({ id }) => id);
}

t.test('a body that does not come whole does nothing', async (t) => {
  const { address } = await givenCluster(t);
  const scheduler = await RawScheduler.subscribe(address, INFO);
  t.teardown(() => scheduler.close());
  const { frameworkId, streamId } = scheduler;
  const teardown = { framework_id: { value: frameworkId } };
  const calls = [
    ['/api/v1/scheduler', { ...teardown, type: 'TEARDOWN' }],
    ['/api/v1', { type: 'TEARDOWN', teardown }],
    ...APIS.map(({ path, call }) => [path, call] as const),
  ] as const;
  for (const [path, call] of calls) {
    const body = JSON.stringify(call);
    const stream: Header = ['Mesos-Stream-Id', streamId];
    // What is there would be a call by itself: only its length says that more was to come.
    const length: Header = ['Content-Length', `${body.length + 1}`];
    const cutOff = await sendAndEnd(address, `${head(address, path, stream, length)}${body}`);
    t.not(Math.floor(statusOf(cutOff) / 100), 2, `${path}: ${cutOff.slice(0, 40)}`);
    const coding: Header = ['Transfer-Encoding', 'chunked'];
    const [first = ''] = chunked(body).split('0\r\n\r\n');
    const unended = await sendAndEnd(address, `${head(address, path, stream, coding)}${first}`);
    t.not(Math.floor(statusOf(unended) / 100), 2, `${path}, chunked: ${unended.slice(0, 40)}`);
  }
  t.strictSame(await frameworkIds(address), [frameworkId], 'nobody was torn down');
  t.equal((await scheduler.call('REVIVE')).status, 202, 'and its stream is good');
});

t.test('a body without end is refused before it has come', async (t) => {
  const { address } = await givenCluster(t);
  for (const { path, call, status, word } of APIS) {
    const length: Header = ['Content-Length', `${HUGE_LENGTH}`];
    const huge = await sendAndEnd(address, head(address, path, length));
    t.equal(statusOf(huge), 413, `${path}: oversized`);
    const lines: readonly Header[] = [
      ['Content-Encoding', 'gzip'],
      ['Content-Length', `${BOMB.length}`],
    ];
    const bomb = Buffer.concat([Buffer.from(head(address, path, ...lines)), BOMB]);
    t.equal(statusOf(await sendAndEnd(address, bomb)), 413, `${path}: a bomb`);
    const packed = gzipSync(JSON.stringify(call));
    const half = packed.subarray(0, packed.length / 2);
    for (const [body, isWhole] of [
      [packed, true],
      [half, false],
    ] as const) {
      const headers = [...JSON_HEADERS, ['Content-Encoding', 'gzip']] as const;
      const answer = await exchange(address, { method: 'POST', path, headers, body });
      if (isWhole) t.match(answer, { status, body: word }, `${path}: gzip`);
      else t.not(Math.floor(answer.status / 100), 2, `${path}: half of it is ${answer.status}`);
    }
  }
  t.equal((await get(address, '/health')).status, 200);
});

t.test('a chunked body may be split at any byte', async (t) => {
  const { address } = await givenCluster(t);
  for (const { path, call, status, word } of APIS) {
    const body = JSON.stringify(call);
    const coding: Header = ['Transfer-Encoding', 'chunked'];
    const isWhole = async (...pieces: readonly string[]): Promise<boolean> => {
      const close: Header = ['Connection', 'close'];
      const text = `${head(address, path, coding, close)}${chunked(...pieces)}`;
      const answer = await sendAndEnd(address, text);
      return statusOf(answer) === status && answer.includes(word);
    };
    const others: number[] = [];
    for (let at = 1; at < body.length; at += 1) {
      if (!(await isWhole(body.slice(0, at), body.slice(at)))) others.push(at);
    }
    t.strictSame(others, [], `${path}: in two chunks`);
    t.ok(await isWhole(...body), `${path}: a chunk a byte`);
  }
});

t.test('who keeps a body back keeps nobody waiting', async (t) => {
  const { address } = await givenCluster(t);
  const held: Socket[] = [];
  t.teardown(() => {
    for (const socket of held) socket.destroy();
  });
  for (const { path, call } of APIS) {
    const body = JSON.stringify(call);
    for (let index = 0; index < HELD; index += 1) {
      const socket = await open(address);
      held.push(socket);
      const length: Header = ['Content-Length', `${body.length}`];
      socket.write(`${head(address, path, length)}${body.slice(0, -1)}`);
    }
  }
  for (const { path, call, status } of APIS) {
    const body = JSON.stringify(call);
    const answer = await exchange(address, { method: 'POST', path, headers: JSON_HEADERS, body });
    t.equal(answer.status, status, path);
  }
  const scheduler = await RawScheduler.subscribe(address, INFO);
  t.teardown(() => scheduler.close());
  t.ok(await scheduler.next('OFFERS'), 'a framework gets its offers');
});

t.test('a call by the stream of a subscription that is over is refused', async (t) => {
  const { address } = await givenCluster(t);
  const first = await RawScheduler.subscribe(address, INFO);
  const second = await RawScheduler.subscribe(address, INFO, first.frameworkId);
  t.teardown(() => second.close());
  t.same((await first.next('ERROR'))['error'], { message: 'Framework failed over' });
  t.equal(await first.stream.nextChunk(), undefined, 'the stream of the first has ended');
  const stale = await second.call('TEARDOWN', {}, first.streamId);
  t.equal(stale.status, 400);
  t.match(stale.body, /stream ID/i);
  t.equal((await second.call('REVIVE', {}, '')).status, 400, 'so is an empty id');
  t.strictSame(await frameworkIds(address), [first.frameworkId]);
  t.equal((await second.call('REVIVE')).status, 202);
});

/** A custom executor that runs and has not said anything yet. */
async function givenExecutor(t: Test, address: string): Promise<Json> {
  const scheduler = await RawScheduler.subscribe(address, INFO);
  t.teardown(() => scheduler.close());
  const offers = (await scheduler.next('OFFERS'))['offers'] as {
    readonly offers: readonly { readonly id: Json; readonly agent_id: Json }[];
  };
  const [offer] = offers.offers;
  const cpus = { name: 'cpus', type: 'SCALAR', scalar: { value: 0.1 } };
  const mem = { name: 'mem', type: 'SCALAR', scalar: { value: 32 } };
  const executor_id = { value: 'e1' };
  const executor = {
    type: 'CUSTOM',
    executor_id,
    command: { value: 'touch started; exec sleep 1000' },
    resources: [cpus, mem],
  };
  const task = {
    name: 't1',
    task_id: { value: 't1' },
    agent_id: offer?.agent_id,
    resources: [cpus, mem],
    executor,
  };
  const launch = { type: 'LAUNCH', launch: { task_infos: [task] } };
  const accept = { offer_ids: [offer?.id], operations: [launch], filters: {} };
  const accepted = await scheduler.call('ACCEPT', { accept });
  if (accepted.status !== 202) throw new Error(accepted.body);
  return { framework_id: { value: scheduler.frameworkId }, executor_id };
}

t.test('an executor speaks when it has subscribed, and on its last stream alone', async (t) => {
  const { address } = await givenCluster(t);
  const ids = await givenExecutor(t, address);
  const path = '/api/v1/executor';
  const call = (body: Json): Promise<RawResponse> =>
    exchange(address, {
      method: 'POST',
      path,
      headers: JSON_HEADERS,
      body: JSON.stringify({ ...ids, ...body }),
    });
  const subscribe = (): Promise<RawStream> =>
    openStream(address, {
      method: 'POST',
      path,
      headers: JSON_HEADERS,
      body: JSON.stringify({ ...ids, type: 'SUBSCRIBE', subscribe: {} }),
    });
  const message = { type: 'MESSAGE', message: { data: 'aGk=' } };

  let early = await call(message);
  // The agent hears of the executor a moment after the scheduler was answered.
  while (early.status === 400) early = await call(message);
  t.equal(early.status, 403);
  t.equal(early.body, 'Executor is not subscribed');
  // A subscription that came before its container was started would end it.
  const isThere = async (): Promise<boolean> => {
    const { body } = await get(address, `/${LEGACY_AGENT_ACTOR}/containers`);
    return (JSON.parse(body) as readonly { readonly status?: { executor_pid?: number } }[]).some(
      ({ status }) => status?.executor_pid !== undefined,
    );
  };
  while (!(await isThere()));
  const first = await subscribe();
  t.match(await first.nextChunk(), /"SUBSCRIBED"/);
  const second = await subscribe();
  t.teardown(() => second.close());
  t.match(await second.nextChunk(), /"SUBSCRIBED"/);
  for (let chunk = await first.nextChunk(); chunk !== undefined; chunk = await first.nextChunk()) {
    t.match(chunk, /"LAUNCH"/, 'what was sent before it ended');
  }
  t.pass('the stream of the first has ended');
  t.equal((await call(message)).status, 202, 'and the executor is heard');
});
