// Frameworks subscribing, breaking off, failing over and ending.
import type { schedulerV1 } from '@kaon/protocol';
import t from 'tap';
import { givenCluster } from './builders/cluster.ts';
import { agentInfo, frameworkInfo, reregistration, taskInfo } from './builders/records.ts';

function offersOf(events: readonly schedulerV1.Event[]) {
  return events.flatMap(({ offers }) => offers?.offers ?? []);
}

t.test('a scheduler that subscribes with its id takes over from the former one', async (t) => {
  const cluster = await givenCluster(t);
  await cluster.agent('host-1');
  const first = await cluster.scheduler(frameworkInfo({ failoverTimeout: 60 }));
  const [offer] = offersOf(first.connection.take('OFFERS'));
  const second = await cluster.scheduler(frameworkInfo({ id: { value: first.frameworkId } }));

  t.equal(second.frameworkId, first.frameworkId);
  t.strictSame(first.connection.events.at(-1), {
    type: 'ERROR',
    error: { message: 'Framework failed over' },
  });
  t.equal(first.connection.isOpen, false);
  t.strictSame(first.connection.take('RESCIND'), [], 'offers die without a word');
  const [fresh] = offersOf(second.connection.take('OFFERS'));
  t.ok(fresh);
  t.not(fresh?.id.value, offer?.id.value);

  t.equal(await first.call({ type: 'REVIVE' }), 'refused');
  t.equal(await second.call({ type: 'REVIVE' }), 'accepted');
  await cluster.sim.advance(120_000);
  t.ok(second.connection.isOpen, 'the end of the first stream ended nothing else');
});

t.test('a scheduler has its failover timeout to come back', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const first = await cluster.scheduler(frameworkInfo({ failoverTimeout: 60 }));
  const [offer] = offersOf(first.connection.take('OFFERS'));
  const launch = { taskInfos: [taskInfo('t1', agent.id)] };
  await first.call({
    type: 'ACCEPT',
    accept: { offerIds: offer ? [offer.id] : [], operations: [{ type: 'LAUNCH', launch }] },
  });
  first.connection.close();
  await cluster.sim.advance(59_000);
  t.equal((await cluster.metrics()).get('master/frameworks_disconnected'), 1);
  t.equal(await first.call({ type: 'REVIVE' }), 'refused');

  const second = await cluster.scheduler(frameworkInfo({ id: { value: first.frameworkId } }));
  agent.pong();
  await cluster.sim.advance(61_000);
  await second.call({ type: 'RECONCILE', reconcile: { tasks: [] } });
  const [known] = second.connection.take('UPDATE');
  t.equal(known?.update?.status.state, 'TASK_STAGING', 'its task is still there');
  t.strictSame(
    agent.probe.messages.filter(({ name }) => name === 'shutdownFramework'),
    [],
  );
});

t.test('a scheduler that stays away too long loses everything, and its id', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const first = await cluster.scheduler(frameworkInfo({ failoverTimeout: 60 }));
  const [offer] = offersOf(first.connection.take('OFFERS'));
  const launch = { taskInfos: [taskInfo('t1', agent.id)] };
  await first.call({
    type: 'ACCEPT',
    accept: { offerIds: offer ? [offer.id] : [], operations: [{ type: 'LAUNCH', launch }] },
  });
  first.connection.close();
  await cluster.sim.advance(60_000);
  t.match(agent.probe.take('shutdownFramework').body, {
    frameworkId: { value: first.frameworkId },
  });
  const metrics = await cluster.metrics();
  t.equal(metrics.get('master/tasks_killed'), 1);
  t.equal(metrics.get('master/cpus_used'), 0);

  const second = await cluster.scheduler(frameworkInfo({ id: { value: first.frameworkId } }));
  t.strictSame(second.connection.events, [
    { type: 'ERROR', error: { message: 'Framework has been removed' } },
  ]);
  t.equal(second.connection.isOpen, false);

  const running = {
    ...taskInfo('t1', agent.id),
    frameworkId: { value: first.frameworkId },
    state: 'TASK_RUNNING' as const,
    statuses: [],
  };
  const info = { ...agentInfo('host-1'), id: { value: agent.id } };
  agent.send('reregisterAgent', reregistration(info, { tasks: [running] }));
  await cluster.sim.settle();
  t.ok(agent.probe.take('shutdownFramework'), 'an agent that missed it is told again');
});

t.test('a negative failover timeout means none', async (t) => {
  const cluster = await givenCluster(t);
  const first = await cluster.scheduler(frameworkInfo({ failoverTimeout: -1 }));
  first.connection.close();
  await cluster.sim.settle();
  const second = await cluster.scheduler(frameworkInfo({ id: { value: first.frameworkId } }));
  t.match(second.connection.events, [{ error: { message: 'Framework has been removed' } }]);
});

t.test('a teardown ends the stream and everything the framework runs', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  t.equal(await scheduler.call({ type: 'TEARDOWN' }), 'accepted');
  t.equal(scheduler.connection.isOpen, false);
  t.ok(agent.probe.take('shutdownFramework'));
  t.equal(cluster.allocator.of('removeFramework').length, 1);
  t.strictSame(
    [...cluster.allocator.free.values()].map(String),
    ['cpus:4; mem:4096; disk:8192'],
    'what was offered is free again',
  );
});

