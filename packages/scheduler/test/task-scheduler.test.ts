// The typed scheduler against a master played by the test.
import { CallFailedError, CallRefusedError, connectScheduler } from '@kaon/scheduler';
import { VirtualClock } from '@kaon/testkit';
import t from 'tap';
import {
  FakeConnection,
  launchedBy,
  offer,
  settled,
  updateUuid,
} from './builders/fake-connection.ts';
import { givenScheduler } from './builders/given-scheduler.ts';

const agentId = { value: 'a1' };

t.test('a task goes from launch to its end with every update acknowledged', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const task = scheduler.launch({ command: 'echo hello', cpus: 0.5, env: { A: 'B' } });
  t.match(task.taskId, /^echo-[0-9a-f]{12}$/);
  t.equal(task.state, 'TASK_STAGING');

  await master.called('REVIVE');
  master.offers(offer('o1'));
  const [info] = launchedBy(await master.called('ACCEPT'));
  t.equal(info?.taskId.value, task.taskId);
  t.equal(info?.command?.value, 'echo hello');
  t.equal(info?.command?.shell, true);
  t.same(info?.command?.environment?.variables, [{ name: 'A', value: 'B' }]);
  t.same(
    info?.resources.map(({ name, scalar, allocationInfo }) => [
      name,
      scalar?.value,
      allocationInfo,
    ]),
    [
      ['cpus', 0.5, { role: '*' }],
      ['mem', 32, { role: '*' }],
    ],
  );
  t.equal(task.agent?.url, 'http://10.0.0.1:5051/slave(1)');

  master.update(task.taskId, { state: 'TASK_RUNNING', agentId, uuid: updateUuid(1) });
  master.update(task.taskId, { state: 'TASK_FINISHED', agentId, uuid: updateUuid(2) });
  t.equal((await task.finished).state, 'TASK_FINISHED');
  await master.called('ACKNOWLEDGE', 2);
  t.same(
    master.callsOf('ACKNOWLEDGE').map(({ acknowledge }) => acknowledge?.uuid),
    [updateUuid(1), updateUuid(2)],
  );
  const states: string[] = [];
  for await (const { state } of task.updates) states.push(state);
  t.same(states, ['TASK_RUNNING', 'TASK_FINISHED'], 'a late reader sees every update');
  t.equal(scheduler.tasks.size, 0);
});

t.test('a program with arguments is started without a shell', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  scheduler.launch({ command: ['/bin/echo', 'a b'] });
  master.offers(offer('o1'));
  const [info] = launchedBy(await master.called('ACCEPT'));
  t.match(info?.command, { shell: false, value: '/bin/echo', arguments: ['/bin/echo', 'a b'] });
});

t.test('no offers are asked for while nothing waits', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  t.same(master.suppressedRoles, ['*'], 'the subscription began suppressed');
  scheduler.launch({ command: 'true' });
  t.same(master.suppressedRoles, [], 'a reconnect now would ask for offers');
  await master.called('REVIVE');
  master.offers(offer('o1'));
  await master.called('SUPPRESS');
  t.same(
    master.calls.map(({ type }) => type),
    ['REVIVE', 'ACCEPT', 'SUPPRESS'],
  );
  master.offers(offer('o2'));
  const decline = await master.called('DECLINE');
  t.same(decline.decline?.offerIds, [{ value: 'o2' }], 'what comes nevertheless is declined');
});

t.test('tasks are placed first fit, smaller ones past a larger one', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const large = scheduler.launch({ command: 'true', cpus: 8, name: 'large' });
  const one = scheduler.launch({ command: 'true', cpus: 3, name: 'one' });
  const two = scheduler.launch({ command: 'true', cpus: 3, name: 'two' });
  const three = scheduler.launch({ command: 'true', cpus: 1, name: 'three' });
  await master.called('REVIVE');
  master.offers(
    offer('o1', { agent: 'a1' }),
    offer('o2', { agent: 'a2' }),
    offer('o3', { cpus: 0.5, agent: 'a3' }),
  );
  await master.called('DECLINE');
  const accepts = master
    .callsOf('ACCEPT')
    .map((call) => [
      call.accept?.offerIds.map(({ value }) => value),
      launchedBy(call).map(({ name }) => name),
    ]);
  t.same(accepts, [
    [['o1'], ['one', 'three']],
    [['o2'], ['two']],
  ]);
  t.same(master.callsOf('DECLINE')[0]?.decline?.offerIds, [{ value: 'o3' }]);
  t.equal(large.agent, undefined, 'it waits for an agent with room');
  t.equal(scheduler.stats.waitingTasks, 1);
  t.ok(one.agent && two.agent && three.agent);
});

