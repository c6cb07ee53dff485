// Schedulers that speak to the master as actors: the same calls and answers as over HTTP, and what happens
// when messages or connections are lost.
import { defineProtocol, messages } from '@kaon/actor';
import type { Leader } from '@kaon/election';
import { startMaster } from '@kaon/master';
import {
  createMessage,
  type internal,
  type MessageInit,
  schedulerMessages,
  type schedulerV1,
  schedulerV1 as v1,
} from '@kaon/protocol';
import { memoryStorage } from '@kaon/registry';
import { type Probe, Simulation, spawnProbe } from '@kaon/testkit';
import t from 'tap';
import { type Cluster, givenCluster, MASTER_ADDRESS } from './builders/cluster.ts';
import { GreedyAllocator } from './builders/greedy-allocator.ts';
import { frameworkInfo, taskInfo, update, uuidOf } from './builders/records.ts';

const schedulerProtocol = defineProtocol({ ...messages(schedulerMessages) });

const INFO = { ...frameworkInfo(), failoverTimeout: 1000 };

/** A scheduler's PID, and what it says by hand. */
class ActorScheduler {
  readonly cluster: Pick<Cluster, 'sim' | 'master'>;
  readonly probe: Probe<typeof schedulerProtocol>;
  frameworkId = '';
  subscription = 0;
  sequence = 0;

  constructor(cluster: Pick<Cluster, 'sim' | 'master'>, address: string) {
    this.cluster = cluster;
    const system = cluster.sim.createSystem(address);
    this.probe = spawnProbe(system, schedulerProtocol, { id: 'scheduler-1' });
  }

  async call(call: MessageInit<schedulerV1.Call>, wantsAnswer = false): Promise<void> {
    const full = { frameworkId: { value: this.frameworkId }, ...call };
    this.probe.send(
      this.cluster.master.pid,
      'schedulerCall' as never,
      {
        subscription: this.subscription,
        sequence: this.sequence,
        wantsAnswer,
        call: createMessage<schedulerV1.Call>(v1.Call, full),
      } as never,
    );
    this.sequence += 1;
    await this.cluster.sim.settle();
  }

  async subscribe(info = INFO): Promise<void> {
    this.subscription += 1;
    this.sequence = 0;
    const frameworkId = info.id;
    await this.call({ type: 'SUBSCRIBE', frameworkId, subscribe: { frameworkInfo: info } });
    const subscribed = this.events().find((event) => event.subscribed !== undefined)?.subscribed;
    this.frameworkId = subscribed?.frameworkId.value ?? this.frameworkId;
  }

  /** Events heard so far, all of them in a row. */
  events(): readonly schedulerV1.Event[] {
    return this.#bodies('schedulerEvent').map(({ event }) => event as schedulerV1.Event);
  }

  sequences(): readonly unknown[] {
    return this.#bodies('schedulerEvent').map(({ sequence }) => sequence);
  }

  answers(): readonly Record<string, unknown>[] {
    return this.#bodies('schedulerAnswer');
  }

  closes(): readonly Record<string, unknown>[] {
    return this.#bodies('schedulerClosed');
  }

  #bodies(name: string): readonly Record<string, unknown>[] {
    return this.probe.messages
      .filter((message) => message.name === name)
      .map(({ body }) => body as Record<string, unknown>);
  }
}

async function given(t: Parameters<typeof givenCluster>[0]) {
  const cluster = await givenCluster(t);
  return { cluster, scheduler: new ActorScheduler(cluster, 'framework.example:1') };
}

const ACCEPT = (offer: schedulerV1.Event_Offers, ...ids: readonly string[]) => ({
  type: 'ACCEPT' as const,
  accept: {
    offerIds: offer.offers.map(({ id }) => id),
    operations: [
      {
        type: 'LAUNCH' as const,
        launch: {
          taskInfos: ids.map((id) => taskInfo(id, offer.offers[0]?.agentId.value ?? '')),
        },
      },
    ],
  },
});

