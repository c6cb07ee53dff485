// Long mailboxes: beyond the first thirty thousand, messages are kept another way. Nothing of it shows: not in the
// order, not in counts, not in what becomes of them when the actor ends.
import {
  type ActorSystem,
  ask,
  createActorSystem,
  defineActor,
  defineProtocol,
  message,
} from '@kaon/actor';
import { decodeInteger, seededRandom } from '@kaon/primitives';
import { VirtualClock } from '@kaon/testkit';
import t from 'tap';

const list = defineProtocol({
  note: message(decodeInteger),
  count: ask(decodeInteger, decodeInteger),
});

/** Messages from which on a mailbox counts as long. */
const BORDER = 32_768;

interface ListOptions {
  readonly heard: number[];
  /** Told for each message: may send more. */
  readonly onNote?: (number: number) => void;
}

const listActor = defineActor(list, (_ctx, { heard, onNote }: ListOptions) => ({
  receive: {
    note: (number) => {
      heard.push(number);
      onNote?.(number);
    },
    count: (number) => {
      heard.push(number);
      return heard.length;
    },
  },
}));

/** A system whose runs the test starts, one at a time. */
function givenSystem(): { readonly system: ActorSystem; run(): boolean } {
  const runs: (() => void)[] = [];
  const scheduler = {
    soon: (run: () => void) => void runs.push(run),
    afterIo: (run: () => void) => void runs.push(run),
  };
  const system = createActorSystem({ scheduler, clock: new VirtualClock() });
  return {
    system,
    run: () => {
      const next = runs.shift();
      next?.();
      return next !== undefined;
    },
  };
}

/**
 * What is wrong with `heard` where it ought to be 0, 1, 2 … `count - 1`; undefined when it is. The lists are long, and
 * `t.same` would print both.
 */
function disorderOf(heard: readonly number[], count: number): string | undefined {
  if (heard.length !== count) return `${heard.length} were handled`;
  const at = heard.findIndex((number, index) => number !== index);
  return at === -1 ? undefined : `${heard[at]} was handled at ${at}`;
}

t.test('a burst of any size is handled in order', async (t) => {
  for (const count of [1, 1000, ...[-1, 0, 1, 64, 65, 257, 20_000].map((more) => BORDER + more)]) {
    const { system, run } = givenSystem();
    const heard: number[] = [];
    const pid = system.spawn(listActor, { heard });
    for (let sent = 0; sent < count; sent += 1) system.send(pid, 'note', sent);
    t.equal(system.processes()[0]?.mailbox, count);
    while (run());
    t.equal(disorderOf(heard, count), undefined, `${count} messages`);
    t.equal(system.processes()[0]?.mailbox, 0);
  }
});

t.test('after a burst of any size the next message is handled, and the next burst', async (t) => {
  const { system, run } = givenSystem();
  const heard: number[] = [];
  const pid = system.spawn(listActor, { heard });
  let sent = 0;
  const send = (count: number): void => {
    for (let index = 0; index < count; index += 1) {
      system.send(pid, 'note', sent);
      sent += 1;
    }
    while (run());
  };
  // Among them those at which the backlog is taken up to the last message.
  for (const more of [-1, 0, 1, 63, 64, 65, 127, 128, 129]) {
    const count = BORDER + more;
    send(count);
    send(1);
    if (heard.length !== sent) return t.fail(`after ${count} messages one was not handled`);
  }
  t.equal(disorderOf(heard, sent), undefined);
});

t.test('what is sent while a long mailbox shrinks comes behind what is in it', async (t) => {
  for (const seed of [1, 2, 3]) {
    const random = seededRandom(seed);
    const { system, run } = givenSystem();
    const heard: number[] = [];
    let sent = 0;
    const send = (count: number): void => {
      for (let index = 0; index < count; index += 1) {
        system.send(pid, 'note', sent);
        sent += 1;
      }
    };
    // Around the border: sometimes a little, sometimes much, while it goes on handling.
    const onNote = (): void => {
      if (sent < 3 * BORDER) {
        send(random.nextInt(100) === 0 ? random.nextInt(3000) : random.nextInt(3));
      }
    };
    const pid = system.spawn(listActor, { heard, onNote }, { mailboxMax: 1_000_000 });
    send(BORDER + 3000);
    while (run());
    t.ok(sent > 2 * BORDER);
    t.equal(disorderOf(heard, sent), undefined, `seed ${seed}, ${sent} messages`);
    t.equal(system.deadLetters.total, 0);
  }
});

t.test('asks wait in a long mailbox like messages, and are answered', async (t) => {
  const system = createActorSystem();
  t.teardown(() => system.shutdown());
  const heard: number[] = [];
  const pid = system.spawn(listActor, { heard });
  const answers: Promise<number>[] = [];
  for (let sent = 0; sent < BORDER + 4000; sent += 1) {
    if (sent % 2 === 0) system.send(pid, 'note', sent);
    else answers.push(system.ask(pid, 'count', sent));
  }
  // Each tells how many were handled with it: every other message is one.
  const turns = (await Promise.all(answers)).map((length) => length / 2 - 1);
  t.equal(disorderOf(turns, (BORDER + 4000) / 2), undefined);
  t.equal(disorderOf(heard, BORDER + 4000), undefined);
});

t.test('an actor that ends leaves what its long mailbox held as dead letters', async (t) => {
  const { system, run } = givenSystem();
  const pid = system.spawn(listActor, { heard: [] });
  for (let sent = 0; sent < BORDER + 3000; sent += 1) system.send(pid, 'note', sent);
  const asked = t.rejects(system.ask(pid, 'count', 1), { code: 'KAON_ASK_STOPPED' });
  system.stop(pid);
  while (run());
  await asked;
  t.equal(system.deadLetters.counts.stopped, BORDER + 3001);
});

t.test('an actor that drains handles all of a long mailbox, and nothing sent after', async (t) => {
  const { system, run } = givenSystem();
  const heard: number[] = [];
  const pid = system.spawn(listActor, { heard });
  for (let sent = 0; sent < BORDER + 3000; sent += 1) system.send(pid, 'note', sent);
  system.stop(pid, { drain: true });
  for (let sent = 0; sent < 10; sent += 1) system.send(pid, 'note', -1);
  while (run());
  t.equal(disorderOf(heard, BORDER + 3000), undefined);
  t.equal(system.deadLetters.counts.stopped, 10);
});

t.test('the bound of a mailbox holds however long it is', async (t) => {
  const { system, run } = givenSystem();
  const heard: number[] = [];
  const pid = system.spawn(listActor, { heard }, { mailboxMax: BORDER + 5000 });
  for (let sent = 0; sent < BORDER + 6000; sent += 1) system.send(pid, 'note', sent);
  t.equal(system.deadLetters.counts.full, 1000);
  t.match(system.processes()[0], { mailbox: BORDER + 5000, refused: 1000 });
  while (run());
  t.equal(disorderOf(heard, BORDER + 5000), undefined);
});

t.test('a system that is watched keeps order in long mailboxes, too', async (t) => {
  const heard: number[] = [];
  const system = createActorSystem({ latency: 'system' });
  t.teardown(() => system.shutdown());
  const pid = system.spawn(listActor, { heard });
  for (let sent = 0; sent < BORDER + 5000; sent += 1) system.send(pid, 'note', sent);
  await system.ask(pid, 'count', BORDER + 5000);
  t.equal(disorderOf(heard, BORDER + 5001), undefined);
  t.equal(system.stats.latency?.handle.count, BORDER + 5001);
});
