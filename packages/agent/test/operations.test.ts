// Offer operations on an agent's own resources: applied, written down, told, acknowledged, reconciled.
import { formatUuid } from '@kaon/primitives';
import type { internal, Resource } from '@kaon/protocol';
import { formatResources } from '@kaon/resources';
import t, { type Test } from 'tap';
import {
  acknowledgeOperation,
  apply,
  create,
  destroy,
  givenReserved,
  givenVolume,
  operation,
  operationUuid,
  reregister,
  reserve,
  takeOperationStatus,
  unreserve,
  withId,
} from './builders/operations.ts';
import { FRAMEWORK_ID, givenTask, SimulatedAgent, WORK_DIR } from './builders/simulated-agent.ts';

const RESOURCES = 'cpus:4;mem:1024;disk:1000';
const VOLUME_PATH = `${WORK_DIR}/volumes/roles/eng web/v1`;
const STATE_PATH = `${WORK_DIR}/meta/resources/resources_and_operations.state`;

async function given(t: Test): Promise<SimulatedAgent> {
  return (await SimulatedAgent.start(t, { resources: RESOURCES })).register();
}

/** What was made at run time, as text. */
async function checkpointed(world: SimulatedAgent): Promise<string> {
  return world.inspect((state) => formatResources(state.resources.checkpointed));
}

t.test('a reservation is on disk before anybody is told of it', async (t) => {
  const world = await given(t);
  let wasWritten = false;
  world.disk.beforeChange = ({ path }) => {
    if (path !== STATE_PATH) return;
    t.strictSame(
      world.master.messages.filter(({ name }) => name === 'updateOperationStatus'),
      [],
    );
    wasWritten = true;
  };
  await apply(world, 1, withId(reserve(givenReserved('cpus', 1)), 1));
  t.ok(wasWritten);
  t.match(takeOperationStatus(world), {
    frameworkId: { value: FRAMEWORK_ID },
    agentId: { value: 'S0' },
    operationUuid: operationUuid(1),
    status: {
      state: 'OPERATION_FINISHED',
      operationId: { value: 'op-1' },
      agentId: { value: 'S0' },
    },
  });
  t.equal(await checkpointed(world), 'cpus(reservations: [(DYNAMIC,eng/web,p1)]):1');
});

t.test('each kind of operation changes what the agent has', async (t) => {
  const world = await given(t);
  const steps = [
    [reserve(givenReserved('disk', 300)), 'disk(reservations: [(DYNAMIC,eng/web,p1)]):300'],
    [
      create(givenVolume('v1', 100)),
      'disk(reservations: [(DYNAMIC,eng/web,p1)]):200; disk(reservations: [(DYNAMIC,eng/web,p1)])[v1:data]:100',
    ],
    [
      operation({
        type: 'GROW_VOLUME',
        growVolume: { volume: givenVolume('v1', 100), addition: givenReserved('disk', 50) },
      }),
      'disk(reservations: [(DYNAMIC,eng/web,p1)]):150; disk(reservations: [(DYNAMIC,eng/web,p1)])[v1:data]:150',
    ],
    [
      operation({
        type: 'SHRINK_VOLUME',
        shrinkVolume: { volume: givenVolume('v1', 150), subtract: { value: 130 } },
      }),
      'disk(reservations: [(DYNAMIC,eng/web,p1)]):280; disk(reservations: [(DYNAMIC,eng/web,p1)])[v1:data]:20',
    ],
    [destroy(givenVolume('v1', 20)), 'disk(reservations: [(DYNAMIC,eng/web,p1)]):300'],
    [unreserve(givenReserved('disk', 300)), ''],
  ] as const;
  for (const [index, [info, expected]] of steps.entries()) {
    await apply(world, index + 1, info);
    const { status } = takeOperationStatus(world);
    t.equal(status.state, 'OPERATION_FINISHED', `${info.type}: ${status.message}`);
    t.equal(await checkpointed(world), expected, info.type ?? '');
  }
});

