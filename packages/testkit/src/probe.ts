// An actor that records what it hears, to stand in for a peer of the actor under test.
import type {
  ActorContext,
  ActorSystem,
  BodyOf,
  ExitReason,
  Handlers,
  Later,
  MessageName,
  Pid,
  Protocol,
} from '@kaon/actor';
import { defineActor } from '@kaon/actor';
import { invariant } from '@kaon/primitives';
import { ProbeTimeoutError, ProbeUnexpectedError } from './errors.ts';
import { VirtualClock } from './virtual-clock.ts';
import { type DrivenWorld, driveUntil, listenUntil } from './waiting.ts';

/** Something a probe heard. */
export interface ProbeMessage<B = unknown> {
  readonly name: string;
  readonly body: B;
  readonly from: Pid;
  /** Answers an ask that was held (`ProbeOptions.holdAsks`); fails the test for anything else. */
  readonly answer: (answer: unknown) => void;
  /** Fails a held ask: its asker gets `KAON_ASK_FAILED` with the error's text. */
  readonly refuse: (error: Error) => void;
}

/** An end a probe was told of. */
export interface ProbeExit {
  readonly pid: Pid;
  readonly reason: ExitReason;
  /** What ended it, when it failed. */
  readonly error: Error | undefined;
}

/** How long a probe waits. */
export interface ProbeWaitOptions {
  /**
   * Milliseconds of the probe's time: virtual in a driven world, else of its system's clock.
   * Default: 5 000.
   */
  readonly timeoutMs?: number;
}

/** A spawned probe. */
export interface Probe<P extends Protocol> {
  readonly pid: Pid<P>;
  /** Everything heard and not taken, oldest first. */
  readonly messages: readonly ProbeMessage[];
  readonly exits: readonly ProbeExit[];
  /** Removes and returns the oldest message called `name`; fails the test when there is none. */
  take(name: keyof P & string): ProbeMessage;
  /**
   * Removes and returns the oldest message called `name`, waiting for it: a driven world is settled and
   * its time advanced no further than needed, a real one is listened to.
   *
   * @throws {ProbeTimeoutError} `KAON_PROBE_TIMEOUT`, with a list of what was heard instead.
   */
  next<K extends keyof P & string>(
    name: K,
    options?: ProbeWaitOptions,
  ): Promise<ProbeMessage<BodyOf<P, K>>>;
  /**
   * Waits, as `next` does, until the probe was told of the end of `pid`.
   *
   * @throws {ProbeTimeoutError} `KAON_PROBE_TIMEOUT`
   */
  nextExit(pid: Pid, options?: ProbeWaitOptions): Promise<ProbeExit>;
  /**
   * Resolves when the probe heard nothing called `name` (by default nothing at all) that was not taken,
   * and does not within `withinMs` (default: 0, what happens now) either.
   *
   * @throws {ProbeUnexpectedError} `KAON_PROBE_UNEXPECTED`
   */
  expectNone(name?: keyof P & string, options?: { readonly withinMs?: number }): Promise<void>;
  /** Links the probe to `pid`; ends are in `exits`. */
  link(pid: Pid): void;
  /** Takes a link back. */
  unlink(pid: Pid): void;
  /** Sends as the probe: the receiver sees the probe as sender. */
  send<Q extends Protocol, K extends MessageName<Q>>(to: Pid<Q>, name: K, body: BodyOf<Q, K>): void;
}

/** How a probe is spawned. */
export interface ProbeOptions {
  readonly id?: string;
  /** Answers of asks, by name. An ask without an answer here crashes the probe, unless asks are held. */
  readonly answers?: Readonly<Record<string, (question: unknown, from: Pid) => unknown>>;
  /** Asks without an entry in `answers` wait for `ProbeMessage.answer`. Default: false. */
  readonly holdAsks?: boolean;
  /**
   * What the probe moves when it waits: the `Simulation` its system lives in, or the paused `TestClock`.
   * Default: nothing; it waits for the real world.
   */
  readonly world?: DrivenWorld;
}

const WAIT_MS = 5000;
/** An error names so many of the messages that were heard. */
const LISTED_MAX = 20;

