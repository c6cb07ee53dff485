// One allocation pass: goes through the agents and gives what each has free to those whose turn it is.
import { seededRandom } from '@kaon/primitives';
import { CAPABILITY, PARCEL_BITS } from './capabilities.ts';
import { grownFloat64, grownInt32, NONE, rowsFor } from './columns.ts';
import { NODE_KIND, ROOT } from './drf-sorter.ts';
import type { AllocatorKernel } from './kernel.ts';
import type { AllocateRequest, GrantBatch } from './kernel-commands.ts';
import { UNRESERVED } from './parcels.ts';
import { SkipCounter } from './skip-counter.ts';
import { SKIP } from './skip-reasons.ts';

/**
 * The pass, with scratch columns that live as long as the kernel.
 *
 * Steps: candidates, then fair share. Each agent is gone through with the order of roles and
 * frameworks as it stood when the agent's turn began; shares move after it. An agent's parcels go
 * whole to the first framework that may have them; what that one may not have (reservations of other
 * roles, parcels stripped for want of a capability) goes on down the line.
 */
export class AllocationPass {
  readonly #kernel: AllocatorKernel;
  readonly #skips: SkipCounter;
  readonly #width: number;
  #candidates = new Int32Array(0);
  #candidateMark = new Int32Array(0);

  // The agent at hand: its parcels, and for each the node of the reservation's role or `NONE`.
  #agent = NONE;
  #parcelCount = 0;
  #slots = new Int32Array(0);
  #roleNodes = new Int32Array(0);
  #isTaken = new Int32Array(0);
  #left = 0;
  #unreservedLeft = 0;

  // The role at hand: parcels its frameworks may have, and the client being asked.
  #eligible = new Int32Array(0);
  #eligibleCount = 0;
  #eligibleBits = 0;
  readonly #sum: Float64Array;

  // Grants of the pass, and the first of them that belongs to the agent at hand.
  #grantCount = 0;
  #agentFirstGrant = 0;
  #grantAgents = new Int32Array(0);
  #grantClients = new Int32Array(0);
  #grantBits = new Int32Array(0);
  #grantQuantities = new Float64Array(0);
  #grantUnreserved = new Float64Array(0);
  readonly #chops = new Map<number, Float64Array>();

  constructor(kernel: AllocatorKernel) {
    this.#kernel = kernel;
    this.#width = kernel.options.kinds + 1;
    this.#sum = new Float64Array(this.#width);
    this.#skips = new SkipCounter();
  }

  run(request: AllocateRequest): GrantBatch {
    this.#kernel.sorter.refresh();
    this.#grantCount = 0;
    const candidates = this.#findCandidates(request);
    this.#skips.begin(this.#kernel.sorter.rows);
    this.#shareFairly(candidates, request.nowMs);
    this.#correctShares();
    return this.#batch(candidates.length);
  }

  beginGrants(): void {
    this.#kernel.sorter.refresh();
    this.#grantCount = 0;
    this.#skips.begin(this.#kernel.sorter.rows);
  }