t.test('an id that no master gave is taken as it is', async (t) => {
  const cluster = await givenCluster(t);
  const scheduler = await cluster.scheduler(frameworkInfo({ id: { value: 'my-own' } }));
  t.equal(scheduler.frameworkId, 'my-own');
});

t.test('a framework that changes its principal is refused and stays as it was', async (t) => {
  const cluster = await givenCluster(t);
  const first = await cluster.scheduler(frameworkInfo({ principal: 'a', failoverTimeout: 60 }));
  const id = { value: first.frameworkId };
  const second = await cluster.scheduler(frameworkInfo({ id, principal: 'b' }));
  t.equal(second.connection.events[0]?.type, 'ERROR');
  t.equal(await first.call({ type: 'REVIVE' }), 'accepted', 'the first stream still counts');
});

t.test('an update that leaves a role withdraws the offers in it', async (t) => {
  const cluster = await givenCluster(t);
  await cluster.agent('host-1');
  const scheduler = await cluster.scheduler(frameworkInfo({ roles: ['web', 'ops'] }));
  const [offer] = offersOf(scheduler.connection.take('OFFERS'));
  const info = frameworkInfo({ id: { value: scheduler.frameworkId }, roles: ['ops'] });
  const updateFramework = { frameworkInfo: info, suppressedRoles: ['ops'] };
  t.equal(await scheduler.call({ type: 'UPDATE_FRAMEWORK', updateFramework }), 'done');
  t.strictSame(scheduler.connection.take('RESCIND'), [
    { type: 'RESCIND', rescind: { offerId: offer?.id } },
  ]);
  t.match(cluster.allocator.of('updateFramework'), [
    { info: { roles: ['ops'] }, suppressedRoles: ['ops'] },
  ]);
});

t.test('offer constraints and requests reach the allocator and can be seen', async (t) => {
  const cluster = await givenCluster(t);
  const scheduler = await cluster.scheduler(frameworkInfo({ roles: ['web'] }));
  const constraint = { selector: { attributeName: 'rack' }, predicate: { exists: {} } };
  const offerConstraints = {
    roleConstraints: { web: { groups: [{ attributeConstraints: [constraint] }] } },
  };
  const info = frameworkInfo({ id: { value: scheduler.frameworkId }, roles: ['web'] });
  const updateFramework = { frameworkInfo: info, suppressedRoles: [], offerConstraints };
  t.equal(await scheduler.call({ type: 'UPDATE_FRAMEWORK', updateFramework }), 'done');
  t.match(cluster.allocator.of('updateFramework'), [{ offerConstraints }]);
  const foreign = { roleConstraints: { other: { groups: [] } } };
  const wrong = { ...updateFramework, offerConstraints: foreign };
  t.equal(await scheduler.call({ type: 'UPDATE_FRAMEWORK', updateFramework: wrong }), 'refused');
  t.equal(cluster.allocator.of('updateFramework').length, 1, 'and the allocator hears nothing');
  const request = { requests: [{ agentId: { value: 'a1' }, resources: [] }] };
  t.equal(await scheduler.call({ type: 'REQUEST', request }), 'accepted');
  t.match(cluster.allocator.of('requestResources'), [request]);
});

t.test('heartbeats come every 15 seconds while the stream is open', async (t) => {
  const cluster = await givenCluster(t);
  const scheduler = await cluster.scheduler(frameworkInfo({ failoverTimeout: 1000 }));
  await cluster.sim.advance(45_000);
  t.equal(scheduler.connection.take('HEARTBEAT').length, 4);
  scheduler.connection.close();
  await cluster.sim.advance(45_000);
  t.equal(scheduler.connection.take('HEARTBEAT').length, 0);
  t.equal((await cluster.metrics()).get('master/scheduler_events_dropped'), 0);
});

t.test('declined resources come with the filter of the call', async (t) => {
  const cluster = await givenCluster(t);
  await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  const refusals: [number | undefined, number][] = [
    [undefined, 5000],
    [-1, 5000],
    [Number.NaN, 5000],
    [0, 0],
    [3, 3000],
    [1e12, 31_536_000_000],
  ];
  for (const [refuseSeconds, refuseMs] of refusals) {
    const [offer] = offersOf(scheduler.connection.take('OFFERS'));
    const decline = { offerIds: offer ? [offer.id, offer.id] : [], filters: { refuseSeconds } };
    await scheduler.call({ type: 'DECLINE', decline });
    t.equal(cluster.allocator.of('recoverResources').at(-1)?.refuseMs, refuseMs);
    await scheduler.call({ type: 'REVIVE' });
  }
  t.equal(cluster.allocator.of('recoverResources').length, refusals.length, 'each offer once');
});

t.test('an offer that stands too long is withdrawn, when there is a limit', async (t) => {
  const cluster = await givenCluster(t, { settings: { offerTimeoutMs: 30_000 } });
  await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  const [offer] = offersOf(scheduler.connection.take('OFFERS'));
  await cluster.sim.advance(30_000);
  t.match(scheduler.connection.take('RESCIND'), [{ rescind: { offerId: offer?.id } }]);
  t.equal((await cluster.metrics()).get('master/offers_rescinded'), 1);
});
