// A master put together with the parts it comes with.

import { allocatorProtocol } from '@kaon/allocator';
import { type MasterPid, startMaster } from '@kaon/master';
import { memoryStorage } from '@kaon/registry';
import { Simulation, spawnProbe } from '@kaon/testkit';
import t from 'tap';
import { agentProtocol, MASTER_ADDRESS, MemoryConnection } from './builders/cluster.ts';
import { frameworkInfo, registration } from './builders/records.ts';

async function subscribe(
  sim: Simulation,
  system: ReturnType<Simulation['createSystem']>,
  pid: MasterPid,
) {
  const connection = new MemoryConnection('s1');
  const subscribed = { frameworkInfo: frameworkInfo(), suppressedRoles: [] };
  const asked = system.ask(pid, 'subscribe', {
    frameworkId: undefined,
    subscribe: subscribed,
    connection,
  });
  await sim.settle();
  return { connection, outcome: await asked };
}

t.test('offers come from the allocator that is there by default', async (t) => {
  const sim = new Simulation();
  t.teardown(() => sim.close());
  const system = sim.createSystem(MASTER_ADDRESS);
  const master = startMaster({ system, storage: memoryStorage() });
  await sim.settle();
  await master.ready;
  const probe = spawnProbe(sim.createSystem('host-1:5051'), agentProtocol, { id: 'slave(1)' });
  probe.send(master.pid, 'registerAgent', registration('host-1'));
  await sim.settle();
  const { connection } = await subscribe(sim, system, master.pid);
  const offer = connection.take('OFFERS')[0]?.offers?.offers[0];
  t.equal(offer?.hostname, 'host-1');

  const call = {
    type: 'DECLINE',
    frameworkId: connection.events[0]?.subscribed?.frameworkId,
    decline: { offerIds: offer ? [offer.id] : [], filters: { refuseSeconds: 10 } },
  } as const;
  const declined = system.ask(master.pid, 'call', { call, streamId: 's1' });
  await sim.advance(9_000);
  t.match(await declined, { kind: 'accepted' });
  t.strictSame(connection.take('OFFERS'), []);
  await sim.advance(2_000);
  t.equal(connection.take('OFFERS').length, 1, 'the filter is over');

  const view = system.ask(master.pid, 'view', { kind: 'metrics' });
  await sim.settle();
  const answer = await view;
  t.ok(answer.kind === 'metrics' && answer.metrics.has('allocator/mesos/allocation_runs'));
});

t.test('until the registry is read, schedulers are asked to come later', async (t) => {
  const sim = new Simulation();
  t.teardown(() => sim.close());
  const system = sim.createSystem(MASTER_ADDRESS);
  const storage = memoryStorage();
  let open: () => void = () => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  const slow = { open: () => gate.then(() => storage.open()) };
  const master = startMaster({ system, storage: slow });
  const early = await subscribe(sim, system, master.pid);
  t.strictSame(early.outcome, {
    kind: 'refused',
    why: 'notReady',
    text: 'Master has not finished recovery',
  });
  t.strictSame(early.connection.events, []);
  const health = system.ask(master.pid, 'view', { kind: 'operator', type: 'GET_HEALTH' });
  await sim.settle();
  t.strictSame(await health, { kind: 'notReady' });
  const state = system.ask(master.pid, 'view', { kind: 'state' });
  await sim.settle();
  t.equal((await state).kind, 'json', 'but what is known can be seen');
  open();
  await sim.settle();
  await master.ready;
  t.equal((await subscribe(sim, system, master.pid)).outcome.kind, 'accepted');
});

t.test('a registry that cannot be read is fatal', async (t) => {
  const sim = new Simulation();
  t.teardown(() => sim.close());
  const system = sim.createSystem(MASTER_ADDRESS);
  const fatal: unknown[] = [];
  const storage = { open: () => Promise.reject(new Error('no disk')) };
  const master = startMaster({ system, storage, onFatal: (error) => fatal.push(error) });
  await sim.settle();
  await t.rejects(master.ready, { code: 'KAON_REGISTRAR_FAILED' });
  t.match(fatal, [{ code: 'KAON_REGISTRAR_FAILED' }]);
  const closing = master.close();
  await sim.settle();
  await closing;
});

t.test('a master that loses its leadership ends', async (t) => {
  const sim = new Simulation();
  t.teardown(() => sim.close());
  const system = sim.createSystem(MASTER_ADDRESS);
  const fatal: unknown[] = [];
  let lose: (reason: string) => void = () => undefined;
  const master = startMaster({
    system,
    storage: memoryStorage(),
    contender: {
      contend: (_info, { onElected, onLost }) => {
        lose = onLost;
        onElected();
      },
      withdraw: async () => undefined,
    },
    onFatal: (error) => fatal.push(error),
  });
  await sim.settle();
  await master.ready;
  const { connection } = await subscribe(sim, system, master.pid);
  lose('the session expired');
  await sim.settle();
  t.match(fatal, [{ code: 'KAON_MASTER_LEADERSHIP_LOST' }]);
  t.equal(connection.isOpen, false);
  t.equal(
    system.processes().some(({ id }) => id === 'master'),
    false,
  );
});

