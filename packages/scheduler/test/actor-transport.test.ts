// A driver that speaks to its master by actor messages: subscribing, losing, and finding masters.
import { defineActor, defineProtocol, messages } from '@kaon/actor';
import { agentMessages, type internal } from '@kaon/protocol';
import { ActorSchedulerConnection, type SchedulerSignal } from '@kaon/scheduler';
import { Simulation } from '@kaon/testkit';
import t from 'tap';
import { ActorMaster } from './builders/actor-master.ts';
import { offer } from './builders/fake-connection.ts';
import { givenDriver } from './builders/given-driver.ts';

const HEARTBEAT_MS = 15_000;

t.test('it subscribes with its id, suppressed roles and constraints again and again', async (t) => {
  const { driver, actors, master, settle } = await givenDriver(t, 'actor');
  t.equal(actors.subscriptions[0]?.frameworkId, undefined);
  const constraints = { roleConstraints: {} };
  driver.updateFramework(
    { name: 'new', user: 'u', roles: ['a'], offerFilters: {}, capabilities: [] },
    ['a'],
    constraints,
  );
  await settle();
  await master.disconnect();
  const again = actors.subscriptions[1];
  t.equal(again?.frameworkId?.value, 'fw-1');
  t.equal(again?.subscribe?.frameworkInfo.id?.value, 'fw-1');
  t.equal(again?.subscribe?.frameworkInfo.name, 'new');
  t.same(again?.subscribe?.suppressedRoles, ['a']);
  t.match(again?.subscribe?.offerConstraints, constraints);
});

t.test('the pauses between attempts double, up to a tenth of the failover timeout', async (t) => {
  const { actors, sim } = await givenDriver(t, 'actor', { isSubscribed: false });
  const reasons: string[] = [];
  actors.onSubscribe = ({ sequence }) => {
    reasons.push(`${sim.clock.nowMs()}`);
    actors.answer(sequence, 503, 'Master has not finished recovery');
  };
  actors.answer(0, 503, 'Master has not finished recovery');
  await sim.advance(600_000);
  const times = reasons.map(Number);
  const pauses = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  t.ok(pauses.length >= 10, 'it does not give up');
  t.ok(
    pauses.every((pause) => pause <= 60_000),
    'never longer than a minute',
  );
  t.ok(
    pauses.some((pause) => pause > 4000),
    'longer than the first ones',
  );
});

t.test('a refused subscription is the end', async (t) => {
  const { actors, driver, scheduler, settle } = await givenDriver(t, 'actor', {
    isSubscribed: false,
  });
  actors.answer(0, 400, 'Framework has been removed');
  await settle();
  t.equal(driver.status, 'DRIVER_ABORTED');
  t.match(scheduler.heard, [/^error .* status 400: Framework has been removed DRIVER_ABORTED$/]);
});

t.test('it follows a master to the one that leads', async (t) => {
  const { actors, driver, sim, scheduler, settle } = await givenDriver(t, 'actor', {
    isSubscribed: false,
  });
  const leader = new ActorMaster(sim.createSystem('leader.example:5050'));
  actors.answer(0, 503, 'not the leader', leader.pid.toString());
  await settle();
  t.equal(leader.subscriptions.length, 1);
  leader.event({ type: 'SUBSCRIBED', subscribed: { frameworkId: { value: 'fw-9' } } });
  await settle();
  driver.reviveOffers();
  await settle();
  t.same(scheduler.heard, ['registered fw-9']);
  t.same(
    leader.calls.map(({ type, frameworkId }) => [type, frameworkId?.value]),
    [['REVIVE', 'fw-9']],
  );
});

t.test('masters that send it in a circle are asked again after a pause, for ever', async (t) => {
  const { actors, driver, sim, scheduler, settle } = await givenDriver(t, 'actor', {
    isSubscribed: false,
  });
  const other = new ActorMaster(sim.createSystem('other.example:5050'));
  const [here, there] = [actors.pid.toString(), other.pid.toString()];
  actors.onSubscribe = ({ sequence }) => actors.answer(sequence, 307, 'Another leads', there);
  other.onSubscribe = ({ sequence }) => other.answer(sequence, 307, 'Another leads', here);
  actors.answer(0, 307, 'Another leads', there);
  await settle();
  const asked = (): number => actors.subscriptions.length + other.subscriptions.length;
  t.equal(asked(), 6, 'the first, and five that were sent on');
  await settle();
  t.equal(asked(), 6, 'and then a pause');
  await sim.advance(60_000);
  t.ok(asked() >= 12);
  t.same(scheduler.heard, []);
  const subscribed = { frameworkId: { value: 'fw-9' } };
  other.onSubscribe = () => other.event({ type: 'SUBSCRIBED', subscribed });
  await sim.advance(60_000);
  t.same(scheduler.heard, ['registered fw-9']);
  t.equal(driver.status, 'DRIVER_RUNNING');
});

