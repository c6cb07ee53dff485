// What is measured: sizes of clusters, workloads on each, and figures that stand alone.

/**
 * How roles are laid out: all siblings, or a tree of depth 3. `allRules` is the tree with everything in
 * force: weights, quotas, exclusion lists, minimums, GPUs, revocable parcels.
 */
export type Shape = 'flat' | 'tree' | 'allRules';

export const SHAPE_TITLES: Readonly<Record<Shape, string>> = {
  flat: 'flat',
  tree: 'tree',
  allRules: 'tree, all rules',
};

/** A cluster of so many agents, and frameworks in as many roles. */
export interface ClusterSize {
  readonly agents: number;
  readonly frameworks: number;
  readonly shape: Shape;
}

/** Workloads of every cluster, in the order of the table; times are milliseconds. */
export const PASSES = {
  first: 'first pass',
  quota: 'quota on half',
  constraints: 'constraints on a tenth',
  refused90: '90 % refused',
  refused99: '99 % refused',
  declined: 'all declined',
  steady: 'steady, 2 % churn',
  changed: '1 % changed',
} as const;

export type PassId = keyof typeof PASSES;

/** `ms` or `bytes`; less is better in both. */
export type Unit = 'ms' | 'bytes';

/** Figures that stand alone. */
export const FIGURES = {
  decline: { title: 'decline round: commands and next pass', unit: 'ms' },
  quotaAll: { title: 'quota on all: until nothing more is granted', unit: 'ms' },
  quotaNothing: { title: 'quota on all: the pass that grants nothing', unit: 'ms' },
  actorRegister: { title: 'actor: agents come, per agent', unit: 'ms' },
  actorFirst: { title: 'actor: all frameworks come, until the first offers', unit: 'ms' },
  actorFirstAll: { title: 'actor: all frameworks come, until the last offers', unit: 'ms' },
  actorRevive: { title: 'actor: a revival after 2 % churn, until the first offers', unit: 'ms' },
  actorReviveAll: { title: 'actor: a revival after 2 % churn, until the last offers', unit: 'ms' },
  actorAgent: { title: 'actor: a new agent, until it is offered', unit: 'ms' },
  stallRegister: { title: 'main thread while agents come, lateness p99.9', unit: 'ms' },
  stallFirst: { title: 'main thread during that first pass, lateness p99.9', unit: 'ms' },
  stallRevive: { title: 'main thread during that revival, lateness p99.9', unit: 'ms' },
  memory: { title: 'kernel after the first pass', unit: 'bytes' },
  memoryRefused: { title: 'kernel when everybody has refused every agent', unit: 'bytes' },
} as const satisfies Record<string, { readonly title: string; readonly unit: Unit }>;

export type FigureId = keyof typeof FIGURES;

export const CONTENDERS = { kaon: 'Kaon', floor: 'floor' } as const;

export type ContenderId = keyof typeof CONTENDERS;

const AGENTS = { full: [1_000, 10_000, 50_000], quick: [1_000, 5_000] } as const;
const FRAMEWORKS = { full: [1, 50, 200, 1_000], quick: [50, 200] } as const;

/** Of this the targets speak. */
export const TARGET_SIZE = { agents: 50_000, frameworks: 1_000 } as const;

/** All clusters of a run; the largest once more with all rules in force. */
export function clusterSizes(isQuick: boolean): readonly ClusterSize[] {
  const kind = isQuick ? 'quick' : 'full';
  const sizes: ClusterSize[] = [];
  for (const agents of AGENTS[kind]) {
    for (const frameworks of FRAMEWORKS[kind]) {
      sizes.push({ agents, frameworks, shape: 'flat' }, { agents, frameworks, shape: 'tree' });
    }
  }
  const largest = sizes.at(-1);
  return largest === undefined ? sizes : [...sizes, { ...largest, shape: 'allRules' }];
}

/** Sizes of the figures that stand alone. */
export function figureSizes(isQuick: boolean): {
  readonly decline: ClusterSize;
  readonly quotaAll: { readonly smallRoles: number; readonly largeRoles: number };
  readonly actor: ClusterSize;
  readonly memory: ClusterSize;
} {
  if (isQuick) {
    return {
      decline: { agents: 2_000, frameworks: 200, shape: 'flat' },
      quotaAll: { smallRoles: 250, largeRoles: 50 },
      actor: { agents: 2_000, frameworks: 100, shape: 'tree' },
      memory: { agents: 5_000, frameworks: 200, shape: 'tree' },
    };
  }
  return {
    decline: { agents: 10_000, frameworks: 1_000, shape: 'flat' },
    quotaAll: { smallRoles: 2_500, largeRoles: 500 },
    actor: { ...TARGET_SIZE, shape: 'tree' },
    memory: { ...TARGET_SIZE, shape: 'tree' },
  };
}
