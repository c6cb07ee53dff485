// Who subscribes to events sees a snapshot and every change after it, however the state moves meanwhile, and however
// slowly others read.
import { type Chunk, RecordDecoder, type ResponseStream } from '@kaon/http';
import { fromUtf8, seededRandom, silentLogger, type TimerHandle } from '@kaon/primitives';
import { decodeProto, encodeJson, masterV1 } from '@kaon/protocol';
import t, { type Test } from 'tap';
import {
  EVENT_BACKLOG_BYTES_MAX,
  EVENT_GATHER_MS_MAX,
  EVENT_SUBSCRIBERS_MAX,
} from '#master/constants';
import { EventFeed } from '#master/events/event-feed';
import { Counters } from '#master/metrics/counters';
import { inlineMirror } from '#master/reads/inline-mirror';
import { StateReads } from '#master/reads/state-reads';
import type { MasterState } from '#master/state/master-state';
import { operatorResponse } from '#master/views/operator-view';
import { GivenMaster } from './builders/given-master.ts';
import { RandomHistory } from './builders/random-history.ts';

/** Time that stands still until all timers that are due have fired. */
class TestClock {
  #nowMs = 0;
  readonly #timers = new Map<object, { atMs: number; fire: () => void }>();

  nowMs(): number {
    return this.#nowMs;
  }

  monotonicMs(): number {
    return this.#nowMs;
  }

  setTimer(delayMs: number, fire: () => void): TimerHandle {
    const handle = {};
    this.#timers.set(handle, { atMs: this.#nowMs + delayMs, fire });
    return handle;
  }

  clearTimer(timer: TimerHandle): void {
    this.#timers.delete(timer as object);
  }

  /** Something takes `ms`. */
  spend(ms: number): void {
    this.#nowMs += ms;
  }

  /** Lets `ms` pass, and what is told by microtasks happen in between. */
  async pass(ms: number): Promise<void> {
    const untilMs = this.#nowMs + ms;
    for (;;) {
      await new Promise((resolve) => setImmediate(resolve));
      const due = [...this.#timers].find(([, { atMs }]) => atMs <= untilMs);
      if (due === undefined) break;
      this.#timers.delete(due[0]);
      this.#nowMs = Math.max(this.#nowMs, due[1].atMs);
      due[1].fire();
    }
    this.#nowMs = Math.max(this.#nowMs, untilMs);
  }
}

/** A subscriber's end of a stream; does not read while `isStalled`. */
class TestStream implements ResponseStream {
  readonly chunks: Uint8Array[] = [];
  bufferedBytes = 0;
  isOpen = true;
  isStalled = false;
  onFlush = (): void => undefined;
  readonly #closed: (() => void)[] = [];
  readonly #drained: (() => void)[] = [];

  write(bytes: Uint8Array | Chunk): boolean {
    if (!this.isOpen) return false;
    const data = bytes instanceof Uint8Array ? bytes : bytes.data;
    this.chunks.push(data);
    if (this.isStalled) this.bufferedBytes += data.length;
    return true;
  }

  offer(bytes: Uint8Array | Chunk): boolean {
    return this.write(bytes);
  }

  flush(): void {
    this.onFlush();
  }

  end(): void {
    this.close();
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const listener of this.#closed) listener();
  }

  onClose(listener: () => void): void {
    this.#closed.push(listener);
  }

  onDrain(listener: () => void): void {
    this.#drained.push(listener);
  }

