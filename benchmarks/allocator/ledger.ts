// Who holds what, as the books know it: turns grants into what must be told when they are given back.
import {
  CAPABILITY,
  type GrantBatch,
  type KernelCommands,
  type ParcelRows,
  UNRESERVED,
} from '@kaon/allocator';
import { type Cluster, KINDS, ROW_LENGTH } from './cluster.ts';

/** A grant that was made and not given back. */
export interface Held {
  readonly agent: number;
  readonly framework: number;
  readonly role: number;
  readonly quantities: Float64Array;
  readonly unreserved: Float64Array;
  /** The parcels it is made of. */
  readonly rows: ParcelRows;
}

const NOT_QUOTA_BITS = CAPABILITY.revocableResources | CAPABILITY.sharedResources;

/** What is held of a cluster, by agent. A batch that contradicts the parcels of an agent is an error. */
export class Ledger {
  readonly #cluster: Cluster;
  readonly #held: Held[][];
  /** What is left of an agent that something is held of. */
  readonly #left: (Float64Array | undefined)[];

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    this.#held = Array.from({ length: cluster.agents }, () => []);
    this.#left = new Array<Float64Array | undefined>(cluster.agents).fill(undefined);
  }

  /** Agents of which something is held. */
  heldAgents(): number[] {
    return [...this.#held.keys()].filter((agent) => this.#held[agent]!.length > 0);
  }

  /** Notes what a pass has granted. */
  take(batch: GrantBatch): readonly Held[] {
    const taken = Array.from(batch.agents, (_, grant) => this.#grant(batch, grant));
    for (const held of taken) this.#held[held.agent]!.push(held);
    return taken;
  }

  /** Tells that all that is held of `agents` is given back, and forgets it: they are whole again. */
  giveBack(agents: Iterable<number>, commands: KernelCommands): void {
    for (const agent of agents) {
      for (const { framework, role, quantities, unreserved } of this.#held[agent]!) {
        commands.recover(framework, role, quantities, unreserved);
      }
      this.#held[agent] = [];
      this.#left[agent] = undefined;
      commands.setFree(agent, this.#cluster.parcels[agent]!);
    }
  }

  #grant(batch: GrantBatch, grant: number): Held {
    const agent = batch.agents[grant]!;
    const role = batch.roles[grant]!;
    const bits = batch.bits[grant]!;
    const left = this.#left[agent] ?? this.#cluster.parcels[agent]!.slice();
    this.#left[agent] = left;
    const quantities = new Float64Array(KINDS);
    const unreserved = new Float64Array(KINDS);
    const rows: number[] = [];
    let items = 0;
    for (let row = 0; row < left.length; row += ROW_LENGTH) {
      const parcelBits = left[row + 1]!;
      if ((parcelBits & ~bits) !== 0 || !this.#mayHave(role, left[row]!)) continue;
      const isPlain = left[row] === UNRESERVED && parcelBits === 0;
      const chop = isPlain ? batch.chops[grant]! : -1;
      const countsForQuota = left[row] === UNRESERVED && (parcelBits & NOT_QUOTA_BITS) === 0;
      rows.push(left[row]!, parcelBits);
      for (let kind = 0; kind < KINDS; kind += 1) {
        const at = row + 2 + kind;
        const quantity = chop < 0 ? left[at]! : batch.chopped[chop * KINDS + kind]!;
        quantities[kind]! += quantity;
        if (countsForQuota) unreserved[kind]! += quantity;
        left[at]! -= quantity;
        rows.push(quantity);
      }
      rows.push(left[row + 2 + KINDS]!);
      items += left[row + 2 + KINDS]!;
      left[row + 2 + KINDS] = 0;
    }
    check(batch, grant, quantities, items);
    const framework = batch.frameworks[grant]!;
    return { agent, framework, role, quantities, unreserved, rows: Float64Array.from(rows) };
  }

  #mayHave(role: number, parcelRole: number): boolean {
    if (parcelRole === UNRESERVED || parcelRole === role) return true;
    return this.#cluster.roles[role]!.startsWith(`${this.#cluster.roles[parcelRole]!}/`);
  }
}

function check(batch: GrantBatch, grant: number, quantities: Float64Array, items: number): void {
  const start = grant * (KINDS + 1);
  const said = batch.quantities.subarray(start, start + KINDS + 1);
  if (said[KINDS] === items && quantities.every((quantity, kind) => quantity === said[kind]))
    return;
  const agent = batch.agents[grant];
  throw new Error(`a grant of agent ${agent} is ${said}, its parcels say ${quantities},${items}`);
}
