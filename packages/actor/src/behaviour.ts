// How an actor is written: a protocol, and a setup that makes fresh state and returns its handlers.
import type { ActorContext } from './context.ts';
import type { Pid } from './pid.ts';
import type { Handlers, Protocol } from './protocol.ts';
import type { ActorRoutes } from './routes.ts';

/** Why an actor ended, as those linked to it are told. */
export type ExitReason =
  /** It stopped by itself, was told to, or was not there when the link was made. */
  | 'stopped'
  /** A handler threw and its supervision did not restart it. */
  | 'failed'
  /** The connection to its process broke. It may live on. */
  | 'unreachable';

/** What an actor's setup returns. */
export interface Behaviour<P extends Protocol> {
  readonly receive: Handlers<P>;
  /**
   * A linked actor ended. Told once per link. With `failed` comes the error that ended it: the very
   * one when it lived in this thread, otherwise an `ActorFailedError` with its text.
   */
  readonly exited?: (pid: Pid, reason: ExitReason, error: Error | undefined) => void;
  /** HTTP routes under `/<id>/…`, where the system's node serves HTTP. Default: none. */
  readonly routes?: ActorRoutes;
  /** The last call before the actor is gone: release what it holds. Must not send asks. */
  readonly stopping?: () => void;
}

/** Makes the state of one actor and returns its handlers. Runs again, from scratch, at a restart. */
export type Setup<P extends Protocol, O> = (ctx: ActorContext<P>, options: O) => Behaviour<P>;

/** An actor one can spawn. */
export interface ActorDefinition<P extends Protocol, O> {
  readonly protocol: P;
  readonly setup: Setup<P, O>;
}

/** Binds a protocol to the setup that implements it. */
export function defineActor<P extends Protocol, O>(
  protocol: P,
  setup: Setup<P, O>,
): ActorDefinition<P, O> {
  return { protocol, setup };
}
