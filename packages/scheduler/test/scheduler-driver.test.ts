// The driver API: Mesos' callbacks and methods, over a master played by the test.
import type { Offer, Status, TaskStatus } from '@kaon/protocol';
import { MesosSchedulerDriver, type Scheduler, type SchedulerDriver } from '@kaon/scheduler';
import t, { type Test } from 'tap';
import {
  FakeConnection,
  launchedBy,
  offer,
  settled,
  updateUuid,
} from './builders/fake-connection.ts';

/** Writes down every callback. */
class Recorder implements Scheduler {
  readonly heard: string[] = [];
  readonly statuses: TaskStatus[] = [];
  offers: readonly Offer[] = [];
  onStatus: (driver: SchedulerDriver, status: TaskStatus) => void | Promise<void> = () => undefined;

  registered(_driver: SchedulerDriver, frameworkId: { readonly value: string }): void {
    this.heard.push(`registered ${frameworkId.value}`);
  }
  reregistered(): void {
    this.heard.push('reregistered');
  }
  disconnected(): void {
    this.heard.push('disconnected');
  }
  resourceOffers(_driver: SchedulerDriver, offers: readonly Offer[]): void {
    this.offers = offers;
    this.heard.push(`offers ${offers.map(({ id }) => id.value).join(' ')}`);
  }
  offerRescinded(_driver: SchedulerDriver, { value }: { readonly value: string }): void {
    this.heard.push(`rescinded ${value}`);
  }
  statusUpdate(driver: SchedulerDriver, status: TaskStatus): void | Promise<void> {
    this.statuses.push(status);
    this.heard.push(`${status.taskId.value} ${status.state}`);
    return this.onStatus(driver, status);
  }
  frameworkMessage(
    _driver: SchedulerDriver,
    _executorId: unknown,
    _agentId: unknown,
    data: Uint8Array,
  ): void {
    this.heard.push(`message ${Buffer.from(data).toString()}`);
  }
  slaveLost(_driver: SchedulerDriver, { value }: { readonly value: string }): void {
    this.heard.push(`lost agent ${value}`);
  }
  executorLost(
    _driver: SchedulerDriver,
    executorId: { readonly value: string },
    agentId: { readonly value: string },
    status: number,
  ): void {
    this.heard.push(`lost executor ${executorId.value} on ${agentId.value} ${status}`);
  }
  error(driver: SchedulerDriver, message: string): void {
    this.heard.push(`error ${message} ${driver.status}`);
  }
}

async function given(t: Test, implicitAcknowledgements = true, isSubscribed = true) {
  const master = new FakeConnection();
  const scheduler = new Recorder();
  const driver = new MesosSchedulerDriver(
    scheduler,
    { name: 'test', roles: ['a', 'b'], capabilities: [{ type: 'MULTI_ROLE' }] },
    'fake:5050',
    implicitAcknowledgements,
    undefined,
    { connection: master },
  );
  t.teardown(() => driver.stop());
  driver.start();
  if (isSubscribed) master.subscribed();
  await settled();
  return { master, scheduler, driver };
}

const agentId = { value: 'a1' };
const task = (id: string, agent = 'a1') => ({
  name: id,
  taskId: { value: id },
  agentId: { value: agent },
  command: { value: 'true' },
  resources: [{ name: 'cpus', type: 'SCALAR' as const, scalar: { value: 1 } }],
});

t.test('every event has its callback', async (t) => {
  const { master, scheduler } = await given(t);
  const executorId = { value: 'e1' };
  master.offers(offer('o1'), offer('o2'));
  master.event({ type: 'RESCIND', rescind: { offerId: { value: 'o1' } } });
  master.update('t1', { state: 'TASK_RUNNING', agentId, uuid: updateUuid(1) });
  master.event({ type: 'MESSAGE', message: { agentId, executorId, data: Buffer.from('hi') } });
  master.event({ type: 'FAILURE', failure: { agentId, executorId, status: 9 } });
  master.event({ type: 'FAILURE', failure: { agentId } });
  master.event({ type: 'HEARTBEAT' });
  master.signal({ kind: 'disconnected', reason: 'test' });
  master.subscribed();
  await settled();
  t.same(scheduler.heard, [
    'registered fw-1',
    'offers o1 o2',
    'rescinded o1',
    't1 TASK_RUNNING',
    'message hi',
    'lost executor e1 on a1 9',
    'lost agent a1',
    'disconnected',
    'reregistered',
  ]);
});

