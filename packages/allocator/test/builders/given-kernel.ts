// A kernel with names instead of indexes, for tests that read like a story. Kinds: cpus, mem, gpus.
import {
  AllocatorKernel,
  type GrantBatch,
  type Inspection,
  type KernelOptions,
  type KernelPolicy,
  type Parcel,
  parcelRows,
  SKIP_REASONS,
  type SkipReason,
  UNRESERVED,
} from '@kaon/allocator';

export const KINDS = 3;

export const OPTIONS: KernelOptions = {
  kinds: KINDS,
  minAllocatable: [[10], [0, 32_000]],
  excludedKinds: [],
  refusalsMax: 10_000,
};

export interface GivenAgent {
  readonly cpus: number;
  readonly mem?: number;
  readonly gpus?: number;
  readonly items?: number;
  readonly demands?: number;
  readonly lacks?: number;
  /** More parcels, by role name. */
  readonly reserved?: Readonly<Record<string, { cpus: number; mem?: number; bits?: number }>>;
}

export interface Granted {
  readonly agent: string;
  readonly framework: string;
  readonly role: string;
  readonly cpus: number;
  readonly mem: number;
}

export function givenKernel(options: Partial<KernelOptions> = {}, policy: KernelPolicy = {}) {
  const kernel = new AllocatorKernel({ ...OPTIONS, ...options }, policy);
  const agents: string[] = [];
  const frameworks: string[] = [];
  const roles: string[] = [];
  const indexIn = (names: string[], name: string, added?: (index: number) => void): number => {
    const present = names.indexOf(name);
    if (present !== -1) return present;
    names.push(name);
    added?.(names.length - 1);
    return names.length - 1;
  };
  const roleIndex = (path: string): number =>
    indexIn(roles, path, (index) => kernel.addRole(index, path));
  const agentIndex = (name: string): number => indexIn(agents, name);
  const frameworkIndex = (name: string): number => indexIn(frameworks, name);
  const quantities = (cpus: number, mem = 0, gpus = 0): Float64Array =>
    Float64Array.of(cpus * 1000, mem * 1000, gpus * 1000);
  const rows = (parcels: readonly Parcel[]): Float64Array => parcelRows(KINDS, parcels);
  const parcelsOf = (agent: GivenAgent): Parcel[] => [
    {
      quantities: [...quantities(agent.cpus, agent.mem, agent.gpus)],
      items: agent.items ?? 0,
    },
    ...Object.entries(agent.reserved ?? {}).map(([role, { cpus, mem, bits = 0 }]) => ({
      role: role === '' ? UNRESERVED : roleIndex(role),
      bits,
      quantities: [...quantities(cpus, mem)],
    })),
  ];

  const given = {
    kernel,
    agentIndex,
    frameworkIndex,
    roleIndex,
    quantities,
    rows,
    agent(name: string, agent: GivenAgent) {
      const parcels = parcelsOf(agent);
      const total = new Float64Array(KINDS);
      for (const parcel of parcels) {
        for (const [kind, quantity] of parcel.quantities.entries()) {
          total[kind] = (total[kind] ?? 0) + quantity;
        }
      }
      const { demands = 0, lacks = 0 } = agent;
      const reserved = rows(parcels.filter(({ role = UNRESERVED }) => role !== UNRESERVED));
      const facts = { isActive: true, demands, lacks, total, reserved };
      kernel.addAgent(agentIndex(name), facts, rows(parcels));
      return given;
    },
    framework(name: string, role: string | readonly string[], capabilities = 0) {
      kernel.addFramework(frameworkIndex(name), name, capabilities);
      for (const path of [role].flat()) kernel.subscribe(frameworkIndex(name), roleIndex(path));
      kernel.activateFramework(frameworkIndex(name));
      return given;
    },
    free(name: string, agent: GivenAgent) {
      kernel.setFree(agentIndex(name), rows(parcelsOf(agent)));
      return given;
    },
    recover(framework: string, role: string, cpus: number, mem = 0) {
      const held = quantities(cpus, mem);
      kernel.recover(frameworkIndex(framework), roleIndex(role), held, held);
      return given;
    },
    refuse(framework: string, role: string, agent: string, expiresMs: number, what: GivenAgent) {
      kernel.refuse(
        frameworkIndex(framework),
        roleIndex(role),
        agentIndex(agent),
        expiresMs,
        rows(parcelsOf(what)),
      );
      return given;
    },
    pass(nowMs = 0, seed = 1, only?: readonly string[]): GrantBatch {
      const dirty = only && Int32Array.from(only, agentIndex);
      return kernel.allocate({ nowMs, seed, agents: dirty });
    },
    /** Runs a pass and names what was granted, by agent. */
    grants(nowMs = 0, seed = 1): Granted[] {
      return named(given.pass(nowMs, seed));
    },
    /** `framework@role` of each grant, sorted by agent. */
    takers(nowMs = 0, seed = 1): string[] {
      return given.grants(nowMs, seed).map(({ agent, framework }) => `${agent}:${framework}`);
    },
    /** Why the client has not got which number of agents, as of the last pass. */
    skips(framework: string, role: string, nowMs = 0): Partial<Record<SkipReason, number>> {
      const { skipped } = given.inspect(framework, role, undefined, nowMs);
      return Object.fromEntries(
        SKIP_REASONS.map((reason, code) => [reason, skipped[code]] as const).filter(
          ([, count]) => count !== 0,
        ),
      );
    },
    inspect(framework: string, role: string, agent?: string, nowMs = 0): Inspection {
      return kernel.inspect({
        framework: frameworkIndex(framework),
        role: roleIndex(role),
        agent: agent === undefined ? undefined : agentIndex(agent),
        nowMs,
      });
    },
    /** Quota in cpus; undefined: no limit. */
    quota(role: string, guarantee: number, limit?: number) {
      const limits = new Float64Array(KINDS).fill(Number.POSITIVE_INFINITY);
      if (limit !== undefined) limits[0] = limit * 1000;
      kernel.setQuota(role, quantities(guarantee), limits);
      return given;
    },
    /** What a framework holds and has not been granted. */
    holds(framework: string, role: string, cpus: number, mem = 0, unreserved = cpus) {
      kernel.addAllocated(
        frameworkIndex(framework),
        roleIndex(role),
        quantities(cpus, mem),
        quantities(unreserved, mem),
      );
      return given;
    },
  };

  function named(batch: GrantBatch): Granted[] {
    return [...batch.agents]
      .map((agent, index) => ({
        agent: agents[agent] ?? '?',
        framework: frameworks[batch.frameworks[index] ?? -1] ?? '?',
        role: roles[batch.roles[index] ?? -1] ?? '?',
        cpus: (batch.quantities[index * (KINDS + 1)] ?? 0) / 1000,
        mem: (batch.quantities[index * (KINDS + 1) + 1] ?? 0) / 1000,
      }))
      .sort((left, right) => (left.agent < right.agent ? -1 : left.agent > right.agent ? 1 : 0));
  }

  return given;
}
