// Reads back which reservations, volumes and operations a former run wrote down. A change that it had
// begun is finished here: afterwards the folders of volumes are those that the records name.
import { join } from 'node:path';
import { type Disk, errorText } from '@kaon/primitives';
import { internal, type Operation, Resource } from '@kaon/protocol';
import { AgentRecoveryError } from '../errors.ts';
import { placeVolumes } from '../state/volumes.ts';
import type { AgentPaths } from './paths.ts';
import { decodeRecords, decodeSingle, encodeRecord } from './records.ts';

const VOLUME_MODE = 0o755;

/** What was found. */
export interface CheckpointedResources {
  readonly resources: readonly Resource[];
  /** Of the agent that ran last; each with a terminal status that is not acknowledged. */
  readonly operations: readonly Operation[];
  /** Files that could not be read and were skipped; empty when reading is strict. */
  readonly problems: readonly string[];
}

/**
 * Finishes a change that a crash interrupted and reads what is there.
 *
 * @throws {AgentRecoveryError} `KAON_AGENT_RECOVERY` for damage when strict.
 */
export async function recoverResources(
  disk: Disk,
  paths: AgentPaths,
  isStrict: boolean,
): Promise<CheckpointedResources> {
  const problems: string[] = [];
  const damaged = (path: string, problem: string): undefined => {
    if (isStrict) throw new AgentRecoveryError(path, problem);
    problems.push(`${path} ${problem}`);
  };
  const read = async <T>(
    path: string,
    decode: (bytes: Uint8Array) => T | undefined,
  ): Promise<T | undefined> => {
    try {
      const bytes = await disk.readFile(path);
      return bytes && (decode(bytes) ?? damaged(path, 'does not decode'));
    } catch (error) {
      if (error instanceof AgentRecoveryError) throw error;
      return damaged(path, `cannot be read: ${errorText(error)}`);
    }
  };
  const single = (bytes: Uint8Array) => decodeSingle(internal.ResourceState, bytes);
  const target = await read(paths.resourceStateTarget, single);
  let state = await read(paths.resourceState, single);
  if (target) {
    await finish(disk, paths, state?.resources ?? [], target);
    state = target;
  }
  const resources = state?.resources ?? (await read(paths.resourcesInfo, decodeResources)) ?? [];
  // Made before they were written down; gone, they would be missed only by the task that uses them.
  for (const { path, isMount } of placeVolumes(paths, resources).values()) {
    if (!isMount) await disk.makeDirectory(path, VOLUME_MODE);
  }
  return { resources, operations: state?.operations ?? [], problems };
}

/** What `writeResources` does after the target is written. */
async function finish(
  disk: Disk,
  paths: AgentPaths,
  before: readonly Resource[],
  target: internal.ResourceState,
): Promise<void> {
  const has = placeVolumes(paths, target.resources);
  for (const [path, { isMount }] of has) if (!isMount) await disk.makeDirectory(path, VOLUME_MODE);
  for (const [path, { isMount }] of placeVolumes(paths, before)) {
    if (has.has(path)) continue;
    if (!isMount) await disk.remove(path);
    else for (const { name } of (await disk.list(path)) ?? []) await disk.remove(join(path, name));
  }
  await disk.writeFileAtomic(paths.resourceState, encodeRecord(internal.ResourceState, target));
  await disk.remove(paths.resourceStateTarget);
}

function decodeResources(bytes: Uint8Array): readonly Resource[] | undefined {
  const read = decodeRecords(Resource, bytes);
  return read.ok ? read.value.records : undefined;
}