t.test('what cannot be applied changes nothing and says why', async (t) => {
  const world = await given(t);
  const cases = [
    [reserve(givenReserved('cpus', 100)), 'OPERATION_FAILED', /does not contain/],
    [destroy(givenVolume('v1', 10)), 'OPERATION_FAILED', /does not contain/],
    [create(givenVolume('../../etc', 10)), 'OPERATION_ERROR', /persistence id is illegal/],
    [operation({ type: 'CREATE_DISK' }), 'OPERATION_ERROR', /not supported/],
    [operation({ type: 'LAUNCH' }), 'OPERATION_ERROR', /not supported/],
    [operation({}), 'OPERATION_ERROR', /Unknown operation/],
  ] as const;
  for (const [index, [info, state, message]] of cases.entries()) {
    await apply(world, index + 1, info);
    t.match(takeOperationStatus(world).status, { state, message }, info.type ?? 'none');
  }
  t.equal(await checkpointed(world), '');
  t.equal(await world.inspect(({ operations }) => operations.size), 0);
});

t.test('a volume of a role that is no name of a folder is refused', async (t) => {
  const world = await given(t);
  for (const [index, role] of [`${'x'.repeat(200)}/${'y'.repeat(200)}`, 'a\u0000b'].entries()) {
    const inRole = (resource: Resource): Resource => ({
      ...resource,
      allocationInfo: { role },
      reservations: [{ type: 'DYNAMIC', role }],
    });
    await apply(world, 2 * index + 1, reserve(inRole(givenReserved('disk', 100))));
    t.equal(takeOperationStatus(world).status.state, 'OPERATION_FINISHED');
    await apply(world, 2 * index + 2, create(inRole(givenVolume('v1', 10))));
    const message = /the role cannot be a folder/;
    t.match(takeOperationStatus(world).status, { state: 'OPERATION_ERROR', message });
  }
});

t.test('an operation decided on a former version of the resources is dropped', async (t) => {
  const world = await given(t);
  const former = (await world.inspect((state) => state.resources.version)) as Uint8Array;
  world.crash();
  await world.restart();
  const report = await reregister(world);
  const present = report.resourceVersionUuid?.value as Uint8Array;
  t.not(formatUuid(present), formatUuid(former));
  await apply(world, 1, reserve(givenReserved('cpus', 1)), former);
  t.equal(takeOperationStatus(world).status.state, 'OPERATION_DROPPED');
  t.equal(await checkpointed(world), '');
});

t.test('one that comes twice is applied once', async (t) => {
  const world = await given(t);
  await apply(world, 1, withId(reserve(givenReserved('cpus', 1)), 1));
  await apply(world, 1, withId(reserve(givenReserved('cpus', 1)), 1));
  t.match(await checkpointed(world), /:1$/);
});

t.test('a status is sent again after 10, 20, 40 s until it is acknowledged', async (t) => {
  const world = await given(t);
  await apply(world, 1, withId(reserve(givenReserved('cpus', 1)), 1));
  const first = takeOperationStatus(world);
  for (const waitMs of [10_000, 20_000, 40_000]) {
    await world.sim.advance(waitMs - 1);
    t.throws(() => takeOperationStatus(world));
    await world.sim.advance(1);
    t.strictSame(takeOperationStatus(world).status.uuid, first.status.uuid);
  }
  const wrong = { ...first, status: { ...first.status, uuid: operationUuid(9) } };
  await acknowledgeOperation(world, wrong);
  t.equal(await world.inspect(({ operations }) => operations.size), 1, 'not by another uuid');
  await acknowledgeOperation(world, first);
  t.equal(await world.inspect(({ operations }) => operations.size), 0);
  await world.sim.advance(600_000);
  t.throws(() => takeOperationStatus(world));
  t.equal(await world.disk.stat(`${WORK_DIR}/meta/slaves/S0/operations/op`), undefined);
});

t.test('without an id a status is sent once and the operation forgotten', async (t) => {
  const world = await given(t);
  await apply(world, 1, reserve(givenReserved('cpus', 1)));
  t.equal(takeOperationStatus(world).status.uuid, undefined);
  t.equal(await world.inspect(({ operations }) => operations.size), 0);
});

