// The agent at hand: what is left of it, and what of that one client would be offered.
import { CAPABILITY, PARCEL_BITS, PARCEL_WHOLE } from './capabilities.ts';
import { grownInt32, NONE, rowsFor } from './columns.ts';
import type { AllocatorKernel } from './kernel.ts';
import type { MinimumSets } from './minimum-sets.ts';
import { UNRESERVED } from './parcels.ts';
import { SKIP } from './skip-reasons.ts';

/** Which of the two stages of a pass: guarantees that are not met, or everybody's fair share. */
export type Stage = 1 | 2;

/** `judge` says so when the bundle does not help the guarantee of the role. */
const NOT_FOR_GUARANTEE = -2;

/** Reasons as plain numbers, for the hot path. */
const {
  agentNotHierarchicalRole,
  agentNotMultiRole,
  constraint,
  filtered,
  gpuAgent,
  headroom,
  noCapability,
  notAllocatable,
  nothingLeft,
  quotaLimit,
  remoteRegion,
} = SKIP;

/**
 * Scratch for one agent's turn. `open` loads what is free, `judge` makes the bundle of one client, and
 * `take` removes that bundle; `close` writes back what is left.
 */
export class AgentTurn {
  readonly #kernel: AllocatorKernel;
  readonly #kinds: number;
  readonly #width: number;
  /** Kinds from here on are 0 in all that is free. */
  #kindsUsed = 0;
  agent = NONE;
  /** Capability bits a framework must have, and those that framework or role must not need. */
  demands = 0;
  lacks = 0;
  /** What is left of the plain parcel: the kinds, then the items. */
  readonly plain: Float64Array;
  hasPlain = false;
  /** The other parcels: their slots, the node of the reservation's role or `NONE`, and whether they are taken. */
  extras = 0;
  slots = new Int32Array(0);
  roleNodes = new Int32Array(0);
  isTaken = new Int32Array(0);
  /** Extras left, and those of them that anybody may have. */
  #extrasLeft = 0;
  #unreservedExtrasLeft = 0;
  /** Whether the plain parcel alone is worth offering by the common minimum. */
  #isPlainWorth = false;
  #loosest: MinimumSets;

  // The bundle of the client judged last. When it is all of a plain parcel, it is not copied.
  sum: Float64Array;
  offered: Float64Array;
  /** What of the bundle uses up quota. */
  consumed: Float64Array;
  readonly guaranteed: Float64Array;
  readonly #ownSum: Float64Array;
  readonly #ownOffered: Float64Array;
  readonly #ownConsumed: Float64Array;
  isChopped = false;
  bits = 0;
  /** Capability bits that each of its parcels needs, and the role all are reserved for, or `NONE`. */
  needs = 0;
  reservedFor = NONE;
  #eligible = new Int32Array(0);
  #eligibleCount = 0;
  /** Shared parcels that were offered in this pass; each is offered once. */
  readonly #sharedOffered = new Set<number>();

