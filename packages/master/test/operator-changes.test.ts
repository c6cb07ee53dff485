// What follows when an operator changes something: offers, agents, tasks, and a master that takes over.
import { type MachineID, toId } from '@kaon/protocol';
import t from 'tap';
import { Cluster, givenCluster, type RegisteredAgent, type Scheduler } from './builders/cluster.ts';
import {
  agentInfo,
  frameworkInfo,
  registration,
  reregistration,
  taskInfo,
  update,
  uuidOf,
} from './builders/records.ts';

async function operate(cluster: Cluster, change: unknown): Promise<number> {
  const asked = cluster.system.ask(cluster.master.pid, 'change', change as never);
  await cluster.sim.settle();
  return (await asked).status;
}

function offersOf(scheduler: Scheduler): readonly { readonly id: { readonly value: string } }[] {
  return scheduler.connection.take('OFFERS').flatMap(({ offers }) => offers?.offers ?? []);
}

async function launch(scheduler: Scheduler, agent: RegisteredAgent, id: string): Promise<void> {
  const [offer] = offersOf(scheduler);
  const taskInfos = [taskInfo(id, agent.id)];
  await scheduler.call({
    type: 'ACCEPT',
    accept: {
      offerIds: offer ? [offer.id] : [],
      operations: [{ type: 'LAUNCH', launch: { taskInfos } }],
      filters: { refuseSeconds: 0 },
    },
  });
}

async function finish(scheduler: Scheduler, agent: RegisteredAgent, taskId: string): Promise<void> {
  const of = { frameworkId: scheduler.frameworkId, agentId: agent.id, taskId };
  agent.send('statusUpdate', update({ ...of, state: 'TASK_KILLED', uuid: uuidOf(9) }));
  await agent.cluster.sim.settle();
  const acknowledge = {
    agentId: { value: agent.id },
    taskId: { value: taskId },
    uuid: uuidOf(9),
  };
  await scheduler.call({ type: 'ACKNOWLEDGE', acknowledge });
}

async function agentRecord(cluster: Cluster, agent: RegisteredAgent) {
  const answer = await cluster.ask('view', { kind: 'operator', type: 'GET_AGENTS' });
  if (answer.kind !== 'operator') throw new Error('the master does not answer');
  const agents = answer.response.getAgents?.agents ?? [];
  return agents.find(({ agentInfo }) => agentInfo.id?.value === agent.id);
}

/** The cluster ends as if killed, and another master takes over its registry. */
async function takenOver(cluster: Cluster): Promise<Cluster> {
  const next = new Cluster({ storage: cluster.storage, seed: 2 });
  await next.sim.settle();
  return next;
}

const cpus = (value: number) => ({ cpus: { value } });

t.test('a limit that is lowered takes back as many offers as it must', async (t) => {
  const cluster = await givenCluster(t);
  for (const host of ['host-1', 'host-2', 'host-3']) await cluster.agent(host, 'cpus:4;mem:100');
  const scheduler = await cluster.scheduler(frameworkInfo({ roles: ['web/blue'] }));
  t.equal(offersOf(scheduler).length, 3);
  const limit = { role: 'web', guarantees: {}, limits: cpus(8) };
  t.equal(await operate(cluster, { kind: 'updateQuotas', configs: [limit], force: false }), 200);
  t.equal(scheduler.connection.take('RESCIND').length, 1, 'two offers of 4 cpus fit');
  const [told] = cluster.allocator.of('setQuota').slice(-1);
  t.same(told?.quotas[0]?.limits.get('cpus'), 8000);

  const guarantee = { role: 'db', guarantees: cpus(6), limits: cpus(6) };
  const other = { kind: 'updateQuotas', configs: [guarantee], force: false };
  t.equal(await operate(cluster, other), 200);
  t.equal(scheduler.connection.take('RESCIND').length, 2, 'others free what is guaranteed');
});

