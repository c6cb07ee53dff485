// The registrar: takes operations, commits them in groups, and answers when they are durable.
import {
  type Clock,
  err,
  invariant,
  type Logger,
  ok,
  RecentTimes,
  type Result,
  Ring,
  silentLogger,
  type TimeDistribution,
} from '@kaon/primitives';
import type { MasterInfo } from '@kaon/protocol';
import {
  MissingCapabilityError,
  OperationRefusedError,
  RegistrarFailedError,
  RegistrarOverloadedError,
} from './errors.ts';
import { FactOverlay, FactTable } from './fact-table.ts';
import { decodeFact, encodeWrite, type FactWrite, type RegistryView } from './facts.ts';
import type { Operation } from './operation.ts';
import { updateMasterInfo } from './operations.ts';
import type { Storage, StorageSession, StorageWrite } from './storage.ts';

/** What a registrar works on, and its bounds. */
export interface RegistrarOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  /** Default: none. */
  readonly logger?: Logger;
  /** Capabilities of this master; the registry may demand some. Default: none. */
  readonly capabilities?: readonly string[];
  /** How long `recover` may take to read, in milliseconds. Default: 60 000. */
  readonly fetchTimeoutMs?: number;
  /** How long one commit may take, in milliseconds. Default: 20 000. */
  readonly storeTimeoutMs?: number;
  /** Operations waiting at most; more are refused. Default: 100 000. */
  readonly operationsMax?: number;
  /** Operations in one commit at most. Default: 10 000. */
  readonly operationsPerCommitMax?: number;
}

/** Counters of a registrar, since its start. */
export interface RegistrarStats {
  /** Operations waiting for a commit now. */
  readonly queuedOperations: number;
  /** Operations refused because too many were waiting. */
  readonly overloadedOperations: number;
  /** Operations answered, refusals by the facts included. */
  readonly operations: number;
  readonly commits: number;
  /** Size of all records, keys not counted. */
  readonly sizeBytes: number;
  /** How long `recover` took to read; undefined before. */
  readonly fetchMs: number | undefined;
  /** How long the last commit took; undefined before the first. */
  readonly storeMs: number | undefined;
  /** How long the last thousand commits took, in milliseconds. */
  readonly storeTimes: TimeDistribution;
}

/** What becomes of an operation: durable, or refused without a trace. */
export type OperationOutcome = Result<void, OperationRefusedError | RegistrarOverloadedError>;

interface Waiting {
  readonly operation: Operation;
  readonly resolve: (outcome: OperationOutcome) => void;
  readonly reject: (error: RegistrarFailedError) => void;
}

interface Planned {
  readonly waiting: Waiting;
  outcome: OperationOutcome;
}

/**
 * The master's hand on the registry.
 *
 * Call `recover` once, then `apply` as often as needed. Operations are planned in the order they were
 * applied, each seeing the writes of those before it. All that are waiting when a commit starts share
 * it, so the cost of a sync is paid once for many. An outcome is told only when it is durable.
 *
 * A commit that fails or takes too long ends the registrar: every operation waiting, and every later
 * one, is rejected with KAON_REGISTRAR_FAILED, because nobody can know what the storage holds now.
 */
export class Registrar {
  readonly #options: RegistrarOptions;
  readonly #logger: Logger;
  readonly #facts = new FactTable();
  readonly #sizes = new Map<string, number>();
  readonly #queue = new Ring<Waiting>();
  #session: StorageSession | undefined;
  #failure: RegistrarFailedError | undefined;
  #committing: Promise<void> | undefined;
  #isRecovered = false;
  #overloaded = 0;
  #operations = 0;
  #commits = 0;
  #sizeBytes = 0;
  #fetchMs: number | undefined;
  #storeMs: number | undefined;
  readonly #storeTimes = new RecentTimes();

  constructor(options: RegistrarOptions) {
    this.#options = options;
    this.#logger = options.logger ?? silentLogger;
  }

  /** The durable facts. Complete after `recover`. */
  get facts(): RegistryView {
    return this.#facts;
  }

  /** The epoch of this writer; undefined before `recover`. */
  get epoch(): number | undefined {
    return this.#session?.epoch;
  }

  get stats(): RegistrarStats {
    return {
      queuedOperations: this.#queue.size,
      overloadedOperations: this.#overloaded,
      operations: this.#operations,
      commits: this.#commits,
      sizeBytes: this.#sizeBytes,
      fetchMs: this.#fetchMs,
      storeMs: this.#storeMs,
      storeTimes: this.#storeTimes.distribution(),
    };
  }