  grantTo(
    agent: number,
    client: number,
    plain: Float64Array | undefined,
    bits: number | undefined,
  ): boolean {
    const { frameworks, parcels, sorter } = this.#kernel;
    if (client === NONE) return false;
    const able = frameworks.capabilities[frameworks.frameworkOfClient[client]!]! & PARCEL_BITS;
    this.#openAgent(agent);
    this.#skips.openAgent(false);
    this.#skips.openLeaf(sorter.parent(client));
    this.#agentFirstGrant = this.#grantCount;
    this.#findEligible(sorter.parent(client));
    this.#sumEligible(bits ?? able);
    if (this.#sum.every((quantity) => quantity === 0)) return false;
    let rest: Float64Array | undefined;
    for (let position = 0; position < this.#eligibleCount; position += 1) {
      const slot = this.#slots[this.#eligible[position]!]!;
      if (plain === undefined || parcels.bits[slot] !== 0 || parcels.role[slot] !== UNRESERVED) {
        continue;
      }
      const from = slot * this.#width;
      rest = new Float64Array(this.#width + 2);
      rest[0] = UNRESERVED;
      for (let kind = 0; kind < this.#width - 1; kind += 1) {
        const held = parcels.quantities[from + kind]!;
        rest[kind + 2] = Math.max(0, held - plain[kind]!);
        parcels.quantities[from + kind] = held - rest[kind + 2]!;
        this.#sum[kind] = this.#sum[kind]! - rest[kind + 2]!;
      }
      if (rest.some((quantity, index) => index >= 2 && quantity > 0)) {
        this.#chops.set(this.#grantCount, plain.slice());
      } else {
        rest = undefined;
      }
    }
    this.#grant(client, bits ?? able);
    this.#settleAgent(1);
    if (rest !== undefined) {
      const slot = parcels.store(rest);
      parcels.next[slot] = this.#kernel.agents.free[agent]!;
      this.#kernel.agents.free[agent] = slot;
    }
    return true;
  }

  finishGrants(): GrantBatch {
    return this.#batch(this.#kernel.agents.rows);
  }

  /** Step 1: the agents that may be offered, in shuffled order. */
  #findCandidates({ agents, seed }: AllocateRequest): Int32Array {
    const table = this.#kernel.agents;
    this.#candidates = grownInt32(this.#candidates, table.rows);
    this.#candidateMark = grownInt32(this.#candidateMark, table.rows);
    let count = 0;
    const asked = agents?.length ?? table.rows;
    for (let index = 0; index < asked; index += 1) {
      const agent = agents ? agents[index]! : index;
      const isCandidate = table.has(agent) && table.isActive[agent] === 1;
      if (!isCandidate || this.#candidateMark[agent] === 1) continue;
      this.#candidateMark[agent] = 1;
      this.#candidates[count] = agent;
      count += 1;
    }
    const candidates = this.#candidates.subarray(0, count).sort();
    const random = seededRandom(seed);
    for (let last = count - 1; last >= 0; last -= 1) {
      const pick = random.nextInt(last + 1);
      const moved = candidates[last]!;
      candidates[last] = candidates[pick]!;
      candidates[pick] = moved;
      this.#candidateMark[candidates[last]!] = 0;
    }
    return candidates;
  }

  /** Step 2: every agent goes to those whose turn it is. */
  #shareFairly(candidates: Int32Array, nowMs: number): void {
    for (const agent of candidates) {
      this.#openAgent(agent);
      if (this.#left === 0) {
        this.#skips.agentHadNothing();
        continue;
      }
      if (!this.#isWorthOpening()) {
        this.#skips.agentHadCrumbs();
        continue;
      }
      this.#skips.openAgent(this.#unreservedLeft === 0);
      this.#kernel.refusals.open(agent, nowMs);
      this.#agentFirstGrant = this.#grantCount;
      this.#visitRoles(ROOT);
      this.#settleAgent(this.#kernel.options.partitions ?? 1);
    }
  }

  #openAgent(agent: number): void {
    const { agents, parcels } = this.#kernel;
    this.#agent = agent;
    this.#unreservedLeft = 0;
    let count = 0;
    for (let slot = agents.free[agent]!; slot !== NONE; slot = parcels.next[slot]!) {
      this.#reserveParcels(count);
      const role = parcels.role[slot]!;
      this.#slots[count] = slot;
      this.#isTaken[count] = 0;
      this.#roleNodes[count] = role === UNRESERVED ? NONE : this.#kernel.role(role).node;
      if (role === UNRESERVED) this.#unreservedLeft += 1;
      count += 1;
    }
    this.#parcelCount = count;
    this.#left = count;
  }

  /** Whether all that is free would be worth offering, if one framework could have it all. */
  #isWorthOpening(): boolean {
    this.#sum.fill(0);
    for (let index = 0; index < this.#parcelCount; index += 1) this.#addToSum(index);
    return this.#isAllocatable();
  }