t.test('a change of weights takes back all offers when somebody is in the role', async (t) => {
  const cluster = await givenCluster(t);
  await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  const weigh = (role: string) =>
    operate(cluster, { kind: 'updateWeights', weights: [{ role, weight: 3 }] });
  t.equal(await weigh('nobody'), 200);
  t.equal(scheduler.connection.take('RESCIND').length, 0);
  t.equal(await weigh('web'), 200);
  t.equal(scheduler.connection.take('RESCIND').length, 1);
});

t.test('a master that takes over has the weights, quotas and machines of the former', async (t) => {
  const cluster = await givenCluster(t);
  const machine: MachineID = { hostname: 'h', ip: '10.0.0.9' };
  const windows = [
    { machineIds: [machine], unavailability: { start: { nanoseconds: 1_000_000 } } },
  ];
  await cluster.agent('host-1');
  await operate(cluster, { kind: 'updateWeights', weights: [{ role: 'web', weight: 3 }] });
  const config = { role: 'web', guarantees: cpus(1), limits: cpus(2) };
  await operate(cluster, { kind: 'updateQuotas', configs: [config], force: false });
  await operate(cluster, { kind: 'updateSchedule', schedule: { windows } });
  await operate(cluster, { kind: 'startMaintenance', machines: [machine] });

  const next = await takenOver(cluster);
  t.teardown(() => next.sim.close());
  t.match(next.allocator.of('recover'), [{ expectedAgents: 1, hasQuota: true }]);
  t.same(next.allocator.of('setQuota')[0]?.quotas[0]?.limits, new Map([['cpus', 2000]]));
  t.same(next.allocator.weights, [{ role: 'web', weight: 3 }]);
  const kinds = next.allocator.commands.map(({ kind }) => kind);
  t.equal(kinds[0], 'recover', 'before anything else');
  t.equal(await operate(next, { kind: 'startMaintenance', machines: [machine] }), 400, 'is down');
  t.equal(await operate(next, { kind: 'stopMaintenance', machines: [machine] }), 200);
});

t.test('a deactivated agent is not offered until it is reactivated', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  t.equal(offersOf(scheduler).length, 1);
  const agentId = toId(agent.id);
  t.equal(await operate(cluster, { kind: 'deactivateAgent', agentId }), 200);
  t.equal(scheduler.connection.take('RESCIND').length, 1);
  t.equal(offersOf(scheduler).length, 0);
  agent.send(
    'reregisterAgent',
    reregistration({ ...agentInfo('host-1'), id: { value: agent.id } }),
  );
  await cluster.sim.settle();
  t.equal(offersOf(scheduler).length, 0, 'not by coming back either');
  t.equal(await operate(cluster, { kind: 'reactivateAgent', agentId }), 200);
  t.equal(offersOf(scheduler).length, 1);
  t.equal(await operate(cluster, { kind: 'reactivateAgent', agentId }), 400);
});

t.test('an agent is drained when its last task has ended and that was acknowledged', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  await launch(scheduler, agent, 't1');
  const config = { maxGracePeriod: { nanoseconds: 5e9 }, markGone: false };
  const drain = { kind: 'drainAgent', agentId: toId(agent.id), config };
  t.equal(await operate(cluster, drain), 200);
  t.same(agent.probe.take('drainAgent').body, { config });
  t.equal(offersOf(scheduler).length, 1, 'an offer of before');
  t.equal(scheduler.connection.take('RESCIND').length, 1);
  t.match(await agentRecord(cluster, agent), {
    active: false,
    deactivated: true,
    drainInfo: { state: 'DRAINING', config },
    estimatedDrainStartTime: {},
  });
  t.equal(await operate(cluster, { kind: 'reactivateAgent', agentId: toId(agent.id) }), 400);

  await finish(scheduler, agent, 't1');
  t.match(await agentRecord(cluster, agent), { drainInfo: { state: 'DRAINED' } });

  const next = await takenOver(cluster);
  t.teardown(() => next.sim.close());
  const again = await next.agent('host-2');
  const info = { ...agentInfo('host-1'), id: { value: agent.id } };
  const system = next.sim.createSystem('host-1:5051');
  const returned = next.probeAt(system);
  returned.send(next.master.pid, 'reregisterAgent', reregistration(info));
  await next.sim.settle();
  t.same(returned.take('drainAgent').body, { config }, 'whoever comes back is told');
  t.match(await agentRecord(next, agent), { drainInfo: { state: 'DRAINED' }, active: false });
  t.equal(await operate(next, { kind: 'reactivateAgent', agentId: toId(agent.id) }), 200);
  t.match(await agentRecord(next, agent), { active: true, drainInfo: undefined });
  t.ok(again.id);
});

