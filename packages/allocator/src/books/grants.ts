// A grant of the kernel in real resources: which entries of what an agent has free, and how much.
import { invariant } from '@kaon/primitives';
import type { Resources } from '@kaon/resources';
import { NONE } from '../kernel/columns.ts';
import type { GrantBatch } from '../kernel/kernel-commands.ts';
import { type EntryClass, ITEM, type KindIndex } from './kinds.ts';
import type { AgentRow } from './rows.ts';

/** Divides what agents have free as the kernel has decided. */
export class GrantDivider {
  readonly #kinds: KindIndex;
  /** Thousandths per kind taken of all entries, and (when chopped) still to be taken of plain ones. */
  readonly #taken: Float64Array;
  readonly #wanted: Float64Array;
  #role = '';
  #bits = 0;
  #isChopped = false;
  #agent = 0;
  /** Shared parcels that this grant takes, and all that the pass has given so far: each once. */
  readonly #sharedTaken = new Set<string>();
  readonly #sharedGiven = new Set<string>();

  constructor(kinds: KindIndex) {
    this.#kinds = kinds;
    this.#taken = new Float64Array(kinds.kindsMax);
    this.#wanted = new Float64Array(kinds.kindsMax);
  }

  /** A pass begins: shared resources may be given once more. */
  beginPass(): void {
    this.#sharedGiven.clear();
  }

  /**
   * Takes what row `grant` of `batch` says from what `agent` has free, and returns it allocated to `role`.
   * Of plain scalars of one kind in several entries (disks of several paths), a chopped grant takes the
   * first entries first. Shared resources are given once in a pass and stay free.
   */
  divide(agent: AgentRow, role: string, batch: GrantBatch, grant: number): Resources {
    const kinds = this.#kinds.kindsMax;
    const chop = batch.chops[grant]!;
    this.#role = role;
    this.#bits = batch.bits[grant]!;
    this.#isChopped = chop !== NONE;
    this.#agent = agent.index;
    this.#taken.fill(0);
    if (this.#isChopped) {
      for (let kind = 0; kind < kinds; kind += 1) {
        this.#wanted[kind] = batch.chopped[chop * kinds + kind]!;
      }
    }
    const [granted, rest] = agent.free.split(this.#kinds.classify, this.#take);
    this.#check(batch, grant);
    agent.free = rest;
    if (this.#sharedTaken.size > 0) this.#keepShared(agent, granted);
    return granted.allocate(role);
  }

  #keepShared(agent: AgentRow, granted: Resources): void {
    agent.free = agent.free.plus(granted.shared());
    for (const parcel of this.#sharedTaken) this.#sharedGiven.add(parcel);
    this.#sharedTaken.clear();
  }

  readonly #take = ({ kind, reservedFor, bits, isShared }: EntryClass, milli: number): number => {
    if ((bits & ~this.#bits) !== 0) return 0;
    if (reservedFor !== undefined && !isWithin(this.#role, reservedFor)) return 0;
    if (isShared) {
      const parcel = `${this.#agent} ${bits} ${reservedFor ?? ''}`;
      if (this.#sharedGiven.has(parcel)) return 0;
      this.#sharedTaken.add(parcel);
    }
    if (kind === ITEM) return milli;
    const isPlain = bits === 0 && reservedFor === undefined;
    let taken = milli;
    if (isPlain && this.#isChopped) {
      taken = Math.min(milli, this.#wanted[kind]!);
      this.#wanted[kind] = this.#wanted[kind]! - taken;
    }
    this.#taken[kind] = this.#taken[kind]! + taken;
    return taken;
  };

  /** The kernel's numbers and the real resources must be the same thing said twice. */
  #check({ quantities }: GrantBatch, grant: number): void {
    const kinds = this.#kinds.kindsMax;
    const start = grant * (kinds + 1);
    for (let kind = 0; kind < kinds; kind += 1) {
      invariant(
        this.#taken[kind] === quantities[start + kind],
        'a grant is what the kernel counted',
      );
    }
  }
}

/** Whether `role` is `ancestor` or below it. */
function isWithin(role: string, ancestor: string): boolean {
  return (
    role.startsWith(ancestor) && (role.length === ancestor.length || role[ancestor.length] === '/')
  );
}
