// What the events of a life tell: what each is about, which names stand in it, and the offers it brings.
import { type JsonTree, parseTree } from './json-tree.ts';
import { maskedEvent, printed } from './life-masks.ts';
import type { LifeLine } from './lives.ts';
import type { Json } from './v1-scheduler.ts';

/** As much of an offer, or of an inverse one, as it takes to know it again. */
export interface Offer {
  readonly id: { readonly value: string };
  readonly agent_id: { readonly value: string };
}

/** An offer and how it is spelt. */
export interface OfferText extends Offer {
  readonly text: string;
}

/** Types that come when the allocator or the clock says so. */
export const UNDETERMINED: ReadonlySet<string> = new Set(['RESCIND', 'HEARTBEAT']);

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

/** Ids of what an event is about, as they stand in it; the same ones are told of in order. */
export function subjectsOf(event: Json): readonly string[] {
  return (ABOUT[String(event['type'])] ?? []).map((path) => String(at(event, path) ?? ''));
}

/** Where names stand that later calls use. */
const BOUND_PATHS = [
  ['subscribed', 'framework_id', 'value'],
  ['update', 'status', 'uuid'],
  ['update_operation_status', 'status', 'uuid', 'value'],
] as const;

/** Names that two events, of then and of today, have for the same thing. */
export function namesInBoth(then: Json, today: Json): readonly (readonly [string, string])[] {
  return BOUND_PATHS.flatMap((path) => {
    const [name, now] = [at(then, path), at(today, path)];
    return typeof name === 'string' && typeof now === 'string' ? [[name, now] as const] : [];
  });
}

/** The member at the end of a path; undefined when there is none. */
export function at(json: unknown, path: readonly string[]): unknown {
  let value = json;
  for (const key of path) value = (value as Readonly<Record<string, unknown>> | undefined)?.[key];
  return value;
}

/** The offers that an event brings, each as it is spelt. */
export function offersOf(event: Json, text: string): readonly OfferText[] {
  const texts = textsOf(text);
  const offers = (at(event, ['offers', 'offers']) as readonly Offer[] | undefined) ?? [];
  return offers.map((offer, index) => ({ ...offer, text: texts[index] ?? '' }));
}

function textsOf(text: string): readonly string[] {
  const tree = parseTree(text);
  const inside =
    tree.kind === 'object' ? tree.members.find(([name]) => name === 'offers') : undefined;
  const list = inside?.[1].kind === 'object' ? inside[1].members[0]?.[1] : undefined;
  return list?.kind === 'array' ? list.items.map(printed) : [];
}

/** The inverse offers that an event brings. */
export function inverseOffersOf(event: Json): readonly Offer[] {
  return (at(event, ['inverse_offers', 'inverse_offers']) as readonly Offer[] | undefined) ?? [];
}

/** The role that an offer, as it is spelt, goes to. */
export function roleOf(offer: string): unknown {
  return at(JSON.parse(offer), ['allocation_info', 'role']);
}

const DEALT_OUT = new Set(['resources', 'allocation_info']);
const NOTHING: JsonTree = { kind: 'array', items: [] };

/** An offer, masked, but for what is offered to which role. */
export function withoutResources(text: string): string {
  const tree = maskedEvent(parseTree(text));
  if (tree.kind !== 'object') return text;
  const members = tree.members.map(
    ([name, value]) => [name, DEALT_OUT.has(name) ? NOTHING : value] as const,
  );
  return printed({ kind: 'object', members });
}

/** Whether the event follows a subscription with nothing of the scheduler in between. */
export function isOpening(lines: readonly LifeLine[], index: number): boolean {
  for (let before = index - 1; before >= 0; before -= 1) {
    const line = lines[before];
    if (line?.kind === 'sent') return typeOf(line.text) === 'SUBSCRIBE';
    if (line?.kind === 'note' || line?.kind === 'exchange') return false;
    if (line?.kind === 'event' && typeOf(line.text) === 'OFFERS') return false;
  }
  return false;
}

/** The lines in another order: offers that came between a call and its answer, not due to it, come before. */
export function offersFirst(lines: readonly LifeLine[]): readonly LifeLine[] {
  const ordered = [...lines];
  for (const [index, line] of lines.entries()) {
    const before = ordered[index - 1];
    if (line.kind !== 'event' || before?.kind !== 'sent' || before.conn === line.conn) continue;
    if (typeOf(line.text) !== 'OFFERS') continue;
    ordered[index - 1] = line;
    ordered[index] = before;
  }
  return ordered;
}

function typeOf(text: string): unknown {
  return (JSON.parse(text) as Json)['type'];
}