t.test('a master whose allocator ends, ends too', async (t) => {
  const sim = new Simulation();
  t.teardown(() => sim.close());
  const system = sim.createSystem(MASTER_ADDRESS);
  const fatal: unknown[] = [];
  const onFatal = (error: unknown): void => {
    fatal.push(error);
  };
  const master = startMaster({ system, storage: memoryStorage(), onFatal });
  await sim.settle();
  const pid = system.find(allocatorProtocol, 'allocator');
  t.ok(pid);
  if (pid !== undefined) system.stop(pid);
  await sim.settle();
  t.match(fatal, [{ code: 'KAON_MASTER_ALLOCATOR_LOST' }]);
  const closing = master.close();
  await sim.settle();
  await closing;
});

t.test('closing ends the streams and can be repeated', async (t) => {
  const sim = new Simulation();
  t.teardown(() => sim.close());
  const system = sim.createSystem(MASTER_ADDRESS);
  const master = startMaster({ system, storage: memoryStorage() });
  await sim.settle();
  const { connection } = await subscribe(sim, system, master.pid);
  const closing = Promise.all([master.close(), master.close()]);
  await sim.settle();
  await closing;
  t.equal(connection.isOpen, false);
  t.strictSame(system.processes(), []);
});

t.test('the allocator that is there by default asks frameworks to free agents', async (t) => {
  const sim = new Simulation();
  t.teardown(() => sim.close());
  const system = sim.createSystem(MASTER_ADDRESS);
  const master = startMaster({ system, storage: memoryStorage() });
  await sim.settle();
  const probe = spawnProbe(sim.createSystem('10.0.0.1:5051'), agentProtocol, { id: 'slave(1)' });
  probe.send(master.pid, 'registerAgent', registration('host-1'));
  await sim.settle();
  const { connection } = await subscribe(sim, system, master.pid);
  const machineIds = [{ hostname: 'HOST-1', ip: '10.0.0.1' }];
  const unavailability = { start: { nanoseconds: 9e9 }, duration: { nanoseconds: 1e9 } };
  const operate = async (windows: readonly unknown[]): Promise<void> => {
    const schedule = { windows } as never;
    const asked = system.ask(master.pid, 'change', { kind: 'updateSchedule', schedule });
    await sim.settle();
    t.match(await asked, { status: 200 });
    await sim.advance(1_500);
  };
  await operate([{ machineIds, unavailability }]);
  t.same(connection.types.slice(2, 5), ['OFFERS', 'RESCIND', 'OFFERS']);
  const [asked] = connection.take('INVERSE_OFFERS');
  const [question] = asked?.inverseOffers?.inverseOffers ?? [];
  t.same(question?.unavailability, unavailability);

  const call = {
    type: 'DECLINE_INVERSE_OFFERS',
    frameworkId: connection.events[0]?.subscribed?.frameworkId,
    declineInverseOffers: {
      inverseOfferIds: question ? [question.id] : [],
      filters: { refuseSeconds: 5 },
    },
  } as const;
  const declined = system.ask(master.pid, 'call', { call, streamId: 's1' });
  await sim.advance(4_000);
  t.match(await declined, { kind: 'accepted' });
  t.equal(connection.take('INVERSE_OFFERS').length, 0, 'the filter holds');
  await sim.advance(2_500);
  t.equal(connection.take('INVERSE_OFFERS').length, 1, 'asked again');
  await operate([]);
  t.equal(connection.take('RESCIND_INVERSE_OFFER').length, 1);
  await sim.advance(10_000);
  t.equal(connection.take('INVERSE_OFFERS').length, 0);
});

t.test('a quota the allocator cannot keep is refused with its reason', async (t) => {
  const sim = new Simulation();
  t.teardown(() => sim.close());
  const system = sim.createSystem(MASTER_ADDRESS);
  const master = startMaster({ system, storage: memoryStorage() });
  await sim.settle();
  const probe = spawnProbe(sim.createSystem('host-1:5051'), agentProtocol, { id: 'slave(1)' });
  probe.send(master.pid, 'registerAgent', registration('host-1', 'cpus:4;ports:[1-9]'));
  await sim.settle();
  const update = async (name: string) => {
    const limits = { [name]: { value: 1 } };
    const configs = [{ role: 'web', guarantees: {}, limits }];
    const asked = system.ask(master.pid, 'change', { kind: 'updateQuotas', configs, force: true });
    await sim.settle();
    return asked;
  };
  t.match(await update('ports'), { status: 400, text: /'ports' is no scalar resource/ });
  t.match(await update('cpus'), { status: 200 });
});
