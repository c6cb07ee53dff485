// Asking the allocator for HTTP clients: past the master's actor, and not too often at once.
import type { ExplainQuestion, Explanation, PlannedGrant, PolicyReport } from '@kaon/allocator';
import { type HttpAnswer, textAnswer } from '@kaon/http';
import { err, ok, type Result } from '@kaon/primitives';
import type { AllocatorPort } from '../allocator-port.ts';
import { ALLOCATOR_READS_MAX } from '../constants.ts';
import type { Counters } from '../metrics/counters.ts';

/** What explanations and plans stand on. */
export interface AllocatorReadOptions {
  /** The allocator of a master that leads and has read its registry; undefined: it does not serve yet. */
  readonly allocator: () => AllocatorPort | undefined;
  readonly counters: Counters;
}

const NOT_READY = textAnswer(503, 'Master has not finished recovery');

/**
 * Explanations and plans, or the answer that stands for why there are none.
 *
 * Either costs the allocator about as much as a pass, so few may wait at a time; more are 503 and counted.
 * Both reject when the allocator does not answer.
 */
export class AllocatorReads {
  readonly #options: AllocatorReadOptions;
  #running = 0;

  constructor(options: AllocatorReadOptions) {
    this.#options = options;
  }

  /** Unknown framework: 404. */
  async explain(question: ExplainQuestion): Promise<Result<Explanation, HttpAnswer>> {
    const found = await this.#read((allocator) => allocator.explain(question));
    if (!found.ok) return found;
    if (found.value !== undefined) return ok(found.value);
    return err(textAnswer(404, `No framework '${question.frameworkId}' is known to the allocator`));
  }

  plan(): Promise<Result<readonly PlannedGrant[], HttpAnswer>> {
    return this.#read((allocator) => allocator.plan());
  }

  /** At hand without asking the allocator. */
  policies(): Result<PolicyReport, HttpAnswer> {
    const allocator = this.#options.allocator();
    return allocator === undefined ? err(NOT_READY) : ok(allocator.policies?.() ?? {});
  }

  async #read<T>(read: (allocator: AllocatorPort) => Promise<T>): Promise<Result<T, HttpAnswer>> {
    const { counters } = this.#options;
    const allocator = this.#options.allocator();
    if (allocator === undefined) return err(NOT_READY);
    if (this.#running >= ALLOCATOR_READS_MAX) {
      counters.add('allocatorReadsRefused');
      const text = `The allocator has ${ALLOCATOR_READS_MAX} questions to answer; ask again later`;
      return err(textAnswer(503, text));
    }
    this.#running += 1;
    try {
      return ok(await read(allocator));
    } finally {
      this.#running -= 1;
    }
  }
}
