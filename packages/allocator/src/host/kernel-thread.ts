// What passes between a worker host and the thread its kernel lives in, and the far end of it.
import { errorText } from '@kaon/primitives';
import type { CommandBatch } from '../kernel/command-buffer.ts';
import type { Inspection, InspectRequest } from '../kernel/inspection.ts';
import type { AllocateRequest } from '../kernel/kernel-commands.ts';
import { snapshotOf } from '../kernel/snapshot.ts';
import type { AllocatorPolicy } from '../policy/policy.ts';
import { failureOf, PolicyNotLoadedError } from '../policy/policy-errors.ts';
import { allocateByPolicy, PolicyOrder, type PolicyOutcome } from '../policy/policy-pass.ts';
import type { PolicyFailure } from '../policy/policy-stats.ts';
import { HostedKernel } from './hosted-kernel.ts';
import type {
  HostedGrantBatch,
  HostedKernelOptions,
  KernelCycle,
  KernelFacts,
} from './kernel-host.ts';

/** Facts as they are remembered for replay: with the pass that followed, to be run again. */
export interface KernelStep extends KernelFacts {
  readonly request?: AllocateRequest | undefined;
}

/** Which rules decide a pass. */
export type PassRules = 'builtIn' | 'policy';

/** What all questions to a resident kernel have in common. */
interface ResidentJob {
  /** The life of the kernel that is meant. */
  readonly life: number;
  /** What has been told since the last job, to be carried out first. */
  readonly steps: readonly KernelStep[];
  /** Names of the scalar kinds, for policies. */
  readonly kindNames: readonly string[];
}

/** What a host asks of the thread. Arrays only; nothing the size of the cluster is an object. */
export type KernelJob =
  | {
      /** A new kernel: the snapshot, then every step since. */
      readonly kind: 'start';
      readonly life: number;
      readonly options: HostedKernelOptions;
      readonly snapshot: CommandBatch;
      readonly steps: readonly KernelStep[];
    }
  | {
      /** Imports a policy; it stays for as long as the thread lives. */
      readonly kind: 'loadPolicy';
      readonly module: string;
    }
  | (ResidentJob & {
      readonly kind: 'run' | 'plan';
      readonly cycle: KernelCycle;
      readonly rules: PassRules;
      /** Whether to send a snapshot along, taken after the job. */
      readonly wantsSnapshot: boolean;
    })
  | (ResidentJob & { readonly kind: 'inspect'; readonly request: InspectRequest })
  | {
      /** Ends the thread as a crash would: at once, or when the next job is done but not answered. For drills. */
      readonly kind: 'crash';
      readonly isAtOnce: boolean;
    }
  | {
      /** Never answers the next job. For drills. */
      readonly kind: 'hang';
    };

/** What a kernel's thread sends back. */
export type KernelAnswer =
  | {
      readonly kind: 'done';
      readonly batch: HostedGrantBatch;
      readonly snapshot: CommandBatch | undefined;
      /** What came of the policy; undefined: it was not asked. */
      readonly policy: PolicyOutcome | undefined;
    }
  | { readonly kind: 'inspected'; readonly inspection: Inspection }
  | { readonly kind: 'started' | 'loaded' | 'armed' }
  /** The question failed; the kernel is as it was. */
  | { readonly kind: 'failed'; readonly message: string }
  /** The policy failed, half-way through a pass: the kernel is gone; or when it was loaded. */
  | { readonly kind: 'policyFailed'; readonly failure: PolicyFailure }
  /** The thread has no kernel of that life: it has been started anew. */
  | { readonly kind: 'lost' };

/** A thread that holds one kernel. Jobs are run one after another. */
export interface KernelThread {
  /**
   * Rejects when the thread ends, or its kernel throws, during the job. When `signal` fires meanwhile, the
   * thread is ended, whatever it is at, and the job rejects; a later job has a new thread.
   */
  run(job: KernelJob, signal?: AbortSignal): Promise<KernelAnswer>;
  close(): Promise<void>;
}

/** What a thread can do besides computing. */
export interface ThreadAbilities {
  /** Imports the module of a policy. Default: none can be. */
  readonly loadPolicy?: (module: string) => Promise<AllocatorPolicy>;
}

type Question = Extract<KernelJob, { kind: 'run' | 'plan' | 'inspect' }>;
type PassQuestion = Extract<KernelJob, { kind: 'run' | 'plan' }>;

/** The thread's side: holds the kernel, and the policy, between jobs. Drills are not its business. */
export function residentKernel(
  abilities: ThreadAbilities = {},
): (job: Exclude<KernelJob, { kind: 'crash' | 'hang' }>) => Promise<KernelAnswer> {
  const resident = new ResidentKernel(abilities);
  return async (job) => {
    switch (job.kind) {
      case 'start':
        return resident.start(job);
      case 'loadPolicy':
        return resident.loadPolicy(job.module);
      default:
        return resident.answer(job);
    }
  };
}

class ResidentKernel {
  readonly #abilities: ThreadAbilities;
  #hosted: HostedKernel | undefined;
  #life = -1;
  #policy: AllocatorPolicy | undefined;
  /** The order `#hosted` was made with. */
  #order: PolicyOrder | undefined;

  constructor(abilities: ThreadAbilities) {
    this.#abilities = abilities;
  }