  read(): void {
    this.isStalled = false;
    this.bufferedBytes = 0;
    for (const listener of this.#drained) listener();
  }

  /** Everything so far: each chunk is one record. */
  get records(): readonly Uint8Array[] {
    return this.chunks.map((bytes) => {
      const decoded = new RecordDecoder().push(bytes);
      if (!decoded.ok || decoded.value.length !== 1) throw new Error('a chunk is not one record');
      return decoded.value[0] as Uint8Array;
    });
  }

  get events(): readonly JsonEvent[] {
    return this.records.map((record) => JSON.parse(fromUtf8(record)) as JsonEvent);
  }

  get types(): readonly string[] {
    return this.events.map(({ type }) => type);
  }
}

interface Id {
  readonly value: string;
}
interface JsonTask {
  readonly task_id: Id;
  readonly framework_id: Id;
  readonly state: string;
  readonly statuses?: readonly JsonStatus[];
}
interface JsonStatus {
  readonly task_id: Id;
  readonly state: string;
  readonly uuid?: string;
}
interface JsonState {
  readonly get_tasks: Record<'tasks' | 'completed_tasks' | 'unreachable_tasks', JsonTask[]>;
  readonly get_agents: { readonly agents: { readonly agent_info: { readonly id: Id } }[] };
  readonly get_frameworks: { readonly frameworks: JsonFramework[] };
}
interface JsonFramework {
  readonly framework_info: { readonly id: Id; readonly name: string };
  readonly connected: boolean;
}
interface JsonEvent {
  readonly type: string;
  readonly subscribed?: { readonly get_state: JsonState };
  readonly task_added?: { readonly task: JsonTask };
  readonly task_updated?: {
    readonly framework_id: Id;
    readonly status: JsonStatus;
    readonly state: string;
  };
  readonly agent_added?: { readonly agent: { readonly agent_info: { readonly id: Id } } };
  readonly agent_removed?: { readonly agent_id: Id };
  readonly framework_added?: { readonly framework: JsonFramework };
  readonly framework_updated?: { readonly framework: JsonFramework };
  readonly framework_removed?: { readonly framework_info: { readonly id: Id } };
}

/** What a client knows that follows a stream. */
class Follower {
  readonly tasks = new Map<string, string>();
  readonly agents = new Set<string>();
  readonly frameworks = new Map<string, string>();

  take(event: JsonEvent): void {
    if (event.subscribed !== undefined) this.#start(event.subscribed.get_state);
    if (event.task_added !== undefined) this.#task(event.task_added.task);
    if (event.task_updated !== undefined) {
      const { framework_id, status, state } = event.task_updated;
      const key = `${framework_id.value} ${status.task_id.value}`;
      const statuses = statusesOf(this.tasks.get(key) ?? '').filter(
        (text) => !text.startsWith(`${status.state} `),
      );
      this.tasks.set(key, [state, ...statuses, statusText(status)].join('|'));
    }
    if (event.agent_added !== undefined) {
      this.agents.add(event.agent_added.agent.agent_info.id.value);
    }
    if (event.agent_removed !== undefined) this.agents.delete(event.agent_removed.agent_id.value);
    const framework = event.framework_added?.framework ?? event.framework_updated?.framework;
    if (framework !== undefined) this.#framework(framework);
    if (event.framework_removed !== undefined) {
      this.frameworks.delete(event.framework_removed.framework_info.id.value);
    }
  }

  #start(state: JsonState): void {
    this.tasks.clear();
    this.agents.clear();
    this.frameworks.clear();
    for (const list of Object.values(state.get_tasks)) for (const task of list) this.#task(task);
    for (const { agent_info } of state.get_agents.agents) this.agents.add(agent_info.id.value);
    for (const framework of state.get_frameworks.frameworks) this.#framework(framework);
  }

  #task({ task_id, framework_id, state, statuses = [] }: JsonTask): void {
    const key = `${framework_id.value} ${task_id.value}`;
    this.tasks.set(key, [state, ...statuses.map(statusText)].join('|'));
  }

  #framework({ framework_info, connected }: JsonFramework): void {
    this.frameworks.set(framework_info.id.value, `${framework_info.name} ${connected}`);
  }
}

const statusText = ({ state, uuid }: JsonStatus): string => `${state} ${uuid}`;
const statusesOf = (text: string): string[] => text.split('|').slice(1).filter(Boolean);

function feedOf(t: Test, state: MasterState) {
  const clock = new TestClock();
  const counters = new Counters();
  const flags = new Map<string, string>();
  const options = { makeHost: inlineMirror, clock, logger: silentLogger, counters, flags };
  const reads = new StateReads(options);
  reads.attach(state);
  const feed = new EventFeed({ reads, clock, counters });
  feed.attach(state);
  t.teardown(async () => {
    feed.close();
    await reads.close();
  });
  return { feed, clock, counters };
}

