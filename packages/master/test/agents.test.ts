// Agents joining, falling silent, breaking off and coming back, seen from probes that stand for them.
import type { internal } from '@kaon/protocol';
import { markAgentGone, memoryStorage, Registrar, type Storage } from '@kaon/registry';
import { spawnProbe } from '@kaon/testkit';
import t from 'tap';
import {
  agentProtocol,
  type Cluster,
  givenCluster,
  MASTER_ADDRESS,
  type RegisteredAgent,
  type Scheduler,
} from './builders/cluster.ts';
import {
  agentInfo,
  frameworkInfo,
  registration,
  reregistration,
  taskInfo,
  update,
} from './builders/records.ts';

const PING_MS = 15_000;
const SILENCE_MS = PING_MS * 5;
const REREGISTER_MS = 600_000;

async function launch(scheduler: Scheduler, agent: RegisteredAgent, id: string): Promise<void> {
  const offer = scheduler.connection
    .take('OFFERS')
    .flatMap(({ offers }) => offers?.offers ?? [])
    .find(({ agentId }) => agentId.value === agent.id);
  await scheduler.call({
    type: 'ACCEPT',
    accept: {
      offerIds: offer ? [offer.id] : [],
      operations: [{ type: 'LAUNCH', launch: { taskInfos: [taskInfo(id, agent.id)] } }],
      filters: { refuseSeconds: 0 },
    },
  });
  const of = { frameworkId: scheduler.frameworkId, agentId: agent.id, taskId: id };
  agent.send('statusUpdate', update({ ...of, state: 'TASK_RUNNING' }));
  await agent.cluster.sim.settle();
  scheduler.connection.take('UPDATE');
}

/** The task as its agent would report it. */
function reported(scheduler: Scheduler, agent: RegisteredAgent, id: string) {
  const { name, taskId, agentId, resources } = taskInfo(id, agent.id);
  return {
    name,
    taskId,
    agentId,
    resources: resources.map((one) => ({ ...one, allocationInfo: { role: 'web' } })),
    frameworkId: { value: scheduler.frameworkId },
    state: 'TASK_RUNNING',
    statuses: [],
    limits: {},
  } as const;
}

function infoOf(agent: RegisteredAgent) {
  return { ...agentInfo(agent.hostname), id: { value: agent.id } };
}

interface Facts {
  readonly agent: readonly string[];
  readonly unreachable: readonly string[];
}

/** What the registry holds. NOTE: takes it over, so the master must not write to it any more. */
async function factsOf(cluster: Cluster): Promise<Facts> {
  const session = await cluster.storage.open();
  const keys = [...(await session.load()).keys()];
  const of = (kind: string): string[] => keys.filter((key) => key.startsWith(`${kind}/`));
  return { agent: of('agent'), unreachable: of('unreachable') };
}

t.test('an agent is told of its admission with the patience it shall have', async (t) => {
  const cluster = await givenCluster(t);
  const system = cluster.sim.createSystem('host-1:5051');
  const probe = spawnProbe(system, agentProtocol, { id: 'slave(1)' });
  probe.send(cluster.master.pid, 'registerAgent', registration('host-1'));
  await cluster.sim.settle();
  const body = probe.take('agentRegistered').body as internal.AgentRegisteredMessage;
  t.equal(body.agentId.value, `${cluster.master.masterInfo.id}-S0`);
  t.equal(body.connection?.totalPingTimeoutSeconds, 75);
  t.strictSame((await factsOf(cluster)).agent, [`agent/${body.agentId.value}`]);
});

t.test('a lost registration reply costs one more message, not the agent', async (t) => {
  const cluster = await givenCluster(t);
  const lost = cluster.sim.network.dropNext('agentRegistered');
  const system = cluster.sim.createSystem('host-1:5051');
  const probe = spawnProbe(system, agentProtocol, { id: 'slave(1)' });
  probe.send(cluster.master.pid, 'registerAgent', registration('host-1'));
  await cluster.sim.settle();
  t.equal(lost.count, 1);
  probe.send(cluster.master.pid, 'registerAgent', registration('host-1'));
  probe.send(cluster.master.pid, 'registerAgent', registration('host-1'));
  await cluster.sim.settle();
  const first = probe.take('agentRegistered').body as internal.AgentRegisteredMessage;
  const second = probe.take('agentRegistered').body as internal.AgentRegisteredMessage;
  t.equal(first.agentId.value, second.agentId.value);
  const metrics = await cluster.metrics();
  t.equal(metrics.get('master/slave_registrations'), 1);
  t.equal(metrics.get('master/slaves_active'), 1);
});