t.test('a leader that is no PID is not turned to, and asked for again', async (t) => {
  const { actors, driver, sim, scheduler } = await givenDriver(t, 'actor', {
    isSubscribed: false,
  });
  actors.answer(0, 307, 'Another leads', 'nobody in particular');
  await sim.advance(60_000);
  t.ok(actors.subscriptions.length >= 2);
  t.same(scheduler.heard, []);
  t.equal(driver.status, 'DRIVER_RUNNING');
});

t.test('a lost event breaks the subscription, and a new one heals it', async (t) => {
  const { actors, master, scheduler, sim } = await givenDriver(t, 'actor');
  actors.loseEvent();
  await master.event({ type: 'HEARTBEAT' });
  t.equal(scheduler.heard.at(-1), 'disconnected');
  await sim.advance(60_000);
  t.ok(actors.subscriptions.length >= 2);
  await master.subscribed();
  t.equal(scheduler.heard.at(-1), 'reregistered');
});

t.test('events of a former subscription and of strangers are not heard', async (t) => {
  const { actors, driver, master, scheduler, sim, settle } = await givenDriver(t, 'actor');
  const stranger = new ActorMaster(sim.createSystem('stranger.example:1'));
  stranger.hear(
    { ...(actors.messages[0] as (typeof actors.messages)[number]), subscription: 1 },
    driver.pid,
  );
  stranger.loseEvent();
  stranger.event({ type: 'ERROR', error: { message: 'I am the master' } });
  await settle();
  t.equal(driver.status, 'DRIVER_RUNNING');
  const heard = scheduler.heard.length;
  actors.closeStream('test');
  // Still under the number of the first subscription.
  actors.event({ type: 'RESCIND', rescind: { offerId: { value: 'o1' } } });
  await settle();
  t.same(scheduler.heard.slice(heard), ['disconnected']);
  await sim.advance(60_000);
  await master.subscribed();
  t.equal(driver.status, 'DRIVER_RUNNING');
});

t.test('a master that falls silent is given up', async (t) => {
  const { scheduler, sim, actors } = await givenDriver(t, 'actor');
  await sim.advance(4 * HEARTBEAT_MS);
  t.notOk(scheduler.heard.includes('disconnected'));
  actors.event({ type: 'HEARTBEAT' });
  await sim.advance(5 * HEARTBEAT_MS);
  t.notOk(scheduler.heard.includes('disconnected'), 'one heartbeat is a sign of life');
  await sim.advance(2 * HEARTBEAT_MS);
  t.ok(scheduler.heard.includes('disconnected'));
});

t.test('a master that crashes is noticed at once, and its successor found', async (t) => {
  const { scheduler, sim, settle } = await givenDriver(t, 'actor');
  let successor: ActorMaster | undefined;
  sim.restart('127.0.0.1:5050', (system) => {
    successor = new ActorMaster(system);
  });
  await settle();
  t.equal(scheduler.heard.at(-1), 'disconnected');
  await sim.advance(60_000);
  t.ok(successor?.subscriptions.length);
  t.equal(successor?.subscriptions[0]?.frameworkId?.value, 'fw-1');
});

t.test('teardown waits for the master, but not for ever', async (t) => {
  const { driver, sim, actors, settle } = await givenDriver(t, 'actor');
  sim.network.dropNext('schedulerCall');
  driver.stop();
  let isEnded = false;
  void driver.join().then(() => {
    isEnded = true;
  });
  await settle();
  t.equal(isEnded, false);
  await sim.advance(15_000);
  t.equal(isEnded, true);
  t.same(actors.calls, []);
});

/** An agent that remembers what executors are told. */
const agentProtocol = defineProtocol({ ...messages(agentMessages) });
const listeningAgent = defineActor(
  agentProtocol,
  (_ctx, heard: internal.FrameworkToExecutorMessage[]) => {
    const ignored = () => undefined;
    const handlers = Object.fromEntries(Object.keys(agentProtocol).map((name) => [name, ignored]));
    return {
      receive: {
        ...handlers,
        frameworkToExecutor: (message: internal.FrameworkToExecutorMessage) =>
          void heard.push(message),
      } as never,
    };
  },
);

