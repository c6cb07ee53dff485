// The inside of an actor system: finds the receiver of each message, here or beyond a transport, and
// keeps the list of all actors. What users see of it is `ActorSystem`.
import { type Clock, type Logger, type Random, shortId } from '@kaon/primitives';
import { kindOf } from './actor-kind.ts';
import type { ActorDefinition, ExitReason } from './behaviour.ts';
import { Cell } from './cell.ts';
import type { CellHost } from './cell-host.ts';
import { CellList } from './cell-list.ts';
import type { DeadLetterReason, DeadLetters } from './dead-letters.ts';
import { Envelope, WatchedEnvelope } from './envelope.ts';
import { type AskError, type AskFailure, SpawnError } from './errors.ts';
import { receive } from './incoming.ts';
import type { Instruments } from './instruments.ts';
import type { Delegated } from './later.ts';
import { Links } from './links.ts';
import { ASK_TIMEOUT_MS, PendingAsk, PendingAsks } from './pending-asks.ts';
import { type IdSource, isActorId, Pid } from './pid.ts';
import { Places } from './places.ts';
import type { Protocol } from './protocol.ts';
import { RunQueue, type TurnScheduler } from './run-queue.ts';
import { type SpawnOptions, settingsOf } from './supervision.ts';
import type { TransportHost, WireMessage } from './transport.ts';

/** What a kernel is made of; all filled in. */
export interface KernelParts {
  readonly address: string;
  readonly place: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly scheduler: TurnScheduler;
  readonly deadLetters: DeadLetters;
  readonly instruments: Instruments | undefined;
  readonly pendingAsksMax: number | undefined;
}

/** Characters of the random part of generated ids: tells the runs of a system at one address apart. */
const RUN_ID_CHARACTERS = 8;

const STOP = { kind: 'stop' } as const;

const FAILURE_OF: Readonly<Record<DeadLetterReason, AskFailure>> = {
  noActor: 'noActor',
  stopped: 'stopped',
  full: 'limit',
  unknownMessage: 'refused',
  undecodable: 'refused',
  unreachable: 'unreachable',
};

/** One system from the inside. */
export class Kernel implements CellHost, IdSource {
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly runQueue: RunQueue;
  readonly instruments: Instruments | undefined;
  readonly deadLetters: DeadLetters;
  readonly asks: PendingAsks;
  readonly places: Places;
  readonly links: Links;
  /** Stands as sender where no actor sends. */
  readonly root: Pid;
  /** Actors that can be found by id: those that were given one, and those whose id was asked for. */
  readonly #named = new Map<string, Cell>();
  /** Actors without a parent; the others are found by theirs. */
  readonly #top = new CellList();
  readonly #runId: string;
  #serial = 0;
  #isClosed = false;
  /** Messages handled by actors that have ended. */
  #handledBefore = 0;
  running = 0;
  spawned = 0;
  /** Promises given to `ctx.defer` that have not settled. */
  deferred = 0;

  constructor(parts: KernelParts) {
    this.clock = parts.clock;
    this.random = parts.random;
    this.logger = parts.logger;
    this.instruments = parts.instruments;
    this.deadLetters = parts.deadLetters;
    this.asks = new PendingAsks(
      parts.clock,
      parts.random.nextInt(2 ** 32),
      (run) => parts.scheduler.afterIo(run),
      parts.pendingAsksMax,
    );
    this.runQueue = new RunQueue(parts.clock, parts.scheduler);
    this.places = new Places(parts.address, parts.place);
    this.root = new Pid(`${parts.place}system`, parts.address);
    this.#runId = `${parts.place}${shortId(parts.random, RUN_ID_CHARACTERS)}`;
    this.links = new Links({ places: this.places, localCell: (pid) => this.localCell(pid) });
  }

  /** All actors: each before its children, siblings in order of their start. */
  *cells(): Iterable<Cell> {
    let cell = this.#top.first;
    while (cell !== undefined) {
      yield cell;
      let next: Cell | undefined = cell.children?.first;
      // Up to the nearest ancestor with a younger sibling.
      for (
        let at: Cell | undefined = cell;
        next === undefined && at !== undefined;
        at = at.parent
      ) {
        next = at.after;
      }
      cell = next;
    }
  }