t.test('every method has its call', async (t) => {
  const { master, driver } = await given(t, false);
  const taskId = { value: 't1' };
  driver.launchTasks({ value: 'o1' }, [task('t1')], { refuseSeconds: 1 });
  driver.launchTasks([{ value: 'o2' }], []);
  driver.acceptOffers([{ value: 'o3' }], [{ type: 'RESERVE', reserve: { resources: [] } }]);
  driver.declineOffer({ value: 'o4' });
  driver.killTask(taskId);
  driver.reviveOffers();
  driver.suppressOffers(['a']);
  driver.requestResources([{ agentId, resources: [] }]);
  driver.reconcileTasks([{ taskId, agentId }]);
  driver.sendFrameworkMessage({ value: 'e1' }, agentId, new Uint8Array([1]));
  driver.acknowledgeStatusUpdate({
    taskId,
    agentId,
    state: 'TASK_RUNNING',
    uuid: updateUuid(1),
  });
  t.same(
    master.calls.map(({ type }) => type),
    [
      'ACCEPT',
      'ACCEPT',
      'ACCEPT',
      'DECLINE',
      'KILL',
      'REVIVE',
      'SUPPRESS',
      'REQUEST',
      'RECONCILE',
      'MESSAGE',
      'ACKNOWLEDGE',
    ],
  );
  const [launch, decline] = master.calls;
  t.equal(launch && launchedBy(launch)[0]?.taskId.value, 't1');
  t.match(launch?.accept, { offerIds: [{ value: 'o1' }], filters: { refuseSeconds: 1 } });
  t.match(decline?.accept, { offerIds: [{ value: 'o2' }], operations: [] });
});

t.test('suppressed roles are kept for the next subscription', async (t) => {
  const { master, driver } = await given(t);
  driver.suppressOffers();
  t.same(master.suppressedRoles, ['a', 'b']);
  driver.reviveOffers(['b']);
  t.same(master.suppressedRoles, ['a']);
  driver.reviveOffers();
  t.same(master.suppressedRoles, []);
});

t.test('implicit acknowledgements follow the callback', async (t) => {
  const { master, scheduler } = await given(t);
  let release: () => void = () => undefined;
  scheduler.onStatus = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  master.update('t1', { state: 'TASK_RUNNING', agentId, uuid: updateUuid(1) });
  master.update('t1', { state: 'TASK_FINISHED', agentId, uuid: updateUuid(2) });
  await settled();
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);
  t.equal(scheduler.statuses.length, 1, 'never two callbacks at once');
  scheduler.onStatus = () => undefined;
  release();
  await master.called('ACKNOWLEDGE', 2);
  t.equal(scheduler.statuses.length, 2);
});

t.test('updates without uuid are not acknowledged', async (t) => {
  const { master } = await given(t);
  master.update('t1', { state: 'TASK_LOST', agentId, reason: 'REASON_RECONCILIATION' });
  await settled();
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);
});

t.test('explicit acknowledgements are the framework\u2019s affair', async (t) => {
  const { master } = await given(t, false);
  master.update('t1', { state: 'TASK_RUNNING', agentId, uuid: updateUuid(1) });
  await settled();
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);
});

t.test('acknowledging by hand in implicit mode aborts the driver', async (t) => {
  const { driver } = await given(t);
  const taskId = { value: 't1' };
  t.equal(
    driver.acknowledgeStatusUpdate({ taskId, agentId, state: 'TASK_RUNNING' }),
    'DRIVER_ABORTED',
  );
});

