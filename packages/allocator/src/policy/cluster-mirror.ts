// A kernel's state as plain objects: what a policy is shown, and what its grants are checked against.
import { invariant } from '@kaon/primitives';
import { NONE } from '../kernel/columns.ts';
import type { AgentFacts, KernelCommands, KernelOptions } from '../kernel/kernel-commands.ts';
import type { ParcelRows } from '../kernel/parcels.ts';

const NO_ROWS: ParcelRows = new Float64Array(0);

/** A parcel; quantities in thousandths per kind. */
export interface MirrorParcel {
  readonly role: number;
  readonly bits: number;
  quantities: Float64Array;
  items: number;
}

/** An agent. */
export interface MirrorAgent {
  readonly facts: AgentFacts;
  free: MirrorParcel[];
}

/** A refusal. */
export interface MirrorRefusal {
  readonly expiresMs: number;
  readonly parcels: readonly MirrorParcel[];
}

/** A framework in one role. */
export interface MirrorClient {
  isSubscribed: boolean;
  isSuppressed: boolean;
  readonly held: Float64Array;
  /** Undefined: the list all have. */
  minimums: Float64Array | undefined;
  exclusionList: number;
  /** By agent. */
  readonly refusals: Map<number, MirrorRefusal[]>;
}

/** A framework. */
export interface MirrorFramework {
  readonly index: number;
  readonly name: string;
  capabilities: number;
  isActive: boolean;
  /** By role. */
  readonly clients: Map<number, MirrorClient>;
}

/** Quota of a top-level role, in thousandths per kind. */
export interface MirrorQuota {
  readonly guarantees: Float64Array;
  readonly limits: Float64Array;
}

/**
 * Takes in a snapshot by being told its commands. It knows those that snapshots are made of and the few
 * others that cost nothing; whoever would tell it the rest is wrong here.
 */
export class ClusterMirror implements KernelCommands {
  readonly options: KernelOptions;
  readonly agents = new Map<number, MirrorAgent>();
  readonly frameworks = new Map<number, MirrorFramework>();
  readonly roles = new Map<number, string>();
  readonly weights = new Map<string, number>();
  readonly quotas = new Map<string, MirrorQuota>();
  readonly exclusions = new Map<number, Set<number>>();
  /** What uses up quota, by top-level role: held and unreserved, or reserved. */
  readonly consumed = new Map<string, Float64Array>();
  readonly total: Float64Array;
  /** Clients by the index they have in the snapshot. */
  #restored: readonly (MirrorClient | undefined)[] = [];

  constructor(options: KernelOptions) {
    this.options = options;
    this.total = new Float64Array(options.kinds);
  }

  /** Adds to what the top-level role of `path` has consumed. */
  consume(path: string, quantities: Float64Array, offset = 0): void {
    const top = topOf(path);
    const sum = this.consumed.get(top) ?? new Float64Array(this.options.kinds);
    this.consumed.set(top, sum);
    for (let kind = 0; kind < sum.length; kind += 1) sum[kind]! += quantities[offset + kind]!;
  }

  addRole(role: number, path: string): void {
    this.roles.set(role, path);
  }

  setWeight(path: string, weight: number): void {
    this.weights.set(path, weight);
  }

  setQuota(path: string, guarantees: Float64Array, limits: Float64Array): void {
    this.quotas.set(path, { guarantees: guarantees.slice(), limits: limits.slice() });
  }