t.test('several offers of one agent serve one task together', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  scheduler.launch({ command: 'true', cpus: 6 });
  master.offers(offer('o1'), offer('o2'));
  const call = await master.called('ACCEPT');
  t.same(call.accept?.offerIds, [{ value: 'o1' }, { value: 'o2' }]);
  const cpus = launchedBy(call)[0]?.resources.filter(({ name }) => name === 'cpus');
  t.same(
    cpus?.map(({ scalar }) => scalar?.value),
    [4, 2],
  );
});

t.test('a task may choose its agents', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  scheduler.launch({ command: 'true', accepts: ({ hostname }) => hostname === 'a2.example' });
  master.offers(offer('o1', { agent: 'a1' }), offer('o2', { agent: 'a2' }));
  t.same((await master.called('ACCEPT')).accept?.offerIds, [{ value: 'o2' }]);
});

t.test(
  'filters of earlier refusals are lifted for a new task, at most once a second',
  async (t) => {
    const { scheduler, master, clock } = await givenScheduler(t);
    scheduler.launch({ command: 'true', cpus: 99 });
    await master.called('REVIVE', 1);
    master.offers(offer('o1'));
    await master.called('DECLINE');
    scheduler.launch({ command: 'true' });
    scheduler.launch({ command: 'true' });
    await settled();
    t.equal(master.callsOf('REVIVE').length, 1, 'not at once');
    t.equal(clock.step(1000), true);
    await master.called('REVIVE', 2);
    t.equal(clock.step(1001), false, 'and not again');
  },
);

t.test('the acknowledgement waits for onUpdate', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  let release: () => void = () => undefined;
  const seen: string[] = [];
  const task = scheduler.launch({
    command: 'true',
    onUpdate: ({ state }) => {
      seen.push(state);
      return new Promise((resolve) => {
        release = resolve;
      });
    },
  });
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  master.update(task.taskId, { state: 'TASK_RUNNING', agentId, uuid: updateUuid(1) });
  await settled();
  t.same(seen, ['TASK_RUNNING']);
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);
  release();
  await master.called('ACKNOWLEDGE');
  t.equal(task.state, 'TASK_RUNNING');
});

t.test('an update whose handler failed is handled again when it is sent again', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  let attempts = 0;
  const task = scheduler.launch({
    command: 'true',
    onUpdate: () => {
      attempts += 1;
      if (attempts === 1) throw new Error('database away');
    },
  });
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  master.update(task.taskId, { state: 'TASK_RUNNING', agentId, uuid: updateUuid(1) });
  await settled();
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);
  master.update(task.taskId, { state: 'TASK_RUNNING', agentId, uuid: updateUuid(1) });
  await master.called('ACKNOWLEDGE');
  t.equal(attempts, 2);
});

t.test('a retransmitted update is acknowledged again but told once', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const task = scheduler.launch({ command: 'true' });
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  const running = { state: 'TASK_RUNNING', agentId, uuid: updateUuid(1) } as const;
  master.update(task.taskId, running);
  master.update(task.taskId, running);
  master.update(task.taskId, { state: 'TASK_FINISHED', agentId, uuid: updateUuid(2) });
  await master.called('ACKNOWLEDGE', 3);
  const states: string[] = [];
  for await (const { state } of task.updates) states.push(state);
  t.same(states, ['TASK_RUNNING', 'TASK_FINISHED']);
});

t.test('updates of an earlier incarnation\u2019s tasks have their own handler', async (t) => {
  const seen: string[] = [];
  const { master } = await givenScheduler(t, {
    onOtherUpdate: ({ taskId, state }) => {
      seen.push(`${taskId.value} ${state}`);
      if (seen.length === 1) throw new Error('not now');
    },
  });
  master.update('old', { state: 'TASK_RUNNING', agentId, uuid: updateUuid(1) });
  await settled();
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);
  master.update('old', { state: 'TASK_RUNNING', agentId, uuid: updateUuid(1) });
  await master.called('ACKNOWLEDGE');
  t.same(seen, ['old TASK_RUNNING', 'old TASK_RUNNING']);
});

t.test('with explicit acknowledgements nothing is acknowledged by itself', async (t) => {
  const { scheduler, master } = await givenScheduler(t, { acknowledgements: 'explicit' });
  const task = scheduler.launch({ command: 'true' });
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  master.update(task.taskId, { state: 'TASK_FINISHED', agentId, uuid: updateUuid(1) });
  const status = await task.finished;
  await settled();
  t.equal(master.callsOf('ACKNOWLEDGE').length, 0);
  await scheduler.acknowledge(status);
  t.equal(master.callsOf('ACKNOWLEDGE').length, 1);
});

