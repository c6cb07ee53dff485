// The order in which the master tells of different things, as far as it is not chance: what one actor sends for
// one cause. Events about the same thing come in order anyway; the player takes them so.
import { at } from './life-events.ts';
import type { Json } from './v1-scheduler.ts';

/** An event that was recorded and has come today. */
export interface MatchedEvent {
  readonly conn: string;
  readonly event: Json;
  /** The agent it is about; undefined when it is about none. */
  readonly agent: string | undefined;
  /** The how manyth of its stream it is today. */
  readonly place: number;
}

/** Types of which the master alone decides when they are sent. */
const OF_MASTER = new Set([
  'SUBSCRIBED',
  'HEARTBEAT',
  'INVERSE_OFFERS',
  'RESCIND',
  'RESCIND_INVERSE_OFFER',
  'FAILURE',
  'ERROR',
]);

/** Types that tell of one thing after another in the order of the call that asks. */
const IN_ORDER_OF_CALL = new Set(['UPDATE', 'UPDATE_OPERATION_STATUS']);

/** Keeps account of what follows what. */
export class LifeOrder {
  #sameCause: MatchedEvent[] = [];

  /** Something else happened: what comes from now on has another cause. */
  cut(): void {
    this.#sameCause = [];
  }

  /** The next event of the recording has come; answers which of those before it came after it today. */
  follow(next: MatchedEvent): readonly string[] {
    if (!isDecidedByMaster(next.event)) return [];
    const late = this.#sameCause.filter(
      (before) => before.place > next.place && isOrdered(before, next),
    );
    this.#sameCause.push(next);
    return late.map(({ event }) => `after ${event['type']} then, before it today`);
  }
}

function isDecidedByMaster(event: Json): boolean {
  const type = String(event['type']);
  if (type === 'UPDATE') return at(event, ['update', 'status', 'source']) === 'SOURCE_MASTER';
  if (type === 'UPDATE_OPERATION_STATUS') {
    // Those of agents have a uuid, to be acknowledged by.
    return at(event, ['update_operation_status', 'status', 'uuid']) === undefined;
  }
  // Offers come when the allocator says so, but never before what opens the stream.
  return OF_MASTER.has(type) || type === 'OFFERS';
}

function isOrdered(before: MatchedEvent, next: MatchedEvent): boolean {
  if (before.conn !== next.conn) return false;
  const [type, nextType] = [String(before.event['type']), String(next.event['type'])];
  if (nextType === 'OFFERS') return type === 'SUBSCRIBED' || type === 'HEARTBEAT';
  if (type === 'OFFERS') return false;
  if (type === nextType && !IN_ORDER_OF_CALL.has(type)) return false;
  // Agents of one machine are gone through in no particular order.
  return before.agent === undefined || next.agent === undefined || before.agent === next.agent;
}