  /** Depth-first over the listed roles below `node`; stops when the agent has nothing left. */
  #visitRoles(node: number): void {
    const { sorter } = this.#kernel;
    for (const child of this.#inTurn(node)) {
      if (this.#left === 0) return;
      if (!this.#mayUseWhatIsLeft(child)) continue;
      if (sorter.kind(child) === NODE_KIND.leaf) this.#visitLeaf(child);
      else this.#visitRoles(child);
    }
  }

  #inTurn(node: number): number[] {
    const { policy, sorter } = this.#kernel;
    const compare = policy.compareSiblings;
    const children: number[] = [];
    for (let child = sorter.first(node); child !== NONE; child = sorter.next(child)) {
      children.push(child);
    }
    if (compare === undefined) return children;
    return children.sort((left, right) => compare(sorter.view(left), sorter.view(right)));
  }

  /** Whether some parcel that is left could go to the role of `node` or to one below it. */
  #mayUseWhatIsLeft(node: number): boolean {
    if (this.#unreservedLeft > 0) return true;
    const { sorter } = this.#kernel;
    for (let index = 0; index < this.#parcelCount; index += 1) {
      if (this.#isTaken[index] === 1) continue;
      const role = this.#roleNodes[index]!;
      if (sorter.isAtOrAbove(role, node) || sorter.isAtOrAbove(node, role)) return true;
    }
    return false;
  }

  #visitLeaf(leaf: number): void {
    this.#skips.openLeaf(leaf);
    const neverHadAny = this.#findEligible(leaf);
    if (this.#eligibleCount === 0) {
      if (neverHadAny) this.#skips.skip(leaf, SKIP.nothingLeft);
      return;
    }
    this.#sumEligible(PARCEL_BITS);
    if (!this.#isAllocatable()) {
      this.#skips.skip(leaf, SKIP.notAllocatable);
      return;
    }
    for (const client of this.#inTurn(leaf)) {
      if (this.#eligibleCount > 0) this.#visitClient(client, leaf);
    }
  }

  /** Offers the agent at hand to `client`, or counts why not. */
  #visitClient(client: number, leaf: number): void {
    const { frameworks } = this.#kernel;
    const framework = frameworks.frameworkOfClient[client]!;
    const capabilities = frameworks.capabilities[framework]!;
    const obstacle = this.#obstacle(client, capabilities);
    if (obstacle !== NONE) {
      this.#skips.skip(client, obstacle);
      return;
    }
    const bits = capabilities & PARCEL_BITS;
    const isStripped = (this.#eligibleBits & ~bits) !== 0;
    this.#sumEligible(bits);
    if (!this.#isAllocatable()) {
      this.#skips.skip(client, isStripped ? SKIP.noCapability : SKIP.notAllocatable);
    } else if (this.#isRefused(client, bits)) {
      this.#skips.skip(client, SKIP.filtered);
    } else {
      this.#grant(client, bits);
      this.#findEligible(leaf);
    }
  }

  /** Why the agent is hidden from the client altogether, or `NONE`. */
  #obstacle(client: number, capabilities: number): number {
    const { agents, frameworks } = this.#kernel;
    const lacks = agents.lacks[this.#agent]!;
    if ((capabilities & lacks & CAPABILITY.multiRole) !== 0) return SKIP.agentNotMultiRole;
    if (lacks !== 0) {
      const { needs } = this.#kernel.role(frameworks.roleOfClient[client]!);
      if ((needs & lacks) !== 0) return SKIP.agentNotHierarchicalRole;
    }
    const missing = agents.demands[this.#agent]! & ~capabilities;
    if ((missing & CAPABILITY.gpuResources) !== 0) return SKIP.gpuAgent;
    return (missing & CAPABILITY.regionAware) !== 0 ? SKIP.remoteRegion : NONE;
  }

  /** Whether what the client would get is contained in something it refused. */
  #isRefused(client: number, bits: number): boolean {
    const { refusals } = this.#kernel;
    let refusal = refusals.find(client);
    while (refusal !== NONE) {
      if (this.#isContained(refusals.parcelsOf(refusal), bits)) return true;
      refusal = refusals.findNext(refusal);
    }
    return false;
  }

  #isContained(refused: number, bits: number): boolean {
    const { parcels } = this.#kernel;
    for (let index = 0; index < this.#eligibleCount; index += 1) {
      const slot = this.#slots[this.#eligible[index]!]!;
      if ((parcels.bits[slot]! & ~bits) !== 0) continue;
      if (!parcels.isCovered(slot, refused)) return false;
    }
    return true;
  }

  #grant(client: number, bits: number): void {
    const { parcels } = this.#kernel;
    this.#reserveGrants();
    const grant = this.#grantCount;
    this.#grantCount += 1;
    this.#grantAgents[grant] = this.#agent;
    this.#grantClients[grant] = client;
    this.#grantBits[grant] = bits;
    this.#grantQuantities.set(this.#sum, grant * this.#width);
    const kinds = this.#width - 1;
    this.#grantUnreserved.fill(0, grant * kinds, (grant + 1) * kinds);
    this.#skips.grant(client);
    for (let position = 0; position < this.#eligibleCount; position += 1) {
      const index = this.#eligible[position]!;
      if ((parcels.bits[this.#slots[index]!]! & ~bits) !== 0) continue;
      this.#isTaken[index] = 1;
      this.#left -= 1;
      if (this.#roleNodes[index] === NONE) this.#unreservedLeft -= 1;
      const slot = this.#slots[index]!;
      if (this.#roleNodes[index] !== NONE || parcels.bits[slot] !== 0) continue;
      for (let kind = 0; kind < kinds; kind += 1) {
        this.#grantUnreserved[grant * kinds + kind]! +=
          parcels.quantities[slot * this.#width + kind]!;
      }
    }
  }

  /** Moves the shares of whoever was given something and unlinks what was given from the agent. */
  #settleAgent(times: number): void {
    const { agents, parcels, sorter } = this.#kernel;
    if (this.#grantCount === this.#agentFirstGrant) return;
    for (let grant = this.#agentFirstGrant; grant < this.#grantCount; grant += 1) {
      sorter.allocate(this.#grantClients[grant]!, this.#grantQuantities, grant * this.#width);
      if (times > 1) this.#adjust(grant, times - 1);
    }
    let kept = NONE;
    for (let index = this.#parcelCount - 1; index >= 0; index -= 1) {
      const slot = this.#slots[index]!;
      if (this.#isTaken[index] === 1) {
        parcels.release(slot);
      } else {
        parcels.next[slot] = kept;
        kept = slot;
      }
    }
    agents.free[this.#agent] = kept;
  }

  #adjust(grant: number, times: number): void {
    const from = grant * this.#width;
    const quantities = this.#grantQuantities.slice(from, from + this.#width - 1);
    this.#kernel.sorter.adjust(
      this.#grantClients[grant]!,
      quantities.map((quantity) => quantity * times),
    );
  }

  /** While the pass ran, each grant stood for those of the other partitions as well. */
  #correctShares(): void {
    const { partitions = 1 } = this.#kernel.options;
    if (partitions === 1) return;
    for (let grant = 0; grant < this.#grantCount; grant += 1) this.#adjust(grant, 1 - partitions);
  }

  /** Lists the parcels that frameworks of `leaf` may have. Returns whether none was theirs to begin with. */
  #findEligible(leaf: number): boolean {
    const { parcels, sorter } = this.#kernel;
    let neverHadAny = true;
    this.#eligibleCount = 0;
    this.#eligibleBits = 0;
    for (let index = 0; index < this.#parcelCount; index += 1) {
      const role = this.#roleNodes[index]!;
      if (role !== NONE && !sorter.isAtOrAbove(role, leaf)) continue;
      neverHadAny = false;
      if (this.#isTaken[index] === 1) continue;
      this.#eligible[this.#eligibleCount] = index;
      this.#eligibleCount += 1;
      this.#eligibleBits |= parcels.bits[this.#slots[index]!]!;
    }
    return neverHadAny;
  }

  #sumEligible(bits: number): void {
    const { parcels } = this.#kernel;
    this.#sum.fill(0);
    for (let position = 0; position < this.#eligibleCount; position += 1) {
      const index = this.#eligible[position]!;
      if ((parcels.bits[this.#slots[index]!]! & ~bits) === 0) this.#addToSum(index);
    }
  }

  #addToSum(index: number): void {
    const from = this.#slots[index]! * this.#width;
    const { quantities } = this.#kernel.parcels;
    for (let kind = 0; kind < this.#width; kind += 1) {
      this.#sum[kind] = this.#sum[kind]! + quantities[from + kind]!;
    }
  }

  /** Whether `#sum` meets one of the minimum sets. */
  #isAllocatable(): boolean {
    const { minAllocatable } = this.#kernel.options;
    if (minAllocatable.length === 0) return true;
    for (const minimum of minAllocatable) {
      let isMet = true;
      for (let kind = 0; kind < minimum.length; kind += 1) {
        if (this.#sum[kind]! < minimum[kind]!) isMet = false;
      }
      if (isMet) return true;
    }
    return false;
  }

  #batch(candidates: number): GrantBatch {
    const { frameworks, refusals, sorter } = this.#kernel;
    const clients = this.#grantClients.subarray(0, this.#grantCount);
    return {
      agents: this.#grantAgents.slice(0, this.#grantCount),
      frameworks: clients.map((client) => frameworks.frameworkOfClient[client]!),
      roles: clients.map((client) => frameworks.roleOfClient[client]!),
      bits: this.#grantBits.slice(0, this.#grantCount),
      quantities: this.#grantQuantities.slice(0, this.#grantCount * this.#width),
      ...this.#takeChops(),
      unreserved: this.#grantUnreserved.slice(0, this.#grantCount * (this.#width - 1)),
      wonAt: new Float64Array(this.#grantCount),
      roleShares: this.#roleShares(),
      candidates,
      pool: sorter.pool(),
      held: sorter.allocatedOf(ROOT),
      refusals: refusals.used,
      refusalsDropped: refusals.dropped,
      ...this.#skips.report(candidates, frameworks, sorter),
    };
  }

  #roleShares(): Float64Array {
    const { roles, sorter } = this.#kernel;
    const pairs: number[] = [];
    for (const [role, { node }] of roles) {
      if (sorter.leafOf(node) !== NONE) pairs.push(role, sorter.share(node));
    }
    return Float64Array.from(pairs);
  }

  #takeChops(): Pick<GrantBatch, 'chops' | 'chopped'> {
    const chops = new Int32Array(this.#grantCount).fill(NONE);
    const rows: number[] = [];
    for (const [grant, plain] of this.#chops) {
      chops[grant] = rows.length / (this.#width - 1);
      const from = grant * (this.#width - 1);
      for (let kind = 0; kind < plain.length; kind += 1) {
        rows.push(Math.min(plain[kind]!, this.#grantUnreserved[from + kind]!));
      }
    }
    this.#chops.clear();
    return { chops, chopped: Float64Array.from(rows) };
  }

  #reserveParcels(index: number): void {
    if (index < this.#slots.length) return;
    const rows = rowsFor(index, this.#slots.length);
    this.#slots = grownInt32(this.#slots, rows);
    this.#roleNodes = grownInt32(this.#roleNodes, rows);
    this.#isTaken = grownInt32(this.#isTaken, rows);
    this.#eligible = grownInt32(this.#eligible, rows);
  }

  #reserveGrants(): void {
    if (this.#grantCount < this.#grantAgents.length) return;
    const rows = rowsFor(this.#grantCount, this.#grantAgents.length);
    this.#grantAgents = grownInt32(this.#grantAgents, rows);
    this.#grantClients = grownInt32(this.#grantClients, rows);
    this.#grantBits = grownInt32(this.#grantBits, rows);
    this.#grantQuantities = grownFloat64(this.#grantQuantities, rows * this.#width);
    this.#grantUnreserved = grownFloat64(this.#grantUnreserved, rows * this.#width);
  }
}
