// Kaon in one thread, through its public surface, as its users write actors.
import {
  type ActorSystem,
  ask,
  createActorSystem,
  decodeInteger,
  defineActor,
  defineProtocol,
  localMessage,
  message,
  type Pid,
  pidOf,
} from '@kaon/actor';
import { timed } from '../../harness.ts';
import { GROUP_SIZE, type LocalRowId, SPAWNS_PER_TURN } from '../rows.ts';
import { countdown, type LocalWorkload, type SpawnIdle } from './workloads.ts';

const token = defineProtocol({ pass: message(decodeInteger) });

interface PasserOptions {
  /** Filled in when the neighbour exists. */
  next?: Pid<typeof token>;
  readonly done: () => void;
}

/** Counts a token down, passing it on each time. */
const passer = defineActor(token, (ctx, options: PasserOptions) => ({
  receive: {
    pass: (left) =>
      left === 0 ? options.done() : ctx.send(options.next as Pid<typeof token>, 'pass', left - 1),
  },
}));

/** Sends the token back, one less. */
const returner = defineActor(token, (ctx, to: Pid<typeof token>) => ({
  receive: { pass: (left) => ctx.send(to, 'pass', left - 1) },
}));

/** Sends the token to its partner until it is used up. */
const server = defineActor(token, (ctx, options: PasserOptions) => ({
  receive: {
    pass: (left) =>
      left === 0 ? options.done() : ctx.send(options.next as Pid<typeof token>, 'pass', left),
  },
}));

const counter = defineProtocol({
  add: message(decodeInteger),
  next: ask(decodeInteger, decodeInteger),
});

/** Adds up; calls `done` when the sum is reached. */
const adder = defineActor(counter, (_ctx, options: { target: number; done: () => void }) => {
  let sum = 0;
  return {
    receive: {
      add: (amount) => {
        sum += amount;
        if (sum === options.target) options.done();
      },
      next: (number) => number + 1,
    },
  };
});

const starter = defineProtocol({ start: message(decodeInteger) });

/** Sends `count` messages in one turn. */
const sender = defineActor(starter, (ctx, to: Pid<typeof counter>) => ({
  receive: {
    start: (count) => {
      for (let sent = 0; sent < count; sent += 1) ctx.send(to, 'add', 1);
    },
  },
}));

/** One message to each receiver a turn. */
const distributor = defineActor(starter, (ctx, receivers: readonly Pid<typeof counter>[]) => ({
  receive: {
    start: (rounds) => {
      for (const receiver of receivers) ctx.send(receiver, 'add', 1);
      if (rounds > 1) ctx.send(ctx.self, 'start', rounds - 1);
    },
  },
}));

const asking = defineActor(
  starter,
  (ctx, options: { whom: Pid<typeof counter>; done: () => void; failed: (e: Error) => void }) => ({
    receive: {
      start: (count) => {
        const askNext = (left: number): void => {
          if (left === 0) return options.done();
          return ctx.ask(
            options.whom,
            'next',
            left,
            {},
            (answer) => askNext(answer - 2),
            options.failed,
          );
        };
        askNext(count);
      },
    },
  }),
);

const worker = defineActor(counter, (ctx, done: () => void) => {
  let sum = 0;
  return {
    receive: {
      add: (amount) => {
        sum += amount;
        done();
        ctx.stop();
      },
      next: () => sum,
    },
  };
});

const spawning = defineProtocol({ spawn: localMessage<number>() });

/** Starts children, sends each a message, on which it stops. */
const spawner = defineActor(spawning, (ctx, done: () => void) => ({
  receive: {
    spawn: (left) => {
      for (let index = 0; index < SPAWNS_PER_TURN; index += 1) {
        ctx.send(ctx.spawn(worker, done), 'add', 1);
      }
      if (left > SPAWNS_PER_TURN) ctx.send(ctx.self, 'spawn', left - SPAWNS_PER_TURN);
    },
  },
}));

/** All are alive before the first one hears anything. */
async function spawnAll(system: ActorSystem, count: number): Promise<number> {
  const done = countdown(count);
  return timed(async () => {
    const pids: Pid<typeof counter>[] = [];
    for (let index = 0; index < count; index += 1) pids.push(system.spawn(worker, done.one));
    for (const pid of pids) system.send(pid, 'add', 1);
    await done.all;
    while (system.stats.actors > 0) await new Promise(setImmediate);
  });
}

