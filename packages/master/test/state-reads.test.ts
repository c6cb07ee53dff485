// What readers see of a copy of the state: to the byte what the state itself shows, wherever the copy lives.
import { gunzipSync } from 'node:zlib';
import { Pid } from '@kaon/actor';
import { concatBytes, fromUtf8, seededRandom, silentLogger, systemClock } from '@kaon/primitives';
import { encodeJson, encodeProto, jsonText, masterV1, OPERATOR_LISTS } from '@kaon/protocol';
import t, { type Test } from 'tap';
import { Counters } from '#master/metrics/counters';
import { mirrorThread } from '#master/node/mirror-thread';
import { agentProtocol } from '#master/protocol';
import { inlineMirror } from '#master/reads/inline-mirror';
import type { MakeMirrorHost, MirrorHostEvents, MirrorOrder } from '#master/reads/mirror-orders';
import type { LookQuestion, ReadQuestion } from '#master/reads/read-question';
import type { SharedAnswer } from '#master/reads/shared-answer';
import { StateReads } from '#master/reads/state-reads';
import { hostOf } from '#master/state/agent';
import type { MasterState } from '#master/state/master-state';
import { answerView } from '#master/views/answer-view';
import type { ListFilter } from '#master/views/list-filter';
import type { ViewContext } from '#master/views/view';
import { GivenMaster } from './builders/given-master.ts';
import { RandomHistory } from './builders/random-history.ts';

const context: ViewContext = {
  flags: new Map([['cluster', 'test']]),
  metrics: () => new Map(),
  nowMs: () => 0,
};

/** Where copies live, and with how many histories each is tried. */
const HOSTS: readonly (readonly [string, MakeMirrorHost, number])[] = [
  ['in the same thread', inlineMirror, 4],
  ['in a thread of its own', mirrorThread, 1],
];

function readsOf(t: Test, state: MasterState, makeHost: MakeMirrorHost) {
  const counters = new Counters();
  const { flags } = context;
  const options = { makeHost, clock: systemClock(), logger: silentLogger, counters, flags };
  const reads = new StateReads(options);
  reads.attach(state);
  t.teardown(() => reads.close());
  return { reads, counters };
}

function finished(reads: StateReads, answer: SharedAnswer | undefined): Promise<Uint8Array> {
  if (answer === undefined) return Promise.reject(new Error('refused'));
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (answer.state === 'failed') reject(new Error(answer.failure));
      if (answer.state === 'complete') resolve(concatBytes(answer.pages));
    };
    reads.follow(answer, look);
    look();
  });
}

const ask = (reads: StateReads, question: ReadQuestion): Promise<Uint8Array> =>
  finished(reads, reads.read(question));

const OPERATOR_LOOKS = [
  'GET_STATE',
  'GET_AGENTS',
  'GET_FRAMEWORKS',
  'GET_EXECUTORS',
  'GET_TASKS',
  'GET_OPERATIONS',
  'GET_ROLES',
] as const;

/** Every question there is, without a filter or with `filter`. */
function allLooks(filter: ListFilter): LookQuestion[] {
  const page = { taskId: undefined, offset: 1, limit: 7, isAscending: true };
  return [
    ...(['state', 'stateSummary', 'agents', 'frameworks', 'roles'] as const).map(
      (kind): LookQuestion => ({ kind, filter }),
    ),
    { kind: 'tasks', filter: { ...filter, ...page } },
    ...OPERATOR_LOOKS.map((type): LookQuestion => ({ kind: 'operator', type, filter })),
  ];
}

/** What the state itself shows. */
function shown(state: MasterState, look: LookQuestion, encoding: 'json' | 'protobuf'): Uint8Array {
  const answer = answerView(state, look, context);
  if (answer.kind === 'json') return Buffer.from(jsonText(answer.json));
  if (answer.kind !== 'operator') throw new Error(answer.kind);
  if (encoding === 'protobuf') return encodeProto(masterV1.Response, answer.response);
  const options = { emptyLists: OPERATOR_LISTS };
  return Buffer.from(encodeJson(masterV1.Response, answer.response, options));
}

