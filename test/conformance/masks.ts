// What differs from one run to the next, put out of sight on both sides: ids, times, ports, measured
// figures, and the order of lists that Mesos takes from hash maps.
import type { JsonTree } from './json-tree.ts';

/** The id of the master of the recordings. */
export const RECORDED_MASTER = '24873d79-a49d-4f48-89dd-27ac022a6f7a';
const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;

/** What things are called today. */
export interface NamesOfToday {
  readonly masterId: string;
  /** Addresses by the ports of then. */
  readonly addresses: Readonly<Record<number, string>>;
  /** Texts of today by those of then. */
  readonly names: ReadonlyMap<string, string>;
}

/** What to send today for what was sent then. */
export function forToday(text: string, cluster: NamesOfToday): string {
  let today = text.replaceAll(RECORDED_MASTER, cluster.masterId);
  for (const [then, now] of cluster.names) today = today.replaceAll(then, now);
  return today;
}

/** An answer of today with the addresses and folders of then. */
export function asRecorded(text: string, cluster: NamesOfToday): string {
  let then = text.replaceAll(cluster.masterId, RECORDED_MASTER);
  for (const [port, address] of Object.entries(cluster.addresses)) {
    const now = address.slice(address.indexOf(':') + 1);
    then = then
      .replaceAll(address, `127.0.0.1:${port}`)
      .replaceAll(`localhost:${now}`, `localhost:${port}`)
      .replaceAll(new RegExp(`("port":|"port","value":")${now}\\b`, 'g'), `$1${port}`);
  }
  for (const [recorded, now] of cluster.names) then = then.replaceAll(now, recorded);
  return then;
}

/** Members with a figure that was measured, or that depends on when somebody looked. */
const MEASURED = new Set([
  'cpus_system_time_secs',
  'cpus_user_time_secs',
  'mem_rss_bytes',
  'executor_pid',
  'avg_load_15min',
  'avg_load_1min',
  'avg_load_5min',
  'cpus_total',
  'mem_free_bytes',
  'mem_total_bytes',
  'build_time',
  'processes',
]);
/** Members with a text that tells of the build or of a random choice. */
const CHOSEN = new Set(['build_date', 'build_user', 'uuid', 'status_update_uuid', 'build_user']);
/** Whole parts that depend on which role of the framework happened to be offered what. */
const SHARED_OUT = new Set(['offered_resources', 'offered_resources_full']);
/** Facts of a build from a checkout; a release has none. */
const OF_CHECKOUT = new Set(['git_sha', 'git_branch', 'git_tag']);
/** Objects whose members Mesos takes from a hash map. */
const MAPS = new Set(['guarantees', 'limits', 'reserved_resources', 'reserved_resources_full']);
/** Members that name the things of a list, by which lists are sorted. */
const NAMES = [
  'id',
  'executor_id',
  'task_id',
  'container_id',
  'name',
  'agent_info',
  'executor_info',
  'role',
];

/** Masks and sorts. */
export function masked(tree: JsonTree, key = ''): JsonTree {
  if (MEASURED.has(key) && tree.kind === 'scalar') {
    return { kind: 'scalar', text: tree.text.includes('.') ? '<double>' : '<number>' };
  }
  if (CHOSEN.has(key)) return CHOSEN_PART;
  if (tree.kind === 'scalar') return { kind: 'scalar', text: maskedText(tree.text) };
  if (tree.kind === 'array' && key === 'flags') return byName(tree.items);
  if (tree.kind === 'array' && key === 'metrics') return CHOSEN_PART;
  if (tree.kind === 'array') {
    const items = tree.items.filter((item) => !isStandIn(item)).map((item) => masked(item, ''));
    if (SHARED_OUT.has(key)) return CHOSEN_PART;
    if (key === 'offers') return { kind: 'array', items: items.slice(0, 1).map(shapeOf) };
    return { kind: 'array', items: sorted(items) };
  }
  const isRole = tree.members.some(([name]) => name === 'quota' || name === 'weight');
  const members = tree.members
    .filter(([name]) => !OF_CHECKOUT.has(name))
    .map(([name, value]) => {
      const isShared = isRole && (name === 'offered' || name === 'resources');
      return [maskedText(name), isShared ? CHOSEN_PART : masked(value, name)] as const;
    });
  if (MAPS.has(key)) members.sort(([left], [right]) => (left < right ? -1 : 1));
  return { kind: 'object', members };
}

/** `[{"name":…,"value":…}]` as an object, so that one flag more does not shift all others. */
function byName(items: readonly JsonTree[]): JsonTree {
  const members = items.map(
    (item) => [namesOf(item).join().replaceAll('"', ''), masked(item)] as const,
  );
  return { kind: 'object', members };
}

const CHOSEN_PART: JsonTree = { kind: 'scalar', text: '<chosen>' };

/** A text without ids and times. */
export function maskedText(text: string): string {
  return text
    .replaceAll('/tmp/mesos-run/', '/var/lib/mesos/')
    .replaceAll(UUID, '<uuid>')
    .replaceAll(/(<uuid>-O)\d+/g, '$1#')
    .replaceAll(/^1\d{9}\.\d+$/g, '<time>')
    .replaceAll(/^1\d{18}$/g, '<nanoseconds>');
}

/** The task with an executor of its own is another one here, see `golden-cluster.ts`. */
function isStandIn(tree: JsonTree): boolean {
  return namesOf(tree).some((text) => text.includes('"bg-exec'));
}

function namesOf(tree: JsonTree): readonly string[] {
  if (tree.kind !== 'object') return [];
  return tree.members.filter(([name]) => NAMES.includes(name)).map(([, value]) => flat(value));
}

function sorted(items: readonly JsonTree[]): readonly JsonTree[] {
  if (!items.every((item) => namesOf(item).length > 0)) return items;
  return [...items].sort((left, right) => {
    const [a, b] = [namesOf(left).join(), namesOf(right).join()];
    return a < b ? -1 : a > b ? 1 : 0;
  });
}

function flat(tree: JsonTree): string {
  if (tree.kind === 'scalar') return tree.text;
  if (tree.kind === 'array') return tree.items.map(flat).join();
  return tree.members.map(([name, value]) => `${name}:${flat(value)}`).join();
}

/** Members and kinds, without values. */
function shapeOf(tree: JsonTree): JsonTree {
  if (tree.kind === 'array') return { kind: 'scalar', text: '[]' };
  if (tree.kind === 'scalar')
    return { kind: 'scalar', text: tree.text.startsWith('"') ? '""' : '#' };
  return {
    kind: 'object',
    members: tree.members
      // Which kinds there are depends on what was left.
      .map(([name, value]) => [
        name,
        name === 'resources' ? shapeOf({ kind: 'array', items: [] }) : shapeOf(value),
      ]),
  };
}

/** Words of messages between lists of resources. */
const BETWEEN_LISTS =
  /(^"(?:Total resources )?| required by task and its executor is more than available | does not contain |"$)/;

/** A message with the lists of resources that it tells of sorted. */
export function sortedLists(text: string): string {
  if (!text.includes('; ')) return text;
  return text
    .split(BETWEEN_LISTS)
    .map((part) => part.split('; ').sort().join('; '))
    .join('');
}

/** A message without what role ops has for itself: whether that is offered apart is the allocator's business. */
export function withoutOps(text: string): string {
  return text.replaceAll(OF_OPS, '');
}

const OF_OPS = /(^|; )\w+\(reservations: \[\(STATIC,ops\)\]\):\d+(?=;| does not contain )/g;