t.test('too many unacknowledged operations are dropped and counted', async (t) => {
  const world = await given(t);
  const { version } = await world.inspect((state) => state.resources);
  for (let number = 0; number < 1001; number += 1) {
    world.tell('applyOperation', {
      frameworkId: { value: FRAMEWORK_ID },
      operationInfo: withId(operation({ type: 'LAUNCH' }), number),
      operationUuid: {
        value: Buffer.from(`40404040404040404040404040${`${number}`.padStart(6, '0')}`, 'hex'),
      },
      resourceVersionUuid: { uuid: { value: version as Uint8Array } },
    });
  }
  await world.sim.settle();
  const states = world.master.messages
    .filter(({ name }) => name === 'updateOperationStatus')
    .map(({ body }) => (body as internal.UpdateOperationStatusMessage).status.state);
  t.equal(states.filter((state) => state === 'OPERATION_ERROR').length, 1000);
  t.equal(states.filter((state) => state === 'OPERATION_DROPPED').length, 1);
  t.equal(await world.inspect(({ counters }) => counters.operationsRefused), 1);
});

t.test('a restarted agent reports what it has and sends its statuses again', async (t) => {
  const world = await given(t);
  await apply(world, 1, withId(reserve(givenReserved('disk', 200)), 1));
  await apply(world, 2, create(givenVolume('v1', 100)));
  const before = takeOperationStatus(world);
  takeOperationStatus(world);
  world.crash();
  await world.restart();
  const report = await reregister(world);
  t.equal(
    formatResources(report.checkpointedResources),
    'disk(reservations: [(DYNAMIC,eng/web,p1)]):100; disk(reservations: [(DYNAMIC,eng/web,p1)])[v1:data]:100',
  );
  world.master.take('updateAgent');
  t.match(world.master.take('updateAgent').body, {
    operations: { operations: [{ info: { id: { value: 'op-1' } }, uuid: operationUuid(1) }] },
  });
  const after = takeOperationStatus(world);
  t.strictSame(after.status, before.status);
  await acknowledgeOperation(world, after);
  world.crash();
  await world.restart();
  t.equal(await world.inspect(({ operations }) => operations.size), 0, 'the acknowledgement lasts');
  t.ok(await world.disk.stat(VOLUME_PATH));
});

t.test('a master hears of operations that never came, a framework of all', async (t) => {
  const world = await given(t);
  await apply(world, 1, withId(reserve(givenReserved('cpus', 1)), 1));
  takeOperationStatus(world);
  const operations = [1, 2].map((number) => ({
    operationUuid: operationUuid(number),
    operationId: { value: `op-${number}` },
  }));
  world.tell('reconcileOperations', { operations });
  await world.sim.settle();
  t.match(takeOperationStatus(world), {
    operationUuid: operationUuid(2),
    status: { state: 'OPERATION_DROPPED' },
  });
  t.throws(() => takeOperationStatus(world), 'the one that is known has its own status');
  const byId = operations.map(({ operationId }) => ({ operationId }));
  world.tell('reconcileOperations', { operations: byId, frameworkId: { value: FRAMEWORK_ID } });
  await world.sim.settle();
  const answers = [takeOperationStatus(world), takeOperationStatus(world)];
  t.strictSame(
    answers.map(({ status }) => [status.state, status.uuid]),
    [
      ['OPERATION_FINISHED', undefined],
      ['OPERATION_UNKNOWN', undefined],
    ],
  );
});

t.test('the master may say what there is altogether', async (t) => {
  const world = await given(t);
  world.tell('checkpointResources', {
    resources: [givenReserved('disk', 100), givenVolume('v1', 50)],
  });
  await world.sim.settle();
  t.ok(await world.disk.stat(VOLUME_PATH));
  world.tell('checkpointResources', { resources: [givenReserved('disk', 5000)] });
  await world.sim.settle();
  t.match(await checkpointed(world), /v1/, 'more than there is, is refused');
  world.tell('checkpointResources', { resources: [] });
  await world.sim.settle();
  t.equal(await checkpointed(world), '');
  t.equal(await world.disk.stat(VOLUME_PATH), undefined);
});