  start({ life, options, snapshot, steps }: Extract<KernelJob, { kind: 'start' }>): KernelAnswer {
    this.#hosted = undefined;
    this.#order = undefined;
    const hosted = new HostedKernel(options);
    hosted.restore(snapshot);
    for (const step of steps) carryOut(hosted, step);
    this.#hosted = hosted;
    this.#life = life;
    return { kind: 'started' };
  }

  async loadPolicy(module: string): Promise<KernelAnswer> {
    const { loadPolicy } = this.#abilities;
    try {
      if (!loadPolicy) throw new PolicyNotLoadedError(module, 'this thread cannot load modules');
      this.#policy = await loadPolicy(module);
      return { kind: 'loaded' };
    } catch (error) {
      const failure =
        error instanceof PolicyNotLoadedError
          ? error
          : new PolicyNotLoadedError(module, errorText(error), { cause: error });
      return { kind: 'policyFailed', failure: failureOf(failure) };
    }
  }

  answer(job: Question): KernelAnswer {
    const hosted = this.#hosted;
    const isPolicyMissing =
      job.kind !== 'inspect' && job.rules === 'policy' && this.#policy === undefined;
    if (hosted === undefined || this.#life !== job.life || isPolicyMissing) return { kind: 'lost' };
    // Until the job has succeeded this kernel cannot be trusted: a throw leaves it half changed.
    this.#hosted = undefined;
    for (const step of job.steps) carryOut(hosted, step);
    switch (job.kind) {
      case 'inspect':
        this.#hosted = hosted;
        return question(() => ({
          kind: 'inspected',
          inspection: hosted.kernel.inspect(job.request),
        }));
      case 'plan': {
        hosted.apply({ commands: job.cycle.commands });
        this.#hosted = hosted;
        return question(() => this.#plan(hosted, job));
      }
      default:
        hosted.apply({ commands: job.cycle.commands });
        return this.#run(hosted, job);
    }
  }

  #run(before: HostedKernel, job: PassQuestion): KernelAnswer {
    const { cycle, rules } = job;
    const hosted = this.#withRules(before, job);
    const order = this.#order;
    if (rules === 'policy' && this.#policy?.allocate) {
      const done = this.#byPolicy(hosted, this.#policy, job);
      this.#hosted = hosted;
      return { kind: 'done', ...done, snapshot: snapshotIf(hosted, job) };
    }
    let batch: HostedGrantBatch;
    try {
      batch = hosted.allocate(cycle.request);
    } catch (error) {
      if (order?.failure === undefined) throw error;
      return { kind: 'policyFailed', failure: order.failure };
    }
    this.#hosted = hosted;
    const policy = order ? DECIDED : undefined;
    return { kind: 'done', batch, policy, snapshot: snapshotIf(hosted, job) };
  }

  /** Leaves `hosted` as it is: the pass runs on a copy. */
  #plan(hosted: HostedKernel, job: PassQuestion): KernelAnswer {
    const { cycle, rules, kindNames } = job;
    const snapshot = snapshotIf(hosted, job);
    const policy = rules === 'policy' ? this.#policy : undefined;
    if (policy?.allocate) {
      return { kind: 'done', ...this.#byPolicy(hosted.copy(), policy, job), snapshot };
    }
    const order = policy?.compare ? new PolicyOrder(policy, kindNames) : undefined;
    try {
      const batch = hosted.copy(order).allocate(cycle.request);
      return { kind: 'done', batch, policy: order ? DECIDED : undefined, snapshot };
    } catch (error) {
      if (order?.failure === undefined) throw error;
      const batch = hosted.copy().allocate(cycle.request);
      return { kind: 'done', batch, policy: { ...DECIDED, failure: order.failure }, snapshot };
    }
  }

  /** A policy that fails here leaves the kernel as it was, and the built-in rules decide at once. */
  #byPolicy(
    hosted: HostedKernel,
    policy: AllocatorPolicy,
    { cycle: { request, requested = [] }, kindNames }: PassQuestion,
  ): { readonly batch: HostedGrantBatch; readonly policy: PolicyOutcome } {
    const asked = allocateByPolicy(hosted.kernel, policy, request, requested, kindNames);
    const { batch } = asked;
    if (batch !== undefined) return { batch: hosted.summedUp(batch), policy: asked.outcome };
    return { batch: hosted.allocate(request), policy: asked.outcome };
  }

  /** The kernel with the order that `job` asks for; orders are given to a kernel when it is made. */
  #withRules(hosted: HostedKernel, { rules, kindNames }: PassQuestion): HostedKernel {
    const policy = rules === 'policy' ? this.#policy : undefined;
    const wantsOrder = policy?.compare !== undefined && policy.allocate === undefined;
    this.#order?.setKinds(kindNames);
    if (wantsOrder === (this.#order !== undefined)) return hosted;
    this.#order = wantsOrder ? new PolicyOrder(policy, kindNames) : undefined;
    return hosted.copy(this.#order);
  }
}

/** A policy was asked, and decided. */
const DECIDED: PolicyOutcome = { failure: undefined, refusedGrants: 0, refusedGrant: undefined };

function carryOut(hosted: HostedKernel, step: KernelStep): void {
  hosted.apply(step);
  if (step.request !== undefined) hosted.allocate(step.request);
}

function snapshotIf(hosted: HostedKernel, { wantsSnapshot }: PassQuestion) {
  return wantsSnapshot ? snapshotOf(hosted.kernel) : undefined;
}

/** What fails here has changed nothing. */
function question(ask: () => KernelAnswer): KernelAnswer {
  try {
    return ask();
  } catch (error) {
    return { kind: 'failed', message: errorText(error) };
  }
}
