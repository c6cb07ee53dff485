// Where persistent volumes lie, and where tasks find them. Paths only: nothing is looked up on disk.
import { join, posix } from 'node:path';
import { type Resource, validateId, validateRole } from '@kaon/protocol';
import { isPersistentVolume, isShared, reservationRole } from '@kaon/resources';
import { type AgentPaths, folderOfRole } from '../checkpoint/paths.ts';
import { isSameVolume } from './agent-resources.ts';

/** A persistent volume and its folder. */
export interface PlacedVolume {
  readonly resource: Resource;
  /** Absolute. */
  readonly path: string;
  /** Whether the folder is the root of a disk of its own: it is emptied, never removed. */
  readonly isMount: boolean;
}

/** The volumes among `resources`, by path. Those that have no legal place are left out: see `placeProblem`. */
export function placeVolumes(
  paths: AgentPaths,
  resources: readonly Resource[],
): ReadonlyMap<string, PlacedVolume> {
  return new Map(placements(paths, resources).map((placed) => [placed.path, placed]));
}

/** Why a volume can have no folder: its role or id would lead somewhere else. */
export function placeProblem(volume: Resource): string | undefined {
  const id = volume.disk?.persistence?.id;
  if (id === undefined) return 'the resource is not a persistent volume';
  const legalId = validateId(id);
  if (!legalId.ok) return `the persistence id is illegal: ${legalId.error}`;
  const role = reservationRole(volume);
  if (role === undefined) return `the volume '${id}' is not reserved`;
  const legalRole = validateRole(role);
  if (!legalRole.ok) return legalRole.error;
  // Roles may be longer than names of folders, and hold characters that none has.
  const legalFolder = validateId(folderOfRole(role));
  return legalFolder.ok ? undefined : `the role cannot be a folder: ${legalFolder.error}`;
}

/**
 * Why the volumes of a task cannot be shown in its sandbox: a path that is absolute, leaves the sandbox,
 * or is the same as another or inside of it. Tasks have no file system of their own.
 */
export function containerPathProblem(resources: readonly Resource[]): string | undefined {
  const seen: { readonly path: string; readonly volume: Resource }[] = [];
  for (const resource of resources) {
    if (!isPersistentVolume(resource)) continue;
    const given = resource.disk?.volume?.containerPath ?? '';
    const what = `the container path '${given}' of the volume '${resource.disk?.persistence?.id}'`;
    if (given === '' || given.includes('\0')) return `${what} is not a path`;
    if (posix.isAbsolute(given)) {
      return `${what} is absolute, which needs a container with a file system of its own`;
    }
    if (given.split('/').includes('..')) return `${what} leads out of the sandbox`;
    const path = cleanPath(given);
    if (path === '.') return `${what} is the sandbox itself`;
    // Inside another volume the link would be written into that volume, and stay there.
    const clash = seen.find((one) => isWithin(path, one.path) || isWithin(one.path, path));
    const isTwice = clash?.path === path && isSameVolume(clash.volume, resource);
    if (clash && !isTwice) return `${what} overlaps with '${clash.path}' of another volume`;
    seen.push({ path, volume: resource });
  }
  return undefined;
}

/** A volume as a task sees it. */
export interface LinkedVolume extends PlacedVolume {
  /** Where the link to the folder is, absolute, inside the sandbox. */
  readonly linkPath: string;
}

/** The volumes of a task whose container paths were checked. */
export function linkVolumes(
  paths: AgentPaths,
  sandbox: string,
  resources: readonly Resource[],
): readonly LinkedVolume[] {
  return placements(paths, resources).map((volume) => {
    const containerPath = volume.resource.disk?.volume?.containerPath ?? '';
    return { ...volume, linkPath: join(sandbox, cleanPath(containerPath)) };
  });
}

/** Whether several tasks may use it at once. */
export function isSharedVolume({ resource }: PlacedVolume): boolean {
  return isShared(resource);
}

function placements(paths: AgentPaths, resources: readonly Resource[]): readonly PlacedVolume[] {
  const placed: PlacedVolume[] = [];
  for (const resource of resources) {
    if (!isPersistentVolume(resource) || placeProblem(resource) !== undefined) continue;
    const { source, persistence } = resource.disk ?? {};
    const mount = source?.type === 'MOUNT' ? source.mount?.root : undefined;
    const role = reservationRole(resource) ?? '';
    const path = mount ?? paths.volume(role, persistence?.id ?? '', source?.path?.root);
    placed.push({ resource, path, isMount: mount !== undefined });
  }
  return placed;
}

function cleanPath(path: string): string {
  return posix.normalize(path).replace(/\/+$/, '');
}

function isWithin(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder}/`);
}