  constructor(kernel: AllocatorKernel) {
    this.#kernel = kernel;
    this.#kinds = kernel.options.kinds;
    this.#width = this.#kinds + 1;
    this.plain = new Float64Array(this.#width);
    this.#ownSum = new Float64Array(this.#width);
    this.#ownOffered = new Float64Array(this.#width);
    this.#ownConsumed = new Float64Array(this.#kinds);
    this.guaranteed = new Float64Array(this.#kinds);
    this.#loosest = kernel.commonMinimums;
    this.sum = this.#ownSum;
    this.offered = this.#ownOffered;
    this.consumed = this.#ownConsumed;
  }

  /** Begins a pass: forgets which shared parcels were offered. `loosest`: what is worth anybody's while. */
  beginPass(loosest: MinimumSets): void {
    this.#loosest = loosest;
    this.#sharedOffered.clear();
  }

  /** Loads `agent`. */
  open(agent: number): void {
    const { agents, parcels } = this.#kernel;
    const { kindsUsed, plain } = agents;
    const own = this.plain;
    const items = this.#kinds;
    this.agent = agent;
    this.demands = agents.demands(agent);
    this.lacks = agents.lacks(agent);
    this.#kindsUsed = kindsUsed;
    const base = agent * this.#width;
    let all = plain[base + items]!;
    own[items] = all;
    for (let kind = 0; kind < kindsUsed; kind += 1) {
      const quantity = plain[base + kind]!;
      own[kind] = quantity;
      all += quantity;
    }
    this.hasPlain = all > 0;
    this.#isPlainWorth = this.hasPlain && this.#kernel.commonMinimums.isMet(own);
    let count = 0;
    this.#extrasLeft = 0;
    this.#unreservedExtrasLeft = 0;
    for (let slot = agents.extras(agent); slot !== NONE; slot = parcels.next[slot]!) {
      this.#reserveExtras(count);
      const role = parcels.role[slot]!;
      const isShared = (parcels.bits[slot]! & CAPABILITY.sharedResources) !== 0;
      const isTaken = isShared && this.#sharedOffered.has(slot);
      this.slots[count] = slot;
      this.isTaken[count] = isTaken ? 1 : 0;
      this.roleNodes[count] = role === UNRESERVED ? NONE : this.#kernel.role(role).node;
      if (!isTaken) this.#extrasLeft += 1;
      if (!isTaken && role === UNRESERVED) this.#unreservedExtrasLeft += 1;
      count += 1;
    }
    this.extras = count;
  }

  get isEmpty(): boolean {
    return !this.hasPlain && this.#extrasLeft === 0;
  }

  /** Whether something is left that any role may use. */
  get hasUnreserved(): boolean {
    return this.hasPlain || this.#unreservedExtrasLeft > 0;
  }

  /** Whether something beside the plain parcel is left that any role may use. */
  get hasUnreservedExtras(): boolean {
    return this.#unreservedExtrasLeft > 0;
  }

  /** Capability bits without which a client can be given nothing of what is left. */
  commonBits(): number {
    if (this.hasPlain || this.#extrasLeft > this.#unreservedExtrasLeft) return 0;
    const { parcels } = this.#kernel;
    let bits = PARCEL_BITS;
    for (let index = 0; index < this.extras; index += 1) {
      if (this.isTaken[index] === 0) bits &= parcels.bits[this.slots[index]!]!;
    }
    return bits;
  }

  /** Whether nothing but the plain parcel is left. */
  get isPlainOnly(): boolean {
    return this.#extrasLeft === 0;
  }

  /** Whether all that is left together is worth anybody's while. */
  isWorthOpening(): boolean {
    if (this.#isPlainWorth) return true;
    if (this.#extrasLeft === 0) return this.#loosest.isMet(this.plain);
    const sum = this.#ownSum;
    sum.set(this.plain);
    for (let index = 0; index < this.extras; index += 1) {
      if (this.isTaken[index] === 0) this.#addExtra(sum, index);
    }
    return this.#loosest.isMet(sum);
  }

  /** Whether the plain parcel is worth offering after headroom has been kept. */
  isWorthWithHeadroom(): boolean {
    const { quotas } = this.#kernel;
    for (let kind = 0; kind < this.#kinds; kind += 1) {
      this.#ownSum[kind] = Math.min(this.plain[kind]!, quotas.surplus(kind));
    }
    return this.#loosest.isMet(this.#ownSum);
  }

  /**
   * Makes the bundle of `client`. Returns `NONE` when it is to be offered, else the reason why not.
   * Whether a refusal covers all the agent has is the caller's to know first; `partial` groups are not.
   */
  judge(client: number, stage: Stage): number {
    const kernel = this.#kernel;
    const { clients } = kernel;
    const { agent } = this;
    const list = clients.exclusionList[client]!;
    if (list !== NONE && kernel.exclusions.has(list, agent)) return constraint;
    const capabilities = kernel.frameworks.capabilities[clients.framework[client]!]!;
    const minimums = kernel.minimumsOf(client);
    const isSimple = this.extras === 0;
    if (isSimple) {
      if (!this.hasPlain) return nothingLeft;
      const isWorth =
        minimums === kernel.commonMinimums ? this.#isPlainWorth : minimums.isMet(this.plain);
      if (!isWorth) return notAllocatable;
    } else {
      const reason = this.#findEligible(clients.node[client]!, minimums);
      if (reason !== NONE) return reason;
    }
    if ((this.lacks | this.demands) !== 0) {
      const obstacle = this.obstacle(client);
      if (obstacle !== NONE) return obstacle;
    }
    this.bits = capabilities & PARCEL_BITS;
    this.isChopped = false;
    if (isSimple && (!kernel.quotas.isAny || (stage === 2 && this.#isWithinQuotas(client)))) {
      this.sum = this.plain;
      this.offered = this.plain;
      this.consumed = this.plain;
    } else {
      this.sum = this.#ownSum;
      this.offered = this.#ownOffered;
      this.consumed = this.#ownConsumed;
      const reason = this.#limit(client, stage, minimums);
      if (reason !== NONE) return reason;
    }
    return this.#isRefused(client) ? filtered : NONE;
  }

  /**
   * Makes the bundle of `client` for a policy that decides itself: all it may have, of the plain scalars
   * `plain` when given, of the other parcels those within `bits`. Returns false when there is nothing.
   */
  offer(client: number, plain: Float64Array | undefined, bits: number | undefined): boolean {
    const { clients, frameworks, parcels } = this.#kernel;
    const capabilities = frameworks.capabilities[clients.framework[client]!]!;
    const all = (capabilities & PARCEL_BITS) | (plain === undefined ? PARCEL_WHOLE : 0);
    this.bits = bits ?? all;
    this.isChopped = false;
    this.guaranteed.fill(0);
    this.sum = this.#ownSum;
    this.offered = this.#ownOffered;
    this.consumed = this.#ownConsumed;
    this.#findEligible(clients.node[client]!, this.#kernel.commonMinimums);
    this.offered.set(this.plain);
    for (let kind = 0; plain !== undefined && kind < this.#kinds; kind += 1) {
      this.offered[kind] = Math.min(this.plain[kind]!, plain[kind]!);
      if (this.offered[kind]! < this.plain[kind]!) this.isChopped = true;
    }
    this.sum.set(this.offered);
    for (let position = 0; this.extras > 0 && position < this.#eligibleCount; position += 1) {
      const index = this.#eligible[position]!;
      if ((parcels.bits[this.slots[index]!]! & ~this.bits) === 0) this.#addExtra(this.sum, index);
    }
    return !isEmpty(this.sum);
  }

  /** Which capability hides the agent from the client altogether, or `NONE`. */
  obstacle(client: number): number {
    const { clients, frameworks } = this.#kernel;
    const capabilities = frameworks.capabilities[clients.framework[client]!]!;
    const { lacks } = this;
    if ((capabilities & lacks & CAPABILITY.multiRole) !== 0) return agentNotMultiRole;
    if ((clients.needs[client]! & lacks) !== 0) return agentNotHierarchicalRole;
    const missing = this.demands & ~capabilities;
    if ((missing & CAPABILITY.gpuResources) !== 0) return gpuAgent;
    return (missing & CAPABILITY.regionAware) !== 0 ? remoteRegion : NONE;
  }

  /** The missing capability bits that keep the agent from the client altogether. */
  missing(client: number): number {
    const { clients, frameworks } = this.#kernel;
    const capabilities = frameworks.capabilities[clients.framework[client]!]!;
    const { lacks } = this;
    return (
      (this.demands & ~capabilities) |
      (capabilities & lacks & CAPABILITY.multiRole) |
      (clients.needs[client]! & lacks)
    );
  }

  /** Removes the bundle judged last from what is left. */
  take(): void {
    if (this.offered === this.plain) {
      this.plain.fill(0);
      this.hasPlain = false;
      this.#isPlainWorth = false;
      return;
    }
    const { parcels } = this.#kernel;
    let hasPlain = false;
    for (let column = 0; column < this.#width; column += 1) {
      const left = this.plain[column]! - this.offered[column]!;
      this.plain[column] = left;
      if (left > 0) hasPlain = true;
    }
    this.hasPlain = hasPlain;
    this.#isPlainWorth = hasPlain && this.#kernel.commonMinimums.isMet(this.plain);
    for (let position = 0; this.extras > 0 && position < this.#eligibleCount; position += 1) {
      const index = this.#eligible[position]!;
      const bits = parcels.bits[this.slots[index]!]!;
      if ((bits & ~this.bits) !== 0) continue;
      if ((bits & CAPABILITY.sharedResources) !== 0) this.#sharedOffered.add(this.slots[index]!);
      this.isTaken[index] = 1;
      this.#extrasLeft -= 1;
      if (this.roleNodes[index] === NONE) this.#unreservedExtrasLeft -= 1;
    }
  }

  /** Writes back to the tables what is left. Shared resources stay free. */
  close(): void {
    const { agents, parcels } = this.#kernel;
    const { agent, plain } = this;
    const base = agent * this.#width;
    const column = agents.plain;
    for (let kind = 0; kind < this.#kindsUsed; kind += 1) column[base + kind] = plain[kind]!;
    column[base + this.#kinds] = plain[this.#kinds]!;
    if (this.extras === 0) {
      agents.hasFree[agent] = this.hasPlain ? 1 : 0;
      return;
    }
    let kept = NONE;
    for (let index = this.extras - 1; index >= 0; index -= 1) {
      const slot = this.slots[index]!;
      const isShared = (parcels.bits[slot]! & CAPABILITY.sharedResources) !== 0;
      if (this.isTaken[index] === 1 && !isShared) {
        parcels.release(slot);
      } else {
        parcels.next[slot] = kept;
        kept = slot;
      }
    }
    agents.setExtras(agent, kept);
    agents.hasFree[agent] = this.hasPlain || kept !== NONE ? 1 : 0;
  }

  // --- inside -----------------------------------------------------------------------------------

  /** Lists the extras the client's role may have. */
  #findEligible(node: number, minimums: MinimumSets): number {
    const { sorter } = this.#kernel;
    this.#eligibleCount = 0;
    this.sum = this.#ownSum;
    this.sum.set(this.plain);
    for (let index = 0; index < this.extras; index += 1) {
      if (this.isTaken[index] === 1) continue;
      const role = this.roleNodes[index]!;
      if (role !== NONE && !sorter.isAtOrAbove(role, node)) continue;
      this.#eligible[this.#eligibleCount] = index;
      this.#eligibleCount += 1;
      this.#addExtra(this.sum, index);
    }
    if (!this.hasPlain && this.#eligibleCount === 0) return nothingLeft;
    return minimums.isMet(this.sum) ? NONE : notAllocatable;
  }

  /** Whether neither limit nor headroom cuts anything off the plain parcel. */
  #isWithinQuotas(client: number): boolean {
    const { clients, quotas } = this.#kernel;
    const { plain } = this;
    const slot = quotas.slotOfNode[clients.top[client]!]!;
    const from = slot * this.#kinds;
    const isKept = quotas.isHeadroomRequired;
    for (let kind = 0; kind < this.#kindsUsed; kind += 1) {
      const quantity = plain[kind]!;
      if (slot !== NONE && quantity > quotas.left[from + kind]!) return false;
      if (isKept && quantity > 0 && quantity > quotas.surplus(kind)) return false;
    }
    return true;
  }

  /** Strips what the framework cannot handle and chops what quotas do not allow. */
  #limit(client: number, stage: Stage, minimums: MinimumSets): number {
    const { clients, parcels, quotas } = this.#kernel;
    const { plain, offered, sum } = this;
    offered.set(plain);
    this.guaranteed.fill(0);
    const slot = quotas.isAny ? quotas.slotOfNode[clients.top[client]!]! : NONE;
    if (quotas.isAny && !this.#chop(slot, stage)) return NOT_FOR_GUARANTEE;
    let isStripped = false;
    let isOmitted = false;
    sum.set(offered);
    for (let position = 0; this.extras > 0 && position < this.#eligibleCount; position += 1) {
      const index = this.#eligible[position]!;
      const bits = parcels.bits[this.slots[index]!]!;
      if (bits === PARCEL_WHOLE) {
        if (this.#fitsWhole(index, slot)) {
          this.bits |= PARCEL_WHOLE;
          this.#addExtra(sum, index);
        } else {
          isOmitted = true;
        }
      } else if ((bits & ~this.bits) !== 0) {
        isStripped = true;
      } else {
        this.#addExtra(sum, index);
      }
    }
    if (!isEmpty(sum) && minimums.isMet(sum)) return NONE;
    if (!this.isChopped && !isOmitted) return isStripped ? noCapability : notAllocatable;
    return this.#isWorthUnderLimit(slot, minimums) ? headroom : quotaLimit;
  }

  /** Chops the plain parcel. Returns false when stage 1 has nothing for the guarantee in it. */
  #chop(slot: number, stage: Stage): boolean {
    const { quotas } = this.#kernel;
    const { plain, offered, guaranteed } = this;
    const from = slot * this.#kinds;
    const isKept = quotas.isHeadroomRequired;
    let isAnyGuaranteed = false;
    for (let kind = 0; kind < this.#kinds; kind += 1) {
      const whole = plain[kind]!;
      if (whole === 0) continue;
      let firm = 0;
      if (stage === 1) {
        // Of several kernels each rounds its part of a guarantee up and of a limit down: the limit holds.
        firm = Math.min(whole, quotas.unsatisfied[from + kind]!, quotas.left[from + kind]!);
        guaranteed[kind] = firm;
        if (firm > 0) isAnyGuaranteed = true;
      }
      let more = whole - firm;
      if (slot !== NONE) more = Math.min(more, Math.max(0, quotas.left[from + kind]! - firm));
      if (isKept) more = Math.min(more, quotas.surplus(kind));
      offered[kind] = firm + more;
      if (firm + more < whole) this.isChopped = true;
    }
    return stage === 2 || isAnyGuaranteed;
  }

  /** Whether limit and headroom let the whole parcel through beside what is offered of the plain one. */
  #fitsWhole(index: number, slot: number): boolean {
    const { parcels, quotas } = this.#kernel;
    const base = this.slots[index]! * this.#width;
    for (let kind = 0; kind < this.#kinds; kind += 1) {
      const quantity = parcels.quantities[base + kind]!;
      if (quantity === 0) continue;
      const offered = this.offered[kind]!;
      if (slot !== NONE && quantity > quotas.left[slot * this.#kinds + kind]! - offered) {
        return false;
      }
      const more = offered - this.guaranteed[kind]!;
      if (quotas.isHeadroomRequired && quantity > quotas.surplus(kind) - more) return false;
    }
    return true;
  }

  /** Whether the bundle would do if only the limit counted: then it is the headroom that is short. */
  #isWorthUnderLimit(slot: number, minimums: MinimumSets): boolean {
    if (slot === NONE) return true;
    const { quotas } = this.#kernel;
    for (let kind = 0; kind < this.#kinds; kind += 1) {
      const left = quotas.left[slot * this.#kinds + kind]!;
      const missing = Math.min(this.plain[kind]!, left) - this.offered[kind]!;
      if (missing > 0) this.sum[kind] = this.sum[kind]! + missing;
    }
    return minimums.isMet(this.sum);
  }

  /** Whether one of the groups that cover not everything covers this bundle. */
  #isRefused(client: number): boolean {
    const { refusals } = this.#kernel;
    const { partial } = refusals;
    for (let index = 0; index < partial.length; index += 1) {
      const group = partial[index]!;
      if (refusals.includes(group, client) && this.isCoveredBy(group)) return true;
    }
    return false;
  }

  /** Whether the refused bundle of a group contains the bundle judged last. */
  isCoveredBy(group: number): boolean {
    const { parcels, refusals } = this.#kernel;
    if (!refusals.coversPlain(group, this.offered, 0)) return false;
    const refused = refusals.parcelsOf(group);
    for (let position = 0; this.extras > 0 && position < this.#eligibleCount; position += 1) {
      const slot = this.slots[this.#eligible[position]!]!;
      if ((parcels.bits[slot]! & ~this.bits) !== 0) continue;
      if (!parcels.isCovered(slot, refused)) return false;
    }
    return true;
  }

  /** Works out what of the bundle uses up quota, and what all of it needs. */
  sumUp(): void {
    this.needs = 0;
    this.reservedFor = NONE;
    if (this.offered === this.plain) return;
    const { parcels } = this.#kernel;
    for (let kind = 0; kind < this.#kinds; kind += 1) this.consumed[kind] = this.offered[kind]!;
    if (this.extras === 0) return;
    if (!this.hasPlain) this.#findNeeds();
    if ((this.bits & PARCEL_WHOLE) === 0) return;
    for (let position = 0; position < this.#eligibleCount; position += 1) {
      const slot = this.slots[this.#eligible[position]!]!;
      if (parcels.bits[slot] !== PARCEL_WHOLE) continue;
      for (let kind = 0; kind < this.#kinds; kind += 1) {
        const quantity = parcels.quantities[slot * this.#width + kind]!;
        this.consumed[kind] = this.consumed[kind]! + quantity;
      }
    }
  }

  #findNeeds(): void {
    const { parcels, sorter } = this.#kernel;
    let needs = PARCEL_BITS;
    let reservedFor = NONE;
    let isFirst = true;
    for (let position = 0; position < this.#eligibleCount; position += 1) {
      const index = this.#eligible[position]!;
      const bits = parcels.bits[this.slots[index]!]!;
      if ((bits & ~this.bits) !== 0) continue;
      const role = this.roleNodes[index]!;
      needs &= bits;
      if (isFirst || role === NONE) reservedFor = role;
      else if (reservedFor !== NONE && sorter.isAtOrAbove(role, reservedFor)) reservedFor = role;
      isFirst = false;
    }
    this.needs = needs;
    this.reservedFor = reservedFor;
  }

  #addExtra(sum: Float64Array, index: number): void {
    const base = this.slots[index]! * this.#width;
    const { quantities } = this.#kernel.parcels;
    for (let column = 0; column < this.#width; column += 1) {
      sum[column] = sum[column]! + quantities[base + column]!;
    }
  }

  #reserveExtras(index: number): void {
    if (index < this.slots.length) return;
    const rows = rowsFor(index, this.slots.length);
    this.slots = grownInt32(this.slots, rows);
    this.roleNodes = grownInt32(this.roleNodes, rows);
    this.isTaken = grownInt32(this.isTaken, rows);
    this.#eligible = grownInt32(this.#eligible, rows);
  }
}

function isEmpty(sum: Float64Array): boolean {
  for (let column = 0; column < sum.length; column += 1) if (sum[column]! > 0) return false;
  return true;
}
