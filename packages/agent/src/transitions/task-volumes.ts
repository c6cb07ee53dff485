// The persistent volumes a task is given: shown in its sandbox by links, and owned by its user.
import { dirname } from 'node:path';
import type { Resource } from '@kaon/protocol';
import type { DiskWrite } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import { isSharedVolume, linkVolumes } from '../state/volumes.ts';

const FOLDER_MODE = 0o755;

/**
 * The links to all volumes of `resources` in a sandbox that was just made. To be written after
 * `RESOURCES_WRITE_KEY`: then the volumes are there.
 */
export function volumeLinkWrites(
  state: AgentState,
  sandbox: string,
  resources: readonly Resource[],
): readonly DiskWrite[] {
  return linkVolumes(state.identity.paths, sandbox, resources).flatMap(({ path, linkPath }) => {
    const folder = dirname(linkPath);
    const link = { kind: 'link', path: linkPath, target: path, outlives: 'process' } as const;
    if (folder === sandbox) return [link];
    return [{ kind: 'directory', path: folder, mode: FOLDER_MODE } as const, link];
  });
}

/**
 * Folders of volumes to give to the user that `executor` runs as: all but shared ones that others use,
 * which would lose them.
 */
export function volumesToOwn(
  state: AgentState,
  executor: Executor,
  resources: readonly Resource[],
): readonly string[] {
  const volumes = linkVolumes(state.identity.paths, executor.directory, resources);
  const owned = volumes.filter((volume) => {
    if (!isSharedVolume(volume)) return true;
    return state.executorsUsing(volume.resource).every((one) => one === executor);
  });
  return owned.map(({ path }) => path);
}
