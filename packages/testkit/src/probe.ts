// An actor that records what it hears, to stand in for a peer of the actor under test.
import type {
  ActorContext,
  ActorSystem,
  BodyOf,
  ExitReason,
  Handlers,
  MessageName,
  Pid,
  Protocol,
} from '@kaon/actor';
import { defineActor } from '@kaon/actor';
import { invariant } from '@kaon/primitives';

/** Something a probe heard. */
export interface ProbeMessage {
  readonly name: string;
  readonly body: unknown;
  readonly from: Pid;
}

/** A spawned probe. */
export interface Probe<P extends Protocol> {
  readonly pid: Pid<P>;
  /** Everything heard and not taken, oldest first. */
  readonly messages: readonly ProbeMessage[];
  readonly exits: readonly { readonly pid: Pid; readonly reason: ExitReason }[];
  /** Removes and returns the oldest message called `name`; fails the test when there is none. */
  take(name: keyof P & string): ProbeMessage;
  /** Links the probe to `pid`; ends are in `exits`. */
  link(pid: Pid): void;
  /** Sends as the probe: the receiver sees the probe as sender. */
  send<Q extends Protocol, K extends MessageName<Q>>(to: Pid<Q>, name: K, body: BodyOf<Q, K>): void;
}

/** How a probe is spawned. */
export interface ProbeOptions {
  readonly id?: string;
  /** Answers of asks, by name. An ask without an answer here crashes the probe. */
  readonly answers?: Readonly<Record<string, (question: unknown) => unknown>>;
}

/** Spawns a probe that speaks `protocol`. */
export function spawnProbe<P extends Protocol>(
  system: ActorSystem,
  protocol: P,
  options: ProbeOptions = {},
): Probe<P> {
  const heard: ProbeMessage[] = [];
  const exits: { pid: Pid; reason: ExitReason }[] = [];
  let context: ActorContext<P> | undefined;
  const probe = (): ActorContext<P> => {
    invariant(context, 'a probe has its context once it is spawned');
    return context;
  };

  const definition = defineActor(protocol, (ctx, _options: undefined) => {
    context = ctx;
    const receive: Record<string, (body: unknown, from: Pid) => unknown> = {};
    for (const [name, spec] of Object.entries(protocol)) {
      receive[name] = (body, from) => {
        heard.push({ name, body, from });
        if (spec.kind === 'message') return undefined;
        const answer = options.answers?.[name];
        invariant(answer, `the probe was given an answer to '${name}'`);
        return answer(body);
      };
    }
    return {
      receive: receive as unknown as Handlers<P>,
      exited: (pid, reason) => {
        exits.push({ pid, reason });
      },
    };
  });

  const pid = system.spawn(
    definition,
    undefined,
    options.id === undefined ? {} : { id: options.id },
  );
  return {
    pid,
    messages: heard,
    exits,
    take(name) {
      const index = heard.findIndex((one) => one.name === name);
      invariant(
        index >= 0,
        `the probe heard '${name}'; it heard [${heard.map((one) => one.name)}]`,
      );
      return heard.splice(index, 1)[0] as ProbeMessage;
    },
    link: (target) => probe().link(target),
    send: (to, name, body) => probe().send(to, name, body),
  };
}