t.test('agents that are too old or make no sense are not admitted', async (t) => {
  const cluster = await givenCluster(t);
  const system = cluster.sim.createSystem('host-1:5051');
  const probe = spawnProbe(system, agentProtocol, { id: 'slave(1)' });
  const good = registration('host-1');
  const negative = {
    name: 'cpus',
    type: 'SCALAR',
    scalar: { value: -1 },
    reservations: [],
  } as const;
  const messages = [
    { ...good, version: '0.28.2' },
    { ...good, version: 'new' },
    { ...good, agent: { ...good.agent, hostname: '' } },
    { ...good, agent: { ...good.agent, resources: [negative] } },
  ];
  for (const message of messages) probe.send(cluster.master.pid, 'registerAgent', message);
  await cluster.sim.settle();
  t.strictSame(probe.messages, []);
  t.equal((await cluster.metrics()).get('master/registrations_refused'), 4);
});

t.test('an agent that answers its pings stays; a silent one is unreachable', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  await launch(scheduler, agent, 't1');
  t.equal(scheduler.connection.take('OFFERS').length, 1);

  for (let round = 0; round < 10; round += 1) {
    agent.pong();
    await cluster.sim.advance(PING_MS);
  }
  agent.pong();
  await cluster.sim.settle();
  t.equal((await cluster.metrics()).get('master/slaves_active'), 1);
  scheduler.connection.take('HEARTBEAT');

  await cluster.sim.advance(SILENCE_MS + PING_MS);
  scheduler.connection.take('HEARTBEAT');
  t.strictSame(scheduler.connection.types.slice(1), ['RESCIND', 'UPDATE', 'FAILURE']);
  const [lost] = scheduler.connection.take('UPDATE');
  t.match(lost?.update?.status, {
    state: 'TASK_UNREACHABLE',
    source: 'SOURCE_MASTER',
    reason: 'REASON_AGENT_REMOVED',
    message: 'Agent host-1 is unreachable: health check timed out',
  });
  t.ok(lost?.update?.status.unreachableTime);
  t.equal(lost?.update?.status.uuid, undefined, 'nobody is to acknowledge it');
  const facts = await factsOf(cluster);
  t.strictSame(facts, { agent: [], unreachable: [`unreachable/${agent.id}`] });
  t.equal(cluster.allocator.of('removeAgent').length, 1);
  t.equal((await cluster.metrics()).get('master/tasks_unreachable'), 1);

  const tasks = [
    { taskId: { value: 't1' } },
    { taskId: { value: 'x' }, agentId: { value: agent.id } },
  ];
  await scheduler.call({ type: 'RECONCILE', reconcile: { tasks } });
  const answers = scheduler.connection.take('UPDATE').map(({ update }) => update?.status.state);
  t.strictSame(answers, ['TASK_UNREACHABLE', 'TASK_UNREACHABLE']);
});

t.test('frameworks that know no partitions are told TASK_LOST', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const capabilities = [{ type: 'MULTI_ROLE' }] as const;
  const scheduler = await cluster.scheduler(frameworkInfo({ capabilities }));
  await launch(scheduler, agent, 't1');
  await cluster.sim.advance(SILENCE_MS + PING_MS);
  const [lost] = scheduler.connection.take('UPDATE');
  t.equal(lost?.update?.status.state, 'TASK_LOST');
  t.equal((await cluster.metrics()).get('master/tasks_lost'), 1);
});

t.test('an agent that returns from silence brings its tasks back', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  await launch(scheduler, agent, 't1');
  await cluster.sim.advance(SILENCE_MS + PING_MS);
  scheduler.connection.take('UPDATE');

  const tasks = [reported(scheduler, agent, 't1')];
  agent.send('reregisterAgent', reregistration(infoOf(agent), { tasks }));
  await cluster.sim.settle();
  const back = agent.probe.take('agentReregistered').body as internal.AgentReregisteredMessage;
  t.strictSame(back.reconciliations, []);
  const [resumed] = scheduler.connection.take('UPDATE');
  t.match(resumed?.update?.status, { state: 'TASK_RUNNING', reason: 'REASON_AGENT_REREGISTERED' });
  t.strictSame((await factsOf(cluster)).agent, [`agent/${agent.id}`]);
  const metrics = await cluster.metrics();
  t.equal(metrics.get('master/tasks_running'), 1);
  t.equal(metrics.get('master/tasks_unreachable'), 0);
  t.equal(metrics.get('master/cpus_used'), 0.1);
});

