// A kernel with names instead of indexes, for tests that read like a story. Kinds: cpus, mem, gpus.
import {
  AllocatorKernel,
  type GrantBatch,
  type KernelOptions,
  type Parcel,
  parcelRows,
  SKIP_REASONS,
  SKIP_ROW_LENGTH,
  type SkipReason,
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

export function givenKernel(options: Partial<KernelOptions> = {}) {
  const kernel = new AllocatorKernel({ ...OPTIONS, ...options });
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
      role: role === '' ? -1 : roleIndex(role),
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
      kernel.addAgent(agentIndex(name), { isActive: true, demands, lacks, total }, rows(parcels));
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
      kernel.recover(frameworkIndex(framework), roleIndex(role), quantities(cpus, mem));
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
    /** Skip counts of one client that are not 0. */
    skips(batch: GrantBatch, framework: string, role: string): Partial<Record<SkipReason, number>> {
      for (let start = 0; start < batch.skips.length; start += SKIP_ROW_LENGTH) {
        const row = batch.skips.subarray(start, start + SKIP_ROW_LENGTH);
        if (row[0] !== frameworkIndex(framework) || row[1] !== roleIndex(role)) continue;
        return Object.fromEntries(
          SKIP_REASONS.map((reason, code) => [reason, row[3 + code]] as const).filter(
            ([, count]) => count !== 0,
          ),
        );
      }
      return {};
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
