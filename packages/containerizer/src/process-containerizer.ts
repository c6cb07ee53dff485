// The containerizer of plain processes: ties launcher, runtime folder and process table together.
import type { Clock, Logger, TimerHandle } from '@kaon/primitives';
import { errorText } from '@kaon/primitives';
import { killContainer, signalContainer } from './container-killer.ts';
import { type ContainerProcesses, processesOf } from './container-processes.ts';
import type {
  Containerizer,
  ContainerSignal,
  ContainerTermination,
  ContainerUsage,
  LaunchedContainer,
  LaunchRequest,
  RecoveredContainer,
} from './containerizer.ts';
import { type Deferred, deferred } from './deferred.ts';
import { ContainerLaunchError, ContainerUnknownError } from './errors.ts';
import {
  type ContainerJournal,
  parseJournal,
  terminationOf,
  terminationOfReport,
} from './journal.ts';
import { LaunchGate } from './launch-gate.ts';
import { decodeSandbox, validateLaunchRequest } from './launch-spec.ts';
import type { Launcher, ReportedEnd } from './launcher.ts';
import { prepareLaunch } from './prepare-launch.ts';
import { type ProcessIdentity, type ProcessTable, TICKS_PER_SECOND } from './process-table.ts';
import type { RuntimeFiles } from './runtime-files.ts';
import { ShimWatch } from './shim-watch.ts';
import { UserAccounts } from './user-accounts.ts';

/** The parts of the machine, and limits. */
export interface ProcessContainerizerOptions {
  readonly launcher: Launcher;
  readonly files: RuntimeFiles;
  readonly processes: ProcessTable;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Launches waiting for their process; more are rejected. Default: 10 000. */
  readonly pendingLaunchesMax?: number | undefined;
  /** Launches the helper works on at once. Default: 16. */
  readonly launchesInFlightMax?: number | undefined;
  /** How long a launch may take before it is cancelled. Default: 60 000 ms. */
  readonly launchTimeoutMs?: number | undefined;
  /** How long `destroy` waits for processes that do not die. Default: 60 000 ms. */
  readonly destroyTimeoutMs?: number | undefined;
}

/** Counters of one containerizer, since it was created. */
export interface ContainerizerStatistics {
  readonly launched: number;
  readonly launchesFailed: number;
  readonly launchesPending: number;
  readonly launchesRefused: number;
  readonly launchersLost: number;
  readonly destroyed: number;
  readonly containers: number;
}

/** A containerizer of plain processes, with counters. */
export interface ProcessContainerizer extends Containerizer {
  statistics(): ContainerizerStatistics;
}

const PENDING_LAUNCHES_MAX = 10_000;
const LAUNCHES_IN_FLIGHT_MAX = 16;
const LAUNCH_TIMEOUT_MS = 60_000;
const DESTROY_TIMEOUT_MS = 60_000;
/** How long a shim that was left alone may take to write the status. */
const SHIM_GRACE_MS = 10_000;

interface ContainerRecord {
  readonly containerId: string;
  readonly sandbox: string;
  readonly ended: Deferred<ContainerTermination>;
  shim?: ProcessIdentity | undefined;
  task?: ProcessIdentity | undefined;
  exitTicks?: number | undefined;
  /** No process is left: there is nothing to look for any more. */
  isEmpty: boolean;
  termination?: ContainerTermination | undefined;
  launch?: PendingLaunch | undefined;
  /** The runtime folder is not, or no longer, this record's to remove. */
  leavesFolder: boolean;
  destruction?: Promise<void> | undefined;
}

interface PendingLaunch {
  readonly outcome: Deferred<LaunchedContainer>;
  timer?: TimerHandle | undefined;
}

/** See `Containerizer`. The helper process is started by the first launch. */
export function processContainerizer(options: ProcessContainerizerOptions): ProcessContainerizer {
  return new ProcessContainers(options);
}

class ProcessContainers implements ProcessContainerizer {
  readonly #options: ProcessContainerizerOptions;
  readonly #records: Map<string, ContainerRecord> = new Map();
  readonly #gate: LaunchGate;
  readonly #watch: ShimWatch;
  readonly #users: UserAccounts;
  #prepared: Promise<void> | undefined;
  #isClosed = false;
  #launching = 0;
  #launched = 0;
  #launchesFailed = 0;
  #launchesRefused = 0;
  #destroyed = 0;

