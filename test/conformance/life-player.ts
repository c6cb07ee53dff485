// Plays a recorded life against today's cluster: sends the calls in their order, each after whatever had
// happened before it, and tells in what today's events and answers are not the recorded ones.

import { partition } from '@kaon/primitives';
import { schedulerV1 } from '@kaon/protocol';
import { type Difference, differences, parseTree } from './json-tree.ts';
import { maskedEvent, printed } from './life-masks.ts';
import type { LifeNames } from './life-names.ts';
import { LifeStream, type SeenEvent } from './life-stream.ts';
import type { LifeLine, SentLine } from './lives.ts';
import { maskedText } from './masks.ts';
import { exchange, type Header, headerOf, openStream, type RawResponse } from './raw-http.ts';
import { bodyIn, type Json } from './v1-scheduler.ts';

/** How long an event may take to come before it is missed. */
export const PATIENCE_MS = 8000;
const IMPATIENCE_MS = 200;
/** How long offers may take to be as recorded before those there are given back, to come again as one. */
const MERGE_AFTER_MS = 400;
/** How long offers that nothing was done with yet may take to be as recorded. */
const SETTLE_MS = 150;

interface Offer {
  readonly id: { readonly value: string };
  readonly agent_id: { readonly value: string };
}

/** An offer and how it is spelt. */
interface OfferText extends Offer {
  readonly text: string;
}

/** What a player needs of the cluster. */
export interface PlayerOptions {
  readonly address: string;
  readonly names: LifeNames;
  /** An event of today in the words of then: addresses and ports. */
  readonly asRecorded: (text: string) => string;
  /** Does what a note tells of. */
  readonly onNote: (text: string) => Promise<void>;
}

/** The player of one life. */
export class LifePlayer {
  readonly #options: PlayerOptions;
  readonly #streams = new Map<string, LifeStream>();
  readonly #streamIds = new Map<string, string>();
  readonly #answers = new Map<string, RawResponse>();
  /** Offers of then by id, as they were recorded. */
  readonly #recordedOffers = new Map<string, OfferText>();
  /** Offers of today that are out, and agents of all offers ever seen, by id. */
  readonly #outstanding = new Map<string, OfferText>();
  readonly #agentOf = new Map<string, string>();
  /** All offers of today, masked and without resources. */
  readonly #offersSeen = new Set<string>();
  readonly #found: Difference[] = [];
  #framework = '';
  #patienceMs = PATIENCE_MS;

  constructor(options: PlayerOptions) {
    this.#options = options;
  }

