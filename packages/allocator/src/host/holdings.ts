// Who was granted how much by one kernel, summed up for the others of the same cluster.
import type { GrantBatch, KernelCommands } from '../kernel/kernel-commands.ts';
import type { Holdings } from './kernel-host.ts';

/** Sums of `batch`, one row per framework and role, in the order of their first grants. */
export function holdingsOf(batch: GrantBatch, kinds: number): Holdings {
  const { frameworks, roles, quantities, unreserved } = batch;
  const rowOf = new Map<number, number>();
  const rows = Int32Array.from(frameworks, (framework, grant) => {
    const key = roles[grant]! * 2 ** 24 + framework;
    const row = rowOf.get(key) ?? rowOf.size;
    rowOf.set(key, row);
    return row;
  });
  const holdings = {
    frameworks: new Int32Array(rowOf.size),
    roles: new Int32Array(rowOf.size),
    counts: new Int32Array(rowOf.size),
    quantities: new Float64Array(rowOf.size * kinds),
    unreserved: new Float64Array(rowOf.size * kinds),
  };
  for (let grant = 0; grant < rows.length; grant += 1) {
    const row = rows[grant]!;
    holdings.frameworks[row] = frameworks[grant]!;
    holdings.roles[row] = roles[grant]!;
    holdings.counts[row] = holdings.counts[row]! + 1;
    for (let kind = 0; kind < kinds; kind += 1) {
      const at = row * kinds + kind;
      holdings.quantities[at]! += quantities[grant * (kinds + 1) + kind]!;
      holdings.unreserved[at]! += unreserved[grant * kinds + kind]!;
    }
  }
  return holdings;
}

/** Counts holdings in another kernel: each of their grants is one allocation there, too. */
export function addHoldings(kernel: KernelCommands, holdings: Holdings, kinds: number): void {
  const { frameworks, roles, counts, quantities, unreserved } = holdings;
  const nothing = new Float64Array(kinds);
  for (let row = 0; row < frameworks.length; row += 1) {
    const framework = frameworks[row]!;
    const role = roles[row]!;
    const from = row * kinds;
    kernel.addAllocated(
      framework,
      role,
      quantities.subarray(from, from + kinds),
      unreserved.subarray(from, from + kinds),
    );
    for (let more = 1; more < counts[row]!; more += 1) {
      kernel.addAllocated(framework, role, nothing, nothing);
    }
  }
}
