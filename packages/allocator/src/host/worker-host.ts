// A kernel in another thread, which may crash or hang without anything being lost.
import { type Clock, invariant, type Logger, silentLogger, systemClock } from '@kaon/primitives';
import {
  HostBusyError,
  HostClosedError,
  KernelFailedError,
  KernelTimeoutError,
  QuestionFailedError,
} from '../errors.ts';
import { batchLength, type CommandBatch } from '../kernel/command-buffer.ts';
import type { Inspection, InspectRequest } from '../kernel/inspection.ts';
import { PolicyAccount } from '../policy/policy-account.ts';
import { failureOf, PolicyCrashedError, PolicyTimeoutError } from '../policy/policy-errors.ts';
import type {
  HostedGrantBatch,
  HostedKernelOptions,
  KernelCycle,
  KernelFacts,
  KernelHost,
  KernelHostStats,
} from './kernel-host.ts';
import type {
  KernelAnswer,
  KernelJob,
  KernelStep,
  KernelThread,
  PassRules,
} from './kernel-thread.ts';
import { sharedGrants } from './shared-columns.ts';

/** Settings of a worker host. */
export interface WorkerHostOptions {
  readonly kernel: HostedKernelOptions;
  readonly thread: KernelThread;
  /** Times the thread's answers. Default: the machine's. */
  readonly clock?: Clock;
  /** Default: silent. */
  readonly logger?: Logger;
  /** Steps remembered at most before the thread is asked for a snapshot. Default: 64. */
  readonly cyclesPerSnapshot?: number;
  /** Words of steps remembered at most before the thread is asked for a snapshot. Default: 4 000 000. */
  readonly wordsPerSnapshot?: number;
  /** How often a kernel is rebuilt for one cycle before that is given up. Default: 2. */
  readonly rebuildsPerCycleMax?: number;
  /** How long the thread may take for one job, in milliseconds; then it is ended. Default: 60 000. */
  readonly cycleTimeoutMs?: number;
  /** Questions (plans and inspections) that may wait; more are refused. Default: 64. */
  readonly questionsMax?: number;
  /** URL of the module of a policy that decides passes. Default: none; the built-in rules decide. */
  readonly policy?: string | undefined;
  /** How long a policy may take for one pass, or to be imported, in milliseconds. Default: 5000. */
  readonly policyTimeoutMs?: number;
  /** Names of the scalar kinds, for the policy. Default: none has a name. */
  readonly kindNames?: () => readonly string[];
}

const EMPTY: CommandBatch = { chunks: [], names: [] };

/** Words a grant takes up, when grants are remembered. */
const WORDS_PER_GRANT = 8;

/**
 * A host whose kernel lives in `thread`.
 *
 * The host remembers a snapshot and every step since. The kernel is deterministic, so running those
 * steps again on the snapshot gives the kernel that was lost; the job during which it was lost is done
 * after them, and its caller never notices. A policy need not be deterministic: what it has decided is
 * remembered as grants.
 *
 * A policy that throws, does not answer in time, or takes its thread down, has that pass decided by the
 * built-in rules, and is asked again for the next; after three failures in a row it is asked no more.
 */
export function workerHost(options: WorkerHostOptions): KernelHost {
  return new WorkerHost(options);
}

type Done = Extract<KernelAnswer, { kind: 'done' }>;
type MakeJob = (life: number, steps: readonly KernelStep[], rules: PassRules) => KernelJob;

class WorkerHost implements KernelHost {
  readonly #options: WorkerHostOptions;
  readonly #clock: Clock;
  readonly #account: PolicyAccount | undefined;
  #snapshot = EMPTY;
  /** What has happened since the snapshot, and how much of it the resident kernel knows. */
  #steps: KernelStep[] = [];
  #told = 0;
  #words = 0;
  #life = 0;
  #isResident = false;
  #isPolicyLoaded = false;
  #isRunning = false;
  #isClosed = false;
  /** Ends when everything asked so far is done. */
  #tail: Promise<unknown> = Promise.resolve();
  #pending = 0;
  #questions = 0;
  #cycles = 0;
  #rebuilds = 0;
  #timeouts = 0;
  #refusedQuestions = 0;

  constructor(options: WorkerHostOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock();
    const { policy, logger = silentLogger } = options;
    this.#account = policy === undefined ? undefined : new PolicyAccount(policy, logger);
  }

  get stats(): KernelHostStats {
    return {
      cycles: this.#cycles,
      rebuilds: this.#rebuilds,
      timeouts: this.#timeouts,
      refusedQuestions: this.#refusedQuestions,
      policy: this.#account?.stats,
    };
  }

