// Clusters as the allocator's kernel sees them: agents of mixed sizes, roles, frameworks, and the rules in force.
import {
  CAPABILITY,
  type KernelCommands,
  type KernelOptions,
  type ParcelRows,
  parcelRows,
  UNRESERVED,
} from '@kaon/allocator';
import { type Random, seededRandom } from '@kaon/primitives';
import type { ClusterSize } from './rows.ts';

/** Kinds of a kernel as the allocator's actor makes it by default; the clusters have the first four. */
export const KINDS = 8;
/** cpus, mem, disk, gpus. */
export const KINDS_IN_USE = 4;
const [CPUS, MEM, DISK, GPUS] = [0, 1, 2, 3];
/** Role, bits, quantities, items. */
export const ROW_LENGTH = KINDS + 3;

const SEED = 2_026;
const MILLI = 1_000;
const CPUS_OF_AGENTS = [4, 8, 16, 32, 48, 64, 96, 128] as const;
const PORTS_PER_AGENT = 1_001;
/** One agent in so many. */
const RESERVED_EVERY = 10;
const GPUS_EVERY = 20;
const REVOCABLE_EVERY = 20;
/** One framework in so many. */
const CONSTRAINED_EVERY = 10;
const MINIMUMS_EVERY = 10;
const WEIGHTS_EVERY = 5;
const FRAMEWORK_CAPABILITIES =
  CAPABILITY.multiRole | CAPABILITY.hierarchicalRole | CAPABILITY.reservationRefinement;

/** Options of all kernels here, as the actor's defaults are. */
export const KERNEL_OPTIONS: KernelOptions = {
  kinds: KINDS,
  minAllocatable: [quantities({ cpus: 10 }), quantities({ mem: 32_000 })],
  excludedKinds: [],
  refusalsMax: 1_000_000,
};

/** A cluster in numbers. Framework `i` is in role `i` and in no other. */
export interface Cluster {
  readonly size: ClusterSize;
  readonly roles: readonly string[];
  readonly agents: number;
  readonly frameworks: number;
  /** Thousandths per kind, `KINDS` for each agent. */
  readonly totals: Float64Array;
  /** All parcels of each agent. */
  readonly parcels: readonly ParcelRows[];
  /** Reservations of each agent. */
  readonly reserved: readonly ParcelRows[];
  readonly pool: Float64Array;
}

/** The same size gives the same cluster. */
export function buildCluster(size: ClusterSize): Cluster {
  const random = seededRandom(SEED);
  const { agents, frameworks } = size;
  const roles = Array.from({ length: frameworks }, (_, index) => rolePath(size, index));
  const totals = new Float64Array(agents * KINDS);
  const pool = new Float64Array(KINDS);
  const parcels: ParcelRows[] = [];
  const reserved: ParcelRows[] = [];
  for (let agent = 0; agent < agents; agent += 1) {
    const rows = parcelsOf(size, agent, random);
    parcels.push(rows);
    reserved.push(reservedOf(rows));
    for (let row = 0; row < rows.length; row += ROW_LENGTH) {
      for (let kind = 0; kind < KINDS; kind += 1) {
        const quantity = rows[row + 2 + kind]!;
        totals[agent * KINDS + kind]! += quantity;
        pool[kind]! += quantity;
      }
    }
  }
  return { size, roles, agents, frameworks, totals, parcels, reserved, pool };
}

/** Three levels of about the same breadth, or one. */
function rolePath({ frameworks, shape }: ClusterSize, index: number): string {
  if (shape === 'flat') return `role-${index}`;
  const breadth = Math.ceil(Math.cbrt(frameworks));
  return `d${index % breadth}/t${Math.floor(index / breadth) % breadth}/r${index}`;
}

function parcelsOf({ shape, frameworks }: ClusterSize, agent: number, random: Random): ParcelRows {
  const cpus = CPUS_OF_AGENTS[random.nextInt(CPUS_OF_AGENTS.length)]! * MILLI;
  const mem = cpus * (2_048 + 1_024 * random.nextInt(7));
  const disk = (100 + random.nextInt(40) * 100) * 1_024 * MILLI;
  const gpus = agent % GPUS_EVERY === 1 ? 4 * MILLI : 0;
  const plain = { quantities: quantities({ cpus, mem, disk, gpus }), items: PORTS_PER_AGENT };
  const isReserved = agent % RESERVED_EVERY === 3;
  const isRevocable = shape === 'allRules' && agent % REVOCABLE_EVERY === 7;
  if (!isReserved && !isRevocable) return parcelRows(KINDS, [plain]);
  const half = quantities({ cpus: cpus / 2, mem: mem / 2 });
  const rest = {
    ...plain,
    quantities: isReserved
      ? plain.quantities.map((quantity, kind) => quantity - half[kind]!)
      : plain.quantities,
  };
  const others = [
    ...(isReserved ? [{ role: random.nextInt(frameworks), quantities: half }] : []),
    ...(isRevocable ? [{ bits: CAPABILITY.revocableResources, quantities: half }] : []),
  ];
  return parcelRows(KINDS, [rest, ...others]);
}

