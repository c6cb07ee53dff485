// Offers in, placements out: waiting tasks first, then whoever reads offers; the rest is declined.
import type { Clock } from '@kaon/primitives';
import type { Filters, MessageInit, Offer, Offer_Operation, OfferID } from '@kaon/protocol';
import type { SchedulerCall } from '../connection.ts';
import { OfferClosedError, TaskRequestError } from '../errors.ts';
import { OfferedResources } from './carve-resources.ts';
import { matchOffers, type Placement } from './match-offers.ts';
import { OfferAppetite } from './offer-appetite.ts';
import { OfferFeed, type OpenOffer } from './offer-feed.ts';
import { SpreadCounts, spreadValueOf } from './placement.ts';
import { type TaskRequest, wantsOf } from './task-request.ts';
import { agentOf, type LaunchedTask, type TrackedTask } from './tracked-task.ts';

/** What an `OfferDesk` stands on. */
export interface OfferDeskOptions {
  readonly clock: Clock;
  /** Sends a call whose failure needs no care. */
  readonly send: (call: SchedulerCall) => void;
  readonly call: (call: SchedulerCall) => Promise<void>;
  /** Launches tasks, whose agents are set, on offers of one agent. */
  readonly launch: (placement: Placement<TrackedTask>) => void;
  /** A task that does not wait in the queue. @throws {TaskRequestError} */
  readonly track: (request: TaskRequest) => TrackedTask;
  /** Whether such a task can be tracked at all. @throws {TaskRequestError} */
  readonly check: (request: TaskRequest) => void;
}

/** Keeps what waits for offers and what is open. */
export class OfferDesk {
  readonly #options: OfferDeskOptions;
  readonly #appetite: OfferAppetite;
  /** In order of launch. */
  readonly #waiting = new Map<string, TrackedTask>();
  readonly #feeds = new Set<OfferFeed>();
  readonly #open = new Map<string, HeldOffer>();
  readonly #counts = new SpreadCounts();
  /** Offers that came. */
  received = 0;
  declined = 0;

