// A second policy beside the live one: it is asked what it would do, and nobody does it.
import { errorText, type Logger, silentLogger } from '@kaon/primitives';
import { batchLength, type CommandBatch } from '../kernel/command-buffer.ts';
import type { Inspection, InspectRequest } from '../kernel/inspection.ts';
import type { GrantBatch } from '../kernel/kernel-commands.ts';
import type {
  GrantedColumns,
  HostEnvironment,
  KernelCycle,
  KernelFacts,
  KernelHost,
  KernelHostStats,
} from './kernel-host.ts';
import { comparePasses } from './pass-comparison.ts';
import type { PassComparison, ShadowReport } from './shadow-report.ts';

/** Settings of a shadow host. */
export interface ShadowHostOptions {
  /** Decides. */
  readonly live: KernelHost;
  /** Is asked only; runs on a thread of its own, with the second policy. Closed with the host. */
  readonly shadow: KernelHost;
  /** Where the module of the second policy is, for the report. */
  readonly module: string;
  /** For names in the report. Default: indexes. */
  readonly environment?: Pick<HostEnvironment, 'nameOfFramework' | 'nameOfRole'> | undefined;
  /** Default: silent. */
  readonly logger?: Logger | undefined;
  /** Passes that may wait for the shadow; further ones are not compared. Default: 4. */
  readonly backlogMax?: number;
  /**
   * Words of commands and grants that may wait for the shadow; when there are more it is given up.
   * Default: 16 000 000.
   */
  readonly backlogWordsMax?: number;
}

/** Failures in a row after which a shadow is given up. */
const FAILURES_MAX = 3;
const WORDS_PER_GRANT = 8;
const NO_COMMANDS: CommandBatch = { chunks: [], names: [] };

/**
 * A host that does what `live` does, and compares it with what `shadow` would have done.
 *
 * The shadow's kernel follows the live one: it hears the same commands and the grants that were really
 * made. Before each of those it plans the pass by its own policy. Whatever goes wrong there, the live
 * kernel does not wait for it and does not notice.
 */
export function shadowHost(options: ShadowHostOptions): KernelHost {
  return new ShadowHost(options);
}

class ShadowHost implements KernelHost {
  readonly #options: ShadowHostOptions;
  readonly #logger: Logger;
  #pass = 0;
  #comparedPasses = 0;
  #skippedPasses = 0;
  #failedPasses = 0;
  #failuresInRow = 0;
  #isOff = false;
  #isClosed = false;
  #lastFailure: string | undefined;
  #last: PassComparison | undefined;
  #totals = { agents: 0, differingAgents: 0, liveGrants: 0, shadowGrants: 0 };
  /** Plans that wait for the shadow, and the words it has not caught up with. */
  #backlog = 0;
  #backlogWords = 0;
  /** Failures its policy had when the last plan was answered. */
  #policyFailures = 0;