function reservedOf(rows: ParcelRows): ParcelRows {
  for (let row = 0; row < rows.length; row += ROW_LENGTH) {
    if (rows[row] !== UNRESERVED) return rows.slice(row, row + ROW_LENGTH);
  }
  return new Float64Array(0);
}

function quantities(of: { cpus?: number; mem?: number; disk?: number; gpus?: number }): number[] {
  const all = new Array<number>(KINDS).fill(0);
  all[CPUS!] = of.cpus ?? 0;
  all[MEM!] = of.mem ?? 0;
  all[DISK!] = of.disk ?? 0;
  all[GPUS!] = of.gpus ?? 0;
  return all;
}

/** Tells a kernel, or a recorder, the whole cluster: everything free, nobody has refused anything. */
export function tellCluster(cluster: Cluster, commands: KernelCommands): void {
  const { roles, size, parcels, reserved, totals } = cluster;
  const hasAllRules = size.shape === 'allRules';
  for (const [role, path] of roles.entries()) {
    if (hasAllRules && role % WEIGHTS_EVERY === 0) commands.setWeight(path, 1 + (role % 4));
    commands.addRole(role, path);
    commands.addFramework(role, `framework-${role}`, capabilitiesOf(cluster, role));
    commands.subscribe(role, role);
    commands.activateFramework(role);
  }
  for (const [agent, free] of parcels.entries()) {
    const total = totals.subarray(agent * KINDS, (agent + 1) * KINDS);
    const demands = hasAllRules && total[GPUS!]! > 0 ? CAPABILITY.gpuResources : 0;
    const facts = { isActive: true, demands, lacks: 0, total, reserved: reserved[agent]! };
    commands.addAgent(agent, facts, free);
  }
  if (!hasAllRules) return;
  tellQuotas(cluster, commands);
  tellConstraints(cluster, commands);
  for (let role = 2; role < roles.length; role += MINIMUMS_EVERY) {
    const least = quantities({ cpus: 4 * MILLI, mem: 4_096 * MILLI });
    commands.setMinimums(role, role, Float64Array.from(least));
  }
}

function capabilitiesOf({ size }: Cluster, framework: number): number {
  if (size.shape !== 'allRules') return FRAMEWORK_CAPABILITIES;
  return (
    FRAMEWORK_CAPABILITIES |
    (framework % 10 === 0 ? CAPABILITY.gpuResources : 0) |
    (framework % 2 === 0 ? CAPABILITY.revocableResources : 0)
  );
}

/** Every second top-level role: half of an even share is guaranteed to it, half as much again its limit. */
export function tellQuotas({ roles, pool }: Cluster, commands: KernelCommands): void {
  const tops = [...new Set(roles.map((path) => path.split('/')[0]!))];
  const even = (kind: number, factor: number): number =>
    Math.floor((pool[kind]! / tops.length) * factor);
  for (let top = 0; top < tops.length; top += 2) {
    const guarantees = Float64Array.from(
      quantities({ cpus: even(CPUS!, 0.5), mem: even(MEM!, 0.5) }),
    );
    const limits = new Float64Array(KINDS).fill(Number.POSITIVE_INFINITY);
    limits[CPUS!] = even(CPUS!, 1.5);
    limits[MEM!] = even(MEM!, 1.5);
    commands.setQuota(tops[top]!, guarantees, limits);
  }
}

/** Every tenth framework may not have one half of the agents; each another half. */
export function tellConstraints(cluster: Cluster, commands: KernelCommands): void {
  const random = seededRandom(SEED).fork('constraints');
  let list = 0;
  for (let framework = 0; framework < cluster.frameworks; framework += CONSTRAINED_EVERY) {
    const excluded: number[] = [];
    for (let agent = 0; agent < cluster.agents; agent += 1) {
      if (random.nextInt(2) === 0) excluded.push(agent);
    }
    commands.setExclusions(list, Float64Array.from(excluded));
    commands.setExclusionList(framework, framework, list);
    list += 1;
  }
}

/** A number from 0 to 99 for each pair of agent and framework: who has refused whom. */
export function refusalRank(agent: number, framework: number): number {
  let mixed = Math.imul(agent + 1, 0x9e37_79b1) ^ Math.imul(framework + 1, 0x85eb_ca77);
  mixed = Math.imul(mixed ^ (mixed >>> 15), 0x2c1b_3c6d);
  mixed = Math.imul(mixed ^ (mixed >>> 12), 0x297a_2d39);
  return ((mixed ^ (mixed >>> 15)) >>> 0) % 100;
}
