// Offers of a life: those of the recording and those of today, which is which, and what to do when the allocator
// of today dealt resources out in other pieces.
import { partition } from '@kaon/primitives';
import { parseTree } from './json-tree.ts';
import {
  inverseOffersOf,
  type Offer,
  type OfferText,
  roleOf,
  withoutResources,
} from './life-events.ts';
import { maskedEvent, printed } from './life-masks.ts';
import type { LifeNames } from './life-names.ts';
import type { LifeStream } from './life-stream.ts';
import type { Json } from './v1-scheduler.ts';

/** How long offers may take to be as recorded before those there are given back, to come again as one. */
const MERGE_AFTER_MS = 400;
/** How long offers that nothing was done with yet may take to be as recorded. */
const SETTLE_MS = 150;
const MERGES_MAX = 4;

/** What the book needs of the player. */
export interface OfferBookOptions {
  readonly names: LifeNames;
  readonly asRecorded: (text: string) => string;
  /** The stream that offers come by today. */
  readonly stream: () => LifeStream | undefined;
  /** Gives offers back, to be made again after so many seconds. */
  readonly decline: (ids: readonly Offer['id'][], refuseSeconds: number) => Promise<void>;
}

/** An account of all offers of a life. */
export class OfferBook {
  readonly #options: OfferBookOptions;
  /** Offers of then by id, as they were recorded. */
  readonly #recorded = new Map<string, OfferText>();
  /** Offers of today that are out, by id. */
  readonly #outstanding = new Map<string, OfferText>();
  /** Agents of all offers ever seen, then or today, inverse ones included. */
  readonly #agentOf = new Map<string, string>();
  /** All offers of today, masked and without resources. */
  readonly #seen = new Set<string>();

  constructor(options: OfferBookOptions) {
    this.#options = options;
  }

  /** Offers have come today. */
  came(offers: readonly OfferText[]): void {
    for (const offer of offers) {
      this.#agentOf.set(offer.id.value, offer.agent_id.value);
      this.#outstanding.set(offer.id.value, offer);
      this.#seen.add(withoutResources(this.#options.asRecorded(offer.text)));
    }
  }

  /** Inverse offers have come, then or today. */
  cameInversely(event: Json): void {
    for (const { id, agent_id } of inverseOffersOf(event)) {
      this.#agentOf.set(id.value, agent_id.value);
    }
  }

  /** An offer of today is withdrawn. */
  wentAway(id: string): void {
    this.#outstanding.delete(id);
  }

  /** An offer came then. */
  cameThen(offer: OfferText): void {
    this.#recorded.set(offer.id.value, offer);
    this.#agentOf.set(offer.id.value, offer.agent_id.value);
  }

  /** The agent that an offer is of; undefined when there was no such offer. */
  agentOf(id: string): string | undefined {
    return this.#agentOf.get(id);
  }

  /** Binds offers that a call takes or gives back to those of today; answers those that there are none for. */
  async bindUsed(ids: readonly string[], isNeeded: boolean): Promise<readonly OfferPair[]> {
    const pairs: OfferPair[] = [];
    for (const id of ids) {
      const then = this.#recorded.get(id);
      if (then === undefined) continue;
      const bound = this.#options.names.today(id);
      if (bound === undefined || !this.#outstanding.has(bound)) {
        const now = await this.bind(then, isNeeded);
        if (isNeeded) pairs.push({ then, now });
      }
      this.#outstanding.delete(this.#options.names.today(id) ?? '');
    }
    return pairs;
  }

  /** Finds the offer of today with the same content; what is needed may be another one, rather than none. */
  async bind(then: OfferText, isNeeded: boolean): Promise<OfferText | undefined> {
    const { names } = this.#options;
    const agent = names.today(then.agent_id.value) ?? names.forToday(then.agent_id.value);
    const wanted = printed(maskedEvent(parseTree(then.text)));
    const onAgent = () =>
      [...this.#outstanding.values()].filter(({ agent_id }) => agent_id.value === agent);
    let found: OfferText | undefined;
    const isThere = (): boolean => {
      found = onAgent().find(({ text }) => this.#contentOf(text) === wanted);
      return found !== undefined;
    };
    const stream = this.#options.stream();
    if (!isThere() && !isNeeded) await stream?.until(isThere, SETTLE_MS);
    for (let merge = 0; isNeeded && merge < MERGES_MAX && !isThere(); merge += 1) {
      if (await stream?.until(isThere, MERGE_AFTER_MS)) break;
      const role = roleOf(then.text);
      const [others, same] = partition(onAgent(), ({ text }) => roleOf(text) !== role);
      // What was offered to another role of the framework goes to this one then.
      await this.#giveBack(others, 1);
      await this.#giveBack(same, 0);
    }
    if (found === undefined && isNeeded) {
      await stream?.until(() => onAgent().length > 0, MERGE_AFTER_MS);
      found = onAgent()[0];
    }
    if (found !== undefined) names.bind(then.id.value, found.id.value);
    return found;
  }

  /** Recorded offers whose like never came. How resources are dealt out is the allocator's business. */
  neverCame(): readonly OfferText[] {
    return [...this.#recorded.values()].filter(
      ({ text }) => !this.#seen.has(withoutResources(text)),
    );
  }

  /** Gives back whatever is out. */
  giveBackAll(refuseSeconds: number): Promise<void> {
    return this.#giveBack([...this.#outstanding.values()], refuseSeconds);
  }

  #contentOf(text: string): string {
    return printed(maskedEvent(parseTree(this.#options.asRecorded(text))));
  }

  /** What is outstanding in pieces comes again as one. */
  async #giveBack(offers: readonly Offer[], refuseSeconds: number): Promise<void> {
    if (offers.length === 0) return;
    for (const { id } of offers) this.#outstanding.delete(id.value);
    await this.#options.decline(
      offers.map(({ id }) => id),
      refuseSeconds,
    );
  }
}

/** An offer of then and the one of today that stands for it, if any. */
export interface OfferPair {
  readonly then: OfferText;
  readonly now: OfferText | undefined;
}