  async run(cycle: KernelCycle): Promise<HostedGrantBatch> {
    invariant(!this.#isRunning, 'cycles run one after another');
    this.#isRunning = true;
    this.#cycles += 1;
    try {
      return await this.#inTurn(() => this.#runCycle(cycle));
    } finally {
      this.#isRunning = false;
    }
  }

  async plan(cycle: KernelCycle): Promise<HostedGrantBatch> {
    const { commands } = cycle;
    if (!this.#admits()) {
      this.tell({ commands });
      return this.#refuse();
    }
    return this.#question(async () => {
      const wantsSnapshot = this.#wantsSnapshot(commands);
      const { kindNames } = this;
      try {
        const { batch, snapshot } = await this.#ask<Done>((life, steps, rules) => ({
          kind: 'plan',
          life,
          steps,
          cycle,
          rules,
          kindNames,
          wantsSnapshot,
        }));
        this.#remember({ commands }, true);
        if (snapshot) this.#startFrom(snapshot);
        return batch;
      } catch (error) {
        const isTold = error instanceof QuestionFailedError;
        this.#remember({ commands }, isTold);
        // Otherwise nobody knows whether the kernel has heard them; a rebuild makes sure that it has.
        if (!isTold) this.#isResident = false;
        throw error;
      }
    });
  }

  async inspect(request: InspectRequest): Promise<Inspection> {
    if (!this.#admits()) return this.#refuse();
    return this.#question(async () => {
      const { kindNames } = this;
      const answer = await this.#ask<Extract<KernelAnswer, { kind: 'inspected' }>>(
        (life, steps) => ({ kind: 'inspect', life, steps, request, kindNames }),
      );
      return answer.inspection;
    });
  }

  tell(told: KernelFacts): void {
    const { commands, held } = told;
    const granted = told.granted && sharedGrants(told.granted);
    const facts = { commands, held, granted };
    if (this.#pending === 0) this.#remember(facts, false);
    else void this.#inTurn(async () => this.#remember(facts, false));
  }

  close(): Promise<void> {
    this.#isClosed = true;
    return this.#options.thread.close();
  }

  get kindNames(): readonly string[] {
    return this.#options.kindNames?.() ?? [];
  }

  // --- turns ------------------------------------------------------------------------------------

  /** Does `work` after everything that was asked before. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    this.#pending += 1;
    const done = this.#tail.then(work).finally(() => {
      this.#pending -= 1;
    });
    this.#tail = done.catch(() => undefined);
    return done;
  }

  #admits(): boolean {
    return this.#questions < (this.#options.questionsMax ?? 64);
  }

  #refuse(): never {
    this.#refusedQuestions += 1;
    throw new HostBusyError(this.#questions);
  }

  #question<T>(work: () => Promise<T>): Promise<T> {
    this.#questions += 1;
    return this.#inTurn(work).finally(() => {
      this.#questions -= 1;
    });
  }

  async #runCycle(cycle: KernelCycle): Promise<HostedGrantBatch> {
    const { commands, request } = cycle;
    const { kindNames } = this;
    const wantsSnapshot = this.#wantsSnapshot(commands);
    try {
      const { batch, snapshot } = await this.#ask<Done>((life, steps, rules) => ({
        kind: 'run',
        life,
        steps,
        cycle,
        rules,
        kindNames,
        wantsSnapshot,
      }));
      const pass = this.#account === undefined ? { request } : { granted: sharedGrants(batch) };
      this.#remember({ commands, ...pass }, true);
      if (snapshot) this.#startFrom(snapshot);
      return batch;
    } catch (error) {
      this.#remember({ commands }, false);
      this.#isResident = false;
      throw error;
    }
  }

  // --- the thread -------------------------------------------------------------------------------

  /** Asks until there is an answer, with a new kernel, or without the policy, when there was none. */
  async #ask<A extends KernelAnswer>(makeJob: MakeJob): Promise<A> {
    const { rebuildsPerCycleMax = 2 } = this.#options;
    let rules = this.#account?.rules ?? 'builtIn';
    let rebuilds = 0;
    let failure: unknown;
    for (;;) {
      let wasPolicyAtWork = false;
      try {
        await this.#start();
        const wasPolicyWanted = rules === 'policy';
        if (wasPolicyWanted && !(await this.#loadPolicy())) rules = 'builtIn';
        const job = makeJob(this.#life, this.#steps.slice(this.#told), rules);
        wasPolicyAtWork = rules === 'policy' && job.kind !== 'inspect';
        const answer = await this.#send(job, wasPolicyAtWork);
        if (answer.kind === 'failed') {
          this.#told = this.#steps.length;
          throw new QuestionFailedError(answer.message);
        }
        if (answer.kind === 'done' || answer.kind === 'inspected') {
          this.#told = this.#steps.length;
          if (answer.kind === 'done' && answer.policy) this.#account?.record(answer.policy);
          return answer as A;
        }
        if (answer.kind !== 'policyFailed') {
          // The thread is another one: it was started anew between two jobs.
          this.#lose();
        } else {
          this.#isResident = false;
          this.#account?.recordFailure(answer.failure);
          rules = 'builtIn';
          this.#rebuilds += 1;
          continue;
        }
      } catch (error) {
        if (error instanceof QuestionFailedError) throw error;
        this.#lose();
        if (this.#isClosed) throw new HostClosedError();
        if (wasPolicyAtWork) {
          this.#blamePolicy(error);
          rules = 'builtIn';
          this.#rebuilds += 1;
          continue;
        }
        failure = error;
      }
      if (rebuilds === rebuildsPerCycleMax) throw new KernelFailedError(rebuilds, failure);
      rebuilds += 1;
      this.#rebuilds += 1;
    }
  }

  /** Sees to it that the thread has a kernel. */
  async #start(): Promise<void> {
    if (this.#isClosed) throw new HostClosedError();
    if (this.#isResident) return;
    this.#life += 1;
    const count = this.#steps.length;
    await this.#send({
      kind: 'start',
      life: this.#life,
      options: this.#options.kernel,
      snapshot: this.#snapshot,
      steps: this.#steps,
    });
    this.#isResident = true;
    this.#told = count;
  }

  /** Whether the thread has the policy. */
  async #loadPolicy(): Promise<boolean> {
    const { policy } = this.#options;
    if (policy === undefined) return false;
    if (this.#isPolicyLoaded) return true;
    try {
      const answer = await this.#send({ kind: 'loadPolicy', module: policy }, true);
      if (answer.kind === 'loaded') this.#isPolicyLoaded = true;
      else if (answer.kind === 'policyFailed') this.#account?.recordFailure(answer.failure);
      return this.#isPolicyLoaded;
    } catch (error) {
      if (this.#isClosed) throw new HostClosedError();
      this.#blamePolicy(error);
      this.#lose();
      this.#rebuilds += 1;
      await this.#start();
      return false;
    }
  }

  async #send(job: KernelJob, isPolicy = false): Promise<KernelAnswer> {
    const { thread, cycleTimeoutMs = 60_000, policyTimeoutMs = 5000 } = this.#options;
    const timeoutMs = isPolicy ? policyTimeoutMs : cycleTimeoutMs;
    const ending = new AbortController();
    const timer = this.#clock.setTimer(timeoutMs, () => ending.abort());
    this.#clock.keepAlive?.(timer, false);
    try {
      return await thread.run(job, ending.signal);
    } catch (error) {
      if (!ending.signal.aborted) throw error;
      this.#timeouts += 1;
      throw new KernelTimeoutError(job.kind, timeoutMs);
    } finally {
      this.#clock.clearTimer(timer);
    }
  }

  #lose(): void {
    this.#isResident = false;
    this.#isPolicyLoaded = false;
  }

  #blamePolicy(error: unknown): void {
    const { policy = '', policyTimeoutMs = 5000 } = this.#options;
    this.#account?.recordFailure(
      failureOf(
        error instanceof KernelTimeoutError
          ? new PolicyTimeoutError(policy, policyTimeoutMs)
          : new PolicyCrashedError(policy, error),
      ),
    );
  }

  // --- memory -----------------------------------------------------------------------------------

  /** Adds a step. `isTold`: the resident kernel is beyond it already. */
  #remember(step: KernelStep, isTold: boolean): void {
    this.#steps.push(step);
    this.#words += batchLength(step.commands);
    if (step.granted) this.#words += step.granted.agents.length * WORDS_PER_GRANT;
    if (step.held) this.#words += 2 * step.held.quantities.length;
    if (isTold) this.#told = this.#steps.length;
  }

  #wantsSnapshot(commands: CommandBatch): boolean {
    const { cyclesPerSnapshot = 64, wordsPerSnapshot = 4_000_000 } = this.#options;
    const words = this.#words + batchLength(commands);
    return this.#steps.length + 1 >= cyclesPerSnapshot || words >= wordsPerSnapshot;
  }

  #startFrom(snapshot: CommandBatch): void {
    this.#snapshot = snapshot;
    this.#steps = [];
    this.#told = 0;
    this.#words = 0;
  }
}
