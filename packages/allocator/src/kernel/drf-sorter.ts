// The fair order: hierarchical, weighted dominant resource fairness over roles and their frameworks.
import { invariant } from '@kaon/primitives';
import { grownFloat64, grownInt32, NONE, rowsFor } from './columns.ts';
import type { SiblingView } from './kernel-policy.ts';
import { SiblingOrder } from './sibling-order.ts';

/** The node above all top-level roles. */
export const ROOT = 0;
/** Name of the child of a role that stands for the role's own frameworks. */
const LEAF_NAME = '.';

/** What a node of the tree stands for. */
export const NODE_KIND = { role: 0, leaf: 1, client: 2 } as const;

/**
 * A tree of roles that answers "whose turn is it?".
 *
 * Below the root stand roles by the parts of their paths; every role that frameworks use has one more
 * child, the leaf `.`, which competes with its sub-roles; below a leaf stand its clients, one for each
 * framework in that role. Siblings are ordered by share, then by how many allocations they have been
 * given, then by name.
 *
 * A share is the largest fraction of any one scalar kind of the pool that the node's subtree holds,
 * divided by its weight. Kinds that are excluded or that the pool has none of do not count. Weights
 * belong to role paths; leaves and clients weigh 1.
 *
 * Only *listed* clients appear in the order, with the roles above them. A client that is not listed
 * still holds what it holds, and that still counts for the roles above it.
 *
 * `allocate` and `release` move the node and its ancestors at once, O(log n) each. A change of the
 * pool changes every share; that is deferred to `refresh`, which must precede a pass.
 */
export class DrfSorter {
  readonly kinds: number;
  readonly #excluded: ReadonlySet<number>;
  readonly #weights = new Map<string, number>();
  readonly #order: SiblingOrder;
  readonly #names: string[] = [''];
  /** Children of role nodes by name; clients of leaves are the caller's to find. */
  readonly #children: (Map<string, number> | undefined)[] = [new Map()];
  readonly #vacant: number[] = [];
  #rows = 0;
  #used = 1;
  #isStale = false;
  #kind = new Int32Array(0);
  #parent = new Int32Array(0);
  #childCount = new Int32Array(0);
  #listedChildren = new Int32Array(0);
  #isListed = new Int32Array(0);
  #holds = new Int32Array(0);
  #weight = new Float64Array(0);
  #share = new Float64Array(0);
  #allocations = new Float64Array(0);
  /** Thousandths per kind held by each subtree; never negative, and at a role the sum of its children. */
  #allocated = new Float64Array(0);
  /** Thousandths per kind in the whole pool. */
  readonly #pool: Float64Array;

  constructor(kinds: number, excludedKinds: Iterable<number> = []) {
    this.kinds = kinds;
    this.#excluded = new Set(excludedKinds);
    this.#pool = new Float64Array(kinds);
    this.#order = new SiblingOrder((left, right) => this.#isBefore(left, right));
    this.#reserve(ROOT);
    this.#parent[ROOT] = NONE;
    this.#weight[ROOT] = 1;
  }

  /** Nodes are smaller than this; for columns beside the tree. */
  get rows(): number {
    return this.#rows;
  }

  // --- roles ------------------------------------------------------------------------------------

  /** The node of role `path`, made with its ancestors if missing. Pair it with `dropRole`. */
  holdRole(path: string): number {
    let at = ROOT;
    let start = 0;
    while (start <= path.length) {
      const slash = path.indexOf('/', start);
      const end = slash === -1 ? path.length : slash;
      at = this.#childNamed(at, path.slice(start, end), NODE_KIND.role, path.slice(0, end));
      start = end + 1;
    }
    this.#holds[at] = this.#holds[at]! + 1;
    return at;
  }

