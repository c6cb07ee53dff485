// The actor of all workloads: what it does is its role; all it does and hears goes through the ledger.
import {
  type ActorContext,
  type AskError,
  type AskFailure,
  ask,
  type BodyOf,
  decodeInteger,
  decodeRecord,
  decodeString,
  defineActor,
  defineProtocol,
  type ExitReason,
  type Later,
  message,
  Pid,
  SpawnError,
  type Supervision,
} from '@kaon/actor';
import type { Random } from '@kaon/primitives';
import type { Simulation } from '@kaon/testkit';
import type { Ledger, Life, Token } from './ledger.ts';

const stamped = decodeRecord({
  stamp: decodeInteger,
  value: decodeInteger,
  /** Who passed it on in another's name; empty for nobody. */
  via: decodeString,
});

/** What every citizen speaks. */
export const citizen = defineProtocol({
  /** Idle talk. */
  note: message(stamped),
  /** Goes round the ring until its value is 0. */
  token: message(stamped),
  /** Makes the receiver send `value` notes at once. */
  burst: message(stamped),
  /** Makes the receiver throw. */
  blow: message(stamped),
  /** Makes the receiver crash its whole system, in the middle of its turn. */
  die: message(stamped),
  query: ask(stamped, decodeInteger),
  /** What a `query` is delegated as. */
  pass: ask(stamped, decodeInteger),
});

type Stamped = BodyOf<typeof citizen, 'note'>;
/** Names of the messages without an answer. */
export type CitizenMessage = Exclude<keyof typeof citizen, 'query' | 'pass'>;
/** The PID of a citizen. */
export type CitizenPid = Pid<typeof citizen>;

/** What one kind of citizen does. Runs again at each restart, and may throw then. */
export type Role = (me: Citizen) => {
  readonly told?: (name: CitizenMessage, value: number, from: Pid) => void;
  readonly asked?: (value: number) => number | Later<number>;
  readonly exited?: (pid: Pid, reason: ExitReason) => void;
  readonly stopping?: () => void;
};

/** The world as citizens see it. */
export interface World {
  readonly sim: Simulation;
  readonly ledger: Ledger;
  readonly addresses: readonly string[];
  /** Nobody starts anything new any more. */
  isCalm: boolean;
}

/** How a citizen is started. */
export interface CitizenSpec {
  readonly id?: string;
  readonly role: Role;
  readonly supervision?: Supervision;
  readonly mailboxMax?: number;
}

interface CitizenOptions extends CitizenSpec {
  readonly world: World;
  readonly parent: Life | undefined;
}

const STOP: Supervision = { onFailure: 'stop' };
const MAILBOX_MAX = 1000;

/** One incarnation of a citizen, for its role. */
export class Citizen {
  readonly world: World;
  readonly token: Token;
  readonly #ctx: ActorContext<typeof citizen>;

  constructor(ctx: ActorContext<typeof citizen>, world: World, token: Token) {
    this.#ctx = ctx;
    this.world = world;
    this.token = token;
  }

  get self(): CitizenPid {
    return this.#ctx.self;
  }

  get random(): Random {
    return this.#ctx.random;
  }

  chance(probability: number): boolean {
    return this.random.next() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.random.nextInt(items.length)] as T;
  }

  send(to: CitizenPid, name: CitizenMessage, value = 0): void {
    const stamp = this.world.ledger.sending(to);
    this.#ctx.send(to, name, { stamp, value, via: '' });
  }

  /** Passes something on in the name of `from`. */
  forward(to: CitizenPid, name: CitizenMessage, value: number, from: Pid): void {
    const stamp = this.world.ledger.sending(to);
    this.#ctx.forward(to, name, { stamp, value, via: this.self.toString() }, from);
  }

  /** To be returned from an ask: `to` answers instead. */
  delegate(to: CitizenPid, value: number, timeoutMs: number): Later<number> {
    const stamp = this.world.ledger.sending(to);
    const question = { stamp, value, via: this.self.toString() };
    return this.#ctx.delegate(to, 'pass', question, { timeoutMs });
  }

  ask(to: CitizenPid, timeoutMs: number): void {
    const { ledger } = this.world;
    const stamp = ledger.sending(to);
    ledger.asked(this.token, stamp, timeoutMs);
    const ended = (failure?: AskFailure, answer?: number): void =>
      this.#during('answer', () => ledger.askEnded(stamp, failure, answer));
    this.#ctx.ask(
      to,
      'query',
      { stamp, value: stamp, via: '' },
      { timeoutMs },
      (answer) => ended(undefined, answer),
      (error) => ended(error.failure),
    );
  }

  later(): Later<number> {
    return this.#ctx.later<number>();
  }

  link(pid: Pid): void {
    this.world.ledger.linking(this.token, pid);
    this.#ctx.link(pid);
  }

  unlink(pid: Pid): void {
    this.world.ledger.unlinking(this.token, pid);
    this.#ctx.unlink(pid);
  }

  /** Starts a child; undefined when its id is taken or this actor has stopped. */
  spawn(spec: CitizenSpec): CitizenPid | undefined {
    try {
      const options = { ...spec, world: this.world, parent: this.token.life };
      return this.#ctx.spawn(citizenActor, options, spawnOptionsOf(spec));
    } catch (error) {
      if (error instanceof SpawnError) return undefined;
      throw error;
    }
  }

  stop(pid: CitizenPid, drain: boolean): void {
    this.world.ledger.stoppingAlone(pid, drain);
    this.#ctx.stop(pid, { drain });
  }

  /** Runs `run` as a turn after `delayMs`, whatever happens meanwhile but the end of this incarnation. */
  once(key: string, delayMs: number, run: () => void): void {
    this.#ctx.timers.once(key, delayMs, () => this.#during(`timer ${key}`, run));
  }

  /** Runs `run` each so many milliseconds until the world is calm. */
  again(key: string, leastMs: number, mostMs: number, run: () => void): void {
    const delayMs = leastMs + this.random.next() * (mostMs - leastMs);
    this.once(key, delayMs, () => {
      if (this.world.isCalm) return;
      this.again(key, leastMs, mostMs, run);
      run();
    });
  }

  /** Runs `run` as a turn once a promise has come. */
  defer(run: () => void): void {
    const turn = (): void => this.#during('continuation', run);
    this.#ctx.defer(Promise.resolve(), turn, turn);
  }

  #during<T>(what: string, run: () => T): T {
    return this.world.ledger.during(this.token, what, run);
  }
}