  /** Messages handled since the start. */
  get handled(): number {
    let handled = this.#handledBefore;
    for (const { received } of this.cells()) handled += received;
    return handled;
  }

  find(id: string): Cell | undefined {
    return this.#named.get(id);
  }

  idOf(serial: number, cell: Cell | undefined): string {
    const id = `${this.#runId}.${serial.toString(36)}`;
    if (cell !== undefined) this.#named.set(id, cell);
    return id;
  }

  localCell(pid: Pid): Cell | undefined {
    const bound = Pid.cellOf(pid);
    if (bound?.isAlive && bound.host === this) return bound;
    if (pid.address !== this.places.address) return undefined;
    const cell = this.#named.get(pid.id);
    Pid.bind(pid, cell);
    return cell;
  }

  send(from: Pid, to: Pid, name: string, body: unknown): void {
    const cell = Pid.cellOf(to);
    if (cell?.isAlive && cell.host === this && this.instruments === undefined) {
      cell.enqueue(new Envelope(name, body, from, 0));
    } else {
      this.#route(this.#envelope(name, body, from, 0), to);
    }
  }

  forward(by: Pid, from: Pid, to: Pid, name: string, body: unknown): void {
    const staysInProcess = this.places.isInProcess(to) || this.places.isInProcess(from);
    this.send(staysInProcess ? from : by, to, name, body);
  }

  ask(from: Pid, ask: PendingAsk, question: unknown, timeoutMs = ASK_TIMEOUT_MS): void {
    const { to, name } = ask;
    if (!this.asks.open(ask, timeoutMs)) return;
    const { instruments } = this;
    if (instruments === undefined) {
      this.#route(new Envelope(name, question, from, ask.correlation), to);
      return;
    }
    const work = { kind: 'ask', name, from, to } as const;
    ask.span = instruments.tracing?.start(work, instruments.sendingTrace);
    const envelope = this.#envelope(name, question, from, ask.correlation, ask.span?.traceparent);
    this.#route(envelope, to);
  }