  /**
   * Takes over the storage, reads every fact and writes `master` as the leader.
   *
   * @throws {RegistrarFailedError} KAON_REGISTRAR_FAILED, with the reason as its cause.
   */
  async recover(master: MasterInfo): Promise<RegistryView> {
    invariant(!this.#isRecovered, 'a registrar recovers once');
    this.#isRecovered = true;
    const { clock, fetchTimeoutMs = 60_000 } = this.#options;
    const startMs = clock.monotonicMs();
    try {
      await this.#within(fetchTimeoutMs, 'reading the registry', this.#load());
    } catch (error) {
      throw this.#fail('registry cannot be recovered', error);
    }
    this.#fetchMs = clock.monotonicMs() - startMs;
    const outcome = await this.apply(updateMasterInfo(master));
    if (!outcome.ok) throw this.#fail('master cannot be recorded as leader', outcome.error);
    return this.#facts;
  }

  /**
   * Carries out `operation`; the promise resolves when its outcome is durable.
   *
   * @throws {RegistrarFailedError} KAON_REGISTRAR_FAILED: the registrar is dead, step down.
   */
  apply(operation: Operation): Promise<OperationOutcome> {
    if (this.#failure) return Promise.reject(this.#failure);
    invariant(this.#session, 'a registrar is recovered before it is used');
    const { operationsMax = 100_000 } = this.#options;
    if (this.#queue.size >= operationsMax) {
      this.#overloaded += 1;
      return Promise.resolve(err(new RegistrarOverloadedError(operation.name, operationsMax)));
    }
    return new Promise((resolve, reject) => {
      this.#queue.push({ operation, resolve, reject });
      // Whoever applies more in this turn shares the first commit.
      this.#committing ??= Promise.resolve().then(() => this.#commitAll());
    });
  }

  /** Ends the registrar; what is waiting is rejected. Harmless when closed. */
  async close(): Promise<void> {
    this.#fail('registrar is closed', undefined);
    await this.#committing;
    await this.#session?.close();
  }

  async #load(): Promise<void> {
    const session = await this.#options.storage.open();
    if (this.#failure) return session.close();
    this.#session = session;
    for (const [key, bytes] of await session.load()) {
      const fact = decodeFact(key, bytes);
      if (!fact.ok) throw fact.error;
      this.#facts.apply([fact.value]);
      this.#resize(key, bytes.length);
    }
    for (const [capability] of this.#facts.entries('minimumCapability')) {
      const isPresent = this.#options.capabilities?.includes(capability) ?? false;
      if (!isPresent) throw new MissingCapabilityError(capability);
    }
  }

  async #commitAll(): Promise<void> {
    while (this.#queue.size > 0 && !this.#failure) await this.#commitBatch();
    this.#committing = undefined;
  }

  async #commitBatch(): Promise<void> {
    const { operationsPerCommitMax = 10_000 } = this.#options;
    const batch: Planned[] = [];
    const overlay = new FactOverlay(this.#facts);
    const encoded = new Map<string, StorageWrite>();
    try {
      while (batch.length < operationsPerCommitMax) {
        const waiting = this.#queue.shift();
        if (waiting === undefined) break;
        const planned: Planned = { waiting, outcome: ok(undefined) };
        batch.push(planned);
        planned.outcome = plan(waiting.operation, overlay, encoded);
      }
      await this.#store(overlay.writes(), [...encoded.values()]);
    } catch (error) {
      const failure = this.#fail('registry cannot be written', error);
      for (const { waiting } of batch) waiting.reject(failure);
      return;
    }
    this.#operations += batch.length;
    for (const { waiting, outcome } of batch) waiting.resolve(outcome);
  }

  async #store(writes: readonly FactWrite[], encoded: readonly StorageWrite[]): Promise<void> {
    if (writes.length === 0) return;
    const { clock, storeTimeoutMs = 20_000 } = this.#options;
    const session = this.#session;
    invariant(session, 'a commit has a session');
    const startMs = clock.monotonicMs();
    await this.#within(storeTimeoutMs, 'writing the registry', session.commit(encoded));
    if (this.#failure) throw this.#failure;
    this.#storeMs = clock.monotonicMs() - startMs;
    this.#storeTimes.add(this.#storeMs);
    this.#commits += 1;
    this.#facts.apply(writes);
    for (const { key, value } of encoded) this.#resize(key, value?.length ?? 0);
  }

  /** Ends the registrar once; later failures are the first one. */
  #fail(sentence: string, cause: unknown): RegistrarFailedError {
    if (this.#failure) return this.#failure;
    this.#failure = new RegistrarFailedError(sentence, { cause });
    if (cause !== undefined) this.#logger.error({ err: cause }, sentence);
    for (let next = this.#queue.shift(); next; next = this.#queue.shift()) {
      next.reject(this.#failure);
    }
    return this.#failure;
  }

  #resize(key: string, sizeBytes: number): void {
    this.#sizeBytes += sizeBytes - (this.#sizes.get(key) ?? 0);
    if (sizeBytes === 0) this.#sizes.delete(key);
    else this.#sizes.set(key, sizeBytes);
  }

  #within<T>(timeoutMs: number, what: string, promise: Promise<T>): Promise<T> {
    const { clock } = this.#options;
    return new Promise((resolve, reject) => {
      const timer = clock.setTimer(timeoutMs, () => {
        reject(new RegistrarFailedError(`${what} took longer than ${timeoutMs} ms`));
      });
      promise.then(resolve, reject).finally(() => clock.clearTimer(timer));
    });
  }
}

/** Plans `operation` on top of those planned before; a record that cannot be encoded is a refusal. */
function plan(
  operation: Operation,
  overlay: FactOverlay,
  encoded: Map<string, StorageWrite>,
): OperationOutcome {
  const planned = operation.plan(overlay);
  if (!planned.ok) return planned;
  const writes: StorageWrite[] = [];
  for (const write of planned.value) {
    const storable = encodeWrite(write);
    if (!storable.ok) {
      return err(new OperationRefusedError(operation.name, write.id, storable.error));
    }
    writes.push(storable.value);
  }
  overlay.apply(planned.value);
  for (const write of writes) encoded.set(write.key, write);
  return ok(undefined);
}
