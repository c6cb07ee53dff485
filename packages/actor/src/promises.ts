// What JavaScript has no word for: repeating within turns, and gathering answers. For the rest there is
// `Promise.all`, `Promise.allSettled`, `Promise.race`, and `ctx.defer` to come back.
import { err, ok, type Result } from '@kaon/primitives';
import type { ActorContext, AskOptions } from './context.ts';
import type { AskError } from './errors.ts';
import type { Pid } from './pid.ts';
import type { AskName, BodyOf, Protocol, ReplyOf } from './protocol.ts';

/**
 * Repeats: awaits what `next` gives, then runs `each` with it as a turn of the actor, until `each` says
 * `break`. Ends with the actor; a promise that fails ends it too, by `onFailed`.
 *
 * Each round is a turn of its own, so that other messages are handled in between.
 */
export function loop<T>(
  ctx: ActorContext,
  next: () => Promise<T>,
  each: (value: T) => 'continue' | 'break',
  onFailed: (error: unknown) => void,
): undefined {
  const again = (): void => {
    ctx.defer(
      next(),
      (value) => {
        if (each(value) === 'continue') again();
      },
      onFailed,
    );
  };
  again();
}

/**
 * Asks all of `pids` the same, and calls `onDone` once with their answers, in the same order. Who did
 * not answer in time is in it with the error. Without anybody to ask, `onDone` is called in a turn soon.
 */
export function collect<Q extends Protocol, K extends AskName<Q>>(
  ctx: ActorContext,
  pids: readonly Pid<Q>[],
  name: K,
  question: BodyOf<Q, K>,
  options: AskOptions,
  onDone: (answers: readonly Result<ReplyOf<Q, K>, AskError>[]) => void,
): undefined {
  const answers: Result<ReplyOf<Q, K>, AskError>[] = new Array(pids.length);
  let missing = pids.length;
  if (missing === 0) return ctx.defer(() => onDone([]));
  const settle = (index: number, answer: Result<ReplyOf<Q, K>, AskError>): void => {
    answers[index] = answer;
    missing -= 1;
    if (missing === 0) onDone(answers);
  };
  for (const [index, pid] of pids.entries()) {
    ctx.ask(
      pid,
      name,
      question,
      options,
      (answer) => settle(index, ok(answer)),
      (error) => settle(index, err(error)),
    );
  }
}