t.test('a task runs, and its agent is told the PID of the scheduler', async (t) => {
  const { cluster, scheduler } = await given(t);
  const agent = await cluster.agent('host-1');
  await scheduler.subscribe();
  t.same(
    scheduler.events().map(({ type }) => type),
    ['SUBSCRIBED', 'HEARTBEAT', 'OFFERS'],
  );
  const offers = scheduler.events().find((event) => event.offers !== undefined)?.offers;
  await scheduler.call(ACCEPT(offers ?? { offers: [] }, 't1'));
  const run = agent.probe.take('runTask').body as internal.RunTaskMessage;
  t.equal(run.pid, 'scheduler-1@framework.example:1');
  const of = { frameworkId: scheduler.frameworkId, agentId: agent.id, taskId: 't1' };
  agent.send('statusUpdate', update({ ...of, state: 'TASK_RUNNING', uuid: uuidOf(1) }));
  await cluster.sim.settle();
  t.equal(scheduler.events().at(-1)?.update?.status.state, 'TASK_RUNNING');
  const acknowledge = { agentId: { value: agent.id }, taskId: { value: 't1' }, uuid: uuidOf(1) };
  await scheduler.call({ type: 'ACKNOWLEDGE', acknowledge });
  t.ok(agent.probe.take('statusUpdateAcknowledgement'));
  t.same(scheduler.sequences(), [...scheduler.sequences().keys()], 'events are numbered');
  t.same(scheduler.answers(), [], 'what is accepted is not answered');
  const executorId = { value: 'e' };
  const message = { agentId: { value: agent.id }, executorId, data: new Uint8Array(1) };
  await scheduler.call({ type: 'MESSAGE', message });
  t.ok(agent.probe.take('frameworkToExecutor'), 'messages may go by the master, too');
});

t.test('a scheduler over HTTP has no PID to tell agents', async (t) => {
  const cluster = await givenCluster(t);
  const agent = await cluster.agent('host-1');
  const scheduler = await cluster.scheduler();
  const [offers] = scheduler.connection.take('OFFERS');
  await scheduler.call(ACCEPT(offers?.offers ?? { offers: [] }, 't1') as never);
  t.equal((agent.probe.take('runTask').body as internal.RunTaskMessage).pid, undefined);
});

