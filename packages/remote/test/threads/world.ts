// Pools for tests: a system with threads that are closed with the test, and what it records.
import {
  type ActorSystem,
  type ActorSystemOptions,
  createActorSystem,
  type DeadLetter,
  defineActor,
  defineProtocol,
  type Pid,
} from '@kaon/actor';
import { startThreads, type ThreadPool, type ThreadsOptions, threadModule } from '@kaon/remote';
import type { Test } from 'tap';
import type { memoryProtocol } from './actors.ts';

/** What the threads of tests load. */
export const testModule = threadModule<typeof import('./actors.ts')>(
  new URL('./actors.js', import.meta.url),
);

export type TestPool = ThreadPool<typeof import('./actors.ts')>;

type Options = Partial<ThreadsOptions<typeof import('./actors.ts')>>;

/** A system with `threads` threads (1 unless it says otherwise), its pool and its dead letters. */
export async function givenThreads(
  t: Test,
  options: Options = {},
  systemOptions: ActorSystemOptions = {},
) {
  const letters: DeadLetter[] = [];
  const system = createActorSystem({
    ...systemOptions,
    onDeadLetter: (letter) => letters.push(letter),
  });
  t.teardown(() => system.shutdown());
  const pool = await givenPool(t, system, options);
  return { system, pool, letters };
}

/** A pool under `system`. */
export async function givenPool(
  t: Test,
  system: ActorSystem,
  options: Options = {},
): Promise<TestPool> {
  const pool = await startThreads(system, { threads: 1, module: testModule, ...options });
  t.teardown(() => pool.close({ graceMs: 0 }));
  return pool;
}

const watcherProtocol = defineProtocol({});

interface WatcherOptions {
  readonly target: Pid;
  readonly tell: (exit: string) => void;
}

const watcher = defineActor(watcherProtocol, (ctx, { target, tell }: WatcherOptions) => {
  ctx.link(target);
  return {
    receive: {},
    exited: (_, reason, error) => tell(error ? `${reason}: ${error.message}` : reason),
  };
});

/** Links to `target` from an actor of `system`; resolves with what that hears. */
export function exitOf(system: ActorSystem, target: Pid): Promise<string> {
  return new Promise((resolve) => {
    system.spawn(watcher, { target, tell: resolve });
  });
}

/** Asks again and again, for what becomes true without anyone being told. */
export async function until<T>(probe: () => Promise<T> | T, holds: (value: T) => boolean) {
  for (;;) {
    const value = await probe();
    if (holds(value)) return value;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Blocks the whole thread of `holder` until the function that comes back is called. */
export async function hold(
  system: ActorSystem,
  holder: Pid<typeof memoryProtocol>,
): Promise<() => void> {
  const words = new Int32Array(new SharedArrayBuffer(8));
  system.send(holder, 'hold', words);
  await until(
    () => Atomics.load(words, 1),
    (isHeld) => isHeld === 1,
  );
  return () => {
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);
  };
}
