// Compares two decisions of one pass, in typed arrays: it runs on the thread of the master.
import type { GrantBatch } from '../kernel/kernel-commands.ts';
import type { HostEnvironment } from './kernel-host.ts';
import type { FrameworkDifference, PassComparison, RoleDifference } from './shadow-report.ts';

/** Entries of each list in a comparison. */
const DIFFERENCES_MAX = 100;

/** What differs between `live` and `shadow`, which were decided on the same cluster. */
export function comparePasses(
  pass: number,
  live: GrantBatch,
  shadow: GrantBatch,
  { nameOfFramework, nameOfRole }: Pick<HostEnvironment, 'nameOfFramework' | 'nameOfRole'>,
): PassComparison {
  return {
    pass,
    ...compareAgents(live, shadow),
    liveGrants: live.agents.length,
    shadowGrants: shadow.agents.length,
    frameworks: compareFrameworks(live, shadow, nameOfFramework),
    roles: compareRoles(live, shadow, nameOfRole),
  };
}

/** Winners of an agent as one number each, whatever the order they won in. */
function compareAgents(live: GrantBatch, shadow: GrantBatch) {
  const rows = Math.max(largest(live.agents), largest(shadow.agents)) + 1;
  const [liveWinners, shadowWinners] = [live, shadow].map((batch) => {
    const winners = new Int32Array(rows);
    const { agents, frameworks, roles } = batch;
    for (let grant = 0; grant < agents.length; grant += 1) {
      const agent = agents[grant]!;
      winners[agent] = winners[agent]! + winnerCode(frameworks[grant]!, roles[grant]!);
    }
    return winners;
  }) as [Int32Array, Int32Array];
  let agents = 0;
  let differingAgents = 0;
  for (let agent = 0; agent < rows; agent += 1) {
    const left = liveWinners[agent]!;
    const right = shadowWinners[agent]!;
    if (left !== 0 || right !== 0) agents += 1;
    if (left !== right) differingAgents += 1;
  }
  return { agents, differingAgents };
}

/** Mixes both so that sums of few do not collide by accident. */
function winnerCode(framework: number, role: number): number {
  let code = Math.imul(framework + 1, 0x9e3779b1) ^ Math.imul(role + 1, 0x85ebca6b);
  code = Math.imul(code ^ (code >>> 15), 0xc2b2ae35);
  return code ^ (code >>> 13);
}

function compareFrameworks(
  live: GrantBatch,
  shadow: GrantBatch,
  nameOf: HostEnvironment['nameOfFramework'],
): FrameworkDifference[] {
  const rows = Math.max(largest(live.frameworks), largest(shadow.frameworks)) + 1;
  const liveCounts = countsOf(live.frameworks, rows);
  const shadowCounts = countsOf(shadow.frameworks, rows);
  const differing: number[] = [];
  for (let framework = 0; framework < rows; framework += 1) {
    if (liveCounts[framework] !== shadowCounts[framework]) differing.push(framework);
  }
  const gap = (framework: number): number =>
    Math.abs(liveCounts[framework]! - shadowCounts[framework]!);
  return differing
    .sort((left, right) => gap(right) - gap(left) || left - right)
    .slice(0, DIFFERENCES_MAX)
    .map((framework) => ({
      framework: nameOf?.(framework) ?? String(framework),
      liveGrants: liveCounts[framework]!,
      shadowGrants: shadowCounts[framework]!,
    }));
}

function compareRoles(
  live: GrantBatch,
  shadow: GrantBatch,
  nameOf: HostEnvironment['nameOfRole'],
): RoleDifference[] {
  const shadowShares = sharesOf(shadow);
  return [...sharesOf(live)]
    .map(([role, liveShare]) => ({ role, liveShare, shadowShare: shadowShares.get(role) ?? 0 }))
    .filter(({ liveShare, shadowShare }) => liveShare !== shadowShare)
    .sort((left, right) => gapOf(right) - gapOf(left) || left.role - right.role)
    .slice(0, DIFFERENCES_MAX)
    .map(({ role, liveShare, shadowShare }) => ({
      role: nameOf?.(role) ?? String(role),
      liveShare,
      shadowShare,
    }));
}

function gapOf(shares: { readonly liveShare: number; readonly shadowShare: number }): number {
  return Math.abs(shares.liveShare - shares.shadowShare);
}

function sharesOf({ roleShares }: GrantBatch): Map<number, number> {
  const shares = new Map<number, number>();
  for (let at = 0; at < roleShares.length; at += 2)
    shares.set(roleShares[at]!, roleShares[at + 1]!);
  return shares;
}

function countsOf(column: Int32Array, rows: number): Int32Array {
  const counts = new Int32Array(rows);
  for (let at = 0; at < column.length; at += 1) {
    counts[column[at]!] = counts[column[at]!]! + 1;
  }
  return counts;
}

function largest(column: Int32Array): number {
  let most = -1;
  for (let at = 0; at < column.length; at += 1) most = Math.max(most, column[at]!);
  return most;
}