t.test('killing', async (t) => {
  await t.test('a waiting task ends at once', async (t) => {
    const { scheduler, master } = await givenScheduler(t);
    const task = scheduler.launch({ command: 'true' });
    await task.kill();
    t.match(await task.finished, {
      state: 'TASK_KILLED',
      message: 'Killed before it was launched',
    });
    t.equal(master.callsOf('KILL').length, 0);
  });
  await t.test('a launched task is killed by its agent, again after a reconnect', async (t) => {
    const { scheduler, master } = await givenScheduler(t);
    const task = scheduler.launch({ command: 'sleep 100' });
    master.offers(offer('o1'));
    await master.called('ACCEPT');
    await scheduler.kill(task.taskId);
    t.match(await master.called('KILL'), {
      kill: { taskId: { value: task.taskId }, agentId: { value: 'a1' } },
    });
    master.signal({ kind: 'disconnected', reason: 'test' });
    master.subscribed();
    await master.called('KILL', 2);
    master.update(task.taskId, { state: 'TASK_KILLED', agentId, uuid: updateUuid(1) });
    t.equal((await task.finished).state, 'TASK_KILLED');
  });
});

t.test('a launch whose offer was rescinded meanwhile is tried again', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const task = scheduler.launch({ command: 'true' });
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  master.update(task.taskId, { state: 'TASK_DROPPED', reason: 'REASON_INVALID_OFFERS', agentId });
  await master.called('REVIVE', 2);
  master.offers(offer('o2'));
  await master.called('ACCEPT', 2);
  master.update(task.taskId, { state: 'TASK_FINISHED', agentId, uuid: updateUuid(1) });
  t.equal((await task.finished).state, 'TASK_FINISHED');
});

t.test('a launch that got lost on the way is found out by reconciliation', async (t) => {
  const { scheduler, master, clock } = await givenScheduler(t);
  master.refuseNext('ACCEPT', new CallFailedError('ACCEPT', new Error('broken pipe')));
  const task = scheduler.launch({ command: 'true' });
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  await settled();
  clock.step(5000);
  const call = await master.called('RECONCILE');
  t.same(call.reconcile?.tasks, [{ taskId: { value: task.taskId }, agentId }]);
  const reason = 'REASON_RECONCILIATION' as const;
  master.update(task.taskId, { state: 'TASK_GONE', reason, agentId });
  await master.called('REVIVE', 2);
  t.equal(scheduler.stats.waitingTasks, 1);
});

t.test('a launch the master refuses as such fails the task with the reason', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  master.refuseNext('ACCEPT', new CallRefusedError('ACCEPT', 400, 'no such field'));
  const task = scheduler.launch({ command: 'true' });
  master.offers(offer('o1'));
  t.match(await task.finished, { state: 'TASK_ERROR', message: /no such field/ });
});

t.test('after a reconnect the running tasks are reconciled until all are heard of', async (t) => {
  const { scheduler, master, clock } = await givenScheduler(t);
  const one = scheduler.launch({ command: 'true', taskId: 'one' });
  scheduler.launch({ command: 'true', taskId: 'two' });
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  master.update('one', { state: 'TASK_RUNNING', agentId, uuid: updateUuid(1) });
  await master.called('ACKNOWLEDGE');

  master.signal({ kind: 'disconnected', reason: 'test' });
  await settled();
  t.equal(scheduler.isSubscribed, false);
  master.subscribed();
  const first = await master.called('RECONCILE');
  t.same(
    first.reconcile?.tasks.map(({ taskId }) => taskId.value),
    ['one', 'two'],
  );
  master.update('one', { state: 'TASK_RUNNING', reason: 'REASON_RECONCILIATION', agentId });
  await settled();
  clock.step(clock.monotonicMs() + 5000);
  const second = await master.called('RECONCILE', 2);
  t.same(
    second.reconcile?.tasks.map(({ taskId }) => taskId.value),
    ['two'],
  );
  t.equal(one.state, 'TASK_RUNNING');
  t.equal(master.framework?.id?.value, 'fw-1', 'a further reconnect keeps the framework id');
});

t.test('an unreachable task is not over', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const task = scheduler.launch({ command: 'true' });
  master.offers(offer('o1'));
  await master.called('ACCEPT');
  master.update(task.taskId, { state: 'TASK_UNREACHABLE', agentId });
  await settled();
  t.equal(task.state, 'TASK_UNREACHABLE');
  t.equal(scheduler.tasks.size, 1);
});

