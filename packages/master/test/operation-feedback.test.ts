// What becomes of operations after they were sent: statuses, acknowledgements, failovers, agents that are lost.
import type { internal, OperationState, Resource, schedulerV1 } from '@kaon/protocol';
import { parseResources, Resources } from '@kaon/resources';
import t, { type Test } from 'tap';
import {
  type Cluster,
  givenCluster,
  MASTER_ADDRESS,
  type RegisteredAgent,
  type Scheduler,
} from './builders/cluster.ts';
import { agentInfo, frameworkInfo, reregistration, uuidOf } from './builders/records.ts';

const STATUS_UUID = uuidOf(7);

function reserved(text: string): Resource[] {
  const parsed = parseResources(text);
  if (!parsed.ok) throw new Error(parsed.error);
  return [...parsed.value.pushReservation({ type: 'DYNAMIC', role: 'web' }).toRecords()];
}

async function givenWorld(t: Test) {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  return { cluster, agent, scheduler };
}

/** Reserves from the next offer; the message that the agent got. */
async function reserve(
  { cluster, agent, scheduler }: Awaited<ReturnType<typeof givenWorld>>,
  id?: string,
  text = 'cpus:1',
): Promise<internal.ApplyOperationMessage> {
  const [event] = scheduler.connection.take('OFFERS').slice(-1);
  const offerIds = event?.offers?.offers.map((offer) => offer.id) ?? [];
  await scheduler.call({
    type: 'ACCEPT',
    accept: {
      offerIds,
      operations: [
        {
          type: 'RESERVE',
          ...(id === undefined ? {} : { id: { value: id } }),
          reserve: { source: [], resources: reserved(text) },
        },
      ],
      filters: { refuseSeconds: 0 },
    },
  });
  await cluster.sim.settle();
  return agent.probe.take('applyOperation').body as internal.ApplyOperationMessage;
}

function answer(
  agent: RegisteredAgent,
  { operationUuid, frameworkId, operationInfo }: internal.ApplyOperationMessage,
  state: OperationState,
  uuid: Uint8Array | undefined = undefined,
): void {
  const status = {
    ...(operationInfo.id === undefined ? {} : { operationId: operationInfo.id }),
    state,
    convertedResources: [],
    agentId: { value: agent.id },
    ...(uuid === undefined ? {} : { uuid: { value: uuid } }),
  };
  agent.send('updateOperationStatus', {
    frameworkId,
    agentId: { value: agent.id },
    status,
    latestStatus: status,
    operationUuid,
  });
}

function statuses({ connection }: Scheduler): (string | undefined)[] {
  return connection.take('UPDATE_OPERATION_STATUS').map(({ updateOperationStatus: update }) => {
    const { operationId, state, message, uuid } = update?.status ?? {};
    return [operationId?.value, state, message, uuid === undefined ? undefined : 'uuid']
      .filter((part) => part !== undefined)
      .join(' ');
  });
}

async function known(cluster: Cluster): Promise<(string | undefined)[]> {
  const view = await cluster.ask('view', { kind: 'operator', type: 'GET_OPERATIONS' });
  if (view.kind !== 'operator') throw new Error('no view');
  return (view.response.getOperations?.operations ?? []).map(
    ({ info, latestStatus }) => `${info.id?.value ?? '-'} ${latestStatus.state}`,
  );
}

function acknowledge(agent: RegisteredAgent, id: string): Partial<schedulerV1.Call> {
  return {
    type: 'ACKNOWLEDGE_OPERATION_STATUS',
    acknowledgeOperationStatus: {
      agentId: { value: agent.id },
      uuid: STATUS_UUID,
      operationId: { value: id },
    },
  };
}

async function lost(cluster: Cluster, agent: RegisteredAgent): Promise<void> {
  cluster.sim.network.disconnect(MASTER_ADDRESS, `${agent.hostname}:5051`);
  await cluster.sim.settle();
}

