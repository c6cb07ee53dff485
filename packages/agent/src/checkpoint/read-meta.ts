// Reads back what a former run of the agent wrote down. It changes nothing, except that it cuts the
// truncated last record off a file of updates.
import { basename } from 'node:path';
import { type Disk, errorText, fromUtf8 } from '@kaon/primitives';
import {
  AgentInfo,
  DrainConfig,
  ExecutorInfo,
  FrameworkInfo,
  internal,
  type Schema,
  TaskInfo,
} from '@kaon/protocol';
import { AgentRecoveryError } from '../errors.ts';
import type { AgentPaths, RunKey } from './paths.ts';
import { decodeRecords, decodeSingle } from './records.ts';

/** A task as it was written down. */
export interface CheckpointedTask {
  readonly info: TaskInfo;
  /** Updates and acknowledgements in the order they became durable. */
  readonly records: readonly internal.StatusUpdateRecord[];
  /** Ids of all tasks of its group. */
  readonly group: readonly string[] | undefined;
}

/** One run of an executor that was not completed. */
export interface CheckpointedRun {
  readonly containerId: string;
  readonly executor: ExecutorInfo;
  readonly tasks: readonly CheckpointedTask[];
}

/** A framework with runs that were not completed. */
export interface CheckpointedFramework {
  readonly info: FrameworkInfo;
  readonly id: string;
  readonly runs: readonly CheckpointedRun[];
}

/** All that was written down of an agent. */
export interface CheckpointedAgent {
  readonly info: AgentInfo;
  readonly agentId: string;
  readonly frameworks: readonly CheckpointedFramework[];
  /** Set while the agent was being drained. */
  readonly drainConfig?: DrainConfig | undefined;
  /** Files that could not be read and were skipped; empty when reading is strict. */
  readonly problems: readonly string[];
}

/** How to read. */
export interface ReadMetaOptions {
  readonly disk: Disk;
  readonly paths: AgentPaths;
  /** Whether a damaged file is an error. Otherwise it is skipped and listed. */
  readonly isStrict: boolean;
}

/**
 * The agent that ran last; undefined when none has.
 *
 * A crash may come between any two writes, so what is missing is simply not there yet: a task without
 * `task.info` was never launched. What is there and does not decode is damage.
 *
 * @throws {AgentRecoveryError} `KAON_AGENT_RECOVERY` for damage when strict.
 */
export async function readMeta(options: ReadMetaOptions): Promise<CheckpointedAgent | undefined> {
  return new MetaReader(options).read();
}

class MetaReader {
  readonly #disk: Disk;
  readonly #paths: AgentPaths;
  readonly #isStrict: boolean;
  readonly #problems: string[] = [];

  constructor({ disk, paths, isStrict }: ReadMetaOptions) {
    this.#disk = disk;
    this.#paths = paths;
    this.#isStrict = isStrict;
  }

  async read(): Promise<CheckpointedAgent | undefined> {
    const folder = await this.#disk.realPath(this.#paths.latestAgent);
    if (folder === undefined) return undefined;
    const agentId = basename(folder);
    const path = this.#paths.agentInfo(agentId);
    const info = await this.#single(AgentInfo, path);
    if (!info) return undefined;
    if (info.id?.value !== agentId) throw new AgentRecoveryError(path, 'is of another agent');
    const frameworks: CheckpointedFramework[] = [];
    for (const id of await this.#folders(this.#paths.frameworksMeta(agentId))) {
      const framework = await this.#framework(agentId, id);
      if (framework && framework.runs.length > 0) frameworks.push(framework);
    }
    const drainConfig = await this.#single(DrainConfig, this.#paths.drainConfig(agentId));
    return { info, agentId, frameworks, drainConfig, problems: this.#problems };
  }

  async #framework(agentId: string, id: string): Promise<CheckpointedFramework | undefined> {
    const info = await this.#single(FrameworkInfo, this.#paths.frameworkInfo(agentId, id));
    if (!info) return undefined;
    const runs: CheckpointedRun[] = [];
    for (const executorId of await this.#folders(this.#paths.executorsMeta(agentId, id))) {
      const key = { agentId, frameworkId: id, executorId };
      const executor = await this.#single(ExecutorInfo, this.#paths.executorInfo(key));
      if (!executor) continue;
      for (const containerId of await this.#folders(this.#paths.runsMeta(key))) {
        const run = await this.#run({ ...key, containerId }, executor);
        if (run) runs.push(run);
      }
    }
    return { id, info, runs };
  }

  async #run(key: RunKey, executor: ExecutorInfo): Promise<CheckpointedRun | undefined> {
    if (await this.#disk.stat(this.#paths.executorSentinel(key))) return undefined;
    const tasks: CheckpointedTask[] = [];
    for (const taskId of await this.#folders(this.#paths.tasksMeta(key))) {
      const info = await this.#single(TaskInfo, this.#paths.taskInfo(key, taskId));
      if (!info) continue;
      const records = await this.#updates(this.#paths.taskUpdates(key, taskId));
      const group = await this.#bytes(this.#paths.taskGroup(key, taskId));
      tasks.push({ info, records, group: group && fromUtf8(group).split('\n') });
    }
    return { containerId: key.containerId, executor, tasks };
  }

  async #updates(path: string): Promise<readonly internal.StatusUpdateRecord[]> {
    const bytes = await this.#bytes(path);
    if (!bytes) return [];
    const read = decodeRecords(internal.StatusUpdateRecord, bytes);
    if (!read.ok) {
      this.#damaged(path, read.error);
      return [];
    }
    const { records, validBytes } = read.value;
    if (validBytes < bytes.length) await this.#disk.truncate(path, validBytes);
    return records;
  }

  async #single<T>(schema: Schema<T>, path: string): Promise<T | undefined> {
    const bytes = await this.#bytes(path);
    if (!bytes) return undefined;
    const message = decodeSingle(schema, bytes);
    if (message === undefined) this.#damaged(path, 'does not decode');
    return message;
  }

  async #bytes(path: string): Promise<Uint8Array | undefined> {
    try {
      return await this.#disk.readFile(path);
    } catch (error) {
      this.#damaged(path, `cannot be read: ${errorText(error)}`);
      return undefined;
    }
  }

  /** Names of the folders in a folder; links such as `latest` do not count. */
  async #folders(path: string): Promise<readonly string[]> {
    const entries = (await this.#disk.list(path)) ?? [];
    return entries.filter(({ kind }) => kind === 'directory').map(({ name }) => name);
  }

  #damaged(path: string, problem: string): void {
    if (this.#isStrict) throw new AgentRecoveryError(path, problem);
    this.#problems.push(`${path} ${problem}`);
  }
}
