// Filters of messages for tests, local ones included: drop or spy on what matches, and count it.
import type { FilteredMessage, MessageFilter, Pid } from '@kaon/actor';
import { matchesPid } from './sim-network.ts';

/** Which messages a filter means. Absent fields match all. */
export interface FilterMatch {
  /** A PID or an address, as text or as PID. */
  readonly from?: Pid | string;
  /** A PID or an address, as text or as PID. */
  readonly to?: Pid | string;
  readonly kind?: 'message' | 'ask';
  /** Looks into the body; called only when all else matches. */
  readonly where?: (body: unknown) => boolean;
}

/** A filter in force. */
export interface FilterHandle {
  /** Messages it dropped; for a spy, messages it saw. */
  readonly count: number;
  /** Takes the filter away; its counts stay. */
  remove(): void;
}

/** A filter that only looks. */
export interface MessageSpy extends FilterHandle {
  /** What it saw, oldest first: the first 1 000. */
  readonly messages: readonly FilteredMessage[];
}

/** Stands for every name. */
const ANY_NAME = '*';
const SPIED_MAX = 1000;

interface Rule {
  readonly name: string;
  readonly match: FilterMatch;
  /** Matching messages to let pass before it strikes. */
  toPass: number;
  /** Messages it still drops; 0 for a spy. */
  toDrop: number;
  count: number;
  readonly seen: FilteredMessage[] | undefined;
}

/**
 * A set of filters for one system or several; each simulation has one. A message is looked at when it
 * is about to be queued at its receiver; a dropped one is gone without a dead letter.
 *
 * Of the filters that drop, the oldest that matches takes a message; spies see each message that
 * matches, also one that is dropped.
 */
export class MessageFilters {
  readonly #rules = new Set<Rule>();
  /** Messages that were looked at. */
  seen = 0;
  /** Messages that were dropped. */
  dropped = 0;

  /** The decision on one message: give it to systems as their `filter` option. */
  readonly filter: MessageFilter = (message) => {
    this.seen += 1;
    let isDropped = false;
    for (const rule of this.#rules) {
      if (!isHit(rule, message)) continue;
      if (rule.seen) {
        rule.count += 1;
        if (rule.seen.length < SPIED_MAX) rule.seen.push(message);
      } else if (!isDropped) {
        isDropped = this.#strikes(rule);
      }
    }
    if (isDropped) this.dropped += 1;
    return isDropped ? 'drop' : 'deliver';
  };

  /** Drops every message called `name` (`*` for any) that matches, until removed. */
  drop(name: string, match: FilterMatch = {}): FilterHandle {
    return this.#add(name, match, 0, Number.POSITIVE_INFINITY, undefined);
  }

  /** Drops the next `times` messages that match. Default: one. */
  dropNext(name: string, match: FilterMatch = {}, times = 1): FilterHandle {
    return this.#add(name, match, 0, times, undefined);
  }

  /** Drops the `nth` message that matches from now on, counted from 1, and no other. */
  dropNth(name: string, nth: number, match: FilterMatch = {}): FilterHandle {
    return this.#add(name, match, nth - 1, 1, undefined);
  }

  /** Remembers what matches and lets it through. */
  spy(name: string, match: FilterMatch = {}): MessageSpy {
    const seen: FilteredMessage[] = [];
    return this.#add(name, match, 0, 0, seen);
  }

  /** Takes all filters away. */
  clear(): void {
    this.#rules.clear();
  }

  #strikes(rule: Rule): boolean {
    if (rule.toPass > 0) {
      rule.toPass -= 1;
      return false;
    }
    rule.count += 1;
    rule.toDrop -= 1;
    if (rule.toDrop === 0) this.#rules.delete(rule);
    return true;
  }

  #add(
    name: string,
    match: FilterMatch,
    toPass: number,
    toDrop: number,
    seen: FilteredMessage[] | undefined,
  ): MessageSpy {
    const rule: Rule = { name, match, toPass, toDrop, count: 0, seen };
    this.#rules.add(rule);
    return {
      get count() {
        return rule.count;
      },
      messages: seen ?? [],
      remove: () => void this.#rules.delete(rule),
    };
  }
}

function isHit({ name, match }: Rule, message: FilteredMessage): boolean {
  return (
    (name === ANY_NAME || name === message.name) &&
    (match.kind === undefined || match.kind === message.kind) &&
    matchesPid(match.from, message.from) &&
    matchesPid(match.to, message.to) &&
    (match.where === undefined || match.where(message.body))
  );
}