  answer(asked: Envelope, by: Pid, answer: unknown): void {
    if (this.#isOwn(asked.from)) this.asks.resolve(asked.correlation, answer);
    else this.#reply('reply', asked, by, answer);
  }

  answerFailure(asked: Envelope, by: Pid, failure: AskFailure, detail: string): void {
    if (this.#isOwn(asked.from)) this.asks.fail(asked.correlation, failure, detail);
    else this.#reply('failure', asked, by, { failure, detail });
  }

  delegate(asked: Envelope, by: Pid, delegated: Delegated<unknown>): boolean {
    const { to, name, question, timeoutMs } = delegated;
    const { from, correlation } = asked;
    if (this.#isOwn(from)) {
      const pending = this.asks.get(correlation);
      if (pending) {
        pending.to = to;
        pending.name = name;
      }
      this.#route(this.#envelope(name, question, from, correlation), to);
      return true;
    }
    if (this.places.isHere(to)) {
      this.#route(this.#envelope(name, question, from, correlation), to);
      return true;
    }
    this.ask(by, new PassedOnAsk(to, name, delegated), question, timeoutMs);
    return false;
  }

  /** Records a dead letter and fails the ask, wherever the asker is. */
  refuse(envelope: Envelope, to: Pid, reason: DeadLetterReason, detail: string): void {
    const { name, from } = envelope;
    this.deadLetters.add({ reason, from: from.toString(), to: to.toString(), name, detail });
    if (envelope.correlation !== 0) this.answerFailure(envelope, to, FAILURE_OF[reason], detail);
  }

  spawn(
    parent: Cell | undefined,
    definition: ActorDefinition<Protocol, unknown>,
    options: unknown,
    spawnOptions: SpawnOptions | undefined,
  ): Pid {
    const pid = this.#newPid(parent, definition.protocol, spawnOptions?.id);
    const settings = settingsOf(spawnOptions);
    const cell = new Cell(this, pid, parent, kindOf(definition), options, settings);
    Pid.bind(pid, cell);
    this.running += 1;
    this.spawned += 1;
    if (parent === undefined) this.#top.add(cell);
    else parent.addChild(cell);
    if (spawnOptions?.id !== undefined) this.#named.set(pid.id, cell);
    this.instruments?.trace?.({ kind: 'spawned', pid });
    try {
      cell.start();
    } catch (error) {
      cell.terminate('failed', error);
      throw error;
    }
    return pid;
  }

  link(watcher: Cell, target: Pid): void {
    this.links.link(watcher, target);
  }

  unlink(watcher: Cell, target: Pid): void {
    this.links.unlink(watcher, target);
  }

  stop(pid: Pid, drain: boolean): void {
    const cell = this.localCell(pid);
    if (drain) cell?.stopAfterDrain();
    else cell?.signal(STOP);
  }

  ended(cell: Cell, reason: ExitReason, error: Error | undefined): void {
    const { pid } = cell;
    if (Pid.isNamed(pid) && this.#named.get(pid.id) === cell) this.#named.delete(pid.id);
    (cell.parent === undefined ? this.#top : cell.parent.children)?.remove(cell);
    this.running -= 1;
    this.#handledBefore += cell.received;
    this.instruments?.trace?.({ kind: 'ended', pid, reason });
    // The PID may be kept long after; it must not keep the actor.
    Pid.bind(pid, undefined);
    this.links.ended(cell, reason, error);
  }

  deferStarted(): void {
    this.deferred += 1;
  }

  deferSettled(): void {
    this.deferred -= 1;
  }

  /** Nothing is spawned any more; every actor stops, last started first; open asks fail. */
  stopAll(): void {
    this.#isClosed = true;
    for (const cell of this.#top.newestFirst()) cell.terminate('stopped');
    this.asks.failAll('stopped', 'the system shuts down');
  }

  /** Every actor ceases without a word. */
  abandonAll(): void {
    const cells = [...this.cells()];
    this.#top.clear();
    this.running = 0;
    this.#named.clear();
    for (const cell of cells) cell.abandon();
  }

  /** What a transport may do to this system. One to a thread of the same process is trusted more. */
  transportHost(isSameProcess: boolean): TransportHost {
    return {
      address: this.places.address,
      clock: this.clock,
      random: this.random,
      logger: this.logger,
      receive: (message) => this.#receive(message, isSameProcess),
      receiveLink: (watcher, target) => this.links.receiveLink(watcher, target),
      receiveUnlink: (watcher, target) => this.links.receiveUnlink(watcher, target),
      receiveExited: (watcher, target, reason, detail = '') =>
        this.links.receiveExited(watcher, target, reason, detail),
      peerLost: (place) => this.peerLost(place),
      undeliverable: (message, reason, detail) => this.#undeliverable(message, reason, detail),
    };
  }

  /** The connection to `place` broke. */
  peerLost(place: string): void {
    const { places } = this;
    this.links.peerLost(place);
    const isLost = (pid: Pid): boolean => !places.isHere(pid) && places.placeOf(pid) === place;
    this.asks.failWhere(isLost, 'unreachable', `connection to ${place} broke`);
    for (const [thread, transport] of places.threads) {
      if (thread !== place) transport.placeLost?.(place);
    }
  }

  /** An envelope, with what instruments want to know of it. */
  #envelope(
    name: string,
    body: unknown,
    from: Pid,
    correlation: number,
    trace = this.instruments?.sendingTrace,
  ): Envelope {
    if (this.instruments === undefined) return new Envelope(name, body, from, correlation);
    return new WatchedEnvelope(name, body, from, correlation, trace);
  }

  #route(envelope: Envelope, to: Pid): void {
    const { places } = this;
    // Most of what comes here leaves: one look at the address.
    if (to.address === places.address) {
      const cell = this.localCell(to);
      if (cell) return this.enqueue(cell, envelope);
      if (places.isHere(to)) {
        return this.refuse(envelope, to, 'noActor', `no actor '${to.id}' here`);
      }
    }
    const transport = places.transportTo(to);
    if (!transport) {
      return this.refuse(envelope, to, 'unreachable', 'this system has no connection to others');
    }
    transport.send({
      kind: envelope.correlation === 0 ? 'message' : 'ask',
      from: envelope.from,
      to,
      name: envelope.name,
      body: envelope.body,
      correlation: envelope.correlation,
      trace: envelope instanceof WatchedEnvelope ? envelope.trace : undefined,
    });
  }

  /** Queues what was sent to a local actor, unless a filter drops it. */
  enqueue(cell: Cell, envelope: Envelope): void {
    const { instruments } = this;
    if (instruments !== undefined) {
      const { name, body, from, correlation } = envelope;
      const kind = correlation === 0 ? 'message' : 'ask';
      if (instruments.filter?.({ from, to: cell.pid, name, body, kind }) === 'drop') return;
      if (envelope instanceof WatchedEnvelope) envelope.queuedMs = this.clock.monotonicMs();
    }
    cell.enqueue(envelope);
  }

  #reply(kind: 'reply' | 'failure', asked: Envelope, by: Pid, body: unknown): void {
    const { from: to, name, correlation } = asked;
    this.places
      .transportTo(to)
      ?.send({ kind, from: by, to, name, body, correlation, trace: undefined });
  }

  /** Whether asks of `pid` are among the pending asks here. */
  #isOwn(pid: Pid): boolean {
    return Pid.cellOf(pid)?.host === this || this.places.isHere(pid);
  }

  #receive(message: WireMessage, isSameProcess: boolean): void {
    if (this.places.isHere(message.to)) {
      // What other nodes send may come through another thread.
      const isTrusted = isSameProcess && this.places.isInProcess(message.from);
      return receive(this, message, isTrusted);
    }
    const transport = this.places.transportTo(message.to);
    // From a thread to anywhere, from anywhere to a thread.
    if (transport) return transport.send(message);
    this.#undeliverable(message, 'unreachable', `there is no way from here to ${message.to}`);
  }