t.test('an agent without tasks is drained at once, and gone if that was wished', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  const config = { markGone: true };
  await operate(cluster, { kind: 'drainAgent', agentId: toId(agent.id), config });
  t.equal(await agentRecord(cluster, agent), undefined);
  t.match(agent.probe.take('shutdown').body, { message: 'Agent has been marked gone' });
  t.equal(scheduler.connection.take('FAILURE').length, 1);
  agent.send(
    'reregisterAgent',
    reregistration({ ...agentInfo('host-1'), id: { value: agent.id } }),
  );
  await cluster.sim.settle();
  t.match(agent.probe.take('shutdown').body, { message: 'Agent has been marked gone' });
});

t.test('tasks of an agent that is marked gone are gone by operator', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const aware = await cluster.scheduler();
  await launch(aware, agent, 't1');
  const gone = { kind: 'markAgentGone', agentId: toId(agent.id) };
  t.equal(await operate(cluster, gone), 200);
  t.match(aware.connection.take('UPDATE')[0]?.update?.status, {
    state: 'TASK_GONE_BY_OPERATOR',
    reason: 'REASON_AGENT_REMOVED_BY_OPERATOR',
    source: 'SOURCE_MASTER',
    message: 'Agent has been marked gone',
  });
  t.equal((await cluster.metrics()).get('master/tasks_gone_by_operator'), 1);
  t.equal(await operate(cluster, gone), 200, 'once more does no harm');
});

t.test(
  'machines that are down shut their agents down and let none join until they are up',
  async (t) => {
    const cluster = await givenCluster(t);
    const agent = await cluster.agent('10.0.0.1');
    const scheduler = await cluster.scheduler();
    await launch(scheduler, agent, 't1');
    const machine = { hostname: '10.0.0.1', ip: '10.0.0.1' };
    const unavailability = { start: { nanoseconds: 1_795_423_850_000_000_000 } };
    const schedule = { windows: [{ machineIds: [machine], unavailability }] };
    scheduler.connection.take('OFFERS');
    t.equal(await operate(cluster, { kind: 'updateSchedule', schedule }), 200);
    t.equal(scheduler.connection.take('RESCIND').length, 1);
    const [offers] = scheduler.connection.take('OFFERS');
    t.same(offers?.offers?.offers[0]?.unavailability, unavailability, 'offers tell of the window');
    t.match(cluster.allocator.of('updateUnavailability'), [{ agentId: agent.id }]);
    t.equal(
      await operate(cluster, { kind: 'drainAgent', agentId: toId(agent.id), config: {} }),
      400,
      'one way to empty it is enough',
    );

    t.equal(await operate(cluster, { kind: 'startMaintenance', machines: [machine] }), 200);
    t.match(agent.probe.take('shutdown').body, { message: "Operator initiated 'Machine DOWN'" });
    t.match(scheduler.connection.take('UPDATE')[0]?.update?.status, {
      state: 'TASK_LOST',
      reason: 'REASON_AGENT_REMOVED',
    });
    t.equal(scheduler.connection.take('FAILURE').length, 1);
    agent.send('registerAgent', registration('10.0.0.1'));
    await cluster.sim.settle();
    t.match(agent.probe.take('shutdown').body, { message: 'Machine is `DOWN`' });
    t.equal(await operate(cluster, { kind: 'stopMaintenance', machines: [machine] }), 200);
    agent.send('registerAgent', registration('10.0.0.1'));
    await cluster.sim.settle();
    t.ok(agent.probe.take('agentRegistered'));
  },
);