  constructor(options: ShadowHostOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  get stats(): KernelHostStats {
    return {
      ...this.#options.live.stats,
      shadow: {
        module: this.#options.module,
        comparedPasses: this.#comparedPasses,
        skippedPasses: this.#skippedPasses,
        failedPasses: this.#failedPasses,
        isOff: this.#isOff,
        lastFailure: this.#lastFailure,
        totals: this.#totals,
        last: this.#last,
      } satisfies ShadowReport,
    };
  }

  run(cycle: KernelCycle): GrantBatch | Promise<GrantBatch> {
    const batch = this.#options.live.run(cycle);
    if (batch instanceof Promise) {
      batch.then(
        (granted) => this.#feed(cycle, granted),
        // The caller hears of it, and a cluster whose kernel failed is not worth comparing.
        () => this.#giveUp('the live kernel failed'),
      );
    } else {
      this.#feed(cycle, batch);
    }
    return batch;
  }

  plan(cycle: KernelCycle): GrantBatch | Promise<GrantBatch> {
    this.#tell({ commands: cycle.commands });
    return this.#options.live.plan(cycle);
  }

  inspect(request: InspectRequest): Inspection | Promise<Inspection> {
    return this.#options.live.inspect(request);
  }

  tell(facts: KernelFacts): void {
    this.#options.live.tell(facts);
    this.#tell(facts);
  }

  async close(): Promise<void> {
    const wasOff = this.#isOff;
    this.#isClosed = true;
    this.#isOff = true;
    if (!wasOff) this.#closeShadow();
    await this.#options.live.close();
  }

  /** Has the shadow plan the pass, unless it lags, and then do what was really done. */
  #feed(cycle: KernelCycle, granted: GrantBatch): void {
    this.#pass += 1;
    if (this.#isOff) return;
    const { shadow, backlogMax = 4 } = this.#options;
    if (this.#backlog >= backlogMax) {
      this.#skippedPasses += 1;
      this.#tell({ commands: cycle.commands, granted });
      return;
    }
    const pass = this.#pass;
    const words = batchLength(cycle.commands) + granted.agents.length * WORDS_PER_GRANT;
    this.#backlog += 1;
    this.#backlogWords += words;
    // An inline shadow answers, or throws, at once.
    const planned = new Promise<GrantBatch>((resolve) => resolve(shadow.plan(cycle)));
    shadow.tell({ commands: NO_COMMANDS, granted });
    planned
      .then(
        (plan) => this.#compare(pass, granted, plan),
        (error: unknown) => this.#fail(errorText(error)),
      )
      .finally(() => {
        this.#backlog -= 1;
        this.#backlogWords = this.#backlog === 0 ? 0 : this.#backlogWords - words;
      });
    this.#checkBacklog();
  }

  #tell(facts: KernelFacts): void {
    if (this.#isOff) return;
    this.#backlogWords += batchLength(facts.commands) + grantWords(facts.granted);
    this.#options.shadow.tell(facts);
    this.#checkBacklog();
  }

  #checkBacklog(): void {
    const { backlogWordsMax = 16_000_000 } = this.#options;
    if (this.#backlogWords > backlogWordsMax) this.#giveUp('it lags too far behind');
  }

  #compare(pass: number, live: GrantBatch, shadow: GrantBatch): void {
    if (this.#isClosed) return;
    const { policy } = this.#options.shadow.stats;
    const hasFailed = policy !== undefined && policy.failures > this.#policyFailures;
    this.#policyFailures = policy?.failures ?? 0;
    if (hasFailed || policy?.isOff === true) {
      this.#fail(policy.lastFailure?.message ?? 'its policy failed');
      return;
    }
    this.#failuresInRow = 0;
    this.#comparedPasses += 1;
    const last = comparePasses(pass, live, shadow, this.#options.environment ?? {});
    this.#last = last;
    this.#totals = {
      agents: this.#totals.agents + last.agents,
      differingAgents: this.#totals.differingAgents + last.differingAgents,
      liveGrants: this.#totals.liveGrants + last.liveGrants,
      shadowGrants: this.#totals.shadowGrants + last.shadowGrants,
    };
  }

  #fail(problem: string): void {
    if (this.#isClosed) return;
    this.#failedPasses += 1;
    this.#failuresInRow += 1;
    this.#lastFailure = problem;
    this.#logger.warn({ problem }, 'the shadow policy failed; nothing was compared');
    if (this.#failuresInRow >= FAILURES_MAX) this.#giveUp(problem);
  }

  #giveUp(problem: string): void {
    if (this.#isOff) return;
    this.#isOff = true;
    this.#lastFailure = problem;
    this.#logger.error({ problem }, 'the shadow policy is given up');
    this.#closeShadow();
  }

  #closeShadow(): void {
    this.#options.shadow.close().catch((error: unknown) => {
      this.#logger.warn({ err: error }, 'the kernel of the shadow policy did not close');
    });
  }
}

function grantWords(granted: GrantedColumns | undefined): number {
  return granted === undefined ? 0 : granted.agents.length * WORDS_PER_GRANT;
}