  constructor(options: OfferDeskOptions) {
    this.#options = options;
    this.#appetite = new OfferAppetite({
      clock: options.clock,
      revive: () => options.send({ type: 'REVIVE' }),
      suppress: () => options.send({ type: 'SUPPRESS' }),
    });
  }

  /** Tasks that wait for an offer. */
  get waitingCount(): number {
    return this.#waiting.size;
  }

  /** Whether offers are of any use. */
  get isHungry(): boolean {
    return this.#waiting.size > 0 || this.#feeds.size > 0;
  }

  isWaiting(taskId: string): boolean {
    return this.#waiting.has(taskId);
  }

  /** A reader of offers from now on. */
  feed(): OfferFeed {
    const feed = new OfferFeed((left) => {
      this.#feeds.delete(left);
      this.#lessHungry();
    });
    this.#feeds.add(feed);
    this.#appetite.hungry();
    return feed;
  }

  enqueue(task: TrackedTask): void {
    this.#waiting.set(task.taskId, task);
    this.#appetite.hungry();
  }

  /** Takes a task out of the queue; false when it is not in it. */
  withdraw(task: TrackedTask): boolean {
    if (!this.#waiting.delete(task.taskId)) return false;
    this.#lessHungry();
    return true;
  }

  /** The task holds a place: it counts for its group's spread. */
  occupies(task: TrackedTask): void {
    if (task.spread !== undefined && task.spreadValue !== undefined) {
      this.#counts.add(task.spread.group, task.spreadValue);
    }
  }

  /** The task's place is free again. */
  vacates(task: TrackedTask): void {
    if (task.spread !== undefined && task.spreadValue !== undefined) {
      this.#counts.remove(task.spread.group, task.spreadValue);
    }
    task.spreadValue = undefined;
  }

  subscribed(beganSuppressed: boolean): void {
    this.#appetite.subscribed(beganSuppressed);
    if (this.isHungry) this.#appetite.hungry();
  }

  /** The connection is gone, and with it every offer. */
  unsubscribed(): void {
    this.#appetite.unsubscribed();
    for (const offer of this.#open.values()) offer.isOpen = false;
    this.#open.clear();
  }

  rescinded({ value }: OfferID): void {
    const offer = this.#open.get(value);
    if (offer !== undefined) offer.isOpen = false;
    this.#open.delete(value);
  }

  offered(offers: readonly Offer[]): void {
    this.received += offers.length;
    const { placements, unused } = matchOffers(offers, this.#waiting.values(), this.#counts);
    for (const placement of placements) this.#place(placement);
    this.#appetite.refused();
    const unread = this.#feeds.size === 0 ? unused : this.#handOut(offers, unused);
    if (unread.length > 0) this.#decline(unread);
    this.#lessHungry();
  }

  close(error: Error | undefined): void {
    this.unsubscribed();
    this.#waiting.clear();
    for (const feed of this.#feeds) feed.end(error);
    this.#feeds.clear();
  }

  #lessHungry(): void {
    if (!this.isHungry) this.#appetite.sated();
  }

  #decline(offerIds: readonly OfferID[], filters?: Filters): void {
    this.declined += offerIds.length;
    this.#options.send({ type: 'DECLINE', decline: { offerIds, filters } });
  }

  #place(placement: Placement<TrackedTask>): void {
    const agent = agentOf(placement.offer);
    for (const { task } of placement.tasks) {
      this.#waiting.delete(task.taskId);
      task.agent = agent;
      // The counts have it already: it was chosen by them.
      task.spreadValue = task.spread && spreadValueOf(placement.offer, task.spread);
    }
    this.#options.launch(placement);
  }

  /** Gives offers to the readers in turn; what nobody takes is returned. */
  #handOut(offers: readonly Offer[], unused: readonly OfferID[]): readonly OfferID[] {
    const left = new Set(unused.map(({ value }) => value));
    const refused: OfferID[] = [];
    for (const offer of offers) {
      if (!left.has(offer.id.value)) continue;
      const [feed] = this.#feeds;
      const held = new HeldOffer(offer, this.#answers);
      if (feed?.push(held) !== true) {
        refused.push(offer.id);
        continue;
      }
      this.#open.set(offer.id.value, held);
      // The next offer is for the next reader.
      this.#feeds.delete(feed);
      this.#feeds.add(feed);
    }
    return refused;
  }

  readonly #answers: HeldOfferAnswers = {
    launch: (held, requests) => this.#launchOn(held, requests),
    accept: async (held, operations, filters) => {
      this.#open.delete(held.offer.id.value);
      const offerIds = [held.offer.id];
      await this.#options.call({ type: 'ACCEPT', accept: { offerIds, operations, filters } });
    },
    decline: (held, filters) => {
      this.#open.delete(held.offer.id.value);
      this.#decline([held.offer.id], filters);
    },
  };

  #launchOn({ offer }: HeldOffer, requests: readonly TaskRequest[]): readonly LaunchedTask[] {
    const { check, track } = this.#options;
    const left = new OfferedResources(offer.resources);
    const parts = requests.map((request) => {
      check(request);
      const resources = left.take(wantsOf(request));
      if (resources !== undefined) return { request, resources };
      throw new TaskRequestError('cpus, mem', 'of all tasks together are more than the offer has');
    });
    const tasks = parts.map(({ request, resources }) => ({ task: track(request), resources }));
    this.#open.delete(offer.id.value);
    this.#place({ offer, agentId: offer.agentId, offerIds: [offer.id], tasks });
    for (const { task } of tasks) this.occupies(task);
    return tasks.map(({ task }) => task);
  }
}

/** What an author's answer to an offer does. */
interface HeldOfferAnswers {
  readonly launch: (held: HeldOffer, requests: readonly TaskRequest[]) => readonly LaunchedTask[];
  readonly accept: (
    held: HeldOffer,
    operations: readonly MessageInit<Offer_Operation>[],
    filters: Filters | undefined,
  ) => Promise<void>;
  readonly decline: (held: HeldOffer, filters: Filters | undefined) => void;
}

class HeldOffer implements OpenOffer {
  readonly offer: Offer;
  readonly #answers: HeldOfferAnswers;
  isOpen = true;

  constructor(offer: Offer, answers: HeldOfferAnswers) {
    this.offer = offer;
    this.#answers = answers;
  }

  launch(...requests: readonly TaskRequest[]): readonly LaunchedTask[] {
    if (!this.isOpen) throw new OfferClosedError(this.offer.id.value);
    const tasks = this.#answers.launch(this, requests);
    this.isOpen = false;
    return tasks;
  }

  async accept(
    operations: readonly MessageInit<Offer_Operation>[],
    filters?: Filters,
  ): Promise<void> {
    if (!this.isOpen) throw new OfferClosedError(this.offer.id.value);
    this.isOpen = false;
    await this.#answers.accept(this, operations, filters);
  }

  decline(filters?: Filters): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    this.#answers.decline(this, filters);
  }
}