t.test('frameworks are asked to free agents, and what they say is shown', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('10.0.0.1');
  const scheduler = await cluster.scheduler();
  const machine = { hostname: '10.0.0.1', ip: '10.0.0.1' };
  const unavailability = { start: { nanoseconds: 5_000_000_000 }, duration: { nanoseconds: 1e9 } };
  const schedule = { windows: [{ machineIds: [machine], unavailability }] };
  await operate(cluster, { kind: 'updateSchedule', schedule });
  const ask = async () => {
    const window = { startMs: 5000, durationMs: 1000 };
    const inverseOffers = [{ agentId: toId<never>(agent.id), unavailability: window }];
    cluster.allocator.askToFree([{ frameworkId: toId(scheduler.frameworkId), inverseOffers }]);
    await cluster.sim.settle();
    const [event] = scheduler.connection.take('INVERSE_OFFERS');
    return event?.inverseOffers?.inverseOffers[0];
  };
  const answer = async (
    type: 'ACCEPT_INVERSE_OFFERS' | 'DECLINE_INVERSE_OFFERS',
    id?: { value: string },
  ) => {
    const body = { inverseOfferIds: id ? [id] : [], filters: { refuseSeconds: 1 } };
    await scheduler.call({ type, acceptInverseOffers: body, declineInverseOffers: body });
    const view = await cluster.ask('view', { kind: 'operator', type: 'GET_MAINTENANCE_STATUS' });
    if (view.kind !== 'operator') throw new Error('the master does not answer');
    const draining = view.response.getMaintenanceStatus?.status.drainingMachines ?? [];
    return draining.flatMap(({ statuses }) => statuses.map(({ status }) => status));
  };
  const first = await ask();
  t.match(first, {
    frameworkId: { value: scheduler.frameworkId },
    agentId: { value: agent.id },
    unavailability,
    url: { address: { ip: '10.0.0.1', port: 5051 }, path: '/slave(1)' },
  });
  t.same(await answer('ACCEPT_INVERSE_OFFERS', first?.id), ['ACCEPT']);
  t.match(cluster.allocator.of('updateInverseOffer').at(-1), {
    answer: 'accepted',
    refuseMs: 1000,
  });
  const second = await ask();
  t.same(await answer('DECLINE_INVERSE_OFFERS', second?.id), ['DECLINE'], 'the last word counts');
  t.same(await answer('ACCEPT_INVERSE_OFFERS', second?.id), ['DECLINE'], 'said once');

  const third = await ask();
  scheduler.connection.events.length = 0;
  await operate(cluster, { kind: 'updateSchedule', schedule: { windows: [] } });
  t.same(scheduler.connection.types.slice(0, 2), ['RESCIND', 'RESCIND_INVERSE_OFFER']);
  const rescinded = scheduler.connection.take('RESCIND_INVERSE_OFFER')[0];
  t.same(rescinded?.rescindInverseOffer?.inverseOfferId, third?.id);
  t.equal(await ask(), undefined, 'nobody is asked without a window');
  t.notOk(cluster.allocator.of('updateInverseOffer').at(-1)?.answer);
});

t.test('a change the registry does not take is in force nowhere', async (t) => {
  const cluster = await givenCluster(t);
  // Legal as a role, but too long for a key of the registry.
  const long = 'r'.repeat(1000);
  t.equal(
    await operate(cluster, { kind: 'updateWeights', weights: [{ role: long, weight: 2 }] }),
    503,
  );
  const view = await cluster.ask('view', { kind: 'operator', type: 'GET_WEIGHTS' });
  t.match(view, { response: { getWeights: undefined } });
  const quota = { role: long, guarantees: {}, limits: cpus(1) };
  t.equal(await operate(cluster, { kind: 'updateQuotas', configs: [quota], force: true }), 503);
  t.same(
    cluster.allocator.of('setQuota').at(-1)?.quotas[0]?.limits,
    new Map(),
    'the allocator went back to what was before',
  );
});