t.test(
  'a framework hears of an operation with an id until it has acknowledged the end',
  async (t) => {
    const world = await givenWorld(t);
    const { cluster, agent, scheduler } = world;
    const message = await reserve(world, 'op-1');
    t.strictSame(await known(cluster), ['op-1 OPERATION_PENDING']);
    for (const _ of [1, 2]) {
      answer(agent, message, 'OPERATION_FINISHED', STATUS_UUID);
      await cluster.sim.settle();
      t.strictSame(statuses(scheduler), ['op-1 OPERATION_FINISHED uuid']);
    }
    t.strictSame(await known(cluster), ['op-1 OPERATION_FINISHED']);

    await scheduler.call(acknowledge(agent, 'op-2'));
    t.notOk(agent.probe.messages.some(({ name }) => name === 'acknowledgeOperationStatus'));
    await scheduler.call(acknowledge(agent, 'op-1'));
    t.match(agent.probe.take('acknowledgeOperationStatus').body, {
      statusUuid: { value: STATUS_UUID },
      operationUuid: message.operationUuid,
    });
    t.strictSame(await known(cluster), [], 'it is forgotten');
    const metrics = await cluster.metrics();
    t.equal(metrics.get('master/operations/finished'), 1, 'counted once');
    t.equal(metrics.get('master/operations/reserve/finished'), 1);
    t.equal(metrics.get('master/operations/reserve/pending'), 0);
    t.equal(metrics.get('master/invalid_operation_status_update_acknowledgements'), 1);
  },
);

t.test('an operation without an id is forgotten when it is done, without a word', async (t) => {
  const world = await givenWorld(t);
  const { cluster, agent, scheduler } = world;
  const message = await reserve(world);
  answer(agent, message, 'OPERATION_FINISHED');
  await cluster.sim.settle();
  t.strictSame(await known(cluster), []);
  t.strictSame(statuses(scheduler), []);
});

t.test('what an agent did not do is taken back, and offered anew as it is', async (t) => {
  for (const state of ['OPERATION_DROPPED', 'OPERATION_FAILED', 'OPERATION_ERROR'] as const) {
    const world = await givenWorld(t);
    const { cluster, agent, scheduler } = world;
    const first = await reserve(world, 'op-1');
    const second = await reserve(world, 'op-2', 'mem:64');
    const reservations = async (): Promise<string> => {
      const view = await cluster.ask('view', { kind: 'operator', type: 'GET_FRAMEWORKS' });
      const [framework] =
        view.kind === 'operator' ? (view.response.getFrameworks?.frameworks ?? []) : [];
      const offered = framework?.offers.flatMap((offer) => offer.resources) ?? [];
      return String(Resources.of(offered).unallocate().reserved());
    };
    t.match(await reservations(), /^cpus.*:1; mem.*:64$/);
    answer(agent, first, state, STATUS_UUID);
    await cluster.sim.settle();
    t.ok(scheduler.connection.take('RESCIND').length > 0, 'offers were made of it');
    t.equal(await reservations(), 'mem(reservations: [(DYNAMIC,web)]):64', 'the other one stands');
    const total = cluster.allocator.total.get(agent.id as never);
    t.equal(total?.unreserved().scalarMilli('cpus'), 4000);
    answer(agent, second, 'OPERATION_FINISHED', STATUS_UUID);
    await cluster.sim.settle();
    t.strictSame(statuses(scheduler), [`op-1 ${state} uuid`, 'op-2 OPERATION_FINISHED uuid']);
  }
});

t.test('reconciliation tells what is known, and of the rest why it is not', async (t) => {
  const world = await givenWorld(t);
  const { cluster, agent, scheduler } = world;
  const message = await reserve(world, 'op-1');
  const ask = async (...asked: readonly (readonly [string, string | undefined])[]) => {
    const operations = asked.map(([id, agentId]) => ({
      operationId: { value: id },
      ...(agentId === undefined ? {} : { agentId: { value: agentId } }),
    }));
    await scheduler.call({ type: 'RECONCILE_OPERATIONS', reconcileOperations: { operations } });
    return statuses(scheduler);
  };
  t.strictSame(await ask(['op-1', agent.id]), ['op-1 OPERATION_PENDING']);
  answer(agent, message, 'OPERATION_FINISHED', STATUS_UUID);
  await cluster.sim.settle();
  statuses(scheduler);
  t.strictSame(await ask(), ['op-1 OPERATION_FINISHED'], 'answers have no uuid');
  t.strictSame(await ask(['x', agent.id], ['y', 'nobody'], ['z', undefined]), [
    'x OPERATION_UNKNOWN Reconciliation: Operation is unknown',
    'y OPERATION_UNKNOWN Reconciliation: Both operation and agent are unknown',
    "z OPERATION_UNKNOWN Reconciliation: Operation is unknown and no 'agent_id' was provided",
  ]);
});

t.test('when an agent is unreachable, its operations are, too', async (t) => {
  const world = await givenWorld(t);
  const { cluster, agent, scheduler } = world;
  await reserve(world, 'op-1');
  await lost(cluster, agent);
  for (let round = 0; round < 6; round += 1) await cluster.sim.advance(15_000);
  t.strictSame(statuses(scheduler), ['op-1 OPERATION_UNREACHABLE Agent was marked unreachable']);
  const operations = [{ operationId: { value: 'op-1' }, agentId: { value: agent.id } }];
  await scheduler.call({ type: 'RECONCILE_OPERATIONS', reconcileOperations: { operations } });
  t.strictSame(statuses(scheduler), [
    'op-1 OPERATION_UNREACHABLE Reconciliation: Agent is unreachable',
  ]);
});