  addAgent(agent: number, facts: AgentFacts, free: ParcelRows): void {
    // The arrays are the batch's; they are used again for its next command.
    const kept = { ...facts, total: facts.total.slice(), reserved: NO_ROWS };
    this.agents.set(agent, { facts: kept, free: this.#parcels(free) });
    for (let kind = 0; kind < this.total.length; kind += 1) {
      this.total[kind]! += facts.total[kind]!;
    }
    const length = this.options.kinds + 3;
    for (let start = 0; start < facts.reserved.length; start += length) {
      const path = this.roles.get(facts.reserved[start]!);
      if (path !== undefined) this.consume(path, facts.reserved, start + 2);
    }
  }

  addFramework(framework: number, name: string, capabilities: number): void {
    const clients = new Map<number, MirrorClient>();
    const row = { index: framework, name, capabilities, isActive: false, clients };
    this.frameworks.set(framework, row);
  }

  updateFramework(framework: number, capabilities: number): void {
    this.#framework(framework).capabilities = capabilities;
  }

  activateFramework(framework: number): void {
    this.#framework(framework).isActive = true;
  }

  deactivateFramework(framework: number): void {
    this.#framework(framework).isActive = false;
  }

  subscribe(framework: number, role: number): void {
    this.#client(framework, role).isSubscribed = true;
  }

  suppress(framework: number, role: number): void {
    this.#client(framework, role).isSuppressed = true;
  }

  unsuppress(framework: number, role: number): void {
    this.#client(framework, role).isSuppressed = false;
  }

  addAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    this.adjustAllocated(framework, role, quantities, unreserved);
  }

  adjustAllocated(
    framework: number,
    role: number,
    quantities: Float64Array,
    unreserved: Float64Array,
  ): void {
    const { held } = this.#client(framework, role);
    for (let kind = 0; kind < held.length; kind += 1) held[kind]! += quantities[kind]!;
    this.consume(this.roles.get(role) ?? '', unreserved);
  }

  refuse(
    framework: number,
    role: number,
    agent: number,
    expiresMs: number,
    refused: ParcelRows,
  ): void {
    const { refusals } = this.#client(framework, role);
    const ofAgent = refusals.get(agent) ?? [];
    refusals.set(agent, ofAgent);
    ofAgent.push({ expiresMs, parcels: this.#parcels(refused) });
  }

  setMinimums(framework: number, role: number, minimums: Float64Array): void {
    this.#client(framework, role).minimums = minimums.slice();
  }

  clearMinimums(framework: number, role: number): void {
    this.#client(framework, role).minimums = undefined;
  }

  setExclusionList(framework: number, role: number, list: number): void {
    this.#client(framework, role).exclusionList = list;
  }

  setExclusions(list: number, agents: Float64Array): void {
    this.exclusions.set(list, new Set(agents));
  }

  exclude(list: number, agent: number, isExcluded: boolean): void {
    const agents = this.exclusions.get(list) ?? new Set();
    this.exclusions.set(list, agents);
    if (isExcluded) agents.add(agent);
    else agents.delete(agent);
  }

  restoreClients(pairs: Float64Array): void {
    this.#restored = Array.from({ length: pairs.length / 2 }, (_, client) => {
      const framework = this.frameworks.get(pairs[client * 2]!);
      return framework?.clients.get(pairs[client * 2 + 1]!);
    });
  }

  restoreRefusals(
    agent: number,
    expiresMs: number,
    refused: ParcelRows,
    clients: Float64Array,
  ): void {
    const refusal: MirrorRefusal = { expiresMs, parcels: this.#parcels(refused) };
    for (const [word, bits] of clients.entries()) {
      for (let bit = 0; bit < 32; bit += 1) {
        if ((bits & (1 << bit)) === 0) continue;
        const refusals = this.#restored[word * 32 + bit]?.refusals;
        const ofAgent = refusals?.get(agent);
        if (ofAgent) ofAgent.push(refusal);
        else refusals?.set(agent, [refusal]);
      }
    }
  }

  restoreRoleCounts(): void {}
  restoreClientCount(): void {}

  activateAgent(): void {
    this.#isNoSnapshot();
  }
  clearRefusals(): void {
    this.#isNoSnapshot();
  }
  deactivateAgent(): void {
    this.#isNoSnapshot();
  }
  recover(): void {
    this.#isNoSnapshot();
  }
  removeAgent(): void {
    this.#isNoSnapshot();
  }
  removeFramework(): void {
    this.#isNoSnapshot();
  }
  removeRole(): void {
    this.#isNoSnapshot();
  }
  revive(): void {
    this.#isNoSnapshot();
  }
  setFree(): void {
    this.#isNoSnapshot();
  }
  unsubscribe(): void {
    this.#isNoSnapshot();
  }
  updateAgent(): void {
    this.#isNoSnapshot();
  }

  #isNoSnapshot(): never {
    invariant(false, 'a mirror is made from a snapshot');
  }

  #parcels(rows: ParcelRows): MirrorParcel[] {
    const { kinds } = this.options;
    const parcels: MirrorParcel[] = [];
    for (let start = 0; start < rows.length; start += kinds + 3) {
      const quantities = rows.slice(start + 2, start + 2 + kinds);
      const items = rows[start + 2 + kinds]!;
      // What is given away leaves an empty row behind.
      if (items === 0 && quantities.every((quantity) => quantity === 0)) continue;
      parcels.push({ role: rows[start]!, bits: rows[start + 1]!, quantities, items });
    }
    return parcels;
  }

  #framework(framework: number): MirrorFramework {
    const row = this.frameworks.get(framework);
    invariant(row !== undefined, 'a named framework is known');
    return row;
  }

  #client(framework: number, role: number): MirrorClient {
    const { clients } = this.#framework(framework);
    const present = clients.get(role);
    if (present !== undefined) return present;
    const client: MirrorClient = {
      isSubscribed: false,
      isSuppressed: false,
      held: new Float64Array(this.options.kinds),
      minimums: undefined,
      exclusionList: NONE,
      refusals: new Map(),
    };
    clients.set(role, client);
    return client;
  }
}

/** The top-level role of a path. */
export function topOf(path: string): string {
  const slash = path.indexOf('/');
  return slash === -1 ? path : path.slice(0, slash);
}