function follow(stream: TestStream): Follower {
  const follower = new Follower();
  for (const event of stream.events) follower.take(event);
  return follower;
}

/** A fresh snapshot, as a client takes it in. */
function fresh(state: MasterState): Follower {
  const response = operatorResponse(state, 'GET_STATE', { flags: new Map() });
  const event = { type: 'SUBSCRIBED', subscribed: { getState: response?.getState } } as const;
  const follower = new Follower();
  const text = encodeJson(masterV1.Event, event, {
    emptyLists: new Set(LISTS.map((list) => `mesos.v1.master.Response.${list}`)),
  });
  follower.take(JSON.parse(text) as JsonEvent);
  return follower;
}

const LISTS = [
  'GetTasks.tasks',
  'GetTasks.completed_tasks',
  'GetTasks.unreachable_tasks',
  'GetAgents.agents',
  'GetFrameworks.frameworks',
];

function sameTasks(t: Test, state: MasterState, follower: Follower, what: string): void {
  const wanted = fresh(state);
  // What has fallen out of the lists of the past is not told of; what is there must be known as it is.
  const known = new Map([...wanted.tasks.keys()].map((key) => [key, follower.tasks.get(key)]));
  t.same(known, wanted.tasks, `${what}: tasks`);
  t.same(follower.agents, wanted.agents, `${what}: agents`);
  t.same(follower.frameworks, wanted.frameworks, `${what}: frameworks`);
}

t.test('a snapshot and all that follows equal a fresh snapshot', async (t) => {
  for (let seed = 1; seed <= 4; seed += 1) {
    const history = new RandomHistory(seededRandom(seed));
    const { state } = history;
    const { feed, clock } = feedOf(t, state);
    const streams: TestStream[] = [];
    for (let step = 0; step < 400; step += 1) {
      history.step();
      if (step % 40 === 0) {
        const stream = new TestStream();
        streams.push(stream);
        feed.subscribe('json', stream);
      }
      if (step % 7 === 0) await clock.pass(1);
    }
    await clock.pass(50);
    for (const [index, stream] of streams.entries()) {
      sameTasks(t, state, follow(stream), `seed ${seed}, subscriber ${index}`);
      t.same(stream.types.slice(0, 2), ['SUBSCRIBED', 'HEARTBEAT']);
    }
  }
});

t.test('a snapshot is one chunk, however large it is', async (t) => {
  const given = new GivenMaster();
  for (let number = 0; number < 2000; number += 1) given.agent(`a${number}`);
  const { feed, clock } = feedOf(t, given.state);
  const json = new TestStream();
  const protobuf = new TestStream();
  feed.subscribe('json', json);
  feed.subscribe('protobuf', protobuf);
  await clock.pass(50);
  t.ok((json.chunks[0]?.length ?? 0) > 600_000, 'it is large');
  sameTasks(t, given.state, follow(json), 'JSON');
  const [record = new Uint8Array(0)] = protobuf.records;
  const event = decodeProto(masterV1.Event, record);
  t.equal(event.ok && event.value.subscribed?.getState?.getAgents?.agents.length, 2000);
});

t.test('events of a turn come in order, a framework once, as it is at its end', async (t) => {
  const given = new GivenMaster();
  const { feed, clock } = feedOf(t, given.state);
  const json = new TestStream();
  const protobuf = new TestStream();
  feed.subscribe('json', json);
  feed.subscribe('protobuf', protobuf);
  await clock.pass(10);
  given.framework('f1').agent('a1');
  await clock.pass(10);
  const [framework] = given.state.frameworks.values();
  framework?.update({ ...framework.info, name: 'other' }, []);
  framework?.suppress(['web']);
  await clock.pass(10);
  await clock.pass(15_000);
  const expected = [
    ...['SUBSCRIBED', 'HEARTBEAT', 'FRAMEWORK_ADDED', 'AGENT_ADDED', 'FRAMEWORK_UPDATED'],
    'HEARTBEAT',
  ];
  t.same(json.types, expected);
  const decoded = protobuf.records.map((record) => decodeProto(masterV1.Event, record));
  t.same(
    decoded.map((event) => (event.ok ? event.value.type : event.error)),
    expected,
  );
  const added = json.events[2]?.framework_added?.framework;
  t.match(added, { connected: true, framework_info: { id: { value: 'f1' } } });
});

