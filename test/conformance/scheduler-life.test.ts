// The life of a framework that has nothing but sockets, in JSON and in protobuf: calls, and the events they
// lead to. Each record is checked to be one chunk.
import { MEDIA_TYPES } from '@kaon/http';
import t, { type Test } from 'tap';
import { givenCluster } from './cluster.ts';
import { exchange, headerOf } from './raw-http.ts';
import { type Encoding, type Json, RawScheduler } from './v1-scheduler.ts';

const FRAMEWORK = {
  user: 'root',
  name: 'raw',
  roles: ['golden'],
  capabilities: [
    { type: 'MULTI_ROLE' },
    { type: 'PARTITION_AWARE' },
    { type: 'TASK_KILLING_STATE' },
    { type: 'RESERVATION_REFINEMENT' },
  ],
  checkpoint: true,
  failover_timeout: 60,
};

interface Offer {
  readonly id: Json;
  readonly agent_id: { readonly value: string };
  readonly resources: readonly Json[];
}

async function nextOffer(scheduler: RawScheduler): Promise<Offer> {
  const event = await scheduler.next('OFFERS');
  const { offers } = event['offers'] as { readonly offers: readonly Offer[] };
  return offers[0] as Offer;
}

function task(id: string, offer: Offer, command: string, cpus = 0.1): Json {
  return {
    name: id,
    task_id: { value: id },
    agent_id: offer.agent_id,
    resources: [
      {
        name: 'cpus',
        type: 'SCALAR',
        scalar: { value: cpus },
        allocation_info: { role: 'golden' },
      },
      { name: 'mem', type: 'SCALAR', scalar: { value: 32 }, allocation_info: { role: 'golden' } },
    ],
    command: { shell: true, value: command },
  };
}

function accept(scheduler: RawScheduler, offer: Offer, tasks: readonly Json[]) {
  return scheduler.call('ACCEPT', {
    accept: {
      offer_ids: [offer.id],
      operations: [{ type: 'LAUNCH', launch: { task_infos: tasks } }],
      filters: { refuse_seconds: 0 },
    },
  });
}

/** The next status of a task, acknowledged when it asks for that. */
async function nextStatus(scheduler: RawScheduler, taskId: string): Promise<Json> {
  const isOfTask = (event: Json): boolean => {
    const { status } = event['update'] as {
      readonly status: { readonly task_id: { readonly value: string } };
    };
    return status.task_id.value === taskId;
  };
  const event = await scheduler.next('UPDATE', isOfTask);
  const { status } = event['update'] as { readonly status: Json };
  if (status['uuid'] !== undefined) await scheduler.acknowledge(status);
  return status;
}

async function statesUntil(
  scheduler: RawScheduler,
  taskId: string,
  last: string,
): Promise<string[]> {
  const states: string[] = [];
  while (states.at(-1) !== last)
    states.push((await nextStatus(scheduler, taskId))['state'] as string);
  return states;
}

for (const encoding of ['json', 'protobuf'] as const) {
  t.test(`a framework lives over bare sockets, in ${encoding}`, (t) => live(t, encoding));
}