t.test('a broken link withdraws offers and makes the pings say so', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  await launch(scheduler, agent, 't1');
  agent.pong();
  cluster.sim.network.disconnect(MASTER_ADDRESS, 'host-1:5051');
  await cluster.sim.settle();
  t.equal(scheduler.connection.take('RESCIND').length, 1);
  t.strictSame(scheduler.connection.take('UPDATE'), [], 'a checkpointing framework keeps its task');
  t.equal((await cluster.metrics()).get('master/slaves_disconnected'), 1);

  await cluster.sim.advance(PING_MS);
  t.strictSame(agent.probe.take('ping').body, { connected: false });

  agent.send('reregisterAgent', reregistration(infoOf(agent)));
  await cluster.sim.settle();
  const back = agent.probe.take('agentReregistered').body as internal.AgentReregisteredMessage;
  t.match(back.reconciliations, [
    {
      frameworkId: { value: scheduler.frameworkId },
      statuses: [{ taskId: { value: 't1' }, state: 'TASK_RUNNING' }],
    },
  ]);
  t.match(agent.probe.take('updateFramework').body, {
    frameworkId: { value: scheduler.frameworkId },
  });
  t.equal(scheduler.connection.take('OFFERS').length, 2, 'its resources are offered again');
  agent.pong();
  await cluster.sim.advance(PING_MS);
  t.strictSame(agent.probe.take('ping').body, { connected: true });
});

t.test('a framework that does not checkpoint loses its tasks with the link', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler(frameworkInfo({ checkpoint: false }));
  await launch(scheduler, agent, 't1');
  cluster.sim.network.disconnect(MASTER_ADDRESS, 'host-1:5051');
  await cluster.sim.settle();
  const [lost] = scheduler.connection.take('UPDATE');
  t.match(lost?.update?.status, { state: 'TASK_LOST', reason: 'REASON_AGENT_DISCONNECTED' });
});

t.test('a kill that met a broken link is sent again when the agent is back', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  await launch(scheduler, agent, 't1');
  cluster.sim.network.disconnect(MASTER_ADDRESS, 'host-1:5051');
  await cluster.sim.settle();
  await scheduler.call({ type: 'KILL', kill: { taskId: { value: 't1' } } });
  const tasks = [reported(scheduler, agent, 't1')];
  agent.send('reregisterAgent', reregistration(infoOf(agent), { tasks }));
  await cluster.sim.settle();
  t.match(agent.probe.take('killTask').body, { taskId: { value: 't1' } });
});

t.test('a disconnected agent that answers pings but never returns is given up', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  cluster.sim.network.disconnect(MASTER_ADDRESS, 'host-1:5051');
  for (let passedMs = 0; passedMs < REREGISTER_MS; passedMs += PING_MS) {
    agent.pong();
    await cluster.sim.advance(PING_MS);
  }
  t.strictSame((await factsOf(cluster)).unreachable, [`unreachable/${agent.id}`]);
});

t.test('a new agent at the address of a disconnected one replaces it', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  await launch(scheduler, agent, 't1');
  cluster.sim.network.disconnect(MASTER_ADDRESS, 'host-1:5051');
  await cluster.sim.settle();
  agent.send('registerAgent', registration('host-1'));
  await cluster.sim.settle();
  const body = agent.probe.take('agentRegistered').body as internal.AgentRegisteredMessage;
  t.not(body.agentId.value, agent.id);
  const [lost] = scheduler.connection.take('UPDATE');
  t.match(lost?.update?.status, {
    state: 'TASK_LOST',
    message: 'Agent host-1 removed: a new agent registered at the same address',
  });
  t.strictSame((await factsOf(cluster)).agent, [`agent/${body.agentId.value}`]);
  t.equal((await cluster.metrics()).get('master/slave_removals/reason_registered'), 1);
});

t.test('an agent that unregisters is gone at once, and its tasks are lost', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  await launch(scheduler, agent, 't1');
  scheduler.connection.take('HEARTBEAT');
  const stranger = spawnProbe(agent.system, agentProtocol, { id: 'other' });
  const message = { agentId: { value: agent.id } };
  stranger.send(cluster.master.pid, 'unregisterAgent', message);
  await cluster.sim.settle();
  t.equal((await cluster.metrics()).get('master/slaves_active'), 1, 'only it can say so');

  agent.send('unregisterAgent', message);
  await cluster.sim.settle();
  t.strictSame(scheduler.connection.types.slice(-3), ['RESCIND', 'UPDATE', 'FAILURE']);
  const [lost] = scheduler.connection.take('UPDATE');
  t.equal(lost?.update?.status.state, 'TASK_LOST');
  const of = { frameworkId: scheduler.frameworkId, agentId: agent.id, taskId: 't1' };
  agent.send('statusUpdate', update({ ...of, state: 'TASK_FINISHED' }));
  await cluster.sim.settle();
  t.strictSame(scheduler.connection.take('UPDATE'), [], 'what it still sends is ignored');
});

t.test('an agent that was marked gone is told to shut down', async (t) => {
  const storage = memoryStorage();
  const first = await givenCluster(t, { storage });
  const agent = await first.agent('host-1');
  await first.sim.close();
  await markGone(storage, first, agent.id);

  const second = await givenCluster(t, { storage, seed: 2 });
  const probe = spawnProbe(second.sim.createSystem('host-1:5051'), agentProtocol, {
    id: 'slave(1)',
  });
  probe.send(second.master.pid, 'reregisterAgent', reregistration(infoOf(agent)));
  await second.sim.settle();
  t.match(probe.take('shutdown').body, { message: 'Agent has been marked gone' });
});

