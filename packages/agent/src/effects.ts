// What transitions want done. Records only: `effect-runner.ts` does them, in order.
import type { BodyOf, MessageName, Pid } from '@kaon/actor';
import type { Outlives } from '@kaon/primitives';
import type {
  ExecutorInfo,
  executorV1,
  FrameworkInfo,
  KillPolicy,
  TaskInfo,
  TaskState,
} from '@kaon/protocol';
import type { ExecutorConnection } from './executor-connection.ts';
import type { AgentProtocol, MasterPeer } from './protocol.ts';
import type { StopReason } from './state/agent-state.ts';
import type { ContainerKey } from './state/keys.ts';

/** One change on disk. All outlive the process when they are done; files and records power, unless they say. */
export type DiskWrite =
  | {
      /** NOTE: journaling file systems keep a folder with the first synced file in it. */
      readonly kind: 'directory';
      readonly path: string;
      readonly mode: number;
      /** Default: `process`. */
      readonly outlives?: Outlives;
    }
  /** Replaces the file in one step. */
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly outlives?: Outlives;
    }
  /** Appends one length-prefixed record. */
  | {
      readonly kind: 'append';
      readonly path: string;
      readonly bytes: Uint8Array;
      readonly outlives?: Outlives;
    }
  | {
      readonly kind: 'link';
      readonly path: string;
      readonly target: string;
      readonly outlives?: Outlives;
    }
  | { readonly kind: 'remove'; readonly path: string }
  /** Removes what is in a folder that itself stays: the root of a mounted disk. */
  | { readonly kind: 'empty'; readonly path: string };

/** A message of the agent to itself, to be handled when something asynchronous is done. */
export type Continuation = {
  readonly [K in MessageName<AgentProtocol>]: {
    readonly name: K;
    readonly body: BodyOf<AgentProtocol, K>;
  };
}[MessageName<AgentProtocol>];

/** A message to the master that leads. */
export type MasterMessage = {
  readonly [K in MessageName<MasterPeer>]: {
    readonly name: K;
    readonly body: BodyOf<MasterPeer, K>;
  };
}[MessageName<MasterPeer>];

/** All that is needed to start a command task, or to hold on to one that runs. */
export interface CommandLaunch extends ContainerKey {
  readonly agentId: string;
  readonly agentPid: string;
  readonly task: TaskInfo;
  readonly framework: FrameworkInfo;
  /** The sandbox. */
  readonly directory: string;
  /** Folders of volumes that the user of the task is to own, beside the sandbox. */
  readonly volumes?: readonly string[];
  /** Present when the container is only to be held on to: the last state that was durable, if any. */
  readonly recovered?: { readonly reported: TaskState | undefined };
}

/** All that is needed to start a custom executor, or to watch one that runs. */
export interface ExecutorLaunch extends ContainerKey {
  readonly agentId: string;
  readonly agentPid: string;
  readonly executor: ExecutorInfo;
  readonly framework: FrameworkInfo;
  /** The sandbox. */
  readonly directory: string;
  /** As in `CommandLaunch`. */
  readonly volumes?: readonly string[];
  /** Whether its container is only to be watched. */
  readonly isRecovered: boolean;
}

/** All that is needed to run the tasks of a group; each is a command in a container of its own. */
export interface GroupLaunch extends ContainerKey {
  /** Of each member, with its own container and sandbox. */
  readonly members: readonly CommandLaunch[];
}

/** One thing to be done. Done in order; none of them answers except by its continuation. */
export type Effect =
  /** Dropped when there is no master. */
  | ({ readonly kind: 'sendToMaster' } & MasterMessage)
  | { readonly kind: 'pong'; readonly to: Pid }
  | { readonly kind: 'linkMaster'; readonly pid: string }
  | { readonly kind: 'unlinkMaster'; readonly pid: string }
  | {
      readonly kind: 'setTimer';
      readonly key: string;
      readonly delayMs: number;
      readonly next: Continuation;
    }
  | { readonly kind: 'cancelTimer'; readonly key: string }
  /**
   * Does `writes` in order, after those of earlier effects with the same `key` and with the keys of
   * `after`. A write that fails is tried again until it succeeds, unless there is an `otherwise`.
   */
  | {
      readonly kind: 'persist';
      readonly key: string;
      readonly after?: readonly string[];
      readonly writes: readonly DiskWrite[];
      readonly next?: Continuation | undefined;
      readonly otherwise?: ((problem: string) => Continuation) | undefined;
    }
  /** Starts the command executor; it tells of itself by `executorStarted`, `executorStatus`, `executorEnded`. */
  | { readonly kind: 'launchCommand'; readonly launch: CommandLaunch }
  /** Starts a custom executor; it tells of itself by `executorStarted`, `executorCall`, `executorEnded`. */
  | { readonly kind: 'launchExecutor'; readonly launch: ExecutorLaunch }
  /** Runs a group, and the executor that looks after groups when it does not run yet. */
  | { readonly kind: 'launchGroup'; readonly launch: GroupLaunch }
  /** From now on a custom executor hears its events by `connection`. An older one is closed. */
  | {
      readonly kind: 'attachExecutor';
      readonly container: ContainerKey;
      readonly connection: ExecutorConnection;
    }
  /** Lost when the custom executor is not connected. */
  | {
      readonly kind: 'tellExecutor';
      readonly container: ContainerKey;
      readonly event: executorV1.Event;
    }
  /** Tells whoever subscribed to end, and closes the stream. */
  | { readonly kind: 'turnAway'; readonly connection: ExecutorConnection }
  | {
      readonly kind: 'killTask';
      readonly container: ContainerKey;
      readonly taskId: string;
      readonly graceMs: number;
      /** As the framework sent it. */
      readonly killPolicy?: KillPolicy | undefined;
    }
  /** The executor need not keep the update any longer. */
  | {
      readonly kind: 'acknowledgeToExecutor';
      readonly container: ContainerKey;
      readonly taskId: string;
      readonly uuid: Uint8Array;
    }
  /** Tells the executor to end what it runs and itself. */
  | {
      readonly kind: 'shutdownExecutor';
      readonly container: ContainerKey;
      readonly graceMs: number;
    }
  /** Kills everything in the container. */
  | { readonly kind: 'destroyContainer'; readonly container: ContainerKey }
  /** As `destroyContainer`, for a container of which nothing is known. */
  | { readonly kind: 'destroyOrphan'; readonly containerId: string }
  | {
      readonly kind: 'log';
      readonly level: 'debug' | 'info' | 'warn' | 'error';
      readonly fields: Readonly<Record<string, unknown>>;
      readonly sentence: string;
    }
  /** The agent is done: nothing runs any more. */
  | { readonly kind: 'stop'; readonly reason: StopReason };

/** A line of the log. */
export function log(
  level: 'debug' | 'info' | 'warn' | 'error',
  sentence: string,
  fields: Readonly<Record<string, unknown>> = {},
): Effect {
  return { kind: 'log', level, fields, sentence };
}
