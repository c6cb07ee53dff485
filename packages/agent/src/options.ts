// How an agent is started.
import type { ActorSystem } from '@kaon/actor';
import type { Containerizer } from '@kaon/containerizer';
import type { Detector } from '@kaon/election';
import type { HttpServer } from '@kaon/http';
import type { Disk, Logger } from '@kaon/primitives';
import type { HostFacts, HostLoad } from './host-facts.ts';
import type { SandboxReader } from './http/sandbox-reader.ts';

/** Settings of an agent. Durations in milliseconds. */
export interface AgentOptions {
  /** Where the agent lives. Its address, `host:port`, is what masters and tasks are told. */
  readonly system: ActorSystem;
  /** Serves the agent's endpoints. Default: none are served. */
  readonly http?: HttpServer | undefined;
  /** Id of the agent's actor and first part of its paths. Default: `LEGACY_AGENT_ACTOR`, as Mesos has it. */
  readonly id?: string | undefined;
  /** Whether the endpoints are also served without the id in front. For one agent per server. Default: false. */
  readonly mountAtRoot?: boolean | undefined;
  /** Tells which master leads. Closed by whoever made it. */
  readonly detector: Detector;
  /** Runs the tasks. `recover` is called by `startAgent`; closed by whoever made it. */
  readonly containerizer: Containerizer;
  readonly disk: Disk;
  /** Absolute. Records and sandboxes are below it. One agent per work directory. */
  readonly workDir: string;
  /** Resources in Mesos' text or JSON form. What it does not name is taken from `host`. Default: empty. */
  readonly resources?: string | undefined;
  /** Attributes in Mesos' text form. Default: none. */
  readonly attributes?: string | undefined;
  /** Default: the host of the system's address. */
  readonly hostname?: string | undefined;
  /** IP address tasks are reached under. Default: the host of the system's address. */
  readonly ipAddress?: string | undefined;
  /** Default: the machine, probed. */
  readonly host?: HostFacts | undefined;
  /** Load and free memory of the machine, for metrics. Default: the machine's. */
  readonly probeLoad?: (() => HostLoad) | undefined;
  /** Reads sandboxes for `/files/*`. Default: the machine's file system. */
  readonly sandboxes?: SandboxReader | undefined;
  /** Shown by `/flags` and `/state`: the command line, names with underscores. Default: none. */
  readonly flags?: Readonly<Record<string, string>> | undefined;
  readonly logger?: Logger | undefined;
  /** Whether a damaged record of a former run stops the start. Otherwise it is skipped and counted. Default: true. */
  readonly strict?: boolean | undefined;
  /** Whether tasks run as the user they name; needs root, without effect otherwise. Default: true. */
  readonly switchUser?: boolean | undefined;
  /** Makes another user the owner of its task's sandbox. Default: on the machine's file system. */
  readonly giveSandbox?: ((sandbox: string, user: string) => Promise<void>) | undefined;
  /** Longest wait before the first attempt to register; doubles with each attempt. Default: 1 s. */
  readonly registrationBackoffFactorMs?: number | undefined;
  /** How long an executor may take to end when it is shut down. Default: 5 s. */
  readonly executorShutdownGraceMs?: number | undefined;
  /** How long a custom executor may take from its start to its subscription. Default: 60 s. */
  readonly executorRegistrationTimeoutMs?: number | undefined;
  /** How long custom executors may take to subscribe again after a restart. At most 15 s. Default: 2 s. */
  readonly executorReregistrationTimeoutMs?: number | undefined;
  /** How long executors wait for an agent that is away: told to them, kept by them. Default: 15 min. */
  readonly recoveryTimeoutMs?: number | undefined;
  /** Key (HS256) of the tokens that custom executors are given. Default: they are given none. */
  readonly jwtSecretKey?: string | undefined;
  /** Whether the executor API asks for those tokens; needs the key. Default: false. */
  readonly authenticateHttpExecutors?: boolean | undefined;
  /** How long the destruction of a container may take before the agent gives it up. Default: 60 s. */
  readonly containerDestroyTimeoutMs?: number | undefined;
  /** Tasks that may live here at a time; more are refused. Default: 20 000. */
  readonly tasksMax?: number | undefined;
}

/** How to stop an agent. */
export interface CloseOptions {
  /**
   * False (the default): the tasks run on, and an agent started in the same work directory takes them over.
   * True: the agent leaves the cluster, ends all tasks, and the next start is that of a new agent.
   */
  readonly killTasks?: boolean;
  /** How long ending the tasks may take before the agent stops anyway. Default: 20 s. */
  readonly timeoutMs?: number;
}