t.test('messages to executors go straight to an agent that offers told of', async (t) => {
  const { driver, master, sim, settle } = await givenDriver(t, 'actor');
  const heard: internal.FrameworkToExecutorMessage[] = [];
  // Where the offers of `offer` say that their agent lives.
  const agent = sim.createSystem('10.0.0.1:5051');
  agent.spawn(listeningAgent, heard, { id: 'slave(1)' });
  const send = async (bytes: number, agentId = 'a1'): Promise<void> => {
    driver.sendFrameworkMessage({ value: 'e1' }, { value: agentId }, new Uint8Array(bytes));
    await settle();
  };
  await send(1);
  t.equal(master.calls.length, 1, 'by the master as long as the agent is unknown');
  await master.event({ type: 'OFFERS', offers: { offers: [offer('o1')] } });
  await send(2);
  t.equal(master.calls.length, 1);
  t.match(heard, [
    { agentId: { value: 'a1' }, frameworkId: { value: 'fw-1' }, executorId: { value: 'e1' } },
  ]);
  t.equal(heard[0]?.data.length, 2);
  t.equal(driver.stats.directMessages, 1);
  await send(4 * 1024 ** 2 + 1);
  t.equal(master.calls.length, 2, 'what is too large takes the long way');
  await send(3, 'a2');
  t.equal(master.calls.length, 3, 'so do messages to other agents');
  sim.network.disconnect('framework.example:1', '10.0.0.1:5051');
  await settle();
  await send(4);
  t.equal(master.calls.length, 4, 'and what is for an agent that could not be reached');
  t.equal(heard.length, 1);
});

t.test('callbacks that cannot keep up cost the subscription, not the memory', async (t) => {
  const { actors, driver, master, scheduler, settle, sim } = await givenDriver(t, 'actor', {
    callbacksWaitingMax: 10,
  });
  let release: () => void = () => undefined;
  scheduler.onStatus = () =>
    new Promise((resolve) => {
      release = resolve;
    });
  const status = { taskId: { value: 't1' }, state: 'TASK_RUNNING' as const };
  await master.event({ type: 'UPDATE', update: { status } });
  for (let count = 0; count <= 10; count += 1) {
    actors.event({ type: 'RESCIND', rescind: { offerId: { value: 'o1' } } });
  }
  await settle();
  t.ok(driver.stats.callbacksDropped > 10);
  release();
  await settle();
  t.same(scheduler.heard.slice(-2), ['t1 TASK_RUNNING', 'disconnected']);
  await sim.advance(60_000);
  t.ok(actors.subscriptions.length >= 2);
});

t.test('the connection of the SDK speaks it too', async (t) => {
  const sim = new Simulation({ seed: 1 });
  t.teardown(() => sim.close());
  const master = new ActorMaster(sim.createSystem('127.0.0.1:5050'));
  const connection = new ActorSchedulerConnection({
    system: sim.createSystem('framework.example:1'),
    master: '127.0.0.1:5050',
  });
  const framework = {
    name: 'f',
    user: 'u',
    roles: [],
    capabilities: [],
    offerFilters: {},
  };
  const signals: SchedulerSignal[] = [];
  const reading = (async () => {
    const subscription = { framework: () => framework, suppressedRoles: () => ['x'] };
    for await (const signal of connection.subscribe(subscription)) signals.push(signal);
  })();
  await t.rejects(connection.call({ type: 'REVIVE' }), { code: 'KAON_NOT_SUBSCRIBED' });
  await sim.settle();
  master.event({ type: 'SUBSCRIBED', subscribed: { frameworkId: { value: 'fw-1' } } });
  await sim.settle();
  const accepted = connection.call({ type: 'REVIVE' });
  await sim.settle();
  await accepted;
  t.equal(master.calls[0]?.frameworkId?.value, 'fw-1');
  sim.network.dropNext('schedulerAnswer');
  const unanswered = connection.call({ type: 'REVIVE' });
  const failure = t.rejects(unanswered, { code: 'KAON_CALL_FAILED', callType: 'REVIVE' });
  await sim.advance(15_000);
  await failure;
  connection.close();
  await sim.settle();
  await reading;
  t.same(
    signals.map(({ kind }) => kind),
    ['event'],
  );
});