/** Few are alive at a time: a parent starts some each turn. */
async function spawnShortLived(system: ActorSystem, count: number): Promise<number> {
  const done = countdown(count);
  const parent = system.spawn(spawner, done.one);
  return timed(async () => {
    system.send(parent, 'spawn', count);
    await done.all;
    while (system.stats.actors > 1) await new Promise(setImmediate);
  });
}

function ring(system: ActorSystem, hops: number): Promise<number> {
  const done = countdown(1);
  const options = Array.from({ length: GROUP_SIZE }, (): PasserOptions => ({ done: done.one }));
  const pids = options.map((one) => system.spawn(passer, one));
  for (const [index, one] of options.entries()) {
    one.next = pids[(index + 1) % GROUP_SIZE] as Pid<typeof token>;
  }
  return timed(() => {
    system.send(pids[0] as Pid<typeof token>, 'pass', hops);
    return done.all;
  });
}

function pingPong(system: ActorSystem, pairs: number, trips: number): Promise<number> {
  const done = countdown(pairs);
  const servers = Array.from({ length: pairs }, () => {
    const options: PasserOptions = { done: done.one };
    const pid = system.spawn(server, options);
    options.next = system.spawn(returner, pid);
    return pid;
  });
  return timed(() => {
    for (const pid of servers) system.send(pid, 'pass', trips / pairs);
    return done.all;
  });
}

function fanIn(system: ActorSystem, messages: number): Promise<number> {
  const done = countdown(1);
  // Everyone sends all it has in one turn: the default bound of a mailbox would be hit, and counted.
  const options = { target: messages, done: done.one };
  const sink = system.spawn(adder, options, { mailboxMax: messages });
  const senders = Array.from({ length: GROUP_SIZE }, () => system.spawn(sender, sink));
  return timed(() => {
    for (const pid of senders) system.send(pid, 'start', messages / GROUP_SIZE);
    return done.all;
  });
}

function fanOut(system: ActorSystem, messages: number): Promise<number> {
  const done = countdown(GROUP_SIZE);
  const target = messages / GROUP_SIZE;
  const receivers = Array.from({ length: GROUP_SIZE }, () =>
    system.spawn(adder, { target, done: done.one }),
  );
  const source = system.spawn(distributor, receivers);
  return timed(() => {
    system.send(source, 'start', target);
    return done.all;
  });
}

function asks(system: ActorSystem, count: number): Promise<number> {
  const whom = system.spawn(adder, { target: -1, done: () => undefined });
  return timed(
    () =>
      new Promise<void>((done, failed) => {
        system.send(system.spawn(asking, { whom, done, failed }), 'start', count);
      }),
  );
}

function asksOutside(system: ActorSystem, count: number): Promise<number> {
  const whom = system.spawn(adder, { target: -1, done: () => undefined });
  return timed(async () => {
    for (let index = 0; index < count; index += 1) await system.ask(whom, 'next', index);
  });
}

type KaonWorkload = (system: ActorSystem, operations: number) => Promise<number>;

const WORKLOADS: Readonly<Record<Exclude<LocalRowId, 'heap'>, KaonWorkload>> = {
  spawn: spawnAll,
  spawnShort: spawnShortLived,
  ring,
  pair: (system, trips) => pingPong(system, 1, trips),
  pairs: (system, trips) => pingPong(system, GROUP_SIZE, trips),
  fanIn,
  fanOut,
  ask: asks,
  askOutside: asksOutside,
};

/** One system for all runs, as a program has one: it is empty again before the next run. */
const system = createActorSystem();

export const kaonWorkload: LocalWorkload = (row, operations) =>
  row === 'heap' ? undefined : runAndEmpty(row, operations);

async function runAndEmpty(row: Exclude<LocalRowId, 'heap'>, operations: number): Promise<number> {
  const seconds = await WORKLOADS[row](system, operations);
  for (const { id } of system.processes()) {
    const pid = pidOf(counter, `${id}@${system.address}`);
    if (pid.ok) system.stop(pid.value);
  }
  while (system.stats.actors > 0) await new Promise(setImmediate);
  const { deadLetters } = system.stats;
  if (deadLetters > 0) throw new Error(`${deadLetters} messages of ${row} became dead letters`);
  return seconds;
}

/** Actors with one field of state that handled one message. */
export const kaonSpawnIdle: SpawnIdle = async (keep) => {
  const done = countdown(keep.length);
  const options = { target: 1, done: done.one };
  for (let index = 0; index < keep.length; index += 1) {
    const pid = system.spawn(adder, options);
    keep[index] = pid;
    system.send(pid, 'add', 1);
  }
  await done.all;
};