/** Spawns a probe that speaks `protocol`. */
export function spawnProbe<P extends Protocol>(
  system: ActorSystem,
  protocol: P,
  options: ProbeOptions = {},
): Probe<P> {
  const heard: ProbeMessage[] = [];
  const exits: ProbeExit[] = [];
  const listeners = new Set<() => void>();
  const tellListeners = (): void => {
    for (const look of [...listeners]) look();
  };
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
        const answer = spec.kind === 'ask' ? options.answers?.[name] : undefined;
        const isHeld = spec.kind === 'ask' && answer === undefined && options.holdAsks === true;
        const later = isHeld ? ctx.later<unknown>() : undefined;
        heard.push({ name, body, from, ...answering(name, later) });
        tellListeners();
        if (spec.kind === 'message') return undefined;
        if (later) return later;
        invariant(answer, `the probe was given an answer to '${name}'`);
        return answer(body, from);
      };
    }
    return {
      receive: receive as unknown as Handlers<P>,
      exited: (pid, reason, error) => {
        exits.push({ pid, reason, error });
        tellListeners();
      },
    };
  });

  const pid = system.spawn(
    definition,
    undefined,
    options.id === undefined ? {} : { id: options.id },
  );
  const takeFirst = (name: string): ProbeMessage | undefined => {
    const index = heard.findIndex((one) => one.name === name);
    return index < 0 ? undefined : heard.splice(index, 1)[0];
  };
  const wait = <T>(find: () => T | undefined, timeoutMs: number): Promise<T | undefined> => {
    if (options.world) return driveUntil(options.world, find, timeoutMs);
    invariant(
      !(system.clock instanceof VirtualClock),
      'a probe in a simulation is given it as `world` when it shall wait',
    );
    const listen = (look: () => void): (() => void) => {
      listeners.add(look);
      return () => void listeners.delete(look);
    };
    return listenUntil(system.clock, listen, find, timeoutMs);
  };
  const awaited = <T>(find: () => T | undefined, what: string, timeoutMs = WAIT_MS): Promise<T> =>
    wait(find, timeoutMs).then((found) => {
      if (found !== undefined) return found;
      throw new ProbeTimeoutError(pid.toString(), what, timeoutMs, listOf(heard, exits));
    });

  return {
    pid,
    messages: heard,
    exits,
    take(name) {
      const message = takeFirst(name);
      invariant(message, `the probe heard '${name}'; it heard [${heard.map((one) => one.name)}]`);
      return message;
    },
    next: <K extends keyof P & string>(name: K, wanted: ProbeWaitOptions = {}) =>
      awaited(
        () => takeFirst(name) as ProbeMessage<BodyOf<P, K>> | undefined,
        `'${name}'`,
        wanted.timeoutMs,
      ),
    nextExit: (target, wanted = {}) => {
      const text = target.toString();
      const find = (): ProbeExit | undefined => {
        const index = exits.findIndex((exit) => exit.pid.toString() === text);
        return index < 0 ? undefined : exits.splice(index, 1)[0];
      };
      return awaited(find, `end of ${text}`, wanted.timeoutMs);
    },
    expectNone: (name, wanted = {}) => {
      const find = (): ProbeMessage | undefined =>
        heard.find((one) => name === undefined || one.name === name);
      return wait(find, wanted.withinMs ?? 0).then((found) => {
        if (found === undefined) return;
        const what = name === undefined ? 'message' : `'${name}'`;
        throw new ProbeUnexpectedError(pid.toString(), what, listOf(heard, exits));
      });
    },
    link: (target) => probe().link(target),
    unlink: (target) => probe().unlink(target),
    send: (to, name, body) => probe().send(to, name, body),
  };
}

function answering(
  name: string,
  later: Later<unknown> | undefined,
): Pick<ProbeMessage, 'answer' | 'refuse'> {
  const held = (): Later<unknown> => {
    invariant(later, `'${name}' is an ask that the probe holds`);
    return later;
  };
  return { answer: (answer) => held().resolve(answer), refuse: (error) => held().reject(error) };
}

function listOf(heard: readonly ProbeMessage[], exits: readonly ProbeExit[]): string {
  const texts = [
    ...heard.map(({ name, from }) => `${name} from ${from}`),
    ...exits.map(({ pid, reason }) => `end of ${pid} (${reason})`),
  ];
  if (texts.length === 0) return 'nothing';
  const more = texts.length > LISTED_MAX ? ` and ${texts.length - LISTED_MAX} more` : '';
  return `[${texts.slice(0, LISTED_MAX).join(', ')}]${more}`;
}
