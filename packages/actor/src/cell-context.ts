// Builds the `ctx` of one incarnation of an actor.
import { hashText, seededRandom } from '@kaon/primitives';
import type { ActorDefinition } from './behaviour.ts';
import type { Cell } from './cell.ts';
import type { ActorContext } from './context.ts';
import type { AskError } from './errors.ts';
import { Later } from './later.ts';
import type { Pid } from './pid.ts';
import type { Protocol } from './protocol.ts';
import type { SpawnOptions } from './supervision.ts';

/** A view of `cell` for its handlers. Continuations of a former incarnation are dropped. */
export function createContext(cell: Cell): ActorContext {
  const { host } = cell;
  const incarnation = cell.incarnation;
  const asTurn = (run: () => void): void => cell.signal({ kind: 'continue', incarnation, run });

  function defer(
    first: Promise<unknown> | (() => void),
    onDone?: unknown,
    onFailed?: unknown,
  ): undefined {
    if (typeof first === 'function') {
      asTurn(first);
      return;
    }
    host.deferStarted();
    first.then(
      (value) => {
        host.deferSettled();
        asTurn(() => (onDone as (value: unknown) => void)(value));
      },
      (error: unknown) => {
        host.deferSettled();
        asTurn(() => (onFailed as (error: unknown) => void)(error));
      },
    );
    return;
  }

  const context = {
    self: cell.pid,
    timers: cell.timers,
    clock: host.clock,
    random: seededRandom(host.seed ^ hashText(`${cell.pid}#${incarnation}`)),
    logger: cell.logger,
    send(to: Pid, name: string, body: unknown): undefined {
      host.send(cell.pid, to, name, body);
    },
    forward(to: Pid, name: string, body: unknown, from: Pid): undefined {
      host.send(from, to, name, body);
    },
    ask(
      to: Pid,
      name: string,
      question: unknown,
      options: { readonly timeoutMs?: number },
      onReply: (answer: unknown) => void,
      onFailure: (error: AskError) => void,
    ): undefined {
      host.ask(cell.pid, to, name, question, options, (answer, failure) =>
        asTurn(() => (failure ? onFailure(failure) : onReply(answer))),
      );
    },
    defer,
    later<A>(): Later<A> {
      const later = new Later<A>();
      cell.trackLater(later as Later<unknown>);
      return later;
    },
    spawn(
      definition: ActorDefinition<Protocol, unknown>,
      options: unknown,
      spawnOptions?: SpawnOptions,
    ): Pid {
      return host.spawn(cell, definition, options, spawnOptions ?? {});
    },
    link(pid: Pid): undefined {
      if (cell.linkedTo.has(pid.toString())) return;
      cell.linkedTo.set(pid.toString(), pid);
      host.link(cell.pid, pid);
    },
    unlink(pid: Pid): undefined {
      if (cell.linkedTo.delete(pid.toString())) host.unlink(cell.pid, pid);
    },
    stop(pid?: Pid, options?: { readonly drain?: boolean }): undefined {
      host.stop(pid ?? cell.pid, options?.drain ?? false);
    },
  };
  return context as ActorContext;
}