t.test('a subscriber that does not read costs the others nothing and starts over', async (t) => {
  const given = new GivenMaster().framework('f1');
  const { feed, clock, counters } = feedOf(t, given.state);
  const [framework] = given.state.frameworks.values();
  const slow = new TestStream();
  const quick = new TestStream();
  feed.subscribe('json', slow);
  feed.subscribe('json', quick);
  await clock.pass(10);
  slow.isStalled = true;
  const name = 'x'.repeat(100_000);
  const updates = Math.ceil(EVENT_BACKLOG_BYTES_MAX / name.length) + 30;
  for (let number = 0; number < updates; number += 1) {
    framework?.update({ ...framework.info, name: `${number}${name}` }, []);
    await clock.pass(1);
  }
  t.equal(quick.chunks.length, 2 + updates, 'the other one has had everything');
  t.ok(slow.chunks.length < 20, 'it was given no more than its bound');
  t.equal(counters.get('eventSubscribersBehind'), 1);
  const before = slow.chunks.length;
  slow.read();
  await clock.pass(10);
  framework?.update({ ...framework.info, name: 'last' }, []);
  await clock.pass(10);
  t.same(slow.types.slice(before), ['SUBSCRIBED', 'HEARTBEAT', 'FRAMEWORK_UPDATED']);
  sameTasks(t, given.state, follow(slow), 'the slow one');
});

t.test('a round to many subscribers leaves time for other things', async (t) => {
  const given = new GivenMaster();
  const { feed, clock } = feedOf(t, given.state);
  const streams = Array.from({ length: 100 }, () => new TestStream());
  for (const stream of streams) {
    stream.onFlush = () => clock.spend(1);
    feed.subscribe('json', stream);
  }
  await clock.pass(1000);
  const had = (): number => streams.filter(({ types }) => types.includes('AGENT_ADDED')).length;
  let hadMeanwhile = 0;
  given.agent('a1');
  clock.setTimer(EVENT_GATHER_MS_MAX + 1, () => {
    hadMeanwhile = had();
  });
  await clock.pass(1000);
  t.ok(hadMeanwhile > 0 && hadMeanwhile < streams.length, `${hadMeanwhile} of them before`);
  t.equal(had(), streams.length, 'and all in the end');
});

t.test('a subscriber that fell behind and never reads is cut off', async (t) => {
  const given = new GivenMaster().framework('f1');
  const { feed, clock, counters } = feedOf(t, given.state);
  const [framework] = given.state.frameworks.values();
  const slow = new TestStream();
  feed.subscribe('json', slow);
  await clock.pass(10);
  slow.isStalled = true;
  for (let number = 0; number < 300; number += 1) {
    framework?.update({ ...framework.info, name: `${number}${'x'.repeat(100_000)}` }, []);
    await clock.pass(1);
  }
  await clock.pass(90_000);
  t.notOk(slow.isOpen);
  t.equal(counters.get('eventSubscribersStalled'), 1);
  t.equal(feed.subscriberCount, 0);
});

t.test('with too many subscribers the oldest one goes', async (t) => {
  const given = new GivenMaster();
  const { feed, clock, counters } = feedOf(t, given.state);
  const streams = Array.from({ length: EVENT_SUBSCRIBERS_MAX + 1 }, () => new TestStream());
  for (const stream of streams) feed.subscribe('json', stream);
  await clock.pass(10);
  t.notOk(streams[0]?.isOpen);
  t.ok(streams[1]?.isOpen);
  t.equal(feed.subscriberCount, EVENT_SUBSCRIBERS_MAX);
  t.equal(counters.get('eventSubscribersReplaced'), 1);
});