async function live(t: Test, encoding: Encoding): Promise<void> {
  const { address } = await givenCluster(t);
  const scheduler = await RawScheduler.subscribe(address, FRAMEWORK, undefined, encoding);
  t.teardown(() => scheduler.close());

  t.equal(scheduler.stream.statusLine, 'HTTP/1.1 200 OK');
  t.equal(headerOf(scheduler.stream.headers, 'content-type'), MEDIA_TYPES[encoding]);
  t.equal(headerOf(scheduler.stream.headers, 'transfer-encoding'), 'chunked');
  t.match(scheduler.streamId, /^[0-9a-f-]{36}$/);
  t.match(scheduler.frameworkId, /^[0-9a-f-]{36}-0000$/);
  await scheduler.next('HEARTBEAT');

  await t.test('a task runs to its end', async (t) => {
    const offer = await nextOffer(scheduler);
    t.equal((await accept(scheduler, offer, [task('t1', offer, 'echo hello')])).status, 202);
    t.same(await statesUntil(scheduler, 't1', 'TASK_FINISHED'), [
      'TASK_STARTING',
      'TASK_RUNNING',
      'TASK_FINISHED',
    ]);
  });

  await t.test('its output is in the sandbox', async (t) => {
    const path = `/frameworks/${scheduler.frameworkId}/executors/t1/runs/latest/stdout`;
    const read = await exchange(address, {
      method: 'GET',
      path: `/slave(1)/files/read?path=${path}&offset=0`,
      headers: [],
    });
    t.same(JSON.parse(read.body), { data: 'hello\n', offset: 0 });
  });

  await t.test('a task that asks for too much is an error, and the rest comes back', async (t) => {
    const offer = await nextOffer(scheduler);
    await accept(scheduler, offer, [
      task('big', offer, 'true', 100),
      task('small', offer, 'exit 7'),
    ]);
    const big = await nextStatus(scheduler, 'big');
    t.equal(big['state'], 'TASK_ERROR');
    t.equal(big['reason'], 'REASON_TASK_INVALID');
    t.match(
      big['message'],
      /^Total resources cpus\(allocated: golden\):100; mem\(allocated: golden\):32 required by task and its executor is more than available /,
    );
    t.same(await statesUntil(scheduler, 'small', 'TASK_FAILED'), [
      'TASK_STARTING',
      'TASK_RUNNING',
      'TASK_FAILED',
    ]);
  });

  await t.test(
    'illegal and duplicate ids and a wrong agent are errors with their reason',
    async (t) => {
      const offer = await nextOffer(scheduler);
      const wrongAgent = { ...task('lost', offer, 'true'), agent_id: { value: 'not-the-agent' } };
      await accept(scheduler, offer, [
        task('a/b', offer, 'true'),
        wrongAgent,
        task('twice', offer, 'sleep 1000'),
        task('twice', offer, 'true'),
      ]);
      t.equal((await nextStatus(scheduler, 'a/b'))['message'], "'a/b' contains invalid characters");
      t.equal(
        (await nextStatus(scheduler, 'lost'))['message'],
        `Task uses invalid agent not-the-agent while agent ${offer.agent_id.value} is expected`,
      );
      const duplicate = await nextStatus(scheduler, 'twice');
      t.equal(duplicate['state'], 'TASK_ERROR');
      t.equal(duplicate['message'], 'Task has duplicate ID: twice');
      t.same(await statesUntil(scheduler, 'twice', 'TASK_RUNNING'), [
        'TASK_STARTING',
        'TASK_RUNNING',
      ]);
    },
  );

  await t.test('reconciliation answers for known and unknown tasks', async (t) => {
    t.equal(
      (
        await scheduler.call('RECONCILE', {
          reconcile: { tasks: [{ task_id: { value: 'twice' } }, { task_id: { value: 'never' } }] },
        })
      ).status,
      202,
    );
    const known = await nextStatus(scheduler, 'twice');
    t.equal(known['state'], 'TASK_RUNNING');
    t.equal(known['reason'], 'REASON_RECONCILIATION');
    t.equal((await nextStatus(scheduler, 'never'))['state'], 'TASK_UNKNOWN');
    await scheduler.call('RECONCILE', { reconcile: { tasks: [] } });
    t.equal(
      (await nextStatus(scheduler, 'twice'))['state'],
      'TASK_RUNNING',
      'an empty list asks for all',
    );
  });

  await t.test('a kill ends a task', async (t) => {
    t.equal((await scheduler.call('KILL', { kill: { task_id: { value: 'twice' } } })).status, 202);
    t.same(await statesUntil(scheduler, 'twice', 'TASK_KILLED'), ['TASK_KILLING', 'TASK_KILLED']);
  });

  await t.test('an offer that is gone drops what was launched on it', async (t) => {
    const stale = {
      id: { value: 'no-such-offer' },
      agent_id: { value: 'no-such-agent' },
      resources: [],
    };
    await accept(scheduler, stale, [task('stale', stale, 'true')]);
    const status = await nextStatus(scheduler, 'stale');
    t.equal(status['state'], 'TASK_DROPPED');
    t.equal(status['reason'], 'REASON_INVALID_OFFERS');
    t.equal(
      status['message'],
      'Task launched with invalid offers: Offer no-such-offer is no longer valid',
    );
  });

  await t.test('suppress ends the offers, revive brings them back', async (t) => {
    const offer = await nextOffer(scheduler);
    t.equal((await scheduler.call('SUPPRESS')).status, 202);
    t.equal(
      (
        await scheduler.call('DECLINE', {
          decline: { offer_ids: [offer.id], filters: { refuse_seconds: 3600 } },
        })
      ).status,
      202,
    );
    t.equal((await scheduler.call('REVIVE')).status, 202);
    t.same((await nextOffer(scheduler)).agent_id, offer.agent_id);
  });

  await t.test('a second stream takes the framework over', async (t) => {
    const successor = await RawScheduler.subscribe(
      address,
      FRAMEWORK,
      scheduler.frameworkId,
      encoding,
    );
    t.equal(successor.frameworkId, scheduler.frameworkId);
    const error = await scheduler.next('ERROR');
    t.same(error['error'], { message: 'Framework failed over' });
    t.equal(await scheduler.stream.nextChunk(), undefined, 'the former stream is closed');
    t.equal((await scheduler.call('REVIVE')).status, 400, 'and its stream id is worth nothing');
    t.equal((await successor.call('TEARDOWN')).status, 202);
    successor.close();
  });
}
