// The skip table of a pass, read back for one framework.
import type { GrantBatch } from '../kernel/kernel-commands.ts';
import { SKIP_REASONS, SKIP_ROW_LENGTH, type SkipReason } from '../kernel/skip-reasons.ts';
import type { PassExplanation, RoleExplanation } from '../protocol.ts';
import type { Books } from './books.ts';
import type { FrameworkRow } from './rows.ts';

/** A pass kept for explanations. */
export interface PassRecord {
  readonly atMs: number;
  /** How many passes had been run, this one included. */
  readonly pass: number;
  readonly batch: GrantBatch;
}

/** How `framework` fared in a pass, in every role or in `role`; undefined when it came after it. */
export function explainPass(
  books: Books,
  record: PassRecord | undefined,
  framework: FrameworkRow,
  role?: string,
): PassExplanation | undefined {
  if (record === undefined || record.pass <= framework.sincePass) return undefined;
  const { atMs, batch } = record;
  const roles: RoleExplanation[] = [];
  for (let start = 0; start < batch.skips.length; start += SKIP_ROW_LENGTH) {
    if (batch.skips[start] !== framework.index) continue;
    const name = books.roleName(batch.skips[start + 1]!);
    if (name === undefined || (role !== undefined && role !== name)) continue;
    const row = start / SKIP_ROW_LENGTH;
    roles.push({
      role: name,
      grantedAgents: batch.skips[start + 2]!,
      skippedAgents: skipsOf(batch.skips.subarray(start + 3, start + SKIP_ROW_LENGTH)),
      roleShare: batch.shares[row * 2]!,
      frameworkShare: batch.shares[row * 2 + 1]!,
    });
  }
  return { atMs, candidates: batch.candidates, roles };
}

/** The share of every subscribed role, as of a pass. */
export function roleSharesOf(books: Books, { batch }: PassRecord): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (let start = 0; start < batch.skips.length; start += SKIP_ROW_LENGTH) {
    const name = books.roleName(batch.skips[start + 1]!);
    if (name !== undefined) shares.set(name, batch.shares[(start / SKIP_ROW_LENGTH) * 2]!);
  }
  return shares;
}

function skipsOf(counts: Int32Array): Partial<Record<SkipReason, number>> {
  const skips: Partial<Record<SkipReason, number>> = {};
  for (const [code, reason] of SKIP_REASONS.entries()) {
    const count = counts[code]!;
    if (count > 0) skips[reason] = count;
  }
  return skips;
}
