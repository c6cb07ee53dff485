// Writing down what was made of the agent's resources, and of its operations, so that a crash at any
// moment leaves folders of volumes and records that agree.
import { concatBytes } from '@kaon/primitives';
import { encodeProto, internal, Resource } from '@kaon/protocol';
import { encodeRecord, frameRecord } from '../checkpoint/records.ts';
import type { Continuation, DiskWrite, Effect } from '../effects.ts';
import type { AgentState } from '../state/agent-state.ts';
import { placeVolumes } from '../state/volumes.ts';

/** All changes of resources and operations are written in the order they were made. */
export const RESOURCES_WRITE_KEY = 'resources';

/** Others may enter the folder of a volume: which user it belongs to is decided at each launch. */
const VOLUME_MODE = 0o755;
const FOLDER_MODE = 0o755;

/**
 * Writes the state as it is now, `more` after it, and goes on with `next`.
 *
 * Where folders come or go the state is first written as the target: the next start finishes what it
 * finds begun. `before` is what was written last.
 */
export function writeResources(
  state: AgentState,
  before: readonly Resource[],
  next: Continuation,
  more: readonly DiskWrite[] = [],
): Effect {
  const { paths } = state.identity;
  const { checkpointed } = state.resources;
  const bytes = frameRecord(encodeState(state));
  const folders = folderWrites(state, before);
  const writes: DiskWrite[] = [{ kind: 'directory', path: paths.resourcesMeta, mode: FOLDER_MODE }];
  if (folders.length > 0) writes.push({ kind: 'file', path: paths.resourceStateTarget, bytes });
  writes.push(...folders);
  if (checkpointed !== before) {
    const records = checkpointed.map((one) => encodeRecord(Resource, one));
    const info = { path: paths.resourcesInfo, bytes: concatBytes(records) };
    // Read only when the state is missing, so it need not outlive the power.
    writes.push({ kind: 'file', ...info, outlives: 'process' });
  }
  writes.push({ kind: 'file', path: paths.resourceState, bytes });
  if (folders.length > 0) writes.push({ kind: 'remove', path: paths.resourceStateTarget });
  writes.push(...more);
  state.resources.writesPending += 1;
  return { kind: 'persist', key: RESOURCES_WRITE_KEY, writes, next };
}

/** Folders of new volumes are made, those of destroyed ones removed with all that is in them. */
function folderWrites(state: AgentState, before: readonly Resource[]): readonly DiskWrite[] {
  if (before === state.resources.checkpointed) return [];
  const { paths } = state.identity;
  const had = placeVolumes(paths, before);
  const has = placeVolumes(paths, state.resources.checkpointed);
  const writes: DiskWrite[] = [];
  for (const [path, { isMount }] of has) {
    if (had.has(path) || isMount) continue;
    writes.push({ kind: 'directory', path, mode: VOLUME_MODE, outlives: 'power' });
  }
  for (const [path, { isMount }] of had) {
    if (has.has(path)) continue;
    writes.push({ kind: isMount ? 'empty' : 'remove', path });
  }
  return writes;
}

/** Parts of a message one after another are the message: so each operation is encoded once. */
function encodeState(state: AgentState): Uint8Array {
  const parts: Uint8Array[] = [];
  for (const record of state.operations.values()) {
    if (record.wantsAcknowledgement && !record.isAcknowledging) parts.push(record.encoded);
  }
  const resources = state.resources.checkpointed;
  parts.push(encodeProto(internal.ResourceState, { operations: [], resources }));
  return concatBytes(parts);
}
