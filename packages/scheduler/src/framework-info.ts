// From the few things a framework author must say to a whole `FrameworkInfo`.
import { createMessage, FrameworkInfo, type FrameworkInfo_Capability_Type } from '@kaon/protocol';

/** Who the framework is. Only `name` is needed. */
export interface FrameworkOptions {
  readonly name: string;
  /** The user tasks run as. Default: the user of this process. */
  readonly user?: string;
  /** Roles to be offered resources for. Default: `*`. */
  readonly roles?: readonly string[];
  /** The id of an earlier incarnation whose tasks are to be taken over. Default: a new framework. */
  readonly id?: string;
  /**
   * How long the master keeps tasks running without a scheduler, in milliseconds.
   * 0 means: not at all, a broken connection ends them. Default: one minute.
   */
  readonly failoverTimeoutMs?: number;
  /** Whether tasks survive a restart of their agent. Default: true. */
  readonly checkpoint?: boolean;
  readonly principal?: string;
  /** Shown by operators' tools. */
  readonly hostname?: string;
  readonly webuiUrl?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Beyond those the SDK itself relies on, for example `GPU_RESOURCES`. */
  readonly capabilities?: readonly FrameworkInfo_Capability_Type[];
}

/** Default of `failoverTimeoutMs`. */
export const FAILOVER_TIMEOUT_MS = 60_000;

const SDK_CAPABILITIES: readonly FrameworkInfo_Capability_Type[] = [
  'MULTI_ROLE',
  'PARTITION_AWARE',
  'TASK_KILLING_STATE',
  'RESERVATION_REFINEMENT',
];

/** The `FrameworkInfo` that says the same; `defaultUser` stands in where no user is given. */
export function frameworkInfo(options: FrameworkOptions, defaultUser: string): FrameworkInfo {
  const capabilities = new Set([...SDK_CAPABILITIES, ...(options.capabilities ?? [])]);
  const labels = Object.entries(options.labels ?? {}).map(([key, value]) => ({ key, value }));
  return createMessage(FrameworkInfo, {
    name: options.name,
    user: options.user ?? defaultUser,
    id: options.id === undefined ? undefined : { value: options.id },
    failoverTimeout: (options.failoverTimeoutMs ?? FAILOVER_TIMEOUT_MS) / 1000,
    checkpoint: options.checkpoint ?? true,
    roles: options.roles ?? ['*'],
    hostname: options.hostname,
    principal: options.principal,
    webuiUrl: options.webuiUrl,
    capabilities: [...capabilities].map((type) => ({ type })),
    labels: labels.length === 0 ? undefined : { labels },
  });
}
