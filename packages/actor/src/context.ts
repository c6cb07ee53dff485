// What a handler can do. Handed to the setup of an actor as `ctx`.
import type { Clock, Logger, Random } from '@kaon/primitives';
import type { ActorDefinition } from './behaviour.ts';
import type { AskError } from './errors.ts';
import type { Later } from './later.ts';
import type { Pid } from './pid.ts';
import type { AskName, BodyOf, MessageName, Protocol, ReplyOf } from './protocol.ts';
import type { SpawnOptions } from './supervision.ts';
import type { Timers } from './timers.ts';

/** Options of an ask. */
export interface AskOptions {
  /** How long to wait for the answer, in milliseconds. Default: 5 000. */
  readonly timeoutMs?: number;
}

/**
 * An actor's view of the runtime.
 *
 * All callbacks given to it (`onReply`, `onDone`, timers) run as turns of this actor: never inside
 * another handler, never after the actor has stopped or restarted. Call its methods on it: they are
 * not bound.
 */
export interface ActorContext<P extends Protocol = Protocol> {
  readonly self: Pid<P>;
  readonly timers: Timers;
  readonly clock: Clock;
  /** A source of its own, forked from the system's at first use. */
  readonly random: Random;
  /** Bound to this actor's PID. */
  readonly logger: Logger;

  /** At most once, in order per sender and receiver. What cannot be delivered is a dead letter. */
  send<Q extends Protocol, K extends MessageName<Q>>(
    to: Pid<Q>,
    name: K,
    body: BodyOf<Q, K>,
  ): undefined;

  /**
   * Passes on a message as if its sender `from` had sent it to `to`. To another process it goes in
   * this actor's own name when `from` lives in a third one: no node may speak for another.
   */
  forward<Q extends Protocol, K extends MessageName<Q>>(
    to: Pid<Q>,
    name: K,
    body: BodyOf<Q, K>,
    from: Pid,
  ): undefined;

  /**
   * Sends after `delayMs` milliseconds, unless this actor stops or restarts before.
   *
   * Returns the key of a timer: `ctx.timers.cancel(key)` takes it back.
   */
  delay<Q extends Protocol, K extends MessageName<Q>>(
    delayMs: number,
    to: Pid<Q>,
    name: K,
    body: BodyOf<Q, K>,
  ): string;

  /** Exactly one of `onReply` and `onFailure` is called, as a turn. */
  ask<Q extends Protocol, K extends AskName<Q>>(
    to: Pid<Q>,
    name: K,
    question: BodyOf<Q, K>,
    options: AskOptions,
    onReply: (answer: ReplyOf<Q, K>) => void,
    onFailure: (error: AskError) => void,
  ): undefined;

  /**
   * To be returned from an ask handler: `to` answers in this actor's place.
   *
   * The answer goes straight to the asker, and this actor need not live until then. Only when asker
   * and `to` live in two other processes it is passed on here, within `options.timeoutMs`.
   */
  delegate<Q extends Protocol, K extends AskName<Q>>(
    to: Pid<Q>,
    name: K,
    question: BodyOf<Q, K>,
    options?: AskOptions,
  ): Later<ReplyOf<Q, K>>;

  /** Brings a promise's outcome back as a turn. The continuation must read state anew. */
  defer<T>(
    promise: Promise<T>,
    onDone: (value: T) => void,
    onFailed: (error: unknown) => void,
  ): undefined;

  /** A turn of its own, after those already queued in the system lane. */
  defer(run: () => void): undefined;

  /** An answer to come, to be returned from an ask handler. Fails by itself when this actor stops. */
  later<A>(): Later<A>;

  /**
   * Starts a child. It stops with this actor, in reverse order of start.
   *
   * @throws {SpawnError} `KAON_SPAWN` when the id is taken or not legal; whatever the setup throws.
   */
  spawn<Q extends Protocol, O>(
    definition: ActorDefinition<Q, O>,
    options: O,
    spawnOptions?: SpawnOptions,
  ): Pid<Q>;

  /** From now on this actor's `exited` is told when `pid` ends; at once when it is not there. */
  link(pid: Pid): undefined;
  unlink(pid: Pid): undefined;

  /** Ends a child or any local actor: at once, or with `drain` after what its mailbox holds now. */
  stop(pid?: Pid, options?: { readonly drain?: boolean }): undefined;
}
