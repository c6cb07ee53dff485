// The workloads of one thread, written once for everything that is little more than spawn and send:
// the floor, nact, comedy, MessageChannel. Each runs in its own process, so the calls through `runtime`
// stay monomorphic and the compiler inlines them. Kaon's are in `kaon.ts`, as its users write them.
import { timed } from '../../harness.ts';
import { GROUP_SIZE, type LocalRowId, SPAWNS_PER_TURN } from '../rows.ts';

/** What a contender must be able to do. Messages have a name and a number, as everywhere here. */
export interface Runtime<Ref> {
  /** An actor that calls `receive` with each message's number. */
  spawn(receive: (body: number) => void): Ref | Promise<Ref>;
  send(to: Ref, body: number): void;
  /** An actor that stops on its first message, after `stopping` was called. */
  spawnStopping(stopping: () => void): Ref | Promise<Ref>;
  /** An actor that answers questions with a number. */
  spawnAnswering?(): Ref | Promise<Ref>;
  /** Asks from outside of any actor. */
  ask?(to: Ref, question: number): Promise<number>;
  /** `count` questions from actor to actor, one after the other. */
  askInside?(count: number): Promise<void>;
  close?(): void | Promise<void>;
}

/** Seconds that `operations` of `row` take. Undefined when the runtime has no such thing. */
export type LocalWorkload = (row: LocalRowId, operations: number) => Promise<number> | undefined;

/** Actors spawned with one field of state and a message handled; `keep` holds them. */
export type SpawnIdle = (keep: unknown[]) => Promise<void>;

/** The workloads over `runtime`. */
export function workloadsOf<Ref>(runtime: Runtime<Ref>): LocalWorkload {
  return (row, operations) => {
    switch (row) {
      case 'spawn':
        return spawnAll(runtime, operations);
      case 'spawnShort':
        return spawnShortLived(runtime, operations);
      case 'ring':
        return ring(runtime, operations);
      case 'pair':
        return pingPong(runtime, 1, operations);
      case 'pairs':
        return pingPong(runtime, GROUP_SIZE, operations);
      case 'fanIn':
        return fanIn(runtime, operations);
      case 'fanOut':
        return fanOut(runtime, operations);
      case 'ask':
        return runtime.askInside && timed(() => runtime.askInside?.(operations) as Promise<void>);
      case 'askOutside':
        return runtime.ask && asks(runtime, operations);
      case 'heap':
        return undefined;
    }
  };
}

/** Fills `keep` with actors that have one field of state and handled a message. */
export function spawnIdleOf<Ref>(runtime: Runtime<Ref>): SpawnIdle {
  return async (keep) => {
    const done = countdown(keep.length);
    for (let index = 0; index < keep.length; index += 1) {
      let sum = 0;
      const ref = await runtime.spawn((body) => {
        sum += body;
        if (sum === 1) done.one();
      });
      keep[index] = ref;
      runtime.send(ref, 1);
    }
    await done.all;
  };
}

/** Resolves `all` when `one` was called `count` times. */
export function countdown(count: number): { readonly all: Promise<void>; one(): void } {
  let left = count;
  let resolve: () => void = () => undefined;
  const all = new Promise<void>((resolved) => {
    resolve = resolved;
  });
  return {
    all,
    one: () => {
      left -= 1;
      if (left === 0) resolve();
    },
  };
}

/** All are alive before the first one hears anything. */
async function spawnAll<Ref>(runtime: Runtime<Ref>, count: number): Promise<number> {
  const done = countdown(count);
  return timed(async () => {
    const refs: Ref[] = [];
    for (let index = 0; index < count; index += 1) {
      const ref = runtime.spawnStopping(done.one);
      refs.push(ref instanceof Promise ? await ref : ref);
    }
    for (const ref of refs) runtime.send(ref, 1);
    await done.all;
  });
}

/** Few are alive at a time: an actor starts some each turn. */
async function spawnShortLived<Ref>(runtime: Runtime<Ref>, count: number): Promise<number> {
  const done = countdown(count);
  const itself: { ref?: Ref } = {};
  itself.ref = await runtime.spawn((left) => {
    for (let index = 0; index < SPAWNS_PER_TURN; index += 1) {
      runtime.send(runtime.spawnStopping(done.one) as Ref, 1);
    }
    if (left > SPAWNS_PER_TURN) runtime.send(itself.ref as Ref, left - SPAWNS_PER_TURN);
  });
  return timed(() => {
    runtime.send(itself.ref as Ref, count);
    return done.all;
  });
}

async function ring<Ref>(runtime: Runtime<Ref>, hops: number): Promise<number> {
  const done = countdown(1);
  const refs: Ref[] = [];
  for (let index = 0; index < GROUP_SIZE; index += 1) {
    const next = (index + 1) % GROUP_SIZE;
    refs.push(
      await runtime.spawn((left) => {
        if (left === 0) done.one();
        else runtime.send(refs[next] as Ref, left - 1);
      }),
    );
  }
  return timed(() => {
    runtime.send(refs[0] as Ref, hops);
    return done.all;
  });
}

async function pingPong<Ref>(runtime: Runtime<Ref>, pairs: number, trips: number): Promise<number> {
  const done = countdown(pairs);
  const players: Ref[] = [];
  for (let index = 0; index < pairs; index += 1) {
    const pair: { ping?: Ref; pong?: Ref } = {};
    pair.ping = await runtime.spawn((left) => {
      if (left === 0) done.one();
      else runtime.send(pair.pong as Ref, left);
    });
    pair.pong = await runtime.spawn((left) => runtime.send(pair.ping as Ref, left - 1));
    players.push(pair.ping);
  }
  return timed(() => {
    for (const ping of players) runtime.send(ping, trips / pairs);
    return done.all;
  });
}

async function fanIn<Ref>(runtime: Runtime<Ref>, messages: number): Promise<number> {
  const done = countdown(messages);
  const sink = await runtime.spawn(() => done.one());
  const senders: Ref[] = [];
  for (let index = 0; index < GROUP_SIZE; index += 1) {
    senders.push(
      await runtime.spawn((count) => {
        for (let sent = 0; sent < count; sent += 1) runtime.send(sink, 1);
      }),
    );
  }
  return timed(() => {
    for (const sender of senders) runtime.send(sender, messages / GROUP_SIZE);
    return done.all;
  });
}

async function fanOut<Ref>(runtime: Runtime<Ref>, messages: number): Promise<number> {
  const done = countdown(messages);
  const receivers: Ref[] = [];
  for (let index = 0; index < GROUP_SIZE; index += 1) {
    receivers.push(await runtime.spawn(() => done.one()));
  }
  const itself: { ref?: Ref } = {};
  const source = await runtime.spawn((rounds) => {
    for (const receiver of receivers) runtime.send(receiver, 1);
    if (rounds > 1) runtime.send(itself.ref as Ref, rounds - 1);
  });
  itself.ref = source;
  return timed(() => {
    runtime.send(source, messages / GROUP_SIZE);
    return done.all;
  });
}

async function asks<Ref>(runtime: Runtime<Ref>, count: number): Promise<number> {
  const answering = (await runtime.spawnAnswering?.()) as Ref;
  return timed(async () => {
    for (let index = 0; index < count; index += 1) await runtime.ask?.(answering, index);
  });
}
