// A sender of events with all who hear it: starts the processes, lets tasks be launched, and puts together what the
// subscribers saw.
import { fileURLToPath } from 'node:url';
import type { BodyEncoding } from '@kaon/http';
import type { Spent } from '../launch/child.ts';
import { heard, type Member, Members, tell } from '../members.ts';
import type { CaughtUp } from './laggard.ts';
import type { Launched } from './launcher.ts';
import type { Unread } from './master.ts';
import type { Seen } from './subscribers.ts';

/** Processes that subscribers are spread over. */
const PROCESSES = 2;
const AGENTS = 100;
/** Time between two launches of `pace`. */
export const PACE_MS = 20;
/** It is added, and runs. */
export const EVENTS_PER_TASK = 2;

const path = (name: string): string => fileURLToPath(new URL(`../${name}.js`, import.meta.url));

/** One launch of many tasks, or many launches, as all subscribers saw it. */
export interface Run extends Omit<Seen, 'endedMs' | 'digest'> {
  readonly seconds: number;
  /** Microseconds of the sender's processor time for a delivery. */
  readonly senderMicroseconds: number;
}

/** A sender of events, who makes it do so, and the subscribers. */
export class Audience {
  readonly #members = new Members();
  #sender: Member | undefined;
  #launcher: Member | undefined;
  readonly #readers: Member[] = [];
  #subscribers = 0;

  /** A whole master; events are larger by `noteBytes`. */
  async startMaster(subscribers: number, encoding: BodyEncoding, noteBytes = 0): Promise<void> {
    const master = await this.#members.start(path('events/master'));
    await this.#members.start(path('launch/agents'), master.place, AGENTS);
    const launcher = path('events/launcher');
    this.#launcher = await this.#members.start(launcher, master.place, AGENTS, PACE_MS, noteBytes);
    this.#sender = master;
    await this.#subscribe(subscribers, encoding);
  }

  /** Bare node:http with records of so many bytes. */
  async startBare(subscribers: number, recordBytes: number): Promise<void> {
    this.#sender = await this.#members.start(path('events/bare-streams'), recordBytes, PACE_MS);
    this.#launcher = this.#sender;
    await this.#subscribe(subscribers, 'json');
  }

  /** Launches tasks, and waits until every subscriber that reads has heard of them. */
  async run(kind: 'burst' | 'pace', tasks: number): Promise<Run> {
    const sender = this.#sender as Member;
    const launcher = this.#launcher as Member;
    if (launcher !== sender) await tell(launcher, 'offered');
    for (const reader of this.#readers) await tell(reader, 'expect', tasks * EVENTS_PER_TASK);
    const before = await tell<Spent>(sender, 'spent');
    const seen = this.#readers.map(({ child }) => heard<Seen>(child));
    const { startedMs } = await tell<Launched>(launcher, kind, tasks);
    const all = await Promise.all(seen);
    const { cpuSeconds } = await tell<Spent>(sender, 'spent');
    const deliveries = sum(all, (each) => each.deliveries);
    const isOneStory = new Set(all.map(({ digest }) => digest)).size === 1;
    return {
      seconds: (Math.max(...all.map(({ endedMs }) => endedMs)) - startedMs) / 1000,
      deliveries,
      bytes: all[0]?.bytes ?? Number.NaN,
      p50Ms: Math.max(...all.map(({ p50Ms }) => p50Ms)),
      p99Ms: Math.max(...all.map(({ p99Ms }) => p99Ms)),
      differing: isOneStory ? sum(all, (each) => each.differing) : this.#subscribers,
      misplaced: sum(all, (each) => each.misplaced),
      senderMicroseconds: ((cpuSeconds - before.cpuSeconds) / deliveries) * 1e6,
    };
  }

  /** Has one subscriber read no more. */
  async stall(): Promise<void> {
    await tell(this.#readers.at(-1) as Member, 'stall');
  }

  /** Has it read again, until it knows that all tasks run. */
  async resume(launched: number): Promise<CaughtUp> {
    return tell<CaughtUp>(this.#readers.at(-1) as Member, 'resume', launched);
  }

  /** What the master holds for who does not read. */
  unread(): Promise<Unread> {
    return tell<Unread>(this.#sender as Member, 'unread');
  }

  end(): Promise<void> {
    return this.#members.end();
  }

  async #subscribe(subscribers: number, encoding: BodyEncoding): Promise<void> {
    this.#subscribers = subscribers;
    const each = subscribers / PROCESSES;
    const { place } = this.#sender as Member;
    for (let index = 0; index < PROCESSES; index += 1) {
      this.#readers.push(
        await this.#members.start(path('events/subscribers'), place, each, encoding),
      );
    }
  }
}

/** The sum of what `of` says of each. */
export function sum<T>(values: readonly T[], of: (value: T) => number): number {
  return values.reduce((total, value) => total + of(value), 0);
}
