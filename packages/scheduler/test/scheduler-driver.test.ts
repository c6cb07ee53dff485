// The driver API: Mesos' callbacks and methods, over both transports and a master played by the test.
import { MesosSchedulerDriver } from '@kaon/scheduler';
import t from 'tap';
import { launchedBy, offer } from './builders/fake-connection.ts';
import { givenDriver, METHODS, TRANSPORTS, task, UUID } from './builders/given-driver.ts';
import { Recorder } from './builders/recorder.ts';

const agentId = { value: 'a1' };
const executorId = { value: 'e1' };
const taskId = { value: 't1' };

const update = (state: 'TASK_RUNNING' | 'TASK_FINISHED' | 'TASK_LOST', uuid?: Uint8Array) => ({
  type: 'UPDATE' as const,
  update: { status: { taskId, agentId, state, ...(uuid && { uuid }) } },
});

for (const transport of TRANSPORTS) {
  t.test(`${transport}: every event has its callback`, async (t) => {
    const { master, scheduler } = await givenDriver(t, transport);
    await master.event({ type: 'OFFERS', offers: { offers: [offer('o1'), offer('o2')] } });
    await master.event({ type: 'RESCIND', rescind: { offerId: { value: 'o1' } } });
    await master.event(update('TASK_RUNNING', UUID));
    await master.event({
      type: 'MESSAGE',
      message: { agentId, executorId, data: Buffer.from('hi') },
    });
    await master.event({ type: 'FAILURE', failure: { agentId, executorId, status: 9 } });
    await master.event({ type: 'FAILURE', failure: { agentId } });
    await master.event({ type: 'HEARTBEAT' });
    await master.disconnect();
    await master.subscribed();
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

  t.test(
    `${transport}: calls reach the master in the order made, with what they say`,
    async (t) => {
      const { master, driver, settle } = await givenDriver(t, transport, { isImplicit: false });
      driver.launchTasks({ value: 'o1' }, [task('t1')], { refuseSeconds: 1 });
      driver.launchTasks([{ value: 'o2' }], []);
      driver.acceptOffers([{ value: 'o3' }], [{ type: 'RESERVE', reserve: { resources: [] } }]);
      const names = Object.keys(METHODS);
      for (const name of names) METHODS[name]?.[1](driver);
      await settle();
      t.same(
        master.calls.map(({ type }) => type),
        ['ACCEPT', 'ACCEPT', 'ACCEPT', ...names.map((name) => METHODS[name]?.[0])],
      );
      const [launch, decline] = master.calls;
      t.equal(launch && launchedBy(launch)[0]?.taskId.value, 't1');
      t.match(launch?.accept, { offerIds: [{ value: 'o1' }], filters: { refuseSeconds: 1 } });
      t.match(decline?.accept, { offerIds: [{ value: 'o2' }], operations: [] });
    },
  );

  t.test(`${transport}: implicit acknowledgements follow the callback`, async (t) => {
    const { master, scheduler, settle } = await givenDriver(t, transport);
    let release: () => void = () => undefined;
    scheduler.onStatus = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    await master.event(update('TASK_RUNNING', UUID));
    await master.event(update('TASK_FINISHED', UUID));
    t.equal(master.calls.length, 0);
    t.equal(scheduler.statuses.length, 1, 'never two callbacks at once');
    scheduler.onStatus = () => undefined;
    release();
    await settle();
    t.same(
      master.calls.map(({ type, acknowledge }) => [type, acknowledge?.taskId.value]),
      [
        ['ACKNOWLEDGE', 't1'],
        ['ACKNOWLEDGE', 't1'],
      ],
    );
    t.equal(scheduler.statuses.length, 2);
  });

  t.test(`${transport}: what has no uuid is not acknowledged, in neither mode`, async (t) => {
    for (const isImplicit of [true, false]) {
      const { master, driver, settle } = await givenDriver(t, transport, { isImplicit });
      await master.event(update('TASK_LOST'));
      if (!isImplicit) driver.acknowledgeStatusUpdate(update('TASK_LOST').update.status);
      await settle();
      t.same(master.calls, []);
    }
  });

  t.test(
    `${transport}: in explicit mode the framework acknowledges, once it wants to`,
    async (t) => {
      const { master, driver, settle } = await givenDriver(t, transport, { isImplicit: false });
      await master.event(update('TASK_RUNNING', UUID));
      t.equal(master.calls.length, 0);
      driver.acknowledgeStatusUpdate({ taskId, agentId, state: 'TASK_RUNNING', uuid: UUID });
      await settle();
      t.same(Buffer.from(master.calls[0]?.acknowledge?.uuid ?? []), Buffer.from(UUID));
    },
  );

  t.test(`${transport}: launches without a master are lost at once`, async (t) => {
    const { master, scheduler, driver, settle } = await givenDriver(t, transport);
    await master.disconnect();
    driver.launchTasks({ value: 'o1' }, [task('t1'), task('t2')]);
    await settle();
    t.match(scheduler.statuses, [
      {
        taskId: { value: 't1' },
        state: 'TASK_LOST',
        source: 'SOURCE_MASTER',
        reason: 'REASON_MASTER_DISCONNECTED',
      },
      { taskId: { value: 't2' }, state: 'TASK_LOST' },
    ]);
    t.equal(master.calls.length, 0, 'and not acknowledged');
  });

  t.test(`${transport}: calls of a callback go out, and other callbacks wait for it`, async (t) => {
    const { master, scheduler, settle } = await givenDriver(t, transport);
    let release: () => void = () => undefined;
    scheduler.onStatus = async (driver) => {
      driver.killTask(taskId);
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      driver.reviveOffers();
    };
    await master.event(update('TASK_RUNNING', UUID));
    release();
    await settle();
    t.same(
      master.calls.map(({ type }) => type),
      ['KILL', 'ACKNOWLEDGE', 'REVIVE'],
    );
  });

  t.test(`${transport}: an error of the master aborts, then tells`, async (t) => {
    const { master, scheduler, driver, settle } = await givenDriver(t, transport);
    await master.event({ type: 'ERROR', error: { message: 'Framework failed over' } });
    t.equal(scheduler.heard.at(-1), 'error Framework failed over DRIVER_ABORTED');
    await settle();
    t.equal(await driver.join(), 'DRIVER_ABORTED');
  });

  t.test(`${transport}: a callback that throws aborts the driver and fails join`, async (t) => {
    for (const bug of [
      () => {
        throw new Error('bug');
      },
      () => Promise.reject(new Error('bug')),
    ]) {
      const { master, scheduler, driver } = await givenDriver(t, transport);
      scheduler.onStatus = bug;
      const failure = { code: 'KAON_SCHEDULER_CALLBACK', callback: 'statusUpdate' };
      const rejected = t.rejects(driver.join(), failure);
      await master.event(update('TASK_RUNNING', UUID));
      await rejected;
      t.equal(driver.status, 'DRIVER_ABORTED');
      t.equal(master.calls.length, 0, 'the update comes again to a successor');
    }
  });

  t.test(`${transport}: stop within a callback is the last of them`, async (t) => {
    const { master, scheduler, driver } = await givenDriver(t, transport);
    scheduler.onStatus = () => void driver.stop(true);
    await master.event(update('TASK_RUNNING', UUID));
    await master.event(update('TASK_FINISHED', UUID));
    t.equal(scheduler.statuses.length, 1);
    t.same(master.calls, [], 'and its update is not acknowledged');
    t.equal(await driver.join(), 'DRIVER_STOPPED');
  });
}

t.test('an address that is none aborts the driver at its start, after error', async (t) => {
  const scheduler = new Recorder();
  const driver = new MesosSchedulerDriver(scheduler, { name: 'x' }, 'zk://a/b');
  t.equal(driver.status, 'DRIVER_NOT_STARTED');
  t.equal(driver.start(), 'DRIVER_ABORTED');
  t.match(scheduler.heard, [/^error 'zk:\/\/a\/b' is not the address .* DRIVER_ABORTED$/]);
  t.equal(await driver.join(), 'DRIVER_ABORTED');
});