async function markGone(storage: Storage, cluster: Cluster, agentId: string): Promise<void> {
  const registrar = new Registrar({ storage, clock: cluster.sim.clock });
  const recovering = registrar.recover(cluster.master.masterInfo);
  await recovering;
  await registrar.apply(markAgentGone(agentId, { nanoseconds: 1 }));
  await registrar.close();
}

t.test('a new master waits for the agents of the registry, then gives them up', async (t) => {
  const storage = memoryStorage();
  const first = await givenCluster(t, { storage });
  const back = await first.agent('host-1');
  const away = await first.agent('host-2');
  const owner = await first.scheduler(frameworkInfo({ failoverTimeout: 1e6 }));
  await first.sim.close();

  const second = await givenCluster(t, { storage, seed: 2 });
  t.not(second.master.masterInfo.id, first.master.masterInfo.id);
  const probe = spawnProbe(second.sim.createSystem('host-1:5051'), agentProtocol, {
    id: 'slave(1)',
  });
  const info = frameworkInfo({ id: { value: owner.frameworkId }, failoverTimeout: 1e6 });
  const tasks = [reported(owner, back, 't1')];
  probe.send(
    second.master.pid,
    'reregisterAgent',
    reregistration(infoOf(back), { tasks, frameworks: [info] }),
  );
  await second.sim.settle();
  t.ok(probe.take('agentReregistered'));
  const before = await second.ask('view', { kind: 'state' });
  t.equal(before.kind, 'json');
  t.match(before, { json: { frameworks: [{ id: owner.frameworkId, recovered: true }] } });

  const scheduler = await second.scheduler(info);
  t.equal(scheduler.frameworkId, owner.frameworkId);
  await scheduler.call({ type: 'RECONCILE', reconcile: { tasks: [] } });
  const [known] = scheduler.connection.take('UPDATE');
  t.equal(known?.update?.status.state, 'TASK_RUNNING');

  const lostTask = { taskId: { value: 't2' }, agentId: { value: away.id } };
  await scheduler.call({ type: 'RECONCILE', reconcile: { tasks: [lostTask] } });
  t.strictSame(scheduler.connection.take('UPDATE'), [], 'too early to say');

  await second.sim.advance(REREGISTER_MS);
  await scheduler.call({ type: 'RECONCILE', reconcile: { tasks: [lostTask] } });
  const [unreachable] = scheduler.connection.take('UPDATE').slice(-1);
  t.equal(unreachable?.update?.status.state, 'TASK_UNREACHABLE');
  t.equal((await second.metrics()).get('master/recovery_slave_removals'), 1);
});

t.test('an agent that was lost two weeks ago is forgotten', async (t) => {
  const cluster = await givenCluster(t, { settings: { agentPingTimeoutMs: 900_000 } });
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler(frameworkInfo({ failoverTimeout: 1e8 }));
  const asked = { taskId: { value: 'x' }, agentId: { value: agent.id } };
  const stateOf = async (): Promise<string | undefined> => {
    scheduler.connection.take('UPDATE');
    await scheduler.call({ type: 'RECONCILE', reconcile: { tasks: [asked] } });
    return scheduler.connection.take('UPDATE')[0]?.update?.status.state;
  };
  await cluster.sim.advance(900_000 * 6);
  t.equal(await stateOf(), 'TASK_UNREACHABLE');
  await cluster.sim.advance(14 * 24 * 3_600_000);
  t.equal(await stateOf(), 'TASK_UNKNOWN');
  t.strictSame((await factsOf(cluster)).unreachable, []);
});

t.test('an agent that moves to another host under its id is shut down', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const probe = spawnProbe(cluster.sim.createSystem('host-9:5051'), agentProtocol, {
    id: 'slave(1)',
  });
  probe.send(cluster.master.pid, 'reregisterAgent', reregistration(infoOf(agent)));
  await cluster.sim.settle();
  t.ok(probe.take('shutdown'));
});

t.test('a registry that fails ends the master, which acknowledges nothing', async (t) => {
  const storage = memoryStorage();
  const cluster = await givenCluster(t, { storage });
  // Somebody else takes over the registry.
  await storage.open();
  const system = cluster.sim.createSystem('host-1:5051');
  const probe = spawnProbe(system, agentProtocol, { id: 'slave(1)' });
  probe.send(cluster.master.pid, 'registerAgent', registration('host-1'));
  await cluster.sim.settle();
  t.strictSame(probe.messages, []);
  t.match(cluster.fatal, [{ code: 'KAON_REGISTRAR_FAILED' }]);
});