  /** Lets go of a role; it goes away when nobody holds it and nothing is below it. */
  dropRole(role: number): void {
    invariant(this.#holds[role]! > 0, 'a dropped role was held');
    this.#holds[role] = this.#holds[role]! - 1;
    this.#prune(role);
  }

  /** Sets the weight of the role `path`, present or to come; above 0. */
  setWeight(path: string, weight: number): void {
    invariant(weight > 0 && Number.isFinite(weight), 'a weight is a positive number');
    if (weight === 1) this.#weights.delete(path);
    else this.#weights.set(path, weight);
    const role = this.findRole(path);
    if (role === NONE) return;
    this.#weight[role] = weight;
    this.#reorder(role);
  }

  /** Weights other than 1, by path. */
  weights(): ReadonlyMap<string, number> {
    return this.#weights;
  }

  /** The node of role `path`, or `NONE`. */
  findRole(path: string): number {
    let at = ROOT;
    for (const part of path.split('/')) {
      at = this.#children[at]?.get(part) ?? NONE;
      if (at === NONE) return NONE;
    }
    return at;
  }

  /** The leaf of `role`, or `NONE` when no framework uses the role. */
  leafOf(role: number): number {
    return this.#children[role]?.get(LEAF_NAME) ?? NONE;
  }

  /** Whether `ancestor` is `node` or above it. */
  isAtOrAbove(ancestor: number, node: number): boolean {
    for (let at = node; at !== NONE; at = this.#parent[at]!) if (at === ancestor) return true;
    return false;
  }

  // --- clients ----------------------------------------------------------------------------------

  /** A new client below the leaf of `role`; not listed, holding nothing. `name` is unique there. */
  addClient(role: number, name: string): number {
    const leaf = this.#childNamed(role, LEAF_NAME, NODE_KIND.leaf, '');
    return this.#addNode(leaf, name, NODE_KIND.client, 1);
  }

  /** Removes a client; what it still held no longer counts for its roles. */
  removeClient(client: number): void {
    invariant(this.#kind[client] === NODE_KIND.client, 'a removed client is a client');
    this.unlist(client);
    const from = client * this.kinds;
    this.#subtract(client, this.#allocated.slice(from, from + this.kinds), 0);
    const leaf = this.parent(client);
    this.#freeNode(client);
    this.#prune(leaf);
  }

  /** Lets `client` compete. Harmless when it does already. */
  list(client: number): void {
    let at = client;
    while (at !== ROOT && this.#isListed[at] === 0) {
      const parent = this.parent(at);
      this.#isListed[at] = 1;
      this.#share[at] = this.#shareOf(at);
      this.#order.insert(parent, at);
      this.#listedChildren[parent] = this.#listedChildren[parent]! + 1;
      at = parent;
    }
  }

  /** Takes `client` out of the order. Harmless when it is out already. */
  unlist(client: number): void {
    let at = client;
    while (at !== ROOT && this.#isListed[at] === 1 && this.#listedChildren[at] === 0) {
      const parent = this.parent(at);
      this.#isListed[at] = 0;
      this.#order.remove(parent, at);
      this.#listedChildren[parent] = this.#listedChildren[parent]! - 1;
      at = parent;
    }
  }

  // --- quantities -------------------------------------------------------------------------------

  /** Adds `sign` times the kinds at `quantities[offset…]` to the pool; shares are stale until `refresh`. */
  addToPool(quantities: Float64Array, offset: number, sign: 1 | -1): void {
    for (let kind = 0; kind < this.kinds; kind += 1) {
      this.#pool[kind] = this.#pool[kind]! + sign * quantities[offset + kind]!;
      invariant(this.#pool[kind]! >= 0, 'the pool holds no negative quantity');
    }
    this.#isStale = true;
  }

  /** Gives `client` the kinds at `quantities[offset…]` and counts one allocation. */
  allocate(client: number, quantities: Float64Array, offset: number): void {
    for (let at = client; at !== NONE; at = this.parent(at)) {
      const row = at * this.kinds;
      for (let kind = 0; kind < this.kinds; kind += 1) {
        this.#allocated[row + kind] = this.#allocated[row + kind]! + quantities[offset + kind]!;
      }
      this.#allocations[at] = this.#allocations[at]! + 1;
      this.#reorder(at);
    }
  }

  /** Adds signed differences to what `client` holds; no allocation is counted. */
  adjust(client: number, differences: Float64Array): void {
    this.#subtract(
      client,
      differences.map((difference) => -difference),
      0,
    );
  }

  /** Takes back from `client`, which must hold them, the kinds at `quantities[offset…]`. */
  release(client: number, quantities: Float64Array, offset: number): void {
    this.#subtract(client, quantities, offset);
  }

  /** Whether the subtree of `node` holds anything. */
  holdsAnything(node: number): boolean {
    const row = node * this.kinds;
    for (let kind = 0; kind < this.kinds; kind += 1) {
      if (this.#allocated[row + kind]! > 0) return true;
    }
    return false;
  }

  /** What the subtree of `node` holds: a copy. */
  allocatedOf(node: number): Float64Array {
    return this.#allocated.slice(node * this.kinds, (node + 1) * this.kinds);
  }

  /** The whole pool: a copy. */
  pool(): Float64Array {
    return this.#pool.slice();
  }

  allocationsOf(node: number): number {
    return this.#allocations[node]!;
  }

  /** Restores a count from a snapshot. */
  setAllocations(node: number, count: number): void {
    this.#allocations[node] = count;
    this.#reorder(node);
  }

  // --- order ------------------------------------------------------------------------------------

  /** Recomputes every share and order if the pool has changed since. Call before a pass. */
  refresh(): void {
    if (!this.#isStale) return;
    this.#isStale = false;
    for (let node = 0; node < this.#rows; node += 1) this.#order.clear(node);
    for (let node = 1; node < this.#rows; node += 1) {
      if (this.#parent[node] !== NONE) this.#share[node] = this.#shareOf(node);
    }
    for (let node = 1; node < this.#rows; node += 1) {
      if (this.#isListed[node] === 1) this.#order.insert(this.parent(node), node);
    }
  }

  /** The listed child of `node` whose turn is first, or `NONE`. */
  first(node: number): number {
    return this.#order.first(node);
  }

  /** The sibling whose turn is after `node`'s, or `NONE`. */
  next(node: number): number {
    return this.#order.next(node);
  }

  parent(node: number): number {
    return this.#parent[node]!;
  }

  kind(node: number): number {
    return this.#kind[node]!;
  }

  /** The share as of the last change of `node` or `refresh`. */
  share(node: number): number {
    return this.#share[node]!;
  }

  /** The node as a policy sees it. */
  view(node: number): SiblingView {
    let path = '';
    for (let at = node; at !== ROOT; at = this.parent(at)) {
      if (this.#kind[at] !== NODE_KIND.role) continue;
      path = path === '' ? this.#names[at]! : `${this.#names[at]!}/${path}`;
    }
    return {
      name: this.#names[node]!,
      path,
      kind: (['role', 'leaf', 'framework'] as const)[this.#kind[node]!]!,
      share: this.#share[node]!,
      weight: this.#weight[node]!,
      allocations: this.#allocations[node]!,
      allocated: this.allocatedOf(node),
    };
  }

  // --- inside -----------------------------------------------------------------------------------

  #isBefore(left: number, right: number): boolean {
    const shares = this.#share[left]! - this.#share[right]!;
    if (shares !== 0) return shares < 0;
    const counts = this.#allocations[left]! - this.#allocations[right]!;
    if (counts !== 0) return counts < 0;
    return this.#names[left]! < this.#names[right]!;
  }

  #shareOf(node: number): number {
    const row = node * this.kinds;
    let dominant = 0;
    for (let kind = 0; kind < this.kinds; kind += 1) {
      const pool = this.#pool[kind]!;
      if (pool === 0 || this.#excluded.has(kind)) continue;
      const fraction = this.#allocated[row + kind]! / pool;
      if (fraction > dominant) dominant = fraction;
    }
    return dominant / this.#weight[node]!;
  }

  #reorder(node: number): void {
    if (node === ROOT) return;
    this.#share[node] = this.#shareOf(node);
    if (this.#isListed[node] === 1) this.#order.move(this.parent(node), node);
  }

  #subtract(client: number, quantities: Float64Array, offset: number): void {
    for (let at = client; at !== NONE; at = this.parent(at)) {
      const row = at * this.kinds;
      for (let kind = 0; kind < this.kinds; kind += 1) {
        const left = this.#allocated[row + kind]! - quantities[offset + kind]!;
        invariant(left >= 0, 'a client gives back no more than it holds');
        this.#allocated[row + kind] = left;
      }
      this.#reorder(at);
    }
  }

  #childNamed(parent: number, name: string, kind: number, path: string): number {
    const children = this.#children[parent];
    invariant(children !== undefined, 'only roles have named children');
    const present = children.get(name);
    if (present !== undefined) return present;
    const weight = kind === NODE_KIND.role ? (this.#weights.get(path) ?? 1) : 1;
    const node = this.#addNode(parent, name, kind, weight);
    children.set(name, node);
    return node;
  }

  #addNode(parent: number, name: string, kind: number, weight: number): number {
    const node = this.#vacant.pop() ?? this.#used++;
    this.#reserve(node);
    this.#names[node] = name;
    this.#children[node] = kind === NODE_KIND.role ? new Map() : undefined;
    this.#kind[node] = kind;
    this.#parent[node] = parent;
    this.#childCount[parent] = this.#childCount[parent]! + 1;
    this.#weight[node] = weight;
    return node;
  }

  #freeNode(node: number): void {
    const parent = this.parent(node);
    invariant(this.#childCount[node] === 0 && this.#isListed[node] === 0, 'a freed node is idle');
    this.#children[parent]?.delete(this.#names[node]!);
    this.#childCount[parent] = this.#childCount[parent]! - 1;
    this.#names[node] = '';
    this.#children[node] = undefined;
    this.#parent[node] = NONE;
    this.#allocations[node] = 0;
    this.#share[node] = 0;
    this.#allocated.fill(0, node * this.kinds, (node + 1) * this.kinds);
    this.#vacant.push(node);
  }

  #prune(from: number): void {
    let at = from;
    while (at !== ROOT && this.#childCount[at] === 0 && this.#holds[at] === 0) {
      const parent = this.parent(at);
      this.#freeNode(at);
      at = parent;
    }
  }

  #reserve(node: number): void {
    if (node < this.#rows) return;
    this.#rows = rowsFor(node, this.#rows);
    this.#kind = grownInt32(this.#kind, this.#rows);
    this.#parent = grownInt32(this.#parent, this.#rows, NONE);
    this.#childCount = grownInt32(this.#childCount, this.#rows);
    this.#listedChildren = grownInt32(this.#listedChildren, this.#rows);
    this.#isListed = grownInt32(this.#isListed, this.#rows);
    this.#holds = grownInt32(this.#holds, this.#rows);
    this.#weight = grownFloat64(this.#weight, this.#rows);
    this.#share = grownFloat64(this.#share, this.#rows);
    this.#allocations = grownFloat64(this.#allocations, this.#rows);
    this.#allocated = grownFloat64(this.#allocated, this.#rows * this.kinds);
  }
}