t.test('launches without a master are lost at once', async (t) => {
  const { master, scheduler, driver } = await given(t);
  master.signal({ kind: 'disconnected', reason: 'test' });
  await settled();
  driver.launchTasks({ value: 'o1' }, [task('t1'), task('t2')]);
  await settled();
  t.match(scheduler.statuses, [
    {
      taskId: { value: 't1' },
      state: 'TASK_LOST',
      source: 'SOURCE_MASTER',
      reason: 'REASON_MASTER_DISCONNECTED',
    },
    { taskId: { value: 't2' }, state: 'TASK_LOST' },
  ]);
  t.equal(master.calls.length, 0);
});

t.test('the states of a driver', async (t) => {
  await t.test('methods do nothing before start', async (t) => {
    const connection = new FakeConnection();
    const driver = new MesosSchedulerDriver(
      new Recorder(),
      { name: 'test' },
      'fake:5050',
      true,
      undefined,
      { connection },
    );
    const statuses: Status[] = [
      driver.status,
      driver.killTask({ value: 't' }),
      driver.stop(),
      driver.abort(),
      await driver.join(),
    ];
    t.same(new Set(statuses), new Set(['DRIVER_NOT_STARTED']));
    t.equal(connection.calls.length, 0);
  });
  await t.test('stop unregisters and ends join', async (t) => {
    const { master, driver } = await given(t);
    const joined = driver.join();
    t.equal(driver.stop(), 'DRIVER_STOPPED');
    t.equal(await joined, 'DRIVER_STOPPED');
    t.equal(master.callsOf('TEARDOWN').length, 1);
    t.equal(master.isClosed, true);
    t.equal(driver.start(), 'DRIVER_STOPPED', 'a driver lives once');
  });
  await t.test('stop for failover keeps the framework', async (t) => {
    const { master, driver } = await given(t);
    driver.stop(true);
    t.equal(await driver.join(), 'DRIVER_STOPPED');
    t.equal(master.calls.length, 0);
  });
  await t.test('abort ends the callbacks and keeps the framework', async (t) => {
    const { master, scheduler, driver } = await given(t);
    t.equal(driver.abort(), 'DRIVER_ABORTED');
    master.offers(offer('o1'));
    t.equal(await driver.join(), 'DRIVER_ABORTED');
    await settled();
    t.same(scheduler.heard, ['registered fw-1']);
    t.equal(master.calls.length, 0);
    t.equal(driver.killTask({ value: 't' }), 'DRIVER_ABORTED');
    t.equal(driver.stop(), 'DRIVER_ABORTED', 'tells that it was aborted');
    t.equal(driver.status, 'DRIVER_STOPPED');
  });
  await t.test('run starts and joins', async (t) => {
    const connection = new FakeConnection();
    const scheduler = new Recorder();
    scheduler.onStatus = (driver) => {
      driver.stop();
    };
    const driver = new MesosSchedulerDriver(scheduler, { name: 'test' }, 'm', true, undefined, {
      connection,
    });
    const done = driver.run();
    connection.subscribed();
    connection.update('t1', { state: 'TASK_FINISHED', agentId, uuid: updateUuid(1) });
    t.equal(await done, 'DRIVER_STOPPED');
  });
});

t.test('an error of the master aborts, then tells', async (t) => {
  const { master, scheduler, driver } = await given(t);
  master.event({ type: 'ERROR', error: { message: 'Framework failed over' } });
  t.equal(await driver.join(), 'DRIVER_ABORTED');
  t.equal(scheduler.heard.at(-1), 'error Framework failed over DRIVER_ABORTED');
});

t.test('a callback that throws aborts the driver and fails join', async (t) => {
  const { master, scheduler, driver } = await given(t);
  scheduler.onStatus = () => {
    throw new Error('bug');
  };
  const joined = driver.join();
  master.update('t1', { state: 'TASK_RUNNING', agentId, uuid: updateUuid(1) });
  await t.rejects(joined, { code: 'KAON_SCHEDULER_CALLBACK', callback: 'statusUpdate' });
  t.equal(driver.status, 'DRIVER_ABORTED');
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);
});

t.test('an address that is none is refused', async (t) => {
  t.throws(() => new MesosSchedulerDriver(new Recorder(), { name: 'x' }, 'zk://a/b'), {
    code: 'KAON_MASTER_ADDRESS',
  });
});