t.test('closing', async (t) => {
  await t.test('tears the framework down and ends what waits', async (t) => {
    const { scheduler, master } = await givenScheduler(t);
    const task = scheduler.launch({ command: 'true' });
    await scheduler.close();
    t.equal(master.callsOf('TEARDOWN').length, 1);
    t.equal(master.isClosed, true);
    await t.rejects(task.finished, { code: 'KAON_SCHEDULER_CLOSED' });
    await t.rejects(task.updates[Symbol.asyncIterator]().next(), { code: 'KAON_SCHEDULER_CLOSED' });
    t.throws(() => scheduler.launch({ command: 'true' }), { code: 'KAON_SCHEDULER_CLOSED' });
    t.equal(await scheduler.closed, undefined);
  });
  await t.test('for failover leaves the framework alone', async (t) => {
    const { scheduler, master } = await givenScheduler(t);
    await scheduler.close({ failover: true });
    t.equal(master.callsOf('TEARDOWN').length, 0);
    t.equal(master.isClosed, true);
  });
});

t.test('an error of the master ends everything with its reason', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const task = scheduler.launch({ command: 'true' });
  master.event({ type: 'ERROR', error: { message: 'Framework failed over' } });
  await t.rejects(task.finished, {
    code: 'KAON_FRAMEWORK_ERROR',
    message: /Framework failed over/,
  });
  t.match(await scheduler.closed, { code: 'KAON_FRAMEWORK_ERROR' });
  t.equal(master.isClosed, true);
});

t.test('the low-level events can be read beside', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const events = scheduler.events();
  master.event({ type: 'RESCIND', rescind: { offerId: { value: 'o9' } } });
  t.match((await events.next()).value, { kind: 'event', event: { type: 'RESCIND' } });
  await scheduler.close();
  t.equal((await events.next()).done, true);
});

t.test('a reader that falls too far behind is told', async (t) => {
  const { scheduler, master } = await givenScheduler(t);
  const events = scheduler.events();
  for (let index = 0; index < 10_002; index += 1) master.event({ type: 'HEARTBEAT' });
  await settled();
  for (let index = 0; index < 10_000; index += 1) await events.next();
  await t.rejects(events.next(), { code: 'KAON_EVENT_BUFFER_FULL' });
});

t.test('requests that cannot become a task are refused by the field at fault', async (t) => {
  const { scheduler } = await givenScheduler(t, { tasksMax: 2 });
  const refused = { code: 'KAON_TASK_REQUEST' };
  t.throws(() => scheduler.launch({ command: ' ' }), { ...refused, field: 'command' });
  t.throws(() => scheduler.launch({ command: 'x', cpus: -1 }), { ...refused, field: 'cpus' });
  t.throws(() => scheduler.launch({ command: 'x', cpus: 0, mem: 0 }), refused);
  t.throws(() => scheduler.launch({ command: 'x', taskId: 'a/b' }), {
    ...refused,
    field: 'taskId',
  });
  scheduler.launch({ command: 'x', taskId: 'same' });
  t.throws(() => scheduler.launch({ command: 'x', taskId: 'same' }), /in use/);
  scheduler.launch({ command: 'x' });
  t.throws(() => scheduler.launch({ command: 'x' }), { code: 'KAON_TOO_MANY_TASKS' });
});

t.test('connecting', async (t) => {
  const framework = { name: 'test', user: 'tester' };
  await t.test('gives up after its time with the last problem', async (t) => {
    const connection = new FakeConnection();
    const clock = new VirtualClock();
    const waits: string[] = [];
    const connecting = connectScheduler({
      master: 'nowhere:5050',
      framework,
      connection,
      clock,
      connectTimeoutMs: 1000,
      onWaiting: (reason) => waits.push(reason),
    });
    connection.signal({ kind: 'waiting', reason: 'connection refused', retryMs: 10 });
    await settled();
    t.same(waits, ['connection refused']);
    clock.step(1000);
    await t.rejects(connecting, { code: 'KAON_MASTER_UNREACHABLE', message: /connection refused/ });
    t.equal(connection.isClosed, true);
  });
  await t.test('fails when the master refuses the framework', async (t) => {
    const connection = new FakeConnection();
    const connecting = connectScheduler({ master: 'm', framework, connection });
    connection.event({ type: 'ERROR', error: { message: 'no such role' } });
    await t.rejects(connecting, { code: 'KAON_FRAMEWORK_ERROR', message: /no such role/ });
  });
  await t.test('can be given up', async (t) => {
    const connection = new FakeConnection();
    const giveUp = new AbortController();
    const { signal } = giveUp;
    const connecting = connectScheduler({ master: 'm', framework, connection, signal });
    await settled();
    giveUp.abort();
    await t.rejects(connecting, { code: 'KAON_SCHEDULER_CLOSED' });
    t.equal(connection.isClosed, true);
  });
  await t.test('needs an address', async (t) => {
    const connecting = connectScheduler({ master: 'zk://a:2181/mesos', framework });
    await t.rejects(connecting, { code: 'KAON_MASTER_ADDRESS' });
  });
});
