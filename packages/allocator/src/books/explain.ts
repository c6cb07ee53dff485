// The skip table of a pass, read back for one framework.
import type { GrantBatch } from '../kernel/kernel-commands.ts';
import type { PassExplanation } from '../protocol.ts';
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
  _books: Books,
  record: PassRecord | undefined,
  framework: FrameworkRow,
  _role?: string,
): PassExplanation | undefined {
  if (record === undefined || record.pass <= framework.sincePass) return undefined;
  return { atMs: record.atMs, candidates: record.batch.candidates, roles: [] };
}

/** The share of every subscribed role, as of a pass. */
export function roleSharesOf(books: Books, { batch }: PassRecord): ReadonlyMap<string, number> {
  const shares = new Map<string, number>();
  for (let at = 0; at < batch.roleShares.length; at += 2) {
    const name = books.roleName(batch.roleShares[at]!);
    if (name !== undefined) shares.set(name, batch.roleShares[at + 1]!);
  }
  return shares;
}
