// Answers so large that they are sent from where they lie: what a reader has begun to read stays as it was, whatever
// becomes of the state and of the memory around it.
import { concatBytes, silentLogger, systemClock } from '@kaon/primitives';
import { createMessage, idRecord, jsonText, Task } from '@kaon/protocol';
import t, { type Test } from 'tap';
import { Counters } from '#master/metrics/counters';
import { mirrorThread } from '#master/node/mirror-thread';
import type { MakeMirrorHost, MirrorOrder } from '#master/reads/mirror-orders';
import { type Piece, TextPages } from '#master/reads/pages';
import type { SharedAnswer } from '#master/reads/shared-answer';
import { StateReads } from '#master/reads/state-reads';
import { ByteStore, type StoredBytes } from '#master/state/byte-store';
import type { MasterState } from '#master/state/master-state';
import { answerView } from '#master/views/answer-view';
import { GivenMaster } from './builders/given-master.ts';

const LOOK = { kind: 'state' } as const;
const NO_FLAGS = new Map<string, string>();

function shown(state: MasterState): string {
  const context = { flags: NO_FLAGS, metrics: () => new Map(), nowMs: () => 0 };
  const answer = answerView(state, LOOK, context);
  return answer.kind === 'json' ? jsonText(answer.json) : '';
}

/** A state of about 25 MB. */
function givenLargeState() {
  const { state } = new GivenMaster().framework('f1').agent('a1', 'cpus:4000');
  const labels = { labels: [{ key: 'long', value: 'x'.repeat(12_000) }] };
  const tasks = Array.from({ length: 2000 }, (_, number) =>
    state.addTask(
      createMessage(Task, {
        name: 'n',
        taskId: idRecord(`t${number}`),
        frameworkId: idRecord('f1'),
        agentId: idRecord('a1'),
        state: 'TASK_STAGING',
        labels,
      }),
    ),
  );
  let changes = 0;
  const changeAll = (): void => {
    changes += 1;
    for (const task of tasks) {
      const status = {
        taskId: idRecord(task.id),
        state: 'TASK_RUNNING' as const,
        timestamp: changes,
      };
      task.apply({ status, latestState: 'TASK_RUNNING', uuid: undefined });
    }
  };
  return { state, changeAll };
}

function readsOf(t: Test, state: MasterState, makeHost: MakeMirrorHost): StateReads {
  const reads = new StateReads({
    makeHost,
    clock: systemClock(),
    logger: silentLogger,
    counters: new Counters(),
    flags: NO_FLAGS,
  });
  reads.attach(state);
  t.teardown(() => reads.close());
  return reads;
}

/** Reads to the end; `leave` gives the answer up. */
async function read(reads: StateReads): Promise<{ answer: SharedAnswer; leave: () => void }> {
  const answer = reads.read({ look: LOOK, coding: 'identity' });
  if (answer === undefined) throw new Error('refused');
  let leave = (): void => undefined;
  await new Promise<void>((resolve, reject) => {
    const look = (): void => {
      if (answer.state === 'failed') reject(new Error(answer.failure));
      if (answer.state === 'complete') resolve();
    };
    leave = reads.follow(answer, look);
    look();
  });
  return { answer, leave };
}

const textOf = ({ pages }: SharedAnswer): string => Buffer.from(concatBytes(pages)).toString();

t.test('a slow reader sees one moment, however long it takes', async (t) => {
  const { state, changeAll } = givenLargeState();
  let released = 0;
  const reads = readsOf(t, state, (events) => {
    const host = mirrorThread(events);
    const post = (order: MirrorOrder): void => {
      if (order.kind === 'release') released += 1;
      host.post(order);
    };
    return { ...host, post };
  });
  const expected = shown(state);
  const slow = await read(reads);
  // Enough for the copy to move all that it keeps, and to write again where it lay.
  for (let round = 0; round < 6; round += 1) {
    changeAll();
    const next = await read(reads);
    if (round === 5) t.ok(textOf(next.answer) === shown(state), 'others see what is new');
    next.leave();
  }
  t.equal(released, 6, 'what was read is let go');
  t.ok(textOf(slow.answer) === expected, 'not a byte is another');
  slow.leave();
  t.equal(released, 7);
});

/** Keeps numbered texts of about 100 bytes. */
function givenList(length: number) {
  const store = new ByteStore();
  const text = (index: number, version: number): string =>
    `,"${String(index).padStart(90, '.')}-${version}"`;
  const texts = Array.from({ length }, (_, index) => text(index, 0));
  const kept = texts.map((each) => store.keepText(each));
  return {
    store,
    kept,
    expected: () => `[${texts.join('').slice(1)}]`,
    change: (index: number, version: number) => {
      texts[index] = text(index, version);
      kept[index] = store.keepText(texts[index] as string);
    },
  };
}

function print(store: ByteStore, kept: readonly StoredBytes[]): Piece[] {
  const pieces: Piece[] = [];
  const pages = new TextPages((piece) => pieces.push(piece));
  pages.add('[');
  for (const [index, stored] of kept.entries()) pages.addStored(store, stored, index === 0 ? 1 : 0);
  pages.add(']');
  pages.finish();
  return pieces;
}

const joined = (pieces: readonly Piece[]): string =>
  Buffer.concat(pieces.map(({ bytes }) => bytes)).toString();

t.test(
  'a list is printed to the letter, in few pieces, however much of it has changed',
  async (t) => {
    const { store, kept, expected, change } = givenList(20_000);
    for (let round = 1; round <= 40; round += 1) {
      for (let index = round % 7; index < kept.length; index += 7 * round) change(index, round);
      t.equal(joined(print(store, kept)), expected());
    }
    const pieces = print(store, kept);
    t.ok(pieces.length <= 2 * Math.ceil(expected().length / 8192), `${pieces.length} pieces`);
  },
);

t.test('what is swept together stays the same, and its old memory is used again', async (t) => {
  const { store, kept, expected, change } = givenList(20_000);
  const before = new Set(kept.map(({ chunk }) => chunk));
  store.sweep(kept);
  t.equal(joined(print(store, kept)), expected());
  for (let index = 0; index < kept.length; index += 1) change(index, 1);
  t.equal(joined(print(store, kept)), expected());
  const reused = kept.filter(({ chunk }) => before.has(chunk));
  t.ok(reused.length > kept.length / 2, `${reused.length} lie where others lay`);
});

t.test('memory that is sent from is not written to before it is let go', async (t) => {
  const { store, kept, expected, change } = givenList(20_000);
  const sent = print(store, kept);
  const held = new Set(sent.flatMap(({ chunk }) => chunk ?? []));
  for (const chunk of held) chunk.pin();
  const text = expected();
  const sweepAndChange = (version: number): void => {
    store.sweep(kept);
    for (let index = 0; index < kept.length; index += 1) change(index, version);
  };
  sweepAndChange(1);
  sweepAndChange(2);
  t.equal(joined(sent), text);
  for (const chunk of held) chunk.unpin();
  sweepAndChange(3);
  t.ok(
    kept.some(({ chunk }) => held.has(chunk)),
    'then it is',
  );
});