  /** Plays all lines. The streams stay open until `close`. */
  async play(recorded: readonly LifeLine[]): Promise<readonly Difference[]> {
    const lines = offersFirst(recorded);
    for (const [at, line] of lines.entries()) {
      if (line.kind === 'sent') await this.#send(line);
      else if (line.kind === 'answered') this.#compareAnswer(line);
      else if (line.kind === 'event')
        await this.#expect(line.conn, line.text, isOpening(lines, at));
      else if (line.kind === 'note') await this.#options.onNote(line.text);
      else await this.#end(line.conn, line.byMaster);
    }
    for (const stream of this.#streams.values()) {
      for (const what of stream.faults) this.#found.push({ path: '(framing)', what });
      for (const { json, text } of stream.unread) {
        const type = String(json['type']);
        if (!UNDETERMINED.has(type)) this.#miss(type, 'answered, not recorded', text);
      }
    }
    // How resources are dealt out is the allocator's business; all else of an offer must have been seen.
    for (const { text } of this.#recordedOffers.values()) {
      if (!this.#offersSeen.has(withoutResources(text)))
        this.#miss('OFFERS', 'not offered so', text);
    }
    return this.#found;
  }

  close(): void {
    for (const stream of this.#streams.values()) stream.close();
  }

  async #send({ conn, stream, headers, encoding, text }: SentLine): Promise<void> {
    const call = JSON.parse(text) as Json & { readonly type?: string };
    if (call.type === 'ACCEPT' || call.type === 'DECLINE') await this.#findOffers(call);
    const body = bodyIn(
      encoding,
      schedulerV1.Call,
      JSON.parse(this.#options.names.forToday(text)) as Json,
    );
    const sent: Header[] = [...headers];
    if (stream !== undefined) sent.push(['Mesos-Stream-Id', this.#streamIds.get(stream) ?? '']);
    const request = { method: 'POST', path: '/api/v1/scheduler', headers: sent, body };
    if (call.type !== 'SUBSCRIBE') {
      this.#answers.set(conn, await exchange(this.#options.address, request));
      return;
    }
    const opened = await openStream(this.#options.address, request);
    if (headerOf(opened.headers, 'transfer-encoding') !== 'chunked') {
      opened.close();
      this.#answers.set(conn, await exchange(this.#options.address, request));
      return;
    }
    const { headers: answered, statusLine } = opened;
    this.#answers.set(conn, {
      statusLine,
      status: 200,
      headers: answered,
      body: '',
    } as RawResponse);
    this.#streamIds.set(conn, headerOf(answered, 'mesos-stream-id') ?? '');
    this.#streams.set(conn, new LifeStream(opened, encoding, (event) => this.#note(event)));
  }

  /** Keeps account of the offers that are out. */
  #note({ json, text }: SeenEvent): 'keep' | 'taken' {
    if (json['type'] === 'RESCIND') {
      const { offer_id } = json['rescind'] as { readonly offer_id: { readonly value: string } };
      this.#outstanding.delete(offer_id.value);
    }
    for (const list of [offersOf(json), inverseOffersOf(json)]) {
      for (const { id, agent_id } of list) this.#agentOf.set(id.value, agent_id.value);
    }
    if (json['type'] !== 'OFFERS') return 'keep';
    const trees = membersOf(text);
    for (const [index, offer] of offersOf(json).entries()) {
      const text = trees[index] ?? '';
      this.#outstanding.set(offer.id.value, { ...offer, text });
      this.#offersSeen.add(withoutResources(this.#asRecorded(text)));
    }
    return 'taken';
  }

  /** Binds the offers that a call is about to those of today with the same content. */
  async #findOffers(call: Json): Promise<void> {
    const { offer_ids } = (call['accept'] ?? call['decline']) as {
      readonly offer_ids: readonly { readonly value: string }[];
    };
    for (const { value } of offer_ids) {
      const recorded = this.#recordedOffers.get(value);
      if (recorded === undefined) continue;
      const bound = this.#options.names.today(value);
      if (bound !== undefined && this.#outstanding.has(bound)) this.#outstanding.delete(bound);
      else await this.#bindOffer(recorded, call['accept'] !== undefined);
      this.#outstanding.delete(this.#options.names.today(value) ?? '');
    }
  }

  async #bindOffer(recorded: OfferText, isNeeded: boolean): Promise<void> {
    const { names } = this.#options;
    const agent = names.today(recorded.agent_id.value) ?? names.forToday(recorded.agent_id.value);
    const wanted = printed(maskedEvent(parseTree(recorded.text)));
    const role = roleOf(recorded.text);
    const onAgent = () =>
      [...this.#outstanding.values()].filter(({ agent_id }) => agent_id.value === agent);
    let found: OfferText | undefined;
    const isThere = (): boolean => {
      found = onAgent().find(({ text }) => this.#contentOf(text) === wanted);
      return found !== undefined;
    };
    const stream = [...this.#streams.values()].at(-1);
    if (!isThere() && !isNeeded) await stream?.until(isThere, SETTLE_MS);
    for (let attempt = 0; isNeeded && attempt < 4 && !isThere(); attempt += 1) {
      if (await stream?.until(isThere, MERGE_AFTER_MS)) break;
      const [others, same] = partition(onAgent(), ({ text }) => roleOf(text) !== role);
      // What was offered to another role of the framework goes to this one then.
      await this.#giveBack(others, 1);
      await this.#giveBack(same, 0);
    }
    if (found === undefined && isNeeded) {
      await stream?.until(() => onAgent().length > 0, MERGE_AFTER_MS);
      found = onAgent()[0];
      if (found === undefined) this.#miss('OFFERS', 'recorded, not answered', recorded.text);
    }
    if (found === undefined) return;
    names.bind(recorded.id.value, found.id.value);
    if (isNeeded) this.#compare('OFFERS', recorded.text, found.text);
  }

  #contentOf(text: string): string {
    return printed(maskedEvent(parseTree(this.#asRecorded(text))));
  }

  /** What is outstanding in pieces comes again as one. */
  async #giveBack(offers: readonly Offer[], refuseSeconds: number): Promise<void> {
    if (offers.length === 0) return;
    const ids = offers.map(({ id }) => id);
    for (const { value } of ids) this.#outstanding.delete(value);
    await exchange(this.#options.address, {
      method: 'POST',
      path: '/api/v1/scheduler',
      headers: [
        ['Content-Type', 'application/json'],
        ['Mesos-Stream-Id', [...this.#streamIds.values()].at(-1) ?? ''],
      ],
      body: JSON.stringify({
        framework_id: { value: this.#framework },
        type: 'DECLINE',
        decline: { offer_ids: ids, filters: { refuse_seconds: refuseSeconds } },
      }),
    });
  }

  #compareAnswer(line: Extract<LifeLine, { kind: 'answered' }>): void {
    const answered = this.#answers.get(line.conn);
    const status = answered?.statusLine.slice('HTTP/1.1 '.length);
    if (answered === undefined || status !== line.status) {
      this.#miss('(status)', `${line.status} recorded, ${status} answered`, answered?.body ?? '');
      return;
    }
    for (const [name, value] of line.headers) {
      const now = headerOf(answered.headers, name);
      if (maskedText(now ?? '') !== value) {
        this.#found.push({ path: `(${name})`, what: `${value} recorded, ${now} answered` });
      }
    }
    const [then, now] = [maskedText(line.body), maskedText(this.#asRecorded(answered.body))];
    if (then !== now) this.#found.push({ path: '(body)', what: `${then} recorded, ${now}` });
  }

  async #expect(conn: string, text: string, isOpening: boolean): Promise<void> {
    const event = JSON.parse(text) as Json;
    if (event['type'] === 'OFFERS') {
      const trees = membersOf(text);
      for (const [index, offer] of offersOf(event).entries()) {
        const spelt = { ...offer, text: trees[index] ?? '' };
        this.#recordedOffers.set(offer.id.value, spelt);
        this.#agentOf.set(offer.id.value, offer.agent_id.value);
        // The first offers are everything there is: they must come, and as recorded.
        await this.#bindOffer(spelt, isOpening);
      }
      return;
    }
    for (const { id, agent_id } of inverseOffersOf(event))
      this.#agentOf.set(id.value, agent_id.value);
    const key = this.#keyOf(event);
    const stream = this.#streams.get(conn);
    const seen = await stream?.take(({ json }) => this.#keyOf(json) === key, this.#patienceMs);
    if (seen === undefined) {
      this.#miss(String(event['type']), 'recorded, not answered', text);
      // What depends on it need not be waited for as long.
      this.#patienceMs = IMPATIENCE_MS;
      return;
    }
    this.#bind(event, seen.json);
    this.#compare(String(event['type']), text, seen.text);
  }

  #bind(recorded: Json, seen: Json): void {
    const { names } = this.#options;
    for (const path of BOUND_PATHS) {
      const [then, now] = [at(recorded, path), at(seen, path)];
      if (typeof then === 'string' && typeof now === 'string') names.bind(then, now);
    }
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
    const type = String(event['type']);
    const about = ABOUT[type]?.map((path) => at(event, path)) ?? [];
    const names = about.map((one) => {
      const id = String(one ?? '');
      const agent = this.#agentOf.get(id) ?? id;
      return this.#asRecorded(agent);
    });
    return [type, ...names].join(' ');
  }

  async #end(conn: string, byMaster: boolean): Promise<void> {
    const stream = this.#streams.get(conn);
    if (!byMaster) {
      stream?.close();
      await this.#untilDisconnected();
    } else if (!(await stream?.ends(PATIENCE_MS))) {
      this.#found.push({ path: '(closed)', what: 'closed then, open today' });
    }
  }

  async #untilDisconnected(): Promise<void> {
    const request = { method: 'GET', path: '/frameworks', headers: [] };
    for (;;) {
      const { body } = await exchange(this.#options.address, request);
      const { frameworks } = JSON.parse(body) as { readonly frameworks: readonly Json[] };
      const mine = frameworks.find(({ id }) => id === this.#framework);
      if (mine?.['connected'] !== true) return;
    }
  }

  #asRecorded(text: string): string {
    return this.#options.asRecorded(this.#options.names.asRecorded(text));
  }

  #compare(type: string, recorded: string, seen: string): void {
    const [then, now] = [recorded, this.#asRecorded(seen)].map((text) =>
      maskedEvent(parseTree(text)),
    );
    if (then === undefined || now === undefined) return;
    for (const { path, what } of differences(then, now)) {
      this.#found.push({ path: `${type} ${path}`, what });
    }
  }

  #miss(path: string, what: string, text: string): void {
    this.#found.push({ path, what: `${what}: ${text.slice(0, 300)}` });
  }
}

/** Types that come when the allocator or the clock says so. */
const UNDETERMINED = new Set(['RESCIND', 'HEARTBEAT']);

/** What events are about, by type. */
const ABOUT: Readonly<Record<string, readonly (readonly string[])[]>> = {
  UPDATE: [['update', 'status', 'task_id', 'value']],
  UPDATE_OPERATION_STATUS: [['update_operation_status', 'status', 'operation_id', 'value']],
  RESCIND: [['rescind', 'offer_id', 'value']],
  RESCIND_INVERSE_OFFER: [['rescind_inverse_offer', 'inverse_offer_id', 'value']],
  FAILURE: [
    ['failure', 'agent_id', 'value'],
    ['failure', 'executor_id', 'value'],
  ],
  MESSAGE: [['message', 'executor_id', 'value']],
};

/** Where names stand that later calls use. */
const BOUND_PATHS = [
  ['subscribed', 'framework_id', 'value'],
  ['update', 'status', 'uuid'],
  ['update_operation_status', 'status', 'uuid', 'value'],
] as const;

function at(json: unknown, path: readonly string[]): unknown {
  let value = json;
  for (const key of path) value = (value as Readonly<Record<string, unknown>> | undefined)?.[key];
  return value;
}

function offersOf(event: Json): readonly Offer[] {
  return (at(event, ['offers', 'offers']) as readonly Offer[] | undefined) ?? [];
}

function inverseOffersOf(event: Json): readonly Offer[] {
  return (at(event, ['inverse_offers', 'inverse_offers']) as readonly Offer[] | undefined) ?? [];
}

function roleOf(offer: string): unknown {
  return at(JSON.parse(offer), ['allocation_info', 'role']);
}

/** The offers of an event, each as it is spelt. */
function membersOf(text: string): readonly string[] {
  const tree = parseTree(text);
  const inside =
    tree.kind === 'object' ? tree.members.find(([name]) => name === 'offers') : undefined;
  const list = inside?.[1].kind === 'object' ? inside[1].members[0]?.[1] : undefined;
  return list?.kind === 'array' ? list.items.map(printed) : [];
}

const DEALT_OUT = new Set(['resources', 'allocation_info']);

/** An offer, masked, but for what is offered to which role. */
function withoutResources(text: string): string {
  const tree = maskedEvent(parseTree(text));
  if (tree.kind !== 'object') return text;
  const members = tree.members.map(([name, value]) =>
    DEALT_OUT.has(name)
      ? ([name, { kind: 'array', items: [] }] as const)
      : ([name, value] as const),
  );
  return printed({ kind: 'object', members });
}

/** Whether the event follows a subscription with nothing of the scheduler in between. */
function isOpening(lines: readonly LifeLine[], index: number): boolean {
  for (let before = index - 1; before >= 0; before -= 1) {
    const line = lines[before];
    if (line?.kind === 'sent') return (JSON.parse(line.text) as Json)['type'] === 'SUBSCRIBE';
    if (line?.kind === 'note') return false;
    if (line?.kind === 'event' && (JSON.parse(line.text) as Json)['type'] === 'OFFERS')
      return false;
  }
  return false;
}

/** Offers that came between a call and its answer are not due to it: they come before. */
function offersFirst(lines: readonly LifeLine[]): readonly LifeLine[] {
  const ordered = [...lines];
  for (const [index, line] of lines.entries()) {
    const before = ordered[index - 1];
    if (line.kind !== 'event' || before?.kind !== 'sent' || before.conn === line.conn) continue;
    if ((JSON.parse(line.text) as Json)['type'] !== 'OFFERS') continue;
    ordered[index - 1] = line;
    ordered[index] = before;
  }
  return ordered;
}