t.test('refusals are those of the HTTP API', async (t) => {
  const { scheduler } = await given(t);
  await scheduler.call({ type: 'REVIVE' });
  await scheduler.call({ type: 'KILL' });
  t.match(scheduler.answers(), [
    { status: 400, text: 'Framework cannot be found' },
    { status: 400, text: "Failed to validate scheduler::Call: Expecting 'kill' to be present" },
  ]);
  await scheduler.subscribe();
  await scheduler.call({ type: 'REVIVE' }, true);
  t.match(scheduler.answers().at(-1), { sequence: 1, status: 202 });
  scheduler.subscription += 1;
  await scheduler.call({ type: 'REVIVE' });
  t.match(scheduler.answers().at(-1), { status: 400, text: /didn't match the stream ID/ });
});

t.test('an illegal framework gets an ERROR event, as over HTTP', async (t) => {
  const { scheduler } = await given(t);
  await scheduler.subscribe({ ...INFO, roles: ['/'] });
  t.match(scheduler.events(), [{ type: 'ERROR', error: { message: /role/i } }]);
  t.equal(scheduler.closes().length, 1);
});

t.test('a call that was lost breaks the subscription: nothing is half heard', async (t) => {
  const { cluster, scheduler } = await given(t);
  await scheduler.subscribe();
  scheduler.sequence += 1;
  await scheduler.call({ type: 'TEARDOWN' });
  t.match(scheduler.closes(), [{ subscription: 1, reason: /calls were lost/ }]);
  t.equal((await cluster.metrics()).get('master/frameworks_disconnected'), 1);
  t.equal((await cluster.metrics()).get('master/scheduler_streams_broken'), 1);
  await scheduler.subscribe({ ...INFO, id: { value: scheduler.frameworkId } });
  t.equal((await cluster.metrics()).get('master/frameworks_active'), 1);
});

t.test('a scheduler whose process is gone is disconnected at once', async (t) => {
  const { cluster, scheduler } = await given(t);
  await scheduler.subscribe();
  cluster.sim.crash('framework.example:1');
  await cluster.sim.settle();
  t.equal((await cluster.metrics()).get('master/frameworks_disconnected'), 1);
});

t.test('subscribing anew replaces the stream without a disconnection between', async (t) => {
  const { cluster, scheduler } = await given(t);
  await scheduler.subscribe();
  const info = { ...INFO, id: { value: scheduler.frameworkId } };
  await scheduler.subscribe(info);
  t.equal(scheduler.frameworkId, info.id.value);
  t.equal((await cluster.metrics()).get('master/frameworks_active'), 1);
  await scheduler.call({ type: 'REVIVE' }, true);
  t.match(scheduler.answers().at(-1), { subscription: 2, status: 202 });
  scheduler.subscription = 0;
  await scheduler.subscribe(info);
  t.match(scheduler.answers().at(-1), { subscription: 1, status: 400, text: /older/ });
});

t.test('a scheduler that takes the framework over ends the former one', async (t) => {
  const { cluster, scheduler } = await given(t);
  await scheduler.subscribe();
  const successor = new ActorScheduler(cluster, 'successor.example:1');
  await successor.subscribe({ ...INFO, id: { value: scheduler.frameworkId } });
  t.match(scheduler.events().at(-1), { error: { message: 'Framework failed over' } });
  t.equal(scheduler.closes().length, 1);
  t.equal((await cluster.metrics()).get('master/frameworks_active'), 1);
  await successor.call({ type: 'TEARDOWN' }, true);
  t.match(successor.answers(), [{ status: 202 }]);
  t.equal((await cluster.metrics()).get('master/frameworks_active'), 0);
});

t.test('a master that does not lead names the one that does, whatever the call', async (t) => {
  const sim = new Simulation({ seed: 1 });
  let seen: (leader: Leader | undefined) => void = () => undefined;
  let elected: () => void = () => undefined;
  const master = startMaster({
    system: sim.createSystem(MASTER_ADDRESS),
    storage: memoryStorage(),
    createAllocator: (onAllocated) => new GreedyAllocator(onAllocated),
    contender: {
      contend: (_, { onElected }) => {
        elected = onElected;
      },
      withdraw: async () => undefined,
    },
    detector: {
      watch: (onChange) => {
        seen = onChange;
        return () => undefined;
      },
      close: async () => undefined,
    },
  });
  t.teardown(() => sim.close());
  const scheduler = new ActorScheduler({ sim, master }, 'framework.example:1');
  await scheduler.subscribe();
  t.same(scheduler.answers(), [
    { subscription: 1, sequence: 0, status: 503, text: 'No leader elected' },
  ]);
  seen({ pid: 'master@10.0.0.2:5050' });
  await scheduler.subscribe();
  const redirect = { status: 307, text: 'Another master leads', leader: 'master@10.0.0.2:5050' };
  t.same(scheduler.answers().at(-1), { subscription: 2, sequence: 0, ...redirect });
  await scheduler.call({ type: 'REVIVE' });
  t.same(scheduler.answers().at(-1), { subscription: 2, sequence: 1, ...redirect });
  await scheduler.call({ type: 'KILL' });
  t.same(scheduler.answers().at(-1), { subscription: 2, sequence: 2, ...redirect }, 'unread');
  t.same(scheduler.events(), []);

  seen({ pid: `master@${MASTER_ADDRESS}` });
  elected();
  await sim.settle();
  await scheduler.subscribe();
  t.match(scheduler.events(), [{ type: 'SUBSCRIBED' }], 'once it leads it serves');
});
