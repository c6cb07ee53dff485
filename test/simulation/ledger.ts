// What the workloads did and what they were told, and what must be true of it after every turn. The
// ledger never throws where it finds something: it is called from inside handlers, whose errors are caught.
import type { AskFailure, ExitReason, Pid, Supervision } from '@kaon/actor';
import type { Simulation, TracedEvent } from '@kaon/testkit';

/** A rule that was broken. */
export interface Violation {
  /** The rule, as a sentence. */
  readonly invariant: string;
  readonly detail: string;
}

/** A link as it was when it was made. */
interface LinkRecord {
  readonly target: Pid;
  readonly wasAlive: boolean;
  readonly hadHost: boolean;
  /** Ends of the target and breaks of the connection known at that time. */
  readonly endsBefore: number;
  readonly breaksBefore: number;
}

/** One actor from its start to its end, over all its incarnations. */
export class Life {
  /** As text. */
  readonly pid: string;
  readonly id: string;
  readonly address: string;
  /** In order of start; those of the present incarnation. */
  children: Life[] = [];
  readonly links = new Map<string, LinkRecord>();
  parent: Life | undefined;
  supervision: Supervision = { onFailure: 'stop' };
  mailboxMax = Number.POSITIVE_INFINITY;
  incarnation = 0;
  /** Counts all ends of the run; 0 while it lives. */
  endedAs = 0;
  wasStoppedAlone = false;
  /** Setups that came to their end: each owes a run of its last hook. */
  setups = 0;
  /** Runs of its last hook. */
  goodbyes = 0;
  isDraining = false;
  /** Its last hook runs: what it starts now ends after all others. */
  isStopping = false;
  restartsMs: number[] = [];

  constructor(pid: Pid) {
    this.pid = pid.toString();
    this.id = pid.id;
    this.address = pid.address;
  }
}

/** One incarnation of a life: what a handler belongs to. */
export interface Token {
  readonly life: Life;
  readonly incarnation: number;
}

interface Account {
  sent: number;
  duplicated: number;
  handled: number;
  deadLetters: number;
  lostToFaults: number;
  lostInCrashes: number;
}

interface OpenAsk {
  /** Undefined for an ask from outside any actor. */
  readonly token: Token | undefined;
  readonly dueMs: number;
}

interface Escalation {
  readonly child: Life;
  readonly parent: Life;
  readonly parentIncarnation: number;
}

/** Ids of those that are asked, by the name of the ask: nobody else is asked. */
export const ASKED_PREFIXES = { query: 'oracle', pass: 'seer' } as const;
/** Virtual time is a sum of fractions. */
const ROUNDING_MS = 0.001;

/** The record of one run. */
export class Ledger {
  violation: Violation | undefined;
  turns = 0;
  /** How often each kind of thing happened: a run in which nothing does proves nothing. */
  readonly tally = new Map<string, number>();
  /** Whether messages of one sender to one receiver come in order in this world. */
  readonly #isOrdered: boolean;
  readonly #sim: () => Simulation;
  /** By address, then by id: looked at after every turn. */
  readonly #alive = new Map<string, Map<string, Life>>();
  readonly #accounts = new Map<string, Account>();
  /** Reasons of all ends of a PID, oldest first. */
  readonly #ends = new Map<string, (ExitReason | 'crashed')[]>();
  readonly #breaks = new Map<string, number>();
  readonly #lastStamps = new Map<string, number>();
  /** How often a message may arrive. */
  readonly #copies = new Map<number, number>();
  readonly #openAsks = new Map<number, OpenAsk>();
  readonly #escalations: Escalation[] = [];
  readonly #awaited = new Set<Life>();
  /** Addresses where something happened since the last check. */
  readonly #stirred = new Set<string>();
  #depth = 0;
  #stamp = 0;
  #endCount = 0;

  constructor(sim: () => Simulation, isOrdered: boolean) {
    this.#sim = sim;
    this.#isOrdered = isOrdered;
  }

  violate(invariant: string, detail: string): void {
    this.violation ??= { invariant, detail };
  }

