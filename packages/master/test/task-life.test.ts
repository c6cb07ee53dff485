// A task from the offer to the acknowledgement of its end, seen from agent and scheduler.
import type { internal, schedulerV1 } from '@kaon/protocol';
import t from 'tap';
import { givenCluster, type RegisteredAgent, type Scheduler } from './builders/cluster.ts';
import { taskInfo, update, uuidOf } from './builders/records.ts';

async function launch(
  scheduler: Scheduler,
  agent: RegisteredAgent,
  ...ids: readonly string[]
): Promise<void> {
  const [offers] = scheduler.connection.take('OFFERS');
  const offer = offers?.offers?.offers.find(({ agentId }) => agentId.value === agent.id);
  const taskInfos = ids.map((id) => taskInfo(id, agent.id));
  await scheduler.call({
    type: 'ACCEPT',
    accept: {
      offerIds: offer ? [offer.id] : [],
      operations: [{ type: 'LAUNCH', launch: { taskInfos } }],
      filters: { refuseSeconds: 0 },
    },
  });
}

function states(events: readonly schedulerV1.Event[]): readonly string[] {
  return events.map(({ update }) => update?.status.state ?? '');
}

t.test('a task runs from its offer to the acknowledgement of its end', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  t.strictSame(scheduler.connection.types, ['SUBSCRIBED', 'HEARTBEAT', 'OFFERS']);

  await launch(scheduler, agent, 't1');
  const { body } = agent.probe.take('runTask');
  const run = body as internal.RunTaskMessage;
  t.equal(run.task.taskId.value, 't1');
  t.equal(run.framework.id?.value, scheduler.frameworkId);
  t.equal(run.launchExecutor, true);
  t.equal(run.task.resources[0]?.allocationInfo?.role, 'web', 'the role of the offer is filled in');
  t.equal(scheduler.connection.take('OFFERS').length, 1, 'what the task left is offered again');

  const of = { frameworkId: scheduler.frameworkId, agentId: agent.id, taskId: 't1' };
  agent.send('statusUpdate', update({ ...of, state: 'TASK_RUNNING', uuid: uuidOf(1) }));
  agent.send('statusUpdate', update({ ...of, state: 'TASK_FINISHED', uuid: uuidOf(2) }));
  await cluster.sim.settle();
  const updates = scheduler.connection.take('UPDATE');
  t.strictSame(states(updates), ['TASK_RUNNING', 'TASK_FINISHED']);
  t.strictSame([...(updates[1]?.update?.status.uuid ?? [])], [...uuidOf(2)]);
  t.equal(scheduler.connection.take('OFFERS').length, 1, 'its resources are offered again');
  t.equal((await cluster.metrics()).get('master/tasks_finished'), 1);

  for (const seed of [1, 2]) {
    const acknowledge = {
      agentId: { value: agent.id },
      taskId: { value: 't1' },
      uuid: uuidOf(seed),
    };
    t.equal(await scheduler.call({ type: 'ACKNOWLEDGE', acknowledge }), 'accepted');
    const acknowledged = agent.probe.take('statusUpdateAcknowledgement').body;
    t.match(acknowledged, { taskId: { value: 't1' } });
  }
  await scheduler.call({ type: 'RECONCILE', reconcile: { tasks: [] } });
  t.strictSame(scheduler.connection.take('UPDATE'), [], 'the task is no longer on the books');
  t.strictSame(cluster.fatal, []);
});

t.test('a terminal task stays on the books until its end is acknowledged', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  await launch(scheduler, agent, 't1');
  const of = { frameworkId: scheduler.frameworkId, agentId: agent.id, taskId: 't1' };
  // The agent tells how far the task is, although the framework is only told of its start.
  const first = { ...of, state: 'TASK_RUNNING', latestState: 'TASK_FAILED' } as const;
  agent.send('statusUpdate', update(first));
  await cluster.sim.settle();
  t.equal(cluster.allocator.of('recoverResources').length, 2, 'its resources are free already');
  scheduler.connection.take('UPDATE');

  await scheduler.call({ type: 'RECONCILE', reconcile: { tasks: [] } });
  t.strictSame(states(scheduler.connection.take('UPDATE')), ['TASK_RUNNING']);

  agent.send('statusUpdate', update({ ...of, state: 'TASK_FAILED', uuid: uuidOf(2) }));
  agent.send('statusUpdate', update({ ...of, state: 'TASK_FAILED', uuid: uuidOf(2) }));
  await cluster.sim.settle();
  t.equal(scheduler.connection.take('UPDATE').length, 2, 'repeated updates are passed on');
  t.equal(cluster.allocator.of('recoverResources').length, 2, 'but free nothing twice');
  t.equal((await cluster.metrics()).get('master/tasks_failed'), 1);
});

t.test('a kill is passed on, and for an unknown task answered by what is known', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  await launch(scheduler, agent, 't1');
  await scheduler.call({ type: 'KILL', kill: { taskId: { value: 't1' } } });
  t.match(agent.probe.take('killTask').body, { taskId: { value: 't1' } });

  await scheduler.call({ type: 'KILL', kill: { taskId: { value: 'nope' } } });
  const [unknown] = scheduler.connection.take('UPDATE');
  t.match(unknown?.update?.status, {
    state: 'TASK_UNKNOWN',
    message: 'Reconciliation: Task is unknown',
    source: 'SOURCE_MASTER',
    reason: 'REASON_RECONCILIATION',
  });
});

t.test('tasks of one call are judged each on its own', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  await launch(scheduler, agent, 'good', 'good', 'bad/id', 'other');
  const verdicts = scheduler.connection.take('UPDATE').map(({ update }) => update?.status.message);
  t.strictSame(verdicts, ['Task has duplicate ID: good', "'bad/id' contains invalid characters"]);
  const launched = agent.probe.messages
    .filter(({ name }) => name === 'runTask')
    .map(({ body }) => (body as internal.RunTaskMessage).task.taskId.value);
  t.strictSame(launched, ['good', 'other']);
});

t.test('an accept of an offer that is gone drops its tasks and returns the rest', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  const offer = scheduler.connection.take('OFFERS')[0]?.offers?.offers[0];
  t.ok(offer);
  const taskInfos = [taskInfo('t1', agent.id)];
  const outcome = await scheduler.call({
    type: 'ACCEPT',
    accept: {
      offerIds: [...(offer ? [offer.id] : []), { value: 'no-such-offer' }],
      operations: [
        { type: 'LAUNCH', launch: { taskInfos } },
        { type: 'RESERVE', id: { value: 'op' }, reserve: { source: [], resources: [] } },
      ],
    },
  });
  t.equal(outcome, 'accepted');
  const [dropped] = scheduler.connection.take('UPDATE');
  t.match(dropped?.update?.status, {
    state: 'TASK_DROPPED',
    reason: 'REASON_INVALID_OFFERS',
    message: 'Task launched with invalid offers: Offer no-such-offer is no longer valid',
  });
  const [refused] = scheduler.connection.take('UPDATE_OPERATION_STATUS');
  t.match(refused?.updateOperationStatus?.status, {
    operationId: { value: 'op' },
    state: 'OPERATION_ERROR',
  });
  t.equal(scheduler.connection.take('OFFERS').length, 1, 'the offer that stood is made anew');
});
