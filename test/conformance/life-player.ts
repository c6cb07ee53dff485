// Plays a recorded life against today's cluster: sends the calls in their order, each after whatever had
// happened before it, and tells in what today's events and answers are not the recorded ones.
import { type Difference, differences, parseTree } from './json-tree.ts';
import { LifeConnections } from './life-connections.ts';
import {
  at,
  inverseOffersOf,
  isOpening,
  namesInBoth,
  offersFirst,
  offersOf,
  subjectsOf,
  UNDETERMINED,
} from './life-events.ts';
import { maskedEvent } from './life-masks.ts';
import type { LifeNames } from './life-names.ts';
import { OfferBook, type OfferPair } from './life-offers.ts';
import { LifeOrder } from './life-order.ts';
import type { SeenEvent } from './life-stream.ts';
import type { LifeLine, SentLine } from './lives.ts';
import type { Json } from './v1-scheduler.ts';

/** How long an event may take to come before it is missed. */
export const PATIENCE_MS = 8000;
const IMPATIENCE_MS = 200;

/** What a player needs of the cluster. */
export interface PlayerOptions {
  readonly address: string;
  readonly names: LifeNames;
  /** An event of today in the words of then: names, addresses and ports. */
  readonly asRecorded: (text: string) => string;
  /** Does what a note tells of. */
  readonly onNote: (text: string) => Promise<void>;
  /** Sends what an operator sent; answers in what the answer is not the recorded one. */
  readonly onExchange: (name: string) => Promise<readonly Difference[]>;
}

/** The player of one life. */
export class LifePlayer {
  readonly #options: PlayerOptions;
  readonly #connections: LifeConnections;
  readonly #offers: OfferBook;
  readonly #order = new LifeOrder();
  readonly #found: Difference[] = [];
  #framework = '';
  #patienceMs = PATIENCE_MS;