  #count(what: string, times = 1): void {
    this.tally.set(what, (this.tally.get(what) ?? 0) + times);
  }

  #demand(condition: boolean, invariant: string, detail: () => string): void {
    if (!condition) this.violate(invariant, detail());
  }

  isAlive(pid: Pid): boolean {
    return this.#lifeOf(pid) !== undefined;
  }

  /** A setup begins to run: the first of a life, or a restart. */
  incarnated(
    pid: Pid,
    spec: Pick<Life, 'parent' | 'supervision' | 'mailboxMax'>,
    nowMs: number,
  ): Token {
    const life = this.#lifeOf(pid) ?? new Life(pid);
    this.#demand(
      life.incarnation > 0 || this.isAlive(pid),
      'a setup runs for a running actor',
      () => life.pid,
    );
    life.incarnation += 1;
    if (life.incarnation === 1) {
      Object.assign(life, spec);
      spec.parent?.children.push(life);
      life.wasStoppedAlone = spec.parent?.isStopping === true;
      return { life, incarnation: 1 };
    }
    this.#checkRestart(life, nowMs);
    this.#checkChildrenEnded(life);
    life.children = [];
    life.links.clear();
    this.#demand(
      life.goodbyes === life.setups,
      'each incarnation says goodbye once',
      () => life.pid,
    );
    return { life, incarnation: life.incarnation };
  }

  /** The setup came to its end. */
  setUp({ life }: Token): void {
    life.setups += 1;
  }

  #checkRestart(life: Life, nowMs: number): void {
    const { supervision } = life;
    const rule = 'restarts never exceed their window';
    this.#count('restart');
    if (supervision.onFailure !== 'restart') return this.violate(rule, `${life.pid} restarted`);
    life.restartsMs = life.restartsMs.filter((atMs) => nowMs - atMs < supervision.windowMs);
    life.restartsMs.push(nowMs);
    this.#demand(
      life.restartsMs.length <= supervision.restartsMax,
      rule,
      () => `${life.pid}: ${life.restartsMs.length} in ${supervision.windowMs} ms`,
    );
  }

  #checkChildrenEnded(parent: Life): void {
    const { children } = parent;
    this.#demand(
      children.every((child) => child.endedAs > 0),
      'children end before their parent',
      () => parent.pid,
    );
    // Those that failed or were stopped one by one have an order of their own.
    const together = children.filter((child) => !child.wasStoppedAlone);
    this.#demand(
      together.every(
        (child, index) => index === 0 || child.endedAs < (together[index - 1] as Life).endedAs,
      ),
      'children end in reverse order of their start',
      () =>
        `${parent.pid}: ${together.map((child) => `${child.pid} as ${child.endedAs}`).join(', ')}`,
    );
  }

  /** Runs `run` as a turn of `token`: a handler, a timer, a continuation or an exit. */
  during<T>(token: Token, what: string, run: () => T): T {
    const { life, incarnation } = token;
    this.turns += 1;
    this.#stirred.add(life.address);
    this.#demand(
      life.endedAs === 0,
      'no handler runs on a stopped actor',
      () => `${life.pid} ${what}`,
    );
    this.#demand(
      life.incarnation === incarnation,
      'no handler of a former incarnation runs',
      () => `${life.pid} ${what}`,
    );
    this.#demand(this.#depth === 0, 'no handler runs inside another', () => `${life.pid} ${what}`);
    this.#depth += 1;
    try {
      return run();
    } finally {
      this.#depth -= 1;
    }
  }

  /** The last hook of an incarnation. */
  goodbye({ life }: Token, run: () => void): void {
    this.#count('goodbye');
    life.goodbyes += 1;
    this.#demand(
      life.endedAs === 0 && life.goodbyes === life.setups,
      'each incarnation says goodbye once',
      () => `${life.pid}: ${life.goodbyes} after ${life.setups} setups`,
    );
    this.#checkChildrenEnded(life);
    life.isStopping = true;
    try {
      run();
    } finally {
      life.isStopping = false;
    }
  }

  /** Somebody waits for the end of an actor from outside. */
  awaiting(pid: Pid): Life | undefined {
    const life = this.#lifeOf(pid);
    if (life) this.#awaited.add(life);
    return life;
  }

  awaited(life: Life): void {
    this.#count('end awaited');
    this.#awaited.delete(life);
    this.#demand(life.endedAs > 0, 'an end is told to those outside when it came', () => life.pid);
  }

  /** A message or an ask is about to be sent; returns its stamp. */
  sending(to: Pid): number {
    this.#account(to.toString()).sent += 1;
    this.#stamp += 1;
    return this.#stamp;
  }

  /** A handler got a message. */
  heard(from: Pid, to: Pid, stamp: number, via = ''): void {
    const left = this.#copies.get(stamp) ?? 1;
    this.#copies.set(stamp, left - 1);
    this.#demand(left > 0, 'a message arrives at most once', () => `${from} -> ${to} #${stamp}`);
    if (!this.#isOrdered) return;
    // What somebody passes on in another's name keeps the order of who passes it on.
    const key = `${from} ${to} ${via}`;
    const last = this.#lastStamps.get(key) ?? 0;
    this.#lastStamps.set(key, stamp);
    // An equal one is a copy, and counted as such above.
    this.#demand(
      stamp >= last,
      'messages of one sender to one receiver arrive in order',
      () => `${from} -> ${to}: #${stamp} after #${last}`,
    );
  }

  /** An ask begins; `token` is undefined for one from outside any actor. */
  asked(token: Token | undefined, stamp: number, timeoutMs: number): void {
    const dueMs = this.#sim().clock.monotonicMs() + timeoutMs;
    this.#openAsks.set(stamp, { token, dueMs });
  }

  /** Each question holds its stamp, and each answer repeats it. */
  askEnded(stamp: number, failure: AskFailure | undefined, answer?: number): void {
    this.#count(`ask ${failure ?? 'answered'}`);
    const ask = this.#openAsks.get(stamp);
    if (!ask) return this.violate('an ask ends exactly once', `ask #${stamp}`);
    this.#openAsks.delete(stamp);
    this.#demand(
      failure !== undefined || answer === stamp,
      'an ask is given the answer to its own question',
      () => `ask #${stamp} of ${ask.token?.life.pid}: the answer to #${answer}`,
    );
    const lateMs = this.#sim().clock.monotonicMs() - ask.dueMs;
    this.#demand(
      lateMs < ROUNDING_MS && (failure !== 'timeout' || lateMs > -ROUNDING_MS),
      'an ask times out at its time, and ends no later',
      () => `ask #${stamp}: ${failure ?? 'answered'} ${lateMs} ms late`,
    );
  }

  linking({ life }: Token, target: Pid): void {
    const text = target.toString();
    if (life.links.has(text)) return;
    life.links.set(text, {
      target,
      wasAlive: this.isAlive(target),
      hadHost: this.#sim().systemAt(target.address) !== undefined,
      endsBefore: this.#ends.get(text)?.length ?? 0,
      breaksBefore: this.#breaksOf(life.address, target.address),
    });
  }

  unlinking({ life }: Token, target: Pid): void {
    life.links.delete(target.toString());
  }

  toldExit({ life }: Token, target: Pid, reason: ExitReason): void {
    const text = target.toString();
    this.#count(`exit ${reason}`);
    const link = life.links.get(text);
    if (!link) {
      return this.violate(
        'an exit is told at most once per link',
        `${life.pid}: ${text} ${reason}`,
      );
    }
    life.links.delete(text);
    const isLocal = life.address === target.address;
    if (reason === 'unreachable') {
      const broke = this.#breaksOf(life.address, target.address) > link.breaksBefore;
      this.#demand(
        !isLocal && (broke || !link.hadHost),
        'unreachable is told only when a connection broke',
        () => `${life.pid}: ${text}`,
      );
      return;
    }
    const all = this.#ends.get(text) ?? [];
    const ends = all.slice(link.endsBefore);
    // Of a peer's actor that was gone already, the news of its end may have been on its way.
    if (!isLocal && !link.wasAlive) ends.push(...all.slice(-1));
    // A link to a peer is made when it arrives there: whoever has ended by then was not there.
    const wasGone = !link.wasAlive || (!isLocal && ends.length > 0);
    const isTrue = ends.includes(reason) || (wasGone && reason === 'stopped');
    this.#demand(
      isTrue,
      'an exit is never told of a live actor, and for its true reason',
      () => `${life.pid}: ${text} ${reason}; ends since the link: [${ends}]`,
    );
  }

  stoppingAlone(pid: Pid, isDrained: boolean): void {
    const life = this.#lifeOf(pid);
    if (!life) return;
    life.wasStoppedAlone = true;
    if (!isDrained) return;
    life.isDraining = true;
    this.#count('drain');
  }

  /** Follows the trace of the simulation. */
  readonly onEvent = (event: TracedEvent): void => {
    if (event.kind !== 'turn') this.#count(event.kind);
    if ('pid' in event) this.#stirred.add(event.pid.address);
    switch (event.kind) {
      case 'spawned':
        this.#demand(
          !this.isAlive(event.pid),
          'one actor at a time has an id',
          () => `${event.pid}`,
        );
        this.#begin(new Life(event.pid));
        return;
      case 'ended':
        return this.#onEnded(event.pid, event.reason);
      case 'turn':
        this.#account(event.pid.toString()).handled += 1;
        return;
      case 'crashed':
        return this.#onCrashed(event.address);
      case 'deadLetter': {
        const { to, name, reason } = event.letter;
        this.#count(`dead letter ${reason}`);
        const asked = Object.entries(ASKED_PREFIXES).find(([ask]) => ask === name)?.[1];
        // An answer that reached nobody: its ask is accounted for by itself.
        if (asked !== undefined && !to.startsWith(asked)) return;
        this.#account(to).deadLetters += 1;
        return;
      }
      case 'dropped':
        if (isForMailbox(event.message))
          this.#account(event.message.to.toString()).lostToFaults += 1;
        return;
      case 'duplicated': {
        const { message } = event;
        if (!isForMailbox(message)) return;
        this.#account(message.to.toString()).duplicated += 1;
        const { stamp } = message.body as { stamp: number };
        this.#copies.set(stamp, (this.#copies.get(stamp) ?? 1) + 1);
        return;
      }
      case 'disconnected': {
        const key = pairKey(event.from, event.to);
        this.#breaks.set(key, (this.#breaks.get(key) ?? 0) + 1);
      }
    }
  };

  #lifeOf(pid: Pid): Life | undefined {
    return this.#alive.get(pid.address)?.get(pid.id);
  }

  #begin(life: Life): void {
    const lives = this.#alive.get(life.address) ?? new Map<string, Life>();
    this.#alive.set(life.address, lives);
    lives.set(life.id, life);
  }

  #onEnded(pid: Pid, reason: ExitReason): void {
    const text = pid.toString();
    const life = this.#lifeOf(pid);
    if (!life) return this.violate('an actor ends once', text);
    this.#checkChildrenEnded(life);
    this.#demand(
      life.goodbyes === life.setups,
      'each incarnation says goodbye once',
      () => `${life.pid}: ${life.goodbyes} after ${life.setups} setups`,
    );
    this.#end(life, reason);
    if (reason !== 'failed') return;
    // Its own failure, not its parent's end: it has a place of its own in the order.
    life.wasStoppedAlone = true;
    const { parent, supervision } = life;
    if (!parent || supervision.onFailure === 'stop' || parent.endedAs > 0) return;
    this.#count('escalation');
    this.#escalations.push({ child: life, parent, parentIncarnation: parent.incarnation });
  }

  #end(life: Life, reason: ExitReason | 'crashed'): void {
    this.#endCount += 1;
    life.endedAs = this.#endCount;
    this.#alive.get(life.address)?.delete(life.id);
    const ends = this.#ends.get(life.pid) ?? [];
    ends.push(reason);
    this.#ends.set(life.pid, ends);
  }

  #onCrashed(address: string): void {
    const lives = this.#alive.get(address);
    for (const { id, mailbox } of this.#sim().systemAt(address)?.processes() ?? []) {
      const life = lives?.get(id);
      if (!life) continue;
      const lost = mailbox - (life.isDraining ? 1 : 0);
      this.#account(life.pid).lostInCrashes += lost;
      this.#count('lost in a crash', lost);
      this.#end(life, 'crashed');
    }
  }

  /** After every turn: bounds, and who runs. */
  checkTurn(): void {
    for (const system of this.#sim().systems) {
      // A mailbox grows where an actor is ready or has just run: elsewhere nothing has changed.
      if (system.readyCount === 0 && !this.#stirred.has(system.address)) continue;
      const lives = this.#alive.get(system.address);
      const processes = system.processes();
      for (const { id, mailbox } of processes) {
        const life = lives?.get(id);
        this.#demand(
          life !== undefined && mailbox <= life.mailboxMax + (life.isDraining ? 1 : 0),
          'a mailbox never holds more than its bound',
          () => `${id}@${system.address}: ${mailbox} of ${life?.mailboxMax}`,
        );
      }
      this.#demand(
        processes.length === (lives?.size ?? 0),
        'who was started and has not ended runs, and nobody else',
        () => `${system.address}: ${processes.length} run, ${lives?.size ?? 0} should`,
      );
    }
    this.#stirred.clear();
  }

  /** When nothing moves any more: nobody waits for something that will not come. */
  checkRest(): void {
    for (const [stamp, { token }] of this.#openAsks) {
      const isOwed =
        !token || (token.life.endedAs === 0 && token.life.incarnation === token.incarnation);
      this.#demand(!isOwed, 'every ask ends', () => `ask #${stamp} of ${token?.life.pid}`);
    }
    for (const lives of this.#alive.values()) {
      for (const life of lives.values()) {
        for (const [text, link] of life.links) this.#checkLinkAtRest(life, text, link);
      }
    }
    for (const { child, parent, parentIncarnation } of this.#escalations) {
      this.#demand(
        parent.endedAs > 0 || parent.incarnation > parentIncarnation,
        'a failure that escalates fails the parent',
        () => `${child.pid} to ${parent.pid}`,
      );
    }
    for (const life of this.#awaited) {
      this.#demand(
        life.endedAs === 0,
        'an end is told to those outside when it came',
        () => life.pid,
      );
    }
    for (const system of this.#sim().systems) {
      const { ready, pendingAsks, deferred } = system.stats;
      this.#demand(
        ready + pendingAsks + deferred === 0,
        'at rest nothing is ready, asked or deferred',
        () => `${system.address}: ${ready} ready, ${pendingAsks} asks, ${deferred} deferred`,
      );
    }
  }

  #checkLinkAtRest(life: Life, text: string, link: LinkRecord): void {
    const ends = (this.#ends.get(text)?.length ?? 0) - link.endsBefore;
    // A link to a peer may have arrived there after that end, at a successor of the same name.
    const isHeld =
      this.isAlive(link.target) && (ends === 0 || link.target.address !== life.address);
    this.#demand(isHeld, 'every end is told to those who linked', () => `${life.pid} to ${text}`);
  }

  /** When all were stopped: nothing is left, and every message is accounted for. */
  checkEnd(): void {
    for (const system of this.#sim().systems) {
      const { actors, remoteLinks } = system.stats;
      this.#demand(
        actors === 0 && remoteLinks === 0,
        'when all have stopped no actor and no link is left',
        () => `${system.address}: ${actors} actors, ${remoteLinks} links`,
      );
    }
    for (const [pid, account] of this.#accounts) {
      const { sent, duplicated, handled, deadLetters, lostToFaults, lostInCrashes } = account;
      this.#demand(
        sent + duplicated === handled + deadLetters + lostToFaults + lostInCrashes,
        'every message was handled, is a dead letter, or was lost to a counted fault',
        () => `${pid}: ${JSON.stringify(account)}`,
      );
    }
    const { sent, duplicated, delivered, inFlight, ...lost } = this.#sim().network.counts;
    const { droppedByRule, droppedByChance, lostToCut, lostToBreak } = lost;
    this.#demand(
      inFlight === 0 &&
        sent + duplicated === delivered + droppedByRule + droppedByChance + lostToCut + lostToBreak,
      'the network delivers or counts what it carries',
      () => JSON.stringify(this.#sim().network.counts),
    );
  }

  #breaksOf(left: string, right: string): number {
    return this.#breaks.get(pairKey(left, right)) ?? 0;
  }

  #account(pid: string): Account {
    let account = this.#accounts.get(pid);
    if (!account) {
      account = {
        sent: 0,
        duplicated: 0,
        handled: 0,
        deadLetters: 0,
        lostToFaults: 0,
        lostInCrashes: 0,
      };
      this.#accounts.set(pid, account);
    }
    return account;
  }
}

function isForMailbox({ kind }: { readonly kind: string }): boolean {
  return kind === 'message' || kind === 'ask';
}

function pairKey(left: string, right: string): string {
  return left < right ? `${left} ${right}` : `${right} ${left}`;
}