  #undeliverable(message: WireMessage, reason: DeadLetterReason, detail: string): void {
    const { name, body, from, correlation, kind, to } = message;
    const isAnswer = kind === 'reply' || kind === 'failure';
    this.refuse(new Envelope(name, body, from, isAnswer ? 0 : correlation), to, reason, detail);
  }

  #newPid(parent: Cell | undefined, protocol: Protocol, id: string | undefined): Pid {
    if (this.#isClosed) throw new SpawnError(id ?? 'an actor', 'the system has shut down');
    if (parent?.acceptsChildren === false) {
      throw new SpawnError(id ?? 'a child', `its parent ${parent.pid} has stopped`);
    }
    const { address, own } = this.places;
    if (id === undefined) {
      this.#serial += 1;
      return Pid.unnamed(this.#serial, this, address, protocol);
    }
    const fullId = own + id;
    if (!isActorId(fullId)) {
      throw new SpawnError(id, 'an id is 1 to 255 printable characters without @');
    }
    if (this.#named.has(fullId)) throw new SpawnError(id, 'an actor of this id is running');
    const pid = new Pid(fullId, address, protocol);
    if (!this.places.isHere(pid)) {
      throw new SpawnError(id, 'ids of this beginning belong to a thread');
    }
    return pid;
  }
}

/** A delegated ask whose answer has to pass through here. */
class PassedOnAsk extends PendingAsk {
  readonly #delegated: Delegated<unknown>;

  constructor(to: Pid, name: string, delegated: Delegated<unknown>) {
    super(to, name);
    this.#delegated = delegated;
  }

  answered(answer: unknown, failure: AskError | undefined): void {
    this.span?.end(failure);
    if (failure) this.#delegated.reject(failure);
    else this.#delegated.resolve(answer);
  }
}
