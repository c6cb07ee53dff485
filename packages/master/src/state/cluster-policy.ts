// What operators have set about roles: weights and quotas.
import type { quotaV1 } from '@kaon/protocol';

/** Changed by transitions, when the registry has it. */
export class ClusterPolicy {
  /** Weights that were ever set, in the order they were first. Every other role weighs 1. */
  readonly weights = new Map<string, number>();
  /** Quotas of top-level roles; a reset one has no limits. */
  readonly quotas = new Map<string, quotaV1.QuotaConfig>();

  weightOf(role: string): number {
    return this.weights.get(role) ?? 1;
  }
}
