// Actors that tests send to, and nodes that hold them.
import {
  type ActorSystem,
  ask,
  type DeadLetter,
  defineActor,
  defineProtocol,
  type ExitReason,
  message,
  type Pid,
} from '@kaon/actor';
import {
  decodeInteger,
  decodeList,
  decodeNothing,
  decodeString,
  decodeUnknown,
} from '@kaon/primitives';
import { type KaonNode, type NodeOptions, startNode } from '@kaon/remote';
import type { Test } from 'tap';

export const noteProtocol = defineProtocol({
  /** Writes a line down. */
  note: message(decodeString),
  /** All lines so far. */
  read: ask(decodeNothing, decodeList(decodeString)),
  /** Answers what it is asked. */
  echo: ask(decodeUnknown, decodeUnknown),
  /** Answers with the PID it sees as sender. */
  whoAmI: ask(decodeNothing, decodeString),
  /** Ends the actor. */
  stop: message(decodeNothing),
  /** Makes the actor fail. */
  fail: message(decodeNothing),
});

export type NoteProtocol = typeof noteProtocol;

/** Writes down what it is told. */
export const notebook = defineActor(noteProtocol, (ctx) => {
  const lines: string[] = [];
  return {
    receive: {
      note: (line) => {
        lines.push(line);
      },
      read: () => lines,
      echo: (value) => value,
      whoAmI: (_, from) => from.toString(),
      stop: () => ctx.stop(),
      fail: () => {
        throw new Error('told to fail');
      },
    },
  };
});

export const watcherProtocol = defineProtocol({
  /** How many exits were heard. */
  count: ask(decodeNothing, decodeInteger),
});

export interface WatcherOptions {
  readonly target: Pid;
  readonly onExited: (pid: Pid, reason: ExitReason) => void;
  /** Unlinks at once. */
  readonly unlinks?: boolean;
}

/** Links to one actor and tells when it ended. */
export const watcher = defineActor(watcherProtocol, (ctx, options: WatcherOptions) => {
  let count = 0;
  ctx.link(options.target);
  if (options.unlinks === true) ctx.unlink(options.target);
  return {
    receive: { count: () => count },
    exited: (pid, reason) => {
      count += 1;
      options.onExited(pid, reason);
    },
  };
});

/** A node that is closed with the test, and its dead letters. */
export async function givenNode(t: Test, options: NodeOptions = {}) {
  const letters: DeadLetter[] = [];
  const waiting: ((letter: DeadLetter) => void)[] = [];
  const onDeadLetter = (letter: DeadLetter): void => {
    letters.push(letter);
    for (const resolve of waiting.splice(0)) resolve(letter);
  };
  const node: KaonNode = await startNode({ onDeadLetter, ...options });
  t.teardown(() => node.close({ graceMs: 0 }));
  const nextDeadLetter = (): Promise<DeadLetter> => new Promise((resolve) => waiting.push(resolve));
  return { ...node, letters, nextDeadLetter };
}

/** Spawns a watcher of `target`; resolves with what it hears. */
export function exitOf(node: { readonly system: ActorSystem }, target: Pid): Promise<string> {
  return new Promise((resolve) => {
    node.system.spawn(watcher, {
      target,
      onExited: (pid, reason) => resolve(`${pid.id} ${reason}`),
    });
  });
}