  constructor(options: PlayerOptions) {
    this.#options = options;
    const { address, names, asRecorded } = options;
    this.#connections = new LifeConnections({
      address,
      forToday: (text) => names.forToday(text),
      asRecorded,
      onEvent: (event) => this.#note(event),
    });
    this.#offers = new OfferBook({
      names,
      asRecorded,
      stream: () => this.#connections.streams.at(-1),
      decline: (ids, refuseSeconds) => this.#decline(ids, refuseSeconds),
    });
  }

  /** Plays all lines. The streams stay open until `close`. */
  async play(recorded: readonly LifeLine[]): Promise<readonly Difference[]> {
    const lines = offersFirst(recorded);
    for (const [index, line] of lines.entries()) {
      if (line.kind !== 'event' && line.kind !== 'answered') this.#order.cut();
      if (line.kind === 'sent') await this.#send(line);
      else if (line.kind === 'answered') this.#found.push(...this.#connections.differencesOf(line));
      else if (line.kind === 'event')
        await this.#expect(line.conn, line.text, isOpening(lines, index));
      else if (line.kind === 'note') await this.#options.onNote(line.text);
      else if (line.kind === 'exchange') await this.#exchange(line.name);
      else await this.#end(line.conn, line.byMaster);
    }
    for (const stream of this.#connections.streams) {
      for (const what of stream.faults) this.#found.push({ path: '(framing)', what });
      for (const { json, text } of stream.unread) {
        const type = String(json['type']);
        if (!UNDETERMINED.has(type)) this.#miss(type, 'answered, not recorded', text);
      }
    }
    for (const { text } of this.#offers.neverCame()) this.#miss('OFFERS', 'not offered so', text);
    return this.#found;
  }

  /** Gives back whatever is offered, for so long. */
  giveBackAll(refuseSeconds: number): Promise<void> {
    return this.#offers.giveBackAll(refuseSeconds);
  }

  close(): void {
    for (const stream of this.#connections.streams) stream.close();
  }

  async #send(line: SentLine): Promise<void> {
    const call = JSON.parse(line.text) as Json;
    const used = (call['accept'] ?? call['decline']) as UsedOffers | undefined;
    const ids = used?.offer_ids.map(({ value }) => value) ?? [];
    for (const pair of await this.#offers.bindUsed(ids, call['type'] === 'ACCEPT')) {
      this.#compareOffers(pair);
    }
    await this.#connections.send(line);
  }

  /** Offers are kept account of, whenever they come. */
  #note({ json, text }: SeenEvent): 'keep' | 'taken' {
    if (json['type'] === 'RESCIND') this.#offers.wentAway(subjectsOf(json)[0] ?? '');
    this.#offers.cameInversely(json);
    if (json['type'] !== 'OFFERS') return 'keep';
    this.#offers.came(offersOf(json, text));
    return 'taken';
  }

  #decline(ids: readonly object[], refuseSeconds: number): Promise<void> {
    return this.#connections.sendUnrecorded({
      framework_id: { value: this.#framework },
      type: 'DECLINE',
      decline: { offer_ids: ids, filters: { refuse_seconds: refuseSeconds } },
    });
  }

  async #exchange(name: string): Promise<void> {
    for (const { path, what } of await this.#options.onExchange(name)) {
      this.#found.push({ path: `${name} ${path}`, what });
    }
  }

  async #expect(conn: string, text: string, isOpening: boolean): Promise<void> {
    const event = JSON.parse(text) as Json;
    const type = String(event['type']);
    const stream = this.#connections.stream(conn);
    if (type === 'OFFERS') {
      for (const then of offersOf(event, text)) {
        this.#offers.cameThen(then);
        const now = await this.#offers.bind(then, isOpening);
        // The first offers are everything there is: they must come, and as recorded.
        if (isOpening) this.#compareOffers({ then, now });
      }
      if (isOpening && stream?.firstOffersAt !== undefined) {
        this.#follow(conn, event, stream.firstOffersAt);
      }
      return;
    }
    this.#offers.cameInversely(event);
    const key = this.#keyOf(event);
    const seen = await stream?.take(({ json }) => this.#keyOf(json) === key, this.#patienceMs);
    if (seen === undefined) {
      this.#miss(type, 'recorded, not answered', text);
      // What depends on it need not be waited for as long.
      this.#patienceMs = IMPATIENCE_MS;
      return;
    }
    this.#bind(event, seen.json);
    this.#follow(conn, event, seen.place);
    this.#compare(type, text, seen.text);
  }

  #follow(conn: string, event: Json, place: number): void {
    const subject = subjectsOf(event)[0] ?? '';
    const agent =
      this.#offers.agentOf(subject) ??
      (at(event, ['failure', 'agent_id', 'value']) as string | undefined);
    for (const what of this.#order.follow({ conn, event, agent, place })) {
      this.#found.push({ path: `${event['type']} (order)`, what });
    }
  }

  #bind(recorded: Json, seen: Json): void {
    const { names } = this.#options;
    for (const [then, now] of namesInBoth(recorded, seen)) names.bind(then, now);
    const inverse = inverseOffersOf(seen);
    for (const { id, agent_id } of inverseOffersOf(recorded)) {
      const agent = names.today(agent_id.value) ?? names.forToday(agent_id.value);
      const now = inverse.find((one) => one.agent_id.value === agent);
      if (now !== undefined) names.bind(id.value, now.id.value);
    }
    if (recorded['type'] === 'SUBSCRIBED') {
      this.#framework = String(at(seen, ['subscribed', 'framework_id', 'value']));
    }
  }

  /** What an event is about: events about the same come in order, others as it happens. */
  #keyOf(event: Json): string {
    const names = subjectsOf(event).map((id) =>
      this.#options.asRecorded(this.#offers.agentOf(id) ?? id),
    );
    return [event['type'], ...names].join(' ');
  }

  async #end(conn: string, byMaster: boolean): Promise<void> {
    if (!byMaster) await this.#connections.close(conn, this.#framework);
    else if (!(await this.#connections.stream(conn)?.ends(PATIENCE_MS))) {
      this.#found.push({ path: '(closed)', what: 'closed then, open today' });
    }
  }

  #compareOffers({ then, now }: OfferPair): void {
    if (now === undefined) this.#miss('OFFERS', 'recorded, not answered', then.text);
    else this.#compare('OFFERS', then.text, now.text);
  }

  #compare(type: string, recorded: string, seen: string): void {
    const then = maskedEvent(parseTree(recorded));
    const now = maskedEvent(parseTree(this.#options.asRecorded(seen)));
    for (const { path, what } of differences(then, now)) {
      this.#found.push({ path: `${type} ${path}`, what });
    }
  }

  #miss(path: string, what: string, text: string): void {
    this.#found.push({ path, what: `${what}: ${text.slice(0, 300)}` });
  }
}

type UsedOffers = { readonly offer_ids: readonly { readonly value: string }[] };
