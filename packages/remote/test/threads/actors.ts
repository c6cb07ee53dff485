// The module that test pools load: actors that do one thing each, in whichever thread they are.
import {
  ask,
  defineActor,
  defineProtocol,
  localAsk,
  localMessage,
  message,
  type Pid,
  pidOf,
} from '@kaon/actor';
import {
  decodeBytes,
  decodeInteger,
  decodeList,
  decodeNothing,
  decodeRecord,
  decodeString,
  decodeUnknown,
} from '@kaon/primitives';
import { transferring } from '@kaon/remote';

export const workProtocol = defineProtocol({
  note: message(decodeString),
  read: ask(decodeNothing, decodeList(decodeString)),
  echo: ask(decodeUnknown, decodeUnknown),
  whoAmI: ask(decodeNothing, decodeString),
  never: ask(decodeNothing, decodeNothing),
  stop: message(decodeNothing),
  fail: message(decodeString),
  /** An error outside any handler: the thread ends. */
  crash: message(decodeNothing),
  exit: message(decodeInteger),
  log: message(decodeString),
  /** Starts a child; answers with its PID. */
  child: ask(decodeNothing, decodeString),
  /** Links to the actor of that PID; exits are noted. */
  link: ask(decodeString, decodeNothing),
  /** Sends a note on. */
  pass: message(decodeRecord({ to: decodeString, text: decodeString })),
  /** Asks another actor to echo, and answers with that. */
  askEcho: ask(decodeRecord({ to: decodeString, value: decodeUnknown }), decodeUnknown),
  bytes: message(decodeBytes),
  bytesTaken: ask(decodeNothing, decodeInteger),
});

export type WorkProtocol = typeof workProtocol;

const noteProtocol = defineProtocol({
  note: message(decodeString),
  echo: ask(decodeUnknown, decodeUnknown),
});

function parsed(text: string): Pid<typeof noteProtocol> {
  const pid = pidOf(noteProtocol, text);
  if (!pid.ok) throw new Error(pid.error);
  return pid.value;
}

/** Does as it is told. */
export const work = defineActor(workProtocol, (ctx, options: { readonly notes?: string[] }) => {
  const notes = [...(options.notes ?? [])];
  let taken = 0;
  return {
    receive: {
      note: (text) => {
        notes.push(text);
      },
      read: () => notes,
      echo: (value) => value,
      whoAmI: (_, from) => from.toString(),
      never: () => ctx.later<undefined>(),
      stop: () => ctx.stop(),
      fail: (text) => {
        throw new Error(text);
      },
      crash: () => {
        queueMicrotask(() => {
          throw new Error('told to crash');
        });
      },
      exit: (code) => {
        process.exit(code);
      },
      log: (text) => ctx.logger.warn({ error: new Error(text) }, text),
      child: (): string => ctx.spawn(work, {}).toString(),
      link: (text) => {
        ctx.link(parsed(text));
        return undefined;
      },
      pass: ({ to, text }) => ctx.send(parsed(to), 'note', text),
      askEcho: ({ to, value }) => {
        const later = ctx.later<unknown>();
        ctx.ask(
          parsed(to),
          'echo',
          value,
          {},
          (answer) => later.resolve(answer),
          (error) => later.reject(error),
        );
        return later;
      },
      bytes: () => {
        taken += 1;
      },
      bytesTaken: () => taken,
    },
    exited: (pid, reason, error) => {
      notes.push(`${pid} ${reason}${error ? ` ${error.message}` : ''}`);
    },
  };
});

export const memoryProtocol = defineProtocol({
  /** Plain numbers, in order. */
  item: message(decodeInteger),
  /** The same, with a buffer that moves. */
  moved: localMessage<{ readonly n: number; readonly buffer: ArrayBuffer }>(),
  /** How many came, and how many of them out of order. */
  order: ask(decodeNothing, decodeList(decodeInteger)),
  /** Bytes of what it is given. */
  size: localAsk<{ readonly buffer: ArrayBuffer }, number>(),
  /** A new buffer, moved to the asker. */
  make: localAsk<number, { readonly buffer: ArrayBuffer }>(),
  /** Writes into shared memory. */
  write: ask(decodeUnknown, decodeNothing),
  /** What is in the map. */
  map: localAsk<ReadonlyMap<string, Date>, string>(),
  /** Sets the second word, then blocks the whole thread until the first is not 0. */
  hold: localMessage<Int32Array>(),
  anything: localMessage<unknown>(),
  /** Sends as many notes of 1,000 characters to that PID in one turn, then sets the word. */
  flood: localMessage<{
    readonly to: string;
    readonly notes: number;
    readonly words: Int32Array;
  }>(),
});

/** Handles memory. */
export const memory = defineActor(memoryProtocol, (ctx, _options: undefined) => {
  let last = -1;
  let count = 0;
  let outOfOrder = 0;
  const take = (n: number): undefined => {
    if (n !== last + 1) outOfOrder += 1;
    last = n;
    count += 1;
  };
  return {
    receive: {
      item: take,
      moved: ({ n, buffer }) => take(buffer.byteLength === 8 ? n : Number.NaN),
      order: () => [count, outOfOrder],
      size: ({ buffer }) => buffer.byteLength,
      make: (bytes) => {
        const buffer = new ArrayBuffer(bytes);
        return transferring({ buffer }, [buffer]);
      },
      write: (value) => {
        const { words } = value as { readonly words: Int32Array };
        Atomics.store(words, 0, 42);
        return undefined;
      },
      map: (map) => [...map].map(([key, date]) => `${key} ${date.toISOString()}`).join(),
      hold: (words) => {
        Atomics.store(words, 1, 1);
        Atomics.wait(words, 0, 0);
      },
      anything: () => undefined,
      flood: ({ to, notes, words }) => {
        const text = 'x'.repeat(1000);
        for (let n = 0; n < notes; n += 1) ctx.send(parsed(to), 'note', text);
        Atomics.store(words, 0, 1);
        Atomics.notify(words, 0);
      },
    },
  };
});

export const moverProtocol = defineProtocol({
  /** Moves 400 bytes to the actor of that PID; answers with its size there, and here afterwards. */
  move: ask(decodeString, decodeList(decodeInteger)),
});

/** Moves memory to other threads. */
export const mover = defineActor(moverProtocol, (ctx, _options: undefined) => ({
  receive: {
    move: (text) => {
      const later = ctx.later<readonly number[]>();
      const to = pidOf(memoryProtocol, text);
      if (!to.ok) throw new Error(to.error);
      const buffer = new ArrayBuffer(400);
      const body = transferring({ buffer }, [buffer]);
      ctx.ask(
        to.value,
        'size',
        body,
        {},
        (size) => later.resolve([size, buffer.byteLength]),
        (error) => later.reject(error),
      );
      return later;
    },
  },
}));

/** Cannot start. */
export const broken = defineActor(workProtocol, (_ctx, _options: undefined) => {
  throw new Error('no way');
});

/** Uses up the memory of its thread. */
export const hungryProtocol = defineProtocol({ eat: message(decodeNothing) });

/** Eats until there is no more. */
export const hungry = defineActor(hungryProtocol, (_ctx, _options: undefined) => ({
  receive: {
    eat: () => {
      const eaten: unknown[] = [];
      for (;;) eaten.push(new Array(100_000).fill(eaten.length));
    },
  },
}));

/** No actor at all. */
export const nothing = 7;
