// Counts, during a pass, why each client did not get each candidate agent.
import { invariant } from '@kaon/primitives';
import { grownInt32, NONE } from './columns.ts';
import type { DrfSorter } from './drf-sorter.ts';
import type { FrameworkTable } from './framework-table.ts';
import { SKIP, SKIP_REASONS, SKIP_ROW_LENGTH } from './skip-reasons.ts';

const REASONS = SKIP_REASONS.length;

/**
 * The counts of one pass.
 *
 * A pass stops asking as soon as an agent has nothing left, so most skips are never seen one by one.
 * They follow by subtraction: for every client, agents granted and skips of all reasons add up to the
 * candidates, and what nobody counted went to somebody whose turn came before.
 */
export class SkipCounter {
  #rows = 0;
  /** By node: a client's own skips, or a leaf's, which hold for all its clients. */
  #counts = new Int32Array(0);
  #granted = new Int32Array(0);
  /** By leaf: how many agents with nothing but reservations it was asked about. */
  #reservedOnlySeen = new Int32Array(0);
  #agentsWithNothing = 0;
  #agentsWithCrumbs = 0;
  #agentsReservedOnly = 0;
  #isReservedOnly = false;

  begin(rows: number): void {
    this.#rows = rows;
    this.#counts = grownInt32(this.#counts, rows * REASONS);
    this.#granted = grownInt32(this.#granted, rows);
    this.#reservedOnlySeen = grownInt32(this.#reservedOnlySeen, rows);
    this.#counts.fill(0);
    this.#granted.fill(0);
    this.#reservedOnlySeen.fill(0);
    this.#agentsWithNothing = 0;
    this.#agentsWithCrumbs = 0;
    this.#agentsReservedOnly = 0;
  }

  agentHadNothing(): void {
    this.#agentsWithNothing += 1;
  }

  agentHadCrumbs(): void {
    this.#agentsWithCrumbs += 1;
  }

  openAgent(isReservedOnly: boolean): void {
    this.#isReservedOnly = isReservedOnly;
    if (isReservedOnly) this.#agentsReservedOnly += 1;
  }

  openLeaf(leaf: number): void {
    if (this.#isReservedOnly) {
      this.#reservedOnlySeen[leaf] = this.#reservedOnlySeen[leaf]! + 1;
    }
  }

  /** Counts a skip of a client, or of a leaf on behalf of all its clients. */
  skip(node: number, reason: number): void {
    this.#counts[node * REASONS + reason] = this.#counts[node * REASONS + reason]! + 1;
  }

  grant(client: number): void {
    this.#granted[client] = this.#granted[client]! + 1;
  }

  /** The skip table of the pass, with shares, for every subscribed client. */
  report(
    candidates: number,
    frameworks: FrameworkTable,
    sorter: DrfSorter,
  ): { readonly skips: Int32Array; readonly shares: Float64Array } {
    const clients: number[] = [];
    for (const byRole of frameworks.clients) {
      for (const client of byRole?.values() ?? []) {
        if (frameworks.isSubscribed[client] === 1) clients.push(client);
      }
    }
    const skips = new Int32Array(clients.length * SKIP_ROW_LENGTH);
    const shares = new Float64Array(clients.length * 2);
    for (const [index, client] of clients.entries()) {
      const leaf = sorter.parent(client);
      const start = index * SKIP_ROW_LENGTH;
      skips[start] = frameworks.frameworkOfClient[client]!;
      skips[start + 1] = frameworks.roleOfClient[client]!;
      skips[start + 2] = this.#granted[client]!;
      const row = skips.subarray(start + 3, start + SKIP_ROW_LENGTH);
      if (frameworks.competes(client)) this.#explainCompeting(row, client, leaf, candidates);
      else row[this.#absence(frameworks, client)] = candidates;
      shares[index * 2] = sorter.share(sorter.parent(leaf));
      shares[index * 2 + 1] = sorter.share(client);
    }
    return { skips, shares };
  }

  #absence(frameworks: FrameworkTable, client: number): number {
    const framework = frameworks.frameworkOfClient[client]!;
    invariant(framework !== NONE, 'an absent client has a framework');
    return frameworks.isActive[framework] === 1 ? SKIP.suppressed : SKIP.inactive;
  }

  #explainCompeting(row: Int32Array, client: number, leaf: number, candidates: number): void {
    invariant(client < this.#rows && leaf < this.#rows, 'a counted node has a row');
    let counted = this.#granted[client]!;
    for (let reason = 0; reason < REASONS; reason += 1) {
      row[reason] =
        this.#counts[client * REASONS + reason]! + this.#counts[leaf * REASONS + reason]!;
    }
    const reservedForOthers = this.#agentsReservedOnly - this.#reservedOnlySeen[leaf]!;
    row[SKIP.nothingLeft] = row[SKIP.nothingLeft]! + this.#agentsWithNothing + reservedForOthers;
    row[SKIP.notAllocatable] = row[SKIP.notAllocatable]! + this.#agentsWithCrumbs;
    for (let reason = 0; reason < REASONS; reason += 1) counted += row[reason]!;
    invariant(counted <= candidates, 'no agent is counted twice for one client');
    row[SKIP.lowerShare] = candidates - counted;
  }
}