  constructor(options: ProcessContainerizerOptions) {
    this.#options = options;
    const { launcher, clock, logger, processes } = options;
    this.#gate = new LaunchGate({
      launcher,
      clock,
      logger,
      launchesInFlightMax: options.launchesInFlightMax ?? LAUNCHES_IN_FLIGHT_MAX,
      started: (containerId, task, shim) => this.#onStarted(containerId, task, shim),
      exited: (containerId, end) => void this.#onExited(containerId, end),
      emptied: (containerId) => this.#onEmptied(containerId),
      onAbandoned: (containerId, reason) => void this.#cancelLaunch(containerId, reason),
    });
    this.#users = new UserAccounts(launcher, clock);
    this.#watch = new ShimWatch({
      clock,
      processes,
      onGone: (containerId) => void this.#onShimGone(containerId),
    });
  }

  async launch(request: LaunchRequest): Promise<LaunchedContainer> {
    const { containerId } = request;
    const pendingMax = this.#options.pendingLaunchesMax ?? PENDING_LAUNCHES_MAX;
    if (this.#launching >= pendingMax) {
      this.#launchesRefused += 1;
      throw new ContainerLaunchError(containerId, `${pendingMax} launches are waiting already`);
    }
    if (this.#isClosed) throw new ContainerLaunchError(containerId, 'the agent is stopping');
    const valid = validateLaunchRequest(request);
    if (!valid.ok) throw this.#launchError(containerId, valid.error);
    if (this.#records.has(containerId)) {
      throw this.#launchError(containerId, 'there is a container with this id already');
    }

    const record: ContainerRecord = {
      containerId,
      sandbox: request.sandbox,
      ended: deferred(),
      launch: { outcome: deferred() },
      isEmpty: false,
      leavesFolder: true,
    };
    const outcome = record.launch?.outcome.promise as Promise<LaunchedContainer>;
    this.#records.set(containerId, record);
    this.#launching += 1;
    try {
      await this.#writeSpec(request, record);
      // Without a launch it was cancelled meanwhile, and `outcome` is rejected already.
      if (record.launch !== undefined) this.#submit(record, record.launch);
      const launched = await outcome;
      this.#launched += 1;
      return launched;
    } catch (error) {
      await this.#forget(record);
      throw error instanceof ContainerLaunchError
        ? error
        : this.#launchError(containerId, errorText(error), error);
    } finally {
      this.#launching -= 1;
    }
  }

  async wait(containerId: string): Promise<ContainerTermination> {
    return this.#record(containerId).ended.promise;
  }

  async signal(containerId: string, signal: ContainerSignal): Promise<void> {
    const record = this.#record(containerId);
    if (record.launch !== undefined) {
      const { outcome } = record.launch;
      if (await this.#cancelLaunch(containerId, 'it was killed')) return;
      await outcome.promise.catch(() => undefined);
    }
    if (!record.isEmpty) await signalContainer(record, signal, this.#options.processes);
  }

  async destroy(containerId: string): Promise<void> {
    const record = this.#records.get(containerId);
    if (record === undefined) return;
    record.destruction ??= this.#destroy(record).finally(() => {
      record.destruction = undefined;
    });
    await record.destruction;
  }

  async recover(): Promise<readonly RecoveredContainer[]> {
    await this.#prepare();
    const found: RecoveredContainer[] = [];
    for (const containerId of await this.#options.files.list()) {
      if (this.#records.has(containerId)) continue;
      const recovered = await this.#recoverContainer(containerId);
      if (recovered !== undefined) found.push(recovered);
    }
    return found;
  }

  async usage(containerId: string): Promise<ContainerUsage | undefined> {
    const record = this.#records.get(containerId);
    if (record === undefined || record.isEmpty) return undefined;
    const { processes } = this.#options;
    const living = processesOf(record, await processes.snapshot());
    if (living.length === 0) return undefined;
    return {
      cpuSeconds: living.reduce((sum, { cpuTicks }) => sum + cpuTicks, 0) / TICKS_PER_SECOND,
      residentBytes:
        living.reduce((sum, { residentPages }) => sum + residentPages, 0) * processes.pageBytes,
      processes: living.length,
    };
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const launching = [...this.#records.values()].filter(({ launch }) => launch !== undefined);
    await Promise.all(
      launching.map(({ containerId }) => this.#cancelLaunch(containerId, 'the agent is stopping')),
    );
    this.#gate.close();
    this.#watch.close();
    for (const record of launching) {
      // A shim has these: they run, and the next instance finds them.
      record.leavesFolder = true;
      this.#failLaunch(record, 'the agent is stopping');
    }
  }

  statistics(): ContainerizerStatistics {
    return {
      launched: this.#launched,
      launchesFailed: this.#launchesFailed,
      launchesPending: this.#launching,
      launchesRefused: this.#launchesRefused,
      launchersLost: this.#gate.launchersLost,
      destroyed: this.#destroyed,
      containers: this.#records.size,
    };
  }

  #record(containerId: string): ContainerRecord {
    const record = this.#records.get(containerId);
    if (record === undefined) throw new ContainerUnknownError(containerId);
    return record;
  }

  #launchError(containerId: string, reason: string, cause?: unknown): ContainerLaunchError {
    this.#launchesFailed += 1;
    return new ContainerLaunchError(containerId, reason, cause === undefined ? {} : { cause });
  }

  #prepare(): Promise<void> {
    this.#prepared ??= this.#options.files.prepare();
    return this.#prepared;
  }

  async #writeSpec(request: LaunchRequest, record: ContainerRecord): Promise<void> {
    const { files } = this.#options;
    const { containerId } = request;
    await this.#prepare();
    const spec = await prepareLaunch(request, await this.#gate.ready(), this.#users, files);
    if (!spec.ok) throw this.#launchError(containerId, spec.error);
    if (!(await files.create(containerId, spec.value))) {
      throw this.#launchError(containerId, 'there is a container with this id already');
    }
    record.leavesFolder = false;
  }

  #submit(record: ContainerRecord, launch: PendingLaunch): void {
    this.#armLaunchTimer(record, launch);
    this.#gate.submit(record.containerId);
  }

  #armLaunchTimer(record: ContainerRecord, launch: PendingLaunch): void {
    const timeoutMs = this.#options.launchTimeoutMs ?? LAUNCH_TIMEOUT_MS;
    launch.timer = this.#options.clock.setTimer(timeoutMs, () => {
      void this.#onLaunchTimeout(record, launch, timeoutMs);
    });
  }

  async #onLaunchTimeout(
    record: ContainerRecord,
    launch: PendingLaunch,
    timeoutMs: number,
  ): Promise<void> {
    const reason = `it was not started within ${timeoutMs} ms`;
    if ((await this.#cancelLaunch(record.containerId, reason)) || record.launch !== launch) return;
    const { shim } = await this.#readJournal(record.containerId);
    if (shim !== undefined && this.#options.processes.isAlive(shim)) {
      this.#armLaunchTimer(record, launch);
    } else {
      this.#failLaunch(record, 'its shim was killed before it could start the command');
    }
  }

  #onStarted(containerId: string, task: ProcessIdentity, shim: ProcessIdentity): void {
    this.#gate.settle(containerId);
    const record = this.#records.get(containerId);
    const launch = record?.launch;
    if (record === undefined || launch === undefined) return;
    record.task = task;
    record.shim = shim;
    this.#endLaunch(record);
    this.#watch.watch(containerId, shim);
    launch.outcome.resolve({ containerId, pid: task.pid });
  }

  async #onExited(containerId: string, end: ReportedEnd): Promise<void> {
    this.#gate.settle(containerId);
    const record = this.#records.get(containerId);
    if (record === undefined || record.termination !== undefined) return;
    this.#watch.unwatch(containerId);
    record.exitTicks = this.#options.processes.nowTicks();
    if (record.launch !== undefined) {
      const { notes } = await this.#readJournal(containerId);
      return this.#failLaunch(record, notes === '' ? 'its shim ended before it' : notes);
    }
    const reported = terminationOfReport(end);
    if (reported !== undefined) return this.#end(record, reported);
    const journal = await this.#readJournal(containerId);
    const termination = terminationOf({ ...journal, task: record.task, end: journal.end ?? end });
    this.#end(record, termination ?? unknownTermination(journal));
  }

  #onEmptied(containerId: string): void {
    const record = this.#records.get(containerId);
    if (record !== undefined) record.isEmpty = true;
  }

  /** A shim is gone: it wrote a status nobody was told of, or it was killed and nobody knows. */
  async #onShimGone(containerId: string): Promise<void> {
    const record = this.#records.get(containerId);
    if (record === undefined || record.termination !== undefined) return;
    const journal = await this.#readJournal(containerId);
    record.task ??= journal.task;
    record.exitTicks ??= this.#options.processes.nowTicks();
    record.isEmpty ||= journal.isEmpty;
    const termination = terminationOf(journal);
    if (termination !== undefined) return this.#end(record, termination);
    try {
      await this.#kill(record);
    } catch (error) {
      this.#options.logger.error({ containerId, error: errorText(error) }, 'processes left over');
    }
    this.#end(record, unknownTermination(journal));
  }

  #end(record: ContainerRecord, termination: ContainerTermination): void {
    if (record.termination !== undefined) return;
    record.termination = termination;
    this.#watch.unwatch(record.containerId);
    record.ended.resolve(termination);
  }

  /** True when no shim had taken the launch, so that it never will run. */
  async #cancelLaunch(containerId: string, reason: string): Promise<boolean> {
    const record = this.#records.get(containerId);
    if (record?.launch === undefined) return false;
    const launch = record.launch;
    if (launch.timer === undefined) {
      // The spec is not written yet: `#submit` finds the launch gone.
      this.#failLaunch(record, reason);
      return true;
    }
    const isCancelled = await this.#options.files.cancel(containerId).catch(() => false);
    if (!isCancelled || record.launch !== launch) return false;
    this.#failLaunch(record, reason);
    return true;
  }

  #failLaunch(record: ContainerRecord, reason: string): void {
    const { containerId, launch } = record;
    this.#gate.settle(containerId);
    if (launch === undefined) return;
    this.#endLaunch(record);
    launch.outcome.reject(this.#launchError(containerId, reason));
  }

  #endLaunch(record: ContainerRecord): void {
    if (record.launch?.timer !== undefined) this.#options.clock.clearTimer(record.launch.timer);
    record.launch = undefined;
  }

  async #destroy(record: ContainerRecord): Promise<void> {
    const { containerId } = record;
    if (record.launch !== undefined) {
      const { outcome } = record.launch;
      if (await this.#cancelLaunch(containerId, 'it was destroyed')) {
        await record.ended.promise;
        return;
      }
      await outcome.promise.catch(() => undefined);
    }
    if (this.#records.get(containerId) !== record) return;
    if (!record.isEmpty) await this.#kill(record);
    await this.#awaitShim(record);
    await this.#forget(record);
    this.#destroyed += 1;
  }

  #kill(record: ContainerProcesses): Promise<void> {
    const { processes, clock, destroyTimeoutMs = DESTROY_TIMEOUT_MS } = this.#options;
    return killContainer(() => record, processes, clock, destroyTimeoutMs);
  }

  /** The shim is not killed with its command, so that it can write the status; it is not waited for long. */
  async #awaitShim(record: ContainerRecord): Promise<void> {
    if (record.termination !== undefined) return;
    const { clock, processes } = this.#options;
    const timer = clock.setTimer(SHIM_GRACE_MS, () => {
      if (record.shim !== undefined) processes.signal(record.shim, 'SIGKILL');
      void this.#onShimGone(record.containerId);
    });
    await record.ended.promise;
    clock.clearTimer(timer);
  }

  async #forget(record: ContainerRecord): Promise<void> {
    const { containerId } = record;
    this.#watch.unwatch(containerId);
    this.#gate.settle(containerId);
    if (this.#records.get(containerId) !== record) return;
    if (!record.leavesFolder) await this.#removeFolder(containerId);
    this.#records.delete(containerId);
    this.#end(record, { kind: 'unknown', reason: 'the container was destroyed' });
  }

  async #removeFolder(containerId: string): Promise<void> {
    try {
      await this.#options.files.remove(containerId);
    } catch (error) {
      this.#options.logger.warn({ containerId, error: errorText(error) }, 'runtime folder remains');
    }
  }

  async #recoverContainer(containerId: string): Promise<RecoveredContainer | undefined> {
    const { files, processes } = this.#options;
    // A launch that no shim took: the former launcher may still have it on its list, so take it away first.
    const wasNeverStarted = await files.cancel(containerId).catch(() => false);
    const journal = await this.#readJournal(containerId);
    const sandbox = decodeSandbox((await files.readSpec(containerId)) ?? new Uint8Array());
    if (wasNeverStarted || journal.isCancelled || sandbox === undefined) {
      await files.remove(containerId);
      return undefined;
    }
    const record: ContainerRecord = {
      containerId,
      sandbox,
      ended: deferred(),
      shim: journal.shim,
      task: journal.task,
      isEmpty: false,
      leavesFolder: false,
    };
    this.#records.set(containerId, record);
    if (journal.shim !== undefined && processes.isAlive(journal.shim)) {
      this.#watch.watch(containerId, journal.shim);
    } else await this.#onShimGone(containerId);
    const { task, termination } = record;
    return { containerId, sandbox, pid: task?.pid, termination };
  }

  async #readJournal(containerId: string): Promise<ContainerJournal> {
    try {
      return parseJournal((await this.#options.files.readJournal(containerId)) ?? '');
    } catch (error) {
      this.#options.logger.error({ containerId, error: errorText(error) }, 'journal unreadable');
      return parseJournal('');
    }
  }
}

function unknownTermination({ end, task, notes }: ContainerJournal): ContainerTermination {
  const reason =
    task === undefined && end !== undefined
      ? `the command was not started: ${notes}`
      : task === undefined
        ? 'the shim was killed before it started the command'
        : 'the shim was killed before it could write how the command ended';
  return { kind: 'unknown', reason };
}
