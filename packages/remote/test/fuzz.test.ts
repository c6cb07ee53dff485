// A live node under fire: 100,000 frames, most of them wrong, through sockets in memory and real ones. It must
// not crash, run no handler it should not, forget everybody who left, and still serve a peer that behaves.
//
// KAON_FUZZ_SEED replays a run, KAON_FUZZ_CASES changes its length.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { ask, defineActor, defineProtocol, message, Pid } from '@kaon/actor';
import { isUwsAvailable } from '@kaon/http';
import { decodeNothing, decodeString, decodeUnknown, err, ok } from '@kaon/primitives';
import {
  type Dial,
  type LinkSocket,
  type LinkSocketEvents,
  startNode,
  webSocketDial,
} from '@kaon/remote';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { WebSocket } from 'ws';
import { ANNOUNCEMENTS, type FuzzCase, fuzzCases } from './builders/fuzz.ts';
import { hello, record, welcome } from './builders/hand-made.ts';

const SEED = Number(process.env['KAON_FUZZ_SEED'] ?? 20_260_101);
const CASES = Number(process.env['KAON_FUZZ_CASES'] ?? 100_000);
/** The drivers that load here. */
const DRIVERS = isUwsAvailable() ? (['node', 'uws'] as const) : (['node'] as const);
/** Between two looks at the node. */
const CASES_PER_ROUND = 1000;
const REAL_CASES = Math.ceil(CASES / 20);
const FRAMES_PER_REAL_SOCKET = 20;
const PEERS_MAX = 64;
const HEAP_GROWTH_BYTES_MAX = 24 * 1024 ** 2;

/** Who may have sent a note: the addresses under which the fuzzer's connections were welcomed. */
const SENDERS = /^(fuzz|answer)-[a-z0-9]+:1$|^hand:1$/;
/** No fuzzer finds this word. */
const WORD = 'open, sesame, and nothing but sesame';

const targetProtocol = defineProtocol({
  note: message(decodeString),
  read: ask(decodeNothing, decodeUnknown),
  echo: ask(decodeUnknown, decodeUnknown),
});
const vaultProtocol = defineProtocol({
  open: message((value) => (value === WORD ? ok(WORD) : err({ path: '', problem: 'wrong word' }))),
});
const slowProtocol = defineProtocol({ wait: ask(decodeNothing, decodeNothing) });

/** What handlers saw that they never should. */
interface Witness {
  notes: number;
  readonly violations: string[];
}

const target = defineActor(targetProtocol, (_, witness: Witness) => ({
  receive: {
    note: (body, from) => {
      witness.notes += 1;
      if (typeof body !== 'string') witness.violations.push(`a note of ${typeof body}`);
      if (!SENDERS.test(from.address)) witness.violations.push(`a note from ${from}`);
    },
    read: () => witness.notes,
    echo: (body) => body,
  },
}));
const vault = defineActor(vaultProtocol, (_, witness: Witness) => ({
  receive: {
    open: (word) => {
      witness.violations.push(`the vault opened to ${word}`);
    },
  },
}));
const slow = defineActor(slowProtocol, (ctx) => ({
  receive: { wait: () => ctx.later<undefined>() },
}));

/** The far end of a connection, in memory. What the node sends is only counted. */
class FuzzSocket implements LinkSocket {
  readonly bufferedBytes = 0;
  events: LinkSocketEvents | undefined;
  sentFrames = 0;
  isOpen = true;

  send(): void {
    this.sentFrames += 1;
  }

  close(code: number, reason: string): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    queueMicrotask(() => this.events?.closed(code, reason));
  }

  abort(): void {
    this.close(1006, '');
  }
}

/** Throws cases at a node: keeps one connection as long as the node does. */
class Attacker {
  readonly #accept: (socket: FuzzSocket) => LinkSocketEvents;
  readonly #address: string;
  #current: FuzzSocket | undefined;
  #hellos = 0;
  /** Frames that came upon a connection the node had welcomed. */
  framesHeard = 0;
  /** Frames after which that connection still stood. */
  framesSurvived = 0;

  constructor(address: string, accept: (socket: FuzzSocket) => LinkSocketEvents) {
    this.#address = address;
    this.#accept = accept;
  }