t.test('a task needs the reservations and volumes it names to be there', async (t) => {
  const world = await given(t);
  const task = { ...givenTask('t1', 'sleep'), resources: [givenReserved('cpus', 1)] };
  await world.run(task);
  t.match(world.takeUpdate().status, {
    state: 'TASK_DROPPED',
    reason: 'REASON_RESOURCES_UNKNOWN',
  });
  await apply(world, 1, reserve(givenReserved('cpus', 1)));
  await world.run({ ...task, taskId: { value: 't2' } });
  t.equal(world.takeUpdate().status.state, 'TASK_STARTING');
});

/** A volume made and destroyed, with a crash at the `crashAt`th change of the disk. */
async function createAndCrash(t: Test, crashAt: number): Promise<boolean> {
  const world = await given(t);
  await apply(world, 1, reserve(givenReserved('disk', 100)));
  const start = world.disk.journal.length;
  let hasCrashed = false;
  world.disk.beforeChange = () => {
    if (!hasCrashed && world.disk.journal.length - start < crashAt) return;
    if (!hasCrashed) world.crash();
    hasCrashed = true;
    throw new Error('the machine is off');
  };
  await apply(world, 2, withId(create(givenVolume('v1', 100)), 2));
  if (!hasCrashed) {
    await acknowledgeOperation(world, takeOperationStatusOf(world, 2));
  }
  if (!hasCrashed) await apply(world, 3, withId(destroy(givenVolume('v1', 100)), 3));
  if (!hasCrashed) await acknowledgeOperation(world, takeOperationStatusOf(world, 3));
  const told = new Map(
    world.master.messages
      .filter(({ name }) => name === 'updateOperationStatus')
      .map(({ body }) => body as internal.UpdateOperationStatusMessage)
      .map(({ status }) => [status.operationId?.value, status.state]),
  );
  world.disk.beforeChange = () => undefined;
  if (!hasCrashed) return false;
  await world.sim.settle();
  await world.restart();
  const isNamed = (await checkpointed(world)).includes('v1');
  const isThere = (await world.disk.stat(VOLUME_PATH)) !== undefined;
  t.equal(isThere, isNamed, `crash at ${crashAt}: the folder is there exactly when it is named`);
  if (told.has('op-3')) t.notOk(isNamed, `crash at ${crashAt}: what was told holds`);
  const report = await reregister(world);
  t.equal(formatResources(report.checkpointedResources).includes('v1'), isNamed);
  const left = await world.disk.list(`${WORK_DIR}/meta/resources`);
  t.notMatch(left, [{ name: /target/ }], `crash at ${crashAt}: nothing is left half done`);
  return true;
}

function takeOperationStatusOf(
  world: SimulatedAgent,
  number: number,
): internal.UpdateOperationStatusMessage {
  const all = world.master.messages
    .filter(({ name }) => name === 'updateOperationStatus')
    .map(({ body }) => body as internal.UpdateOperationStatusMessage);
  const found = all.find(({ status }) => status.operationId?.value === `op-${number}`);
  if (!found) throw new Error(`nothing was told of operation ${number}`);
  return found;
}

t.test('killed before any change of the disk, volumes and records agree', async (t) => {
  let crashAt = 0;
  while (await createAndCrash(t, crashAt)) {
    crashAt += 1;
    if (crashAt > 60) return t.fail('the life of a volume has an end');
  }
  t.ok(crashAt > 8, `${crashAt} moments to crash at`);
});

t.test('a former agent that kept only its resources is recovered', async (t) => {
  const world = await given(t);
  await apply(world, 1, reserve(givenReserved('cpus', 1)));
  world.crash();
  await world.disk.remove(STATE_PATH);
  await world.restart();
  t.match(await checkpointed(world), /cpus.*:1$/);
});

t.test('reservations that no longer fit stop the start and name the file', async (t) => {
  const world = await given(t);
  await apply(world, 1, reserve(givenReserved('cpus', 3)));
  world.crash();
  await world.disk.remove(`${WORK_DIR}/meta/slaves/latest`);
  const smaller = SimulatedAgent.start(t, { resources: 'cpus:1', disk: world.disk });
  await t.rejects(smaller, { code: 'KAON_AGENT_RECOVERY', path: STATE_PATH });
});
