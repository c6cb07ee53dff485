// A scheduler with a store: what it writes before it acts, and what its successor finds.
import { seededRandom } from '@kaon/primitives';
import { type ConnectOptions, connectScheduler, type TaskScheduler } from '@kaon/scheduler';
import { VirtualClock } from '@kaon/testkit';
import t, { type Test } from 'tap';
import {
  FakeConnection,
  launchedBy,
  offer,
  settled,
  updateUuid,
} from './builders/fake-connection.ts';
import { MemoryStore } from './builders/memory-store.ts';

interface Given {
  readonly scheduler: TaskScheduler;
  readonly master: FakeConnection;
  readonly store: MemoryStore;
}

async function given(
  t: Test,
  store = new MemoryStore(),
  options: Partial<ConnectOptions> = {},
): Promise<Given> {
  const master = new FakeConnection();
  const connecting = connectScheduler({
    master: 'fake:5050',
    framework: { name: 'test', user: 'tester' },
    connection: master,
    clock: new VirtualClock(),
    random: seededRandom(1),
    store,
    ...options,
  });
  await settled();
  master.subscribed();
  const scheduler = await connecting;
  t.teardown(() => {
    store.isHeld = false;
    store.release();
    return scheduler.close();
  });
  await settled();
  return { scheduler, master, store };
}

/** The process ends without a word: what is stored by now is what its successor finds. */
function crashed({ store }: Given): MemoryStore {
  return new MemoryStore(store.entries);
}

const agentId = { value: 'a1' };
const running = { state: 'TASK_RUNNING', agentId } as const;

t.test('a task is placed when it is written down, and sent when its place is', async (t) => {
  const { scheduler, master, store } = await given(t);
  store.isHeld = true;
  const task = scheduler.launch({ command: 'true' });
  await settled();
  master.offers(offer('o1'));
  await settled();
  t.equal(master.callsOf('ACCEPT').length, 0, 'nobody would know of it after a crash');
  store.release();
  await settled();
  master.offers(offer('o2'));
  await settled();
  t.equal(master.callsOf('ACCEPT').length, 0, 'its agent is being written down');
  store.release();
  await settled();
  t.equal(launchedBy(await master.called('ACCEPT'))[0]?.taskId.value, task.taskId);
});

t.test('an update is acknowledged when it is written down', async (t) => {
  const { scheduler, master, store } = await given(t);
  const task = scheduler.launch({ command: 'true' });
  await settled();
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  store.isHeld = true;
  master.update(task.taskId, { state: 'TASK_FINISHED', agentId, uuid: updateUuid(1) });
  await settled();
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);
  t.same(store.taskKeys, [`task/${task.taskId}`]);
  store.release();
  await master.called('ACKNOWLEDGE');
  t.same(store.taskKeys, [], 'what is over is forgotten');
});

t.test('a successor takes over the framework and its running tasks', async (t) => {
  const before = await given(t);
  const task = before.scheduler.launch({ command: 'sleep 9', key: 'one', labels: { a: 'b' } });
  await settled();
  before.master.offers(offer('o1'));
  await before.master.called('ACCEPT');
  before.master.update(task.taskId, { ...running, uuid: updateUuid(1) });
  await before.master.called('ACKNOWLEDGE');

  const { scheduler, master, store } = await given(t, crashed(before));
  t.equal(master.framework?.id?.value, 'fw-1', 'the id comes from the store');
  const reconcile = await master.called('RECONCILE');
  t.same(reconcile.reconcile?.tasks, [{ taskId: { value: task.taskId }, agentId }]);
  const found = scheduler.tasks.get(task.taskId);
  t.equal(found?.state, 'TASK_RUNNING', 'as it was heard last');
  t.equal(found?.agent?.hostname, 'a1.example');
  t.equal(scheduler.launch({ command: 'sleep 9', key: 'one' }), found, 'its key launches nothing');

  master.update(task.taskId, { state: 'TASK_FINISHED', agentId, uuid: updateUuid(2) });
  t.equal((await found?.finished)?.state, 'TASK_FINISHED');
  await master.called('ACKNOWLEDGE');
  t.same(store.taskKeys, []);
  t.not(scheduler.launch({ command: 'sleep 9', key: 'one' }), found, 'its key is free again');
});

t.test('a task written down but not sent is launched by the successor', async (t) => {
  const before = await given(t);
  const task = before.scheduler.launch({
    command: 'echo $A',
    name: 'echo',
    env: { A: 'B' },
    cpus: 0.5,
    killGraceMs: 7000,
    taskInfo: { data: new Uint8Array([0, 255]) },
  });
  await settled();
  const { master } = await given(t, crashed(before));
  master.offers(offer('o1'));
  const [info] = launchedBy(await master.called('ACCEPT'));
  t.match(info, {
    taskId: { value: task.taskId },
    name: 'echo',
    command: {
      value: 'echo $A',
      shell: true,
      environment: { variables: [{ name: 'A', value: 'B' }] },
    },
    killPolicy: { gracePeriod: { nanoseconds: 7e9 } },
    agentId,
  });
  t.same(info?.data, new Uint8Array([0, 255]));
  t.equal(info?.resources[0]?.scalar?.value, 0.5);
});