  feed({ isFirst, frame }: FuzzCase): void {
    if (isFirst) {
      const socket = this.#open();
      socket.events?.frame(frame);
      socket.abort();
      return;
    }
    if (this.#current?.isOpen !== true) this.#current = this.sayHello(`fuzz-${this.#hellos % 8}:1`);
    if (this.#current.isOpen) this.framesHeard += 1;
    this.#current.events?.frame(frame);
    if (this.#current.isOpen) this.framesSurvived += 1;
  }

  /** A connection that is welcomed, with all names announced. */
  sayHello(address: string): FuzzSocket {
    this.#hellos += 1;
    const socket = this.#open();
    const changes = { address, incarnation: `i${this.#hellos}`, connection: `c${this.#hellos}` };
    socket.events?.frame(hello(this.#address, changes));
    socket.events?.frame(ANNOUNCEMENTS);
    return socket;
  }

  leave(): void {
    this.#current?.abort();
  }

  #open(): FuzzSocket {
    const socket = new FuzzSocket();
    socket.events = this.#accept(socket);
    return socket;
  }
}

/** Dials `friend` really, and answers for all others with the last frame put down for them. */
function answeringDial(friend: string, frames: Map<string, FuzzCase>): Dial {
  const dialReally = webSocketDial('/__actors__');
  return (address, limits, events) => {
    if (address === friend) return dialReally(address, limits, events);
    const socket = new FuzzSocket();
    socket.events = events;
    queueMicrotask(() => {
      const { isFirst = true, frame = Buffer.alloc(0) } = frames.get(address) ?? {};
      events.opened();
      if (!isFirst) {
        events.frame(welcome(address));
        events.frame(ANNOUNCEMENTS);
      }
      events.frame(frame);
      socket.abort();
    });
    return socket;
  };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** The node under fire, and a peer that behaves. */
async function givenTarget(t: Test, driver: 'node' | 'uws') {
  const witness: Witness = { notes: 0, violations: [] };
  const answers = new Map<string, FuzzCase>();
  const friend = await startNode();
  const node = await startNode({
    http: { driver },
    remote: {
      peersMax: PEERS_MAX,
      backoff: { factorMs: 1, capMs: 5 },
      dial: answeringDial(friend.address, answers),
    },
  });
  t.teardown(() => Promise.all([node.close({ graceMs: 0 }), friend.close({ graceMs: 0 })]));
  node.system.spawn(target, witness, { id: 'notes', mailboxMax: 10_000 });
  node.system.spawn(vault, witness, { id: 'vault' });
  friend.system.spawn(target, witness, { id: 'notes' });
  friend.system.spawn(slow, undefined, { id: 'slow' });

  // Its correlation is a small number that the fuzzer guesses all the time.
  let hasSettled = false;
  const settled = (): void => {
    hasSettled = true;
  };
  const slowPid = new Pid('slow', friend.address, slowProtocol);
  node.system.ask(slowPid, 'wait', undefined, { timeoutMs: 3_600_000 }).then(settled, settled);

  const echo = (from: typeof node, to: typeof node): Promise<unknown> =>
    from.system.ask(new Pid('notes', to.address, targetProtocol), 'echo', 'alive');
  /** What must hold at any time. */
  const check = async (): Promise<void> => {
    t.equal(await echo(friend, node), 'alive', 'the node answers');
    t.equal(await echo(node, friend), 'alive', 'and asks');
    t.same(witness.violations, []);
    t.equal(hasSettled, false, 'nobody answers for another');
    t.equal(
      node.system.processes().every(({ failures }) => failures === 0),
      true,
    );
    t.ok(node.remote.stats.connections <= PEERS_MAX);
    t.ok(node.system.stats.remoteLinks <= PEERS_MAX * 64, 'links stay few');
  };
  /** What must hold when everybody but the friend has left. */
  const checkQuiet = async (): Promise<void> => {
    while (node.remote.stats.connections > 1 || node.remote.stats.pending > 0) await turn();
    t.match(node.remote.stats, { connections: 1, pending: 0, bufferedBytes: 0 });
    t.equal(node.system.stats.remoteLinks, 0);
    t.equal(node.system.stats.actors, 2);
    t.equal(node.system.stats.pendingAsks, 1);
    t.equal(node.http.stats.openWebSockets, 0, 'the friend was dialled, the others have left');
  };
  return { node, witness, answers, check, checkQuiet };
}

function replay(round: number): string {
  return `round ${round}; replay with KAON_FUZZ_SEED=${SEED} KAON_FUZZ_CASES=${CASES}`;
}

t.test('a node takes whatever is thrown at it, in memory', async (t) => {
  const { node, witness, answers, check, checkQuiet } = await givenTarget(t, 'node');
  const attacker = new Attacker(node.address, (socket) => node.remote.accept(socket, 'fuzz'));
  const cases = fuzzCases(node.address);
  const rounds = Math.ceil((CASES - REAL_CASES) / CASES_PER_ROUND);
  let heapBefore = 0;
  let framesMeant = 0;
  for (let round = 0; round < rounds; round += 1) {
    const thrown = fc.sample(cases, { seed: SEED + round, numRuns: CASES_PER_ROUND });
    for (const [index, one] of thrown.entries()) {
      try {
        attacker.feed(one);
        if (index % 20 !== 0) continue;
        // Lets those go who were closed.
        await Promise.resolve();
        const address = `answer-${index % 7}:1`;
        answers.set(address, one);
        node.system.send(new Pid('notes', address, targetProtocol), 'note', 'who is there');
      } catch (error) {
        t.fail(`case ${index} of ${replay(round)}`, { error });
      }
    }
    framesMeant += thrown.filter(({ isFirst }) => !isFirst).length;
    await turn();

    // Among all the noise, what is right still arrives.
    const before = witness.notes;
    const proper = attacker.sayHello('fuzz-proper:1');
    proper.events?.frame(record({ kind: 3, body: Buffer.from([0xa2, 0x68, 0x69]) }));
    for (let turns = 0; turns < 100 && witness.notes === before; turns += 1) await turn();
    t.equal(witness.notes, before + 1, `a proper message arrives after ${replay(round)}`);
    proper.abort();
    if (round % 10 === 0) await check();
    if (round === Math.floor(rounds / 5)) heapBefore = heapBytes();
    if (!t.passing()) break;
  }
  attacker.leave();
  await check();
  await checkQuiet();
  t.ok(attacker.framesHeard > 0.9 * framesMeant, 'frames came upon a connection');
  t.ok(attacker.framesSurvived > 0.3 * framesMeant, 'which stood many of them');
  const grownBytes = heapBytes() - heapBefore;
  t.ok(grownBytes < HEAP_GROWTH_BYTES_MAX, `the heap grew by ${grownBytes} bytes`);
  t.ok(node.remote.stats.framesBad > 0);
  t.ok(node.remote.stats.bodiesUndecodable > 0);
  t.ok(node.remote.stats.handshakesRefused > 0);
});

for (const driver of DRIVERS) {
  t.test(
    `a node takes whatever is thrown at it, over sockets of the driver ${driver}`,
    async (t) => {
      const { node, check, checkQuiet } = await givenTarget(t, driver);
      const numRuns = Math.ceil(REAL_CASES / DRIVERS.length);
      const cases = fc.sample(fuzzCases(node.address), { seed: SEED - 1, numRuns });
      for (let at = 0; at < numRuns; at += FRAMES_PER_REAL_SOCKET) {
        await throwAt(node.address, cases.slice(at, at + FRAMES_PER_REAL_SOCKET), at);
      }
      await check();
      await checkQuiet();
      t.ok(node.remote.stats.framesBad > 0);
      t.ok(node.remote.stats.messagesReceived > 0);
      t.ok(t.passing(), replay(0));
    },
  );
}

/** Sends all frames over one socket, as far as it stands, and waits until it is closed. */
async function throwAt(address: string, cases: readonly FuzzCase[], at: number): Promise<void> {
  const socket = new WebSocket(`ws://${address}/__actors__`);
  socket.on('error', () => undefined);
  await new Promise<void>((resolve) => {
    socket.once('close', () => resolve());
    socket.once('open', () => {
      if (cases[0]?.isFirst !== true) {
        socket.send(hello(address, { address: `fuzz-${at}:1` }));
        socket.send(ANNOUNCEMENTS);
      }
      for (const { frame } of cases) socket.send(frame);
      socket.close(1000);
    });
  });
}
