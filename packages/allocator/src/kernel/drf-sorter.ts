// The fair order: hierarchical, weighted dominant resource fairness over roles and their frameworks.
import { invariant } from '@kaon/primitives';
import { grownFloat64, grownInt32, NONE, rowsFor } from './columns.ts';
import type { KernelPolicy, SiblingView } from './kernel-policy.ts';
import { SiblingList } from './sibling-list.ts';

/** The node above all top-level roles. */
export const ROOT = 0;
/** Name of the child of a role that stands for the role's own frameworks. */
const LEAF_NAME = '.';

/** Siblings that are gone through one by one. */
const SHORT = 16;

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
 * Between passes changes only mark what they touch; `refresh`, which must precede a pass, puts that in
 * order. In a pass `give` moves a client and its ancestors at once, O(log n) and a short copy each.
 */
export class DrfSorter {
  readonly kinds: number;
  readonly #excluded: ReadonlySet<number>;
  readonly #compare: ((left: number, right: number) => number) | undefined;
  readonly #weights = new Map<string, number>();
  readonly #names: string[] = [''];
  /** Children of role nodes by name; clients of leaves are the caller's to find. */
  readonly #children: (Map<string, number> | undefined)[] = [new Map()];
  /** Listed children in order, by parent. */
  readonly lists: (SiblingList | undefined)[] = [];
  /** In a pass with quotas: top-level roles that can still be served, in order; else undefined. */
  line: SiblingList | undefined;
  #isInLine = new Uint8Array(0);
  /** Parents whose children must be put in order, each once. */
  readonly #unsorted: number[] = [];
  #isUnsorted = new Uint8Array(0);
  readonly #vacant: number[] = [];
  #rows = 0;
  #used = 1;
  #isPoolChanged = false;
  #isShapeChanged = false;
  /** Kinds from here on are 0 everywhere. */
  #kindsUsed = 0;
  #kind = new Int32Array(0);
  #parent = new Int32Array(0);
  #depth = new Int32Array(0);
  #childCount = new Int32Array(0);
  #isListed = new Int32Array(0);
  #holds = new Int32Array(0);
  #clientOf = new Int32Array(0);
  /** The one listed client in the subtree of each node, or `NONE`; valid after `refresh`. */
  soleClient = new Int32Array(0);
  #weight = new Float64Array(0);
  /** Valid for nodes with listed siblings, and in step with their order. */
  #share = new Float64Array(0);
  #allocations = new Float64Array(0);
  /** Thousandths per kind held by each subtree; never negative, and at a role the sum of its children. */
  #allocated = new Float64Array(0);
  /** Thousandths per kind in the whole pool, and the same with 0 for what does not count. */
  readonly #pool: Float64Array;
  readonly #counted: Float64Array;