t.test('a launch that the crash cut off is launched again, one that arrived is not', async (t) => {
  const before = await given(t);
  const lost = before.scheduler.launch({ command: 'true', name: 'lost' });
  const arrived = before.scheduler.launch({ command: 'true', name: 'arrived' });
  await settled();
  before.master.offers(offer('o1'));
  await before.master.called('ACCEPT');
  const { scheduler, master } = await given(t, crashed(before));
  await master.called('RECONCILE');
  const reason = 'REASON_RECONCILIATION';
  master.update(lost.taskId, { state: 'TASK_GONE', reason });
  master.update(arrived.taskId, { ...running, reason });
  await settled();
  master.offers(offer('o2'));
  const infos = launchedBy(await master.called('ACCEPT'));
  t.same(
    infos.map(({ taskId }) => taskId.value),
    [lost.taskId],
  );
  t.equal(scheduler.tasks.get(arrived.taskId)?.state, 'TASK_RUNNING');
});

t.test('a task that was heard of and is gone ends, it does not run twice', async (t) => {
  const before = await given(t);
  const task = before.scheduler.launch({ command: 'true' });
  await settled();
  before.master.offers(offer('o1'));
  await before.master.called('ACCEPT');
  before.master.update(task.taskId, { ...running, uuid: updateUuid(1) });
  await before.master.called('ACKNOWLEDGE');
  const { scheduler, master } = await given(t, crashed(before));
  const found = scheduler.tasks.get(task.taskId);
  master.update(task.taskId, { state: 'TASK_GONE', reason: 'REASON_RECONCILIATION' });
  t.equal((await found?.finished)?.state, 'TASK_GONE');
  t.equal(scheduler.stats.waitingTasks, 0);
});

t.test('a task whose agents its author chooses waits for its author', async (t) => {
  const before = await given(t);
  const accepts = ({ hostname }: { readonly hostname: string }): boolean =>
    hostname === 'a2.example';
  before.scheduler.launch({ command: 'true', key: 'k', accepts });
  await settled();
  const { scheduler, master } = await given(t, crashed(before));
  master.offers(offer('o1'), offer('o2', { agent: 'a2' }));
  await settled();
  t.equal(master.callsOf('ACCEPT').length, 0);
  scheduler.launch({ command: 'true', key: 'k', accepts });
  master.offers(offer('o3'), offer('o4', { agent: 'a2' }));
  t.same((await master.called('ACCEPT')).accept?.offerIds, [{ value: 'o4' }]);
});

t.test('a stored framework that the master has removed begins anew', async (t) => {
  const before = await given(t);
  const ran = before.scheduler.launch({ command: 'true', name: 'ran' });
  await settled();
  before.master.offers(offer('o1'));
  await before.master.called('ACCEPT');
  before.master.update(ran.taskId, { ...running, uuid: updateUuid(1) });
  await before.master.called('ACKNOWLEDGE');
  const waits = before.scheduler.launch({ command: 'true', name: 'waits' });
  await settled();

  const refusing = new FakeConnection();
  const renewed = new FakeConnection();
  const store = crashed(before);
  const connecting = connectScheduler({
    master: 'fake:5050',
    framework: { name: 'test', user: 'tester' },
    connection: refusing,
    reconnect: () => renewed,
    clock: new VirtualClock(),
    store,
  });
  await settled();
  t.equal(refusing.framework?.id?.value, 'fw-1');
  refusing.event({ type: 'ERROR', error: { message: 'Framework has been removed' } });
  await settled();
  t.equal(renewed.framework?.id, undefined, 'it asks for a new id');
  renewed.subscribed('fw-2');
  const scheduler = await connecting;
  t.teardown(() => scheduler.close());
  await settled();
  t.equal(JSON.parse(store.entries.get('framework') ?? '').id, 'fw-2');
  t.equal(scheduler.tasks.has(ran.taskId), false, 'its running tasks ended with it');
  t.ok(scheduler.tasks.has(waits.taskId), 'what never ran still shall');
});

t.test('closing empties the store, closing for a failover does not', async (t) => {
  const first = await given(t);
  first.scheduler.launch({ command: 'true' });
  await settled();
  await first.scheduler.close({ failover: true });
  t.equal(first.store.entries.size, 2);
  t.ok(first.store.isClosed);
  const second = await given(t, crashed(first));
  await second.scheduler.close();
  t.equal(second.store.entries.size, 0);
});

t.test('a store that fails ends the scheduler; nothing is acknowledged', async (t) => {
  const { scheduler, master, store } = await given(t);
  const task = scheduler.launch({ command: 'true' });
  await settled();
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  store.failure = new Error('no space left');
  master.update(task.taskId, { ...running, uuid: updateUuid(1) });
  t.match(await scheduler.closed, { code: 'KAON_STORE_FAILED', message: /no space left/ });
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);
  t.equal(master.callsOf('TEARDOWN').length, 0, 'its tasks run on for a successor');
});

t.test('what another program wrote is refused by name', async (t) => {
  const cases: readonly (readonly [string, string, RegExp])[] = [
    ['config', '{}', /entry 'config' cannot be read: its kind is unknown/],
    ['framework', '[]', /entry 'framework' cannot be read: it holds no id/],
    ['task/1', '{"info":1}', /entry 'task\/1' cannot be read/],
    ['task/1', 'x', /entry 'task\/1' cannot be read/],
  ];
  for (const [key, value, message] of cases) {
    const connecting = connectScheduler({
      master: 'fake:5050',
      framework: { name: 'test', user: 'tester' },
      connection: new FakeConnection(),
      store: new MemoryStore([[key, value]]),
    });
    await t.rejects(connecting, message);
  }
});
