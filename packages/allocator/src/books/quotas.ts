// Quotas as operators set them, and whether a change of them may be made. The kernel enforces them.
import { err, ok, type Result } from '@kaon/primitives';
import { validateRole } from '@kaon/protocol';
import type { Quantities } from '@kaon/resources';
import { type QuotaErrorCode, QuotaInvalidError } from '../errors.ts';
import type { CommandBuffer } from '../kernel/command-buffer.ts';
import type { QuotaUpdate } from '../protocol.ts';
import type { KindIndex } from './kinds.ts';

/** What a change of quotas is judged by. */
export interface ClusterUse {
  /** Thousandths per kind of all agents. */
  readonly total: Float64Array;
  /** Thousandths per kind that top-level roles consume: their reservations and what they hold else. */
  readonly consumed: ReadonlyMap<string, Float64Array>;
}

/** The quotas of top-level roles. */
export class Quotas {
  readonly #kinds: KindIndex;
  readonly #commands: CommandBuffer;
  readonly #quotas = new Map<string, QuotaUpdate>();

  constructor(kinds: KindIndex, commands: CommandBuffer) {
    this.#kinds = kinds;
    this.#commands = commands;
  }

  get size(): number {
    return this.#quotas.size;
  }

  /** Every quota that is set. */
  entries(): Iterable<QuotaUpdate> {
    return this.#quotas.values();
  }

  /**
   * Whether all of `updates` may be made. Whether the cluster has and the roles leave that much is looked
   * at when `use` is given.
   */
  check(
    updates: readonly QuotaUpdate[],
    use: ClusterUse | undefined,
  ): Result<void, QuotaInvalidError> {
    for (const update of updates) {
      const problem = this.#formProblem(update) ?? (use && this.#limitProblem(update, use));
      if (problem !== undefined) return err(problem);
    }
    const overcommit = use && this.#overcommitment(updates, use);
    return overcommit === undefined ? ok(undefined) : err(overcommit);
  }

  /** Replaces the quotas of the roles in `updates`, which must have been checked. */
  set(updates: readonly QuotaUpdate[]): void {
    for (const update of updates) {
      const { role, guarantees, limits } = update;
      const isNone = [...guarantees.values()].every((milli) => milli === 0) && isUnlimited(limits);
      if (isNone) this.#quotas.delete(role);
      else this.#quotas.set(role, update);
      const limitRow = new Float64Array(this.#kinds.kindsMax).fill(Number.POSITIVE_INFINITY);
      for (const [name, milli] of limits) {
        const kind = this.#kinds.kindOf(name);
        if (kind !== undefined) limitRow[kind] = milli;
      }
      const guaranteeRow = Float64Array.from(this.#kinds.ofQuantities(guarantees));
      this.#commands.setQuota(role, guaranteeRow, limitRow);
    }
  }

  #formProblem({ role, guarantees, limits }: QuotaUpdate): QuotaInvalidError | undefined {
    const wrong = (code: QuotaErrorCode, problem: string): QuotaInvalidError =>
      new QuotaInvalidError(code, role, problem);
    const legal = role === '*' ? ok(undefined) : validateRole(role);
    if (!legal.ok) return wrong('KAON_ALLOCATOR_QUOTA_ROLE', legal.error);
    if (role.includes('/')) {
      return wrong('KAON_ALLOCATOR_QUOTA_ROLE', 'only top-level roles have quotas');
    }
    for (const [name, milli] of [...guarantees, ...limits]) {
      if (this.#kinds.isItemName(name)) {
        return wrong('KAON_ALLOCATOR_QUOTA_NAME', `'${name}' is no scalar resource`);
      }
      // NOTE: not a number fails every comparison, so this is said as what must hold.
      if (!(milli >= 0)) {
        return wrong('KAON_ALLOCATOR_QUOTA_QUANTITY', `${milli} thousandths of ${name}`);
      }
    }
    for (const [name, guarantee] of guarantees) {
      if (!Number.isFinite(guarantee)) {
        return wrong('KAON_ALLOCATOR_QUOTA_QUANTITY', `an infinite guarantee of ${name}`);
      }
      const limit = limits.get(name) ?? Number.POSITIVE_INFINITY;
      if (guarantee <= limit) continue;
      const problem = `guarantee ${guarantee / 1000} of ${name} exceeds limit ${limit / 1000}`;
      return wrong('KAON_ALLOCATOR_QUOTA_ORDER', problem);
    }
    // Only now, so that what is refused for another reason names no kind.
    for (const name of [...guarantees.keys(), ...limits.keys()]) {
      if (this.#kinds.kindOf(name) !== undefined) continue;
      const problem = `'${name}' is one scalar resource more than ${this.#kinds.kindsMax}`;
      return wrong('KAON_ALLOCATOR_QUOTA_NAME', problem);
    }
    return undefined;
  }

  #limitProblem(
    { role, limits }: QuotaUpdate,
    { consumed }: ClusterUse,
  ): QuotaInvalidError | undefined {
    for (const [name, limit] of limits) {
      const milli = consumed.get(role)?.[this.#kinds.kindOf(name) ?? 0] ?? 0;
      if (milli <= limit) continue;
      const problem = `it consumes ${milli / 1000} of ${name}, the limit is ${limit / 1000}`;
      return new QuotaInvalidError('KAON_ALLOCATOR_QUOTA_EXCEEDED', role, problem);
    }
    return undefined;
  }

  #overcommitment(
    updates: readonly QuotaUpdate[],
    { total }: ClusterUse,
  ): QuotaInvalidError | undefined {
    const after = new Map([
      ...this.#quotas,
      ...updates.map((update) => [update.role, update] as const),
    ]);
    const sums = new Map<string, number>();
    for (const { guarantees } of after.values()) {
      for (const [name, milli] of guarantees) sums.set(name, (sums.get(name) ?? 0) + milli);
    }
    // A cluster that is overcommitted already may still be told to guarantee less.
    const raised = new Set<string>();
    for (const { role, guarantees } of updates) {
      const before: Quantities = this.#quotas.get(role)?.guarantees ?? new Map();
      for (const [name, milli] of guarantees) {
        if (milli > (before.get(name) ?? 0)) raised.add(name);
      }
    }
    for (const name of raised) {
      const sum = sums.get(name) ?? 0;
      const there = total[this.#kinds.kindOf(name) ?? 0] ?? 0;
      if (sum <= there) continue;
      const problem = `all guarantees are ${sum / 1000} of ${name}, the cluster has ${there / 1000}`;
      const [first] = updates;
      return new QuotaInvalidError('KAON_ALLOCATOR_QUOTA_OVERCOMMIT', first?.role ?? '', problem);
    }
    return undefined;
  }
}

function isUnlimited(limits: Quantities): boolean {
  return [...limits.values()].every((limit) => limit === Number.POSITIVE_INFINITY);
}
