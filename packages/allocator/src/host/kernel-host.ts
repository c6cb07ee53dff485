// Where a kernel runs: in this thread or in another. Callers cannot tell the difference.
import type { Clock, Logger } from '@kaon/primitives';
import type { CommandBatch } from '../kernel/command-buffer.ts';
import type { Inspection, InspectRequest } from '../kernel/inspection.ts';
import type { AllocateRequest, GrantBatch, KernelOptions } from '../kernel/kernel-commands.ts';
import type { PolicyStats } from '../policy/policy-stats.ts';
import type { ShadowReport } from './shadow-report.ts';

/** What a kernel is made with, and which part of the cluster is its own. */
export interface HostedKernelOptions extends KernelOptions {
  /** Agents whose index, divided by `partitions`, leaves this are the kernel's to allocate. Default: 0. */
  readonly partition?: number;
}

/** What a host may use of its surroundings. */
export interface HostEnvironment {
  readonly clock: Clock;
  readonly logger: Logger;
  /** Names of the scalar kinds so far, by index; for policies. */
  readonly kindNames: () => readonly string[];
  /** The id of a framework, by index; undefined when it is gone. For reports. */
  readonly nameOfFramework?: (framework: number) => string | undefined;
  /** The path of a role, by index; undefined when it is gone. For reports. */
  readonly nameOfRole?: (role: number) => string | undefined;
}

/** Resources a framework has asked for in advance. Policies may look at them; the built-in rules do not. */
export interface RequestedResources {
  readonly framework: number;
  /** The agent it asks them of. Default: any. */
  readonly agent?: number | undefined;
  /** Thousandths per kind. */
  readonly quantities: Float64Array;
}

/** One turn of a kernel: what has changed since the last, and the pass to run then. */
export interface KernelCycle {
  readonly commands: CommandBatch;
  readonly request: AllocateRequest;
  /** Default: none. */
  readonly requested?: readonly RequestedResources[] | undefined;
}

/** Who was granted what: the part of a batch that suffices to give the same again. */
export type GrantedColumns = Pick<
  GrantBatch,
  'agents' | 'frameworks' | 'roles' | 'bits' | 'chops' | 'chopped'
>;

/** Who was granted how much by another kernel of the same cluster: columns of equal length. */
export interface Holdings {
  readonly frameworks: Int32Array;
  readonly roles: Int32Array;
  /** Grants that are summed up in the row. */
  readonly counts: Int32Array;
  /** Thousandths, `kinds` per row; and what of them is neither reserved nor revocable. */
  readonly quantities: Float64Array;
  readonly unreserved: Float64Array;
}

/** What a pass decided. */
export interface HostedGrantBatch extends GrantBatch {
  /** The same summed up, of kernels that share a cluster; their batches leave `unreserved` empty. */
  readonly holdings?: Holdings | undefined;
}

/** Changes without a pass of their own. */
export interface KernelFacts {
  readonly commands: CommandBatch;
  /** What other kernels have granted of their agents, to count as held after the commands. */
  readonly held?: Holdings | undefined;
  /** What somebody else has decided after the commands, to be given as if a pass had. */
  readonly granted?: GrantedColumns | undefined;
}

/** Counters of a host, since its start. */
export interface KernelHostStats {
  readonly cycles: number;
  /** How often a lost kernel was rebuilt. 0 for an inline host. */
  readonly rebuilds: number;
  /** How often a thread was ended because it did not answer in time. */
  readonly timeouts: number;
  /** Questions refused because too many waited. */
  readonly refusedQuestions: number;
  /** Present when a policy replaces rules. */
  readonly policy?: PolicyStats | undefined;
  /** Present when a second policy runs beside. */
  readonly shadow?: ShadowReport | undefined;
}

/**
 * Runs cycles on a kernel that lives as long as the host.
 *
 * What it is asked is done in the order of the calls, one after another. The arrays of commands and
 * batches are kept for replay: nobody may change them afterwards.
 */
export interface KernelHost {
  /**
   * Carries out the commands, then the pass. The batch comes at once or as a promise; the next cycle
   * must not be started before it is there.
   *
   * @throws {KernelFailedError} KAON_ALLOCATOR_KERNEL_FAILED, as a rejection; or whatever an inline
   * kernel throws.
   */
  run(cycle: KernelCycle): HostedGrantBatch | Promise<HostedGrantBatch>;
  /**
   * What `run` would give. The commands are facts and are carried out, whatever comes of the answer;
   * the pass runs on a copy, and the kernel stays as it is.
   *
   * @throws {HostBusyError} KAON_ALLOCATOR_HOST_BUSY, as a rejection; {KernelFailedError}.
   */
  plan(cycle: KernelCycle): HostedGrantBatch | Promise<HostedGrantBatch>;
  /**
   * Why a client has what it has, as of now.
   *
   * @throws {QuestionFailedError} KAON_ALLOCATOR_QUESTION_FAILED, {HostBusyError} and
   * {KernelFailedError}, as rejections; or whatever an inline kernel throws.
   */
  inspect(request: InspectRequest): Inspection | Promise<Inspection>;
  /** Tells the kernel; nothing comes back. A failure shows in the next answer. */
  tell(facts: KernelFacts): void;
  readonly stats: KernelHostStats;
  /** Ends the host; a cycle under way is abandoned. */
  close(): Promise<void>;
}