/** Where two long texts part, for a reader of a failure. */
function parting(left: string, right: string): readonly string[] {
  if (left === right) return ['', ''];
  let index = 0;
  while (index < left.length && left[index] === right[index]) index += 1;
  return [left, right].map((each) => each.slice(Math.max(0, index - 200), index + 100));
}

const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

for (const [where, makeHost, seeds] of HOSTS) {
  t.test(`a copy ${where} shows what the state shows, whatever happens to it`, async (t) => {
    for (let seed = 1; seed <= seeds; seed += 1) {
      const history = new RandomHistory(seededRandom(seed));
      const { state } = history;
      const { reads } = readsOf(t, state, makeHost);
      for (let step = 0; step < 60 * seed; step += 1) history.step();
      for (let round = 0; round < 3; round += 1) {
        for (let step = 0; step < 60; step += 1) history.step();
        const [frameworkId] = state.frameworks.keys();
        const [agentId] = state.agents.keys();
        const filters: ListFilter[] = [
          {},
          { frameworkId },
          { agentId },
          { role: 'ops' },
          { taskState: 'TASK_RUNNING' },
        ];
        const looks = filters.flatMap(allLooks);
        const expected = looks.map((look) => text(shown(state, look, 'json')));
        const answers = looks.map((look) => ask(reads, { look, coding: 'identity' }));
        const wire = allLooks({}).filter(({ kind }) => kind === 'operator');
        const wireExpected = wire.map((look) => text(shown(state, look, 'protobuf')));
        const wireAnswers = wire.map((look) =>
          ask(reads, { look, encoding: 'protobuf', coding: 'identity' }),
        );
        for (const [index, look] of looks.entries()) {
          const answer = text((await answers[index]) ?? new Uint8Array(0));
          const [found, wanted] = parting(answer, expected[index] ?? '');
          if (found !== wanted) t.equal(found, wanted, JSON.stringify(look));
        }
        for (const [index, look] of wire.entries()) {
          const answer = text((await wireAnswers[index]) ?? new Uint8Array(0));
          const [found, wanted] = parting(answer, wireExpected[index] ?? '');
          if (found !== wanted) t.equal(found, wanted, JSON.stringify(look));
        }
      }
      t.ok(state.changes.version > 100, `seed ${seed} did something`);
    }
  });

  t.test(`large answers of a copy ${where} come in pages, compressed when asked`, async (t) => {
    const given = new GivenMaster();
    for (let number = 0; number < 500; number += 1) given.agent(`a${number}`);
    const { reads } = readsOf(t, given.state, makeHost);
    const look = { kind: 'state' } as const;
    const plain = reads.read({ look, coding: 'identity' });
    const gzip = reads.read({ look, coding: 'gzip' });
    const bytes = await finished(reads, plain);
    t.equal(text(bytes), text(shown(given.state, look, 'json')));
    t.ok((plain?.pages.length ?? 0) > 1, 'more than one page');
    const compressed = await finished(reads, gzip);
    t.equal(gzip?.coding, 'gzip');
    t.equal(text(gunzipSync(compressed)), text(bytes));
  });
}

t.test(
  'an agent that moved is not shown with the maintenance of the machine it left',
  async (t) => {
    const given = new GivenMaster().framework('f1').agent('a1');
    const { state } = given;
    const { reads } = readsOf(t, state, inlineMirror);
    const [framework] = state.frameworks.values();
    const [agent] = state.agents.values();
    if (framework === undefined || agent === undefined) throw new Error('both are given');
    const { hostname } = agent.info;
    const machineIds = [{ hostname, ip: hostOf(agent.pid.address) }];
    const unavailability = { start: { nanoseconds: 7_123_456_789 } };
    state.machines.reschedule({ windows: [{ machineIds, unavailability }] });
    const resources = agent.totalResources.allocate('web');
    const { id: agentId } = agent;
    const offer = { id: state.nextOfferId(), frameworkId: framework.id, agentId, role: 'web' };
    state.addOffer({ ...offer, resources });
    const look = { kind: 'operator', type: 'GET_FRAMEWORKS' } as const;
    t.match(fromUtf8(await ask(reads, { look, coding: 'identity' })), '7123456789');
    const { info, version, capabilities, resourceVersionUuid } = agent;
    const pid = new Pid('slave(1)', 'elsewhere:5051', agentProtocol);
    state.reconnectAgent(agent, { info, pid, version, capabilities, resourceVersionUuid }, 9);
    t.notMatch(fromUtf8(await ask(reads, { look, coding: 'identity' })), '7123456789');
  },
);