const citizenActor = defineActor(citizen, (ctx, options: CitizenOptions) => {
  const { world, parent, role, supervision = STOP, mailboxMax = MAILBOX_MAX } = options;
  const { ledger } = world;
  const spec = { parent, supervision, mailboxMax };
  const token = ledger.incarnated(ctx.self, spec, world.sim.clock.monotonicMs());
  const acts = role(new Citizen(ctx, world, token));
  ledger.setUp(token);
  const hear = (name: CitizenMessage) => (body: Stamped, from: Pid) =>
    ledger.during(token, name, () => {
      ledger.heard(from, ctx.self, body.stamp, body.via);
      if (name === 'die') return world.sim.crash(ctx.self.address);
      if (name === 'blow') throw new Error('told to');
      acts.told?.(name, body.value, from);
    });
  const answer = (name: 'query' | 'pass') => (body: Stamped, from: Pid) =>
    ledger.during(token, name, () => {
      ledger.heard(from, ctx.self, body.stamp, body.via);
      return acts.asked?.(body.value) ?? 0;
    });
  return {
    receive: {
      note: hear('note'),
      token: hear('token'),
      burst: hear('burst'),
      blow: hear('blow'),
      die: hear('die'),
      query: answer('query'),
      pass: answer('pass'),
    },
    exited: (pid, reason) =>
      ledger.during(token, 'exited', () => {
        ledger.toldExit(token, pid, reason);
        acts.exited?.(pid, reason);
      }),
    stopping: () => ledger.goodbye(token, () => acts.stopping?.()),
  };
});

/** Starts a citizen without a parent at `address`, if there is a system. */
export function settleCitizen(world: World, address: string, spec: CitizenSpec): void {
  const options = { ...spec, world, parent: undefined };
  world.sim.systemAt(address)?.spawn(citizenActor, options, spawnOptionsOf(spec));
}

/** The citizen called `id` at `address`, known by its text alone. */
export function citizenAt(address: string, id: string): CitizenPid {
  return new Pid(id, address, citizen);
}

/** Sends from outside any actor. */
export function tell(
  world: World,
  from: string,
  to: CitizenPid,
  name: CitizenMessage,
  value = 0,
): void {
  const system = world.sim.systemAt(from);
  if (!system) return;
  const stamp = world.ledger.sending(to);
  system.send(to, name, { stamp, value, via: '' });
}

/** Asks from outside any actor. */
export function inquire(world: World, from: string, to: CitizenPid, timeoutMs: number): void {
  const system = world.sim.systemAt(from);
  if (!system) return;
  const { ledger } = world;
  const stamp = ledger.sending(to);
  ledger.asked(undefined, stamp, timeoutMs);
  system.ask(to, 'query', { stamp, value: stamp, via: '' }, { timeoutMs }).then(
    (answer) => ledger.askEnded(stamp, undefined, answer),
    (error: AskError) => ledger.askEnded(stamp, error.failure),
  );
}

/** Waits, from outside any actor, for the end of whoever has this PID now. */
export function awaitEnd(world: World, pid: CitizenPid): void {
  const life = world.ledger.awaiting(pid);
  const system = world.sim.systemAt(pid.address);
  if (life) void system?.terminated(pid).then(() => world.ledger.awaited(life));
}

function spawnOptionsOf(spec: CitizenSpec): {
  readonly id?: string;
  readonly supervision: Supervision;
  readonly mailboxMax: number;
} {
  const { id, supervision = STOP, mailboxMax = MAILBOX_MAX } = spec;
  return { supervision, mailboxMax, ...(id === undefined ? {} : { id }) };
}