  constructor(kinds: number, excludedKinds: Iterable<number> = [], policy: KernelPolicy = {}) {
    this.kinds = kinds;
    this.#excluded = new Set(excludedKinds);
    this.#pool = new Float64Array(kinds);
    this.#counted = new Float64Array(kinds);
    const { compareSiblings } = policy;
    this.#compare =
      compareSiblings &&
      ((left, right) => compareSiblings(this.#viewOf(left), this.#viewOf(right)));
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
    this.#touch(role);
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

  /** The node of a new client below the leaf of `role`; not listed, holding nothing. `name` is unique there. */
  addClient(role: number, name: string, client: number): number {
    const leaf = this.#childNamed(role, LEAF_NAME, NODE_KIND.leaf, '');
    const node = this.#addNode(leaf, name, NODE_KIND.client, 1);
    this.#clientOf[node] = client;
    return node;
  }

  /** Removes the node of a client; what it still held no longer counts for its roles. */
  removeClient(node: number): void {
    invariant(this.#kind[node] === NODE_KIND.client, 'a removed client is a client');
    this.unlist(node);
    this.release(node, this.allocatedOf(node));
    const leaf = this.parent(node);
    this.#freeNode(node);
    this.#prune(leaf);
  }

  /** Lets a client compete. Harmless when it does already. */
  list(node: number): void {
    let at = node;
    while (at !== ROOT && this.#isListed[at] === 0) {
      const parent = this.parent(at);
      this.#isListed[at] = 1;
      this.#listOf(parent).push(at);
      this.#touch(at);
      at = parent;
    }
    this.#isShapeChanged = true;
  }

  /** Takes a client out of the order. Harmless when it is out already. */
  unlist(node: number): void {
    let at = node;
    while (at !== ROOT && this.#isListed[at] === 1 && (this.lists[at]?.length ?? 0) === 0) {
      const parent = this.parent(at);
      this.#isListed[at] = 0;
      this.#listOf(parent).remove(at);
      at = parent;
    }
    this.#isShapeChanged = true;
  }

  // --- quantities -------------------------------------------------------------------------------

  /** Adds `sign` times the kinds at `quantities[offset…]` to the pool. */
  addToPool(quantities: Float64Array, offset: number, sign: 1 | -1): void {
    for (let kind = 0; kind < this.kinds; kind += 1) {
      const quantity = quantities[offset + kind]!;
      if (quantity === 0) continue;
      const sum = this.#pool[kind]! + sign * quantity;
      invariant(sum >= 0, 'the pool holds no negative quantity');
      this.#pool[kind] = sum;
      this.#counted[kind] = this.#excluded.has(kind) ? 0 : sum;
      if (kind >= this.#kindsUsed) this.#kindsUsed = kind + 1;
      this.#isPoolChanged = true;
    }
  }

  /** Between passes: gives a client `quantities` and counts one allocation. */
  hold(node: number, quantities: Float64Array): void {
    this.#add(node, quantities, 1, 1);
  }

  /** Between passes: takes back from a client, which must hold them, `quantities`. */
  release(node: number, quantities: Float64Array): void {
    this.#add(node, quantities, -1, 0);
  }

  /** Between passes: adds signed differences to what a client holds; no allocation is counted. */
  adjust(node: number, differences: Float64Array): void {
    this.#add(node, differences, 1, 0);
  }

  /** In a pass: gives a client the kinds at `quantities[offset…]`, counts one allocation, and moves it. */
  give(node: number, quantities: Float64Array, offset: number): void {
    const { kinds, lists } = this;
    const allocated = this.#allocated;
    const kindsUsed = this.#kindsUsed;
    for (let at = node; ; ) {
      const row = at * kinds;
      for (let kind = 0; kind < kindsUsed; kind += 1) {
        allocated[row + kind] = allocated[row + kind]! + quantities[offset + kind]!;
      }
      if (at === ROOT) return;
      const parent = this.#parent[at]!;
      const list = lists[parent];
      if (list === undefined || list.length < 2 || this.#isListed[at] === 0) {
        this.#allocations[at] = this.#allocations[at]! + 1;
      } else {
        const line = parent === ROOT && this.#isInLine[at] === 1 ? this.line : undefined;
        const from = this.#find(list, at);
        const inLine = line === undefined ? NONE : this.#find(line, at);
        this.#allocations[at] = this.#allocations[at]! + 1;
        this.#share[at] = this.#shareOf(at);
        this.#settle(list, at, from);
        if (line !== undefined) this.#settle(line, at, inLine);
      }
      at = parent;
    }
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
    this.#touch(node);
  }

  // --- order ------------------------------------------------------------------------------------

  /** Puts in order what was touched since the last pass. Call before a pass. */
  refresh(): void {
    if (this.#isPoolChanged) {
      for (let node = 0; node < this.#used; node += 1) {
        if ((this.lists[node]?.length ?? 0) > 1) this.#markUnsorted(node);
      }
    }
    this.#isPoolChanged = false;
    for (const parent of this.#unsorted) this.#sort(parent);
    this.#unsorted.length = 0;
    if (this.#isShapeChanged) this.#findSoleClients();
    this.#isShapeChanged = false;
  }

  /** In a pass: lines up the top-level roles that `isServed` says. */
  beginLine(isServed: (top: number) => boolean): void {
    const line = new SiblingList();
    for (const top of this.lists[ROOT]?.view() ?? []) {
      const isInLine = isServed(top);
      this.#isInLine[top] = isInLine ? 1 : 0;
      if (isInLine) line.push(top);
    }
    this.line = line;
  }

  isInLine(top: number): boolean {
    return this.line !== undefined && this.#isInLine[top] === 1;
  }

  /** The top-level role can be served no more. Between two turns only, when all are in order. */
  leaveLine(top: number): void {
    if (!this.isInLine(top) || this.line === undefined) return;
    this.#isInLine[top] = 0;
    this.line.removeAt(this.#find(this.line, top));
  }

  endLine(): void {
    this.line = undefined;
  }

  /** The client of a node, when it stands for one. */
  clientOf(node: number): number {
    return this.#clientOf[node]!;
  }

  name(node: number): string {
    return this.#names[node] ?? '';
  }

  weight(node: number): number {
    return this.#weight[node]!;
  }

  isListed(node: number): boolean {
    return this.#isListed[node] === 1;
  }

  /** The top-level role above `node`, or itself. */
  topOf(node: number): number {
    let at = node;
    while (this.#depth[at]! > 1) at = this.#parent[at]!;
    return at;
  }

  /** Whether the listed node `left` comes before the listed node `right`, neither above the other. */
  precedes(left: number, right: number): boolean {
    const parent = this.#parent;
    const depth = this.#depth;
    let one = left;
    let other = right;
    while (depth[one]! > depth[other]!) one = parent[one]!;
    while (depth[other]! > depth[one]!) other = parent[other]!;
    while (parent[one] !== parent[other]) {
      one = parent[one]!;
      other = parent[other]!;
    }
    return this.#isBefore(one, other);
  }

  parent(node: number): number {
    return this.#parent[node]!;
  }

  kind(node: number): number {
    return this.#kind[node]!;
  }

  /** Dominant share divided by weight, as of now. */
  share(node: number): number {
    return this.#shareOf(node);
  }

  /** In a pass: the share of a listed node, by which it is in order. */
  orderedShare(node: number): number {
    const list = this.lists[this.#parent[node]!];
    return list !== undefined && list.length > 1 && this.#isListed[node] === 1
      ? this.#share[node]!
      : this.#shareOf(node);
  }

  // --- inside -----------------------------------------------------------------------------------

  #isBefore(left: number, right: number): boolean {
    if (this.#compare !== undefined) return this.#compare(left, right) < 0;
    const leftShare = this.#share[left]!;
    const rightShare = this.#share[right]!;
    if (leftShare !== rightShare) return leftShare < rightShare;
    const counts = this.#allocations[left]! - this.#allocations[right]!;
    if (counts !== 0) return counts < 0;
    return this.#names[left]! < this.#names[right]!;
  }

  #viewOf(node: number): SiblingView {
    const kind = this.#kind[node];
    const path = (): string => this.#pathOf(node);
    const allocated = (): Float64Array => this.allocatedOf(node);
    return {
      name: this.name(node),
      get path() {
        return path();
      },
      get allocated() {
        return allocated();
      },
      kind: kind === NODE_KIND.role ? 'role' : kind === NODE_KIND.leaf ? 'leaf' : 'framework',
      share: this.#share[node]!,
      weight: this.weight(node),
      allocations: this.allocationsOf(node),
    };
  }

  /** Path of the role that `node` is or belongs to. */
  #pathOf(node: number): string {
    let path = '';
    for (let at = node; at !== ROOT; at = this.#parent[at]!) {
      if (this.#kind[at] === NODE_KIND.role)
        path = path === '' ? this.name(at) : `${this.name(at)}/${path}`;
    }
    return path;
  }

  #shareOf(node: number): number {
    const row = node * this.kinds;
    const kindsUsed = this.#kindsUsed;
    const counted = this.#counted;
    const allocated = this.#allocated;
    let dominant = 0;
    for (let kind = 0; kind < kindsUsed; kind += 1) {
      const held = allocated[row + kind]!;
      if (held === 0 || counted[kind] === 0) continue;
      const fraction = held / counted[kind]!;
      if (fraction > dominant) dominant = fraction;
    }
    return dominant / this.#weight[node]!;
  }

  #add(node: number, quantities: Float64Array, sign: 1 | -1, count: 0 | 1): void {
    for (let kind = this.kinds - 1; kind >= this.#kindsUsed; kind -= 1) {
      if (quantities[kind] !== 0) this.#kindsUsed = kind + 1;
    }
    const kindsUsed = this.#kindsUsed;
    const allocated = this.#allocated;
    for (let at = node; at !== NONE; at = this.#parent[at]!) {
      const row = at * this.kinds;
      for (let kind = 0; kind < kindsUsed; kind += 1) {
        const sum = allocated[row + kind]! + sign * quantities[kind]!;
        if (sum < 0) invariant(false, 'a client gives back no more than it holds');
        allocated[row + kind] = sum;
      }
      this.#allocations[at] = this.#allocations[at]! + count;
      if (this.#isListed[at] === 1) this.#markUnsorted(this.#parent[at]!);
    }
  }

  #touch(node: number): void {
    if (node !== ROOT && this.#isListed[node] === 1) this.#markUnsorted(this.parent(node));
  }

  #markUnsorted(parent: number): void {
    if (this.#isUnsorted[parent] === 1) return;
    this.#isUnsorted[parent] = 1;
    this.#unsorted.push(parent);
  }

  #sort(parent: number): void {
    this.#isUnsorted[parent] = 0;
    const list = this.lists[parent];
    if (list === undefined || list.length < 2) return;
    const nodes = list.view();
    for (const node of nodes) this.#share[node] = this.#shareOf(node);
    let isSorted = true;
    for (let index = 1; index < nodes.length && isSorted; index += 1) {
      isSorted = this.#isBefore(nodes[index - 1]!, nodes[index]!);
    }
    if (!isSorted) nodes.sort((left, right) => (this.#isBefore(left, right) ? -1 : 1));
  }

  /** The index of a listed node, by its key. */
  #find(list: SiblingList, node: number): number {
    const { items, start, length } = list;
    if (items[start] === node) return 0;
    if (length <= SHORT) {
      for (let index = 1; index < length; index += 1)
        if (items[start + index] === node) return index;
    }
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = items[start + middle]!;
      if (other === node) return middle;
      if (this.#isBefore(other, node)) low = middle + 1;
      else high = middle;
    }
    // Only a policy with an order that is none gets here.
    return list.indexOf(node);
  }

  /** Moves a node whose key has changed from index `from` to where it belongs. */
  #settle(list: SiblingList, node: number, from: number): void {
    const { items, start, length } = list;
    if (length <= SHORT) {
      this.#settleShort(items, start, start + length, node, start + from);
      return;
    }
    let low = 0;
    let high = length - 1;
    // Indexes among the others: those from `from` on stand one further.
    if (from < high && this.#isBefore(items[start + from + 1]!, node)) low = from + 1;
    else if (from > 0 && this.#isBefore(node, items[start + from - 1]!)) high = from - 1;
    else return;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const other = items[start + (middle < from ? middle : middle + 1)]!;
      if (this.#isBefore(other, node)) low = middle + 1;
      else high = middle;
    }
    list.move(from, low);
  }

  /** Among few siblings looking and shifting at once is quicker than a search. */
  #settleShort(items: Int32Array, start: number, end: number, node: number, from: number): void {
    let at = from;
    for (; at + 1 < end && this.#isBefore(items[at + 1]!, node); at += 1)
      items[at] = items[at + 1]!;
    for (; at > start && this.#isBefore(node, items[at - 1]!); at -= 1) items[at] = items[at - 1]!;
    items[at] = node;
  }

  #findSoleClients(): void {
    const visit = (node: number): number => {
      let sole = this.#kind[node] === NODE_KIND.client ? this.#clientOf[node]! : NONE;
      const list = this.lists[node];
      for (let index = 0; index < (list?.length ?? 0); index += 1) {
        const below = visit(list!.items[list!.start + index]!);
        sole = list!.length === 1 ? below : NONE;
      }
      this.soleClient[node] = sole;
      return sole;
    };
    visit(ROOT);
  }

  #listOf(parent: number): SiblingList {
    let list = this.lists[parent];
    if (list === undefined) {
      list = new SiblingList();
      this.lists[parent] = list;
    }
    return list;
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
    this.#depth[node] = this.#depth[parent]! + 1;
    this.#clientOf[node] = NONE;
    this.soleClient[node] = NONE;
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
    this.lists[node] = undefined;
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
    this.#depth = grownInt32(this.#depth, this.#rows);
    this.#clientOf = grownInt32(this.#clientOf, this.#rows, NONE);
    this.soleClient = grownInt32(this.soleClient, this.#rows, NONE);
    const isUnsorted = new Uint8Array(this.#rows);
    isUnsorted.set(this.#isUnsorted);
    this.#isUnsorted = isUnsorted;
    this.#isInLine = new Uint8Array(this.#rows);
    this.#isListed = grownInt32(this.#isListed, this.#rows);
    this.#holds = grownInt32(this.#holds, this.#rows);
    this.#weight = grownFloat64(this.#weight, this.#rows);
    this.#share = grownFloat64(this.#share, this.#rows);
    this.#allocations = grownFloat64(this.#allocations, this.#rows);
    this.#allocated = grownFloat64(this.#allocated, this.#rows * this.kinds);
  }
}