t.test(
  'equal questions are answered once, and again only when something has happened',
  async (t) => {
    const given = new GivenMaster().agent('a1').framework('f1');
    const { reads, counters } = readsOf(t, given.state, inlineMirror);
    const question: ReadQuestion = { look: { kind: 'state' }, coding: 'identity' };
    const first = reads.read(question);
    t.equal(reads.read(question), first, 'one that waits');
    await finished(reads, first);
    t.equal(reads.read(question), first, 'one that is there');
    t.equal(counters.get('readsShared'), 2);
    const etag = reads.etag;
    t.equal(reads.etagOf(first as SharedAnswer), etag);
    given.agent('a2');
    t.not(reads.etag, etag);
    const second = reads.read(question);
    t.not(second, first);
    t.match(fromUtf8(await finished(reads, second)), 'a2.example');
  },
);

t.test('a copy that is lost is begun anew for those who wait', async (t) => {
  const given = new GivenMaster().agent('a1');
  const { makeHost, lose } = losable();
  const { reads, counters } = readsOf(t, given.state, makeHost);
  const question: ReadQuestion = { look: { kind: 'agents' }, coding: 'identity' };
  await ask(reads, question);
  given.agent('a2');
  const cut = ask(reads, question);
  lose();
  await t.rejects(cut, { message: 'the copy of the state was lost' }, 'what was asked is cut off');
  t.match(fromUtf8(await ask(reads, question)), 'a2.example', 'the next one is served');
  t.equal(counters.get('readsRestarted'), 1);
});

t.test('a copy that is lost again and again is told of, not waited for', async (t) => {
  const given = new GivenMaster().agent('a1');
  const makeHost: MakeMirrorHost = (events) => ({
    post: (order) => {
      if (order.kind === 'ask') queueMicrotask(() => events.lost(new Error('out of memory')));
    },
    restart: () => undefined,
    close: () => Promise.resolve(),
  });
  const { reads, counters } = readsOf(t, given.state, makeHost);
  const looks = ['state', 'agents', 'frameworks', 'roles'] as const;
  const asked = looks.map((kind) => ask(reads, { look: { kind }, coding: 'identity' }));
  for (const one of asked) await t.rejects(one, { message: /lost/ });
  t.ok(counters.get('readsRestarted') > 0);
});

t.test('a thread that ends is replaced', async (t) => {
  const given = new GivenMaster().agent('a1');
  let restart: () => void = () => undefined;
  const makeHost: MakeMirrorHost = (events) => {
    const host = mirrorThread(events);
    restart = () => {
      host.restart();
      events.lost(new Error('killed'));
    };
    return host;
  };
  const { reads } = readsOf(t, given.state, makeHost);
  const question: ReadQuestion = { look: { kind: 'agents' }, coding: 'identity' };
  const before = fromUtf8(await ask(reads, question));
  restart();
  given.framework('f1');
  t.equal(fromUtf8(await ask(reads, question)), before);
});

/** A host in this thread that holds answers back until it is lost. */
function losable(): { makeHost: MakeMirrorHost; lose: () => void } {
  let events: MirrorHostEvents | undefined;
  let asks = 0;
  let isLost = false;
  return {
    makeHost: (given) => {
      events = given;
      const host = inlineMirror(given);
      return {
        ...host,
        post: (order: MirrorOrder) => {
          if (order.kind === 'ask') asks += 1;
          // The second question is never answered.
          if (order.kind === 'ask' && asks === 2 && !isLost) return;
          host.post(order);
        },
      };
    },
    lose: () => {
      isLost = true;
      events?.lost(new Error('gone'));
    },
  };
}
