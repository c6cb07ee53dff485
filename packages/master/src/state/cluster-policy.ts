// What operators have set about roles: weights and quotas.
import type { quotaV1 } from '@kaon/protocol';
import type { StateChanges } from './state-changes.ts';

/** Changed by transitions through its methods, when the registry has it. */
export class ClusterPolicy {
  readonly #weights = new Map<string, number>();
  readonly #quotas = new Map<string, quotaV1.QuotaConfig>();
  readonly #changes: StateChanges | undefined;

  /** `changes` hears of what is set; undefined: nobody does. */
  constructor(changes?: StateChanges) {
    this.#changes = changes;
  }

  /** Weights that were ever set, in the order they were first. Every other role weighs 1. */
  get weights(): ReadonlyMap<string, number> {
    return this.#weights;
  }

  /** Quotas of top-level roles; a reset one has no limits. */
  get quotas(): ReadonlyMap<string, quotaV1.QuotaConfig> {
    return this.#quotas;
  }

  weightOf(role: string): number {
    return this.#weights.get(role) ?? 1;
  }

  setWeight(role: string, weight: number): void {
    this.#weights.set(role, weight);
    this.#tell();
  }

  setQuota(config: quotaV1.QuotaConfig): void {
    this.#quotas.set(config.role, config);
    this.#tell();
  }

  removeQuota(role: string): void {
    this.#quotas.delete(role);
    this.#tell();
  }

  /** Makes it what it is said to be; for copies that another thread reads. */
  restore(
    weights: Iterable<readonly [string, number]>,
    quotas: Iterable<quotaV1.QuotaConfig>,
  ): void {
    this.#weights.clear();
    this.#quotas.clear();
    for (const [role, weight] of weights) this.#weights.set(role, weight);
    for (const config of quotas) this.#quotas.set(config.role, config);
  }

  #tell(): void {
    this.#changes?.tell({ kind: 'policyChanged', policy: this });
  }
}