t.test(
  'an agent that comes back is believed, and asked about what it does not speak of',
  async (t) => {
    const world = await givenWorld(t);
    const { cluster, agent, scheduler } = world;
    const message = await reserve(world, 'op-1');
    await lost(cluster, agent);
    const info = { ...agentInfo(agent.hostname), id: { value: agent.id } };
    agent.send('reregisterAgent', reregistration(info));
    await cluster.sim.settle();
    agent.send('updateAgent', {
      agentId: { value: agent.id },
      oversubscribedResources: [],
      resourceVersionUuid: { value: uuidOf(98) },
      operations: { operations: [] },
    });
    await cluster.sim.settle();
    t.match(agent.probe.take('reconcileOperations').body, {
      operations: [{ operationUuid: message.operationUuid }],
    });
    const total = cluster.allocator.total.get(agent.id as never);
    t.equal(String(total?.reserved()), '', 'it has not reserved anything');
    answer(agent, message, 'OPERATION_DROPPED', STATUS_UUID);
    await cluster.sim.settle();
    t.strictSame(statuses(scheduler), ['op-1 OPERATION_DROPPED uuid']);
    t.strictSame(cluster.fatal, []);
  },
);

t.test('after a failover reservations and operations stand again', async (t) => {
  const first = await givenWorld(t);
  const message = await reserve(first, 'op-1');
  const storage = first.cluster.storage;
  await first.cluster.sim.close();

  const cluster = await givenCluster(t, { storage, seed: 2 });
  const info = { ...agentInfo('host-1'), id: { value: first.agent.id } };
  const back = cluster.returning('host-1', first.agent.id);
  const framework = frameworkInfo({ id: { value: first.scheduler.frameworkId } });
  back.send(
    'reregisterAgent',
    reregistration(info, { checkpointedResources: reserved('cpus:1'), frameworks: [framework] }),
  );
  await cluster.sim.settle();
  const status = {
    operationId: { value: 'op-1' },
    state: 'OPERATION_FINISHED' as const,
    convertedResources: [],
    uuid: { value: STATUS_UUID },
    agentId: { value: first.agent.id },
  };
  back.send('updateAgent', {
    agentId: { value: first.agent.id },
    oversubscribedResources: [],
    operations: {
      operations: [
        {
          frameworkId: { value: first.scheduler.frameworkId },
          agentId: { value: first.agent.id },
          info: message.operationInfo,
          latestStatus: status,
          statuses: [status],
          uuid: message.operationUuid,
        },
      ],
    },
  });
  await cluster.sim.settle();
  const total = cluster.allocator.total.get(first.agent.id as never);
  t.equal(String(total?.reserved()), 'cpus(reservations: [(DYNAMIC,web)]):1');
  t.strictSame(await known(cluster), ['op-1 OPERATION_FINISHED']);
  const scheduler = await cluster.scheduler(framework);
  answer(back, message, 'OPERATION_FINISHED', STATUS_UUID);
  await cluster.sim.settle();
  t.strictSame(statuses(scheduler), ['op-1 OPERATION_FINISHED uuid']);
  await scheduler.call(acknowledge(back, 'op-1'));
  t.strictSame(await known(cluster), []);
});

t.test('nobody but the master acknowledges for a framework that is gone', async (t) => {
  const world = await givenWorld(t);
  const { cluster, agent, scheduler } = world;
  const message = await reserve(world, 'op-1');
  await scheduler.call({ type: 'TEARDOWN' });
  answer(agent, message, 'OPERATION_FINISHED', STATUS_UUID);
  await cluster.sim.settle();
  t.match(agent.probe.take('acknowledgeOperationStatus').body, {
    operationUuid: message.operationUuid,
  });
  t.strictSame(await known(cluster), []);
});

t.test('a status of somebody else is ignored', async (t) => {
  const world = await givenWorld(t);
  const { cluster, scheduler } = world;
  const message = await reserve(world, 'op-1');
  const other = await cluster.agent('host-2');
  answer(other, message, 'OPERATION_FAILED');
  await cluster.sim.settle();
  t.strictSame(await known(cluster), ['op-1 OPERATION_PENDING']);
  t.ok(scheduler.connection.isOpen);
});
