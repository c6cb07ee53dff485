// May a disk be made of raw storage, or given back to it? The sentences are Mesos'.
import type {
  Offer_Operation_CreateDisk,
  Offer_Operation_DestroyDisk,
  Resource,
} from '@kaon/protocol';
import { formatResource, isPersistentVolume } from '@kaon/resources';
import type { Problem } from '../check.ts';
import { recordsProblem } from './resources.ts';

/** The first thing wrong with it; undefined means that only its resource provider is missing. */
export function createDiskProblem(disk: Offer_Operation_CreateDisk): Problem {
  const { source, targetType, targetProfile } = disk;
  const problem = sourceProblem(source);
  if (problem !== undefined) return problem;
  const info = source.disk?.source;
  if (info?.type !== 'RAW') return "'source' is not a RAW disk resource";
  if (targetType !== 'MOUNT' && targetType !== 'BLOCK') {
    return "'target_type' is neither MOUNT or BLOCK";
  }
  if (info.profile !== undefined && targetProfile !== undefined) {
    return "'target_profile' must not be set when 'source' has a profile";
  }
  return info.profile === undefined && targetProfile === undefined
    ? "'target_profile' must be set when 'source' has no profile"
    : undefined;
}

/** The same about giving a disk back. */
export function destroyDiskProblem({ source }: Offer_Operation_DestroyDisk): Problem {
  const problem = sourceProblem(source);
  if (problem !== undefined) return problem;
  const info = source.disk?.source;
  if (info?.type !== 'MOUNT' && info?.type !== 'BLOCK' && info?.type !== 'RAW') {
    return "'source' is neither a MOUNT, BLOCK or RAW disk resource";
  }
  if (info.id === undefined) return "'source' is not backed by a CSI volume";
  return isPersistentVolume(source)
    ? `A disk resource containing a persistent volume ${formatResource(source)} cannot be destroyed directly. Please destroy the persistent volume first then destroy the disk resource`
    : undefined;
}

function sourceProblem(source: Resource): Problem {
  const problem = recordsProblem([source]);
  if (problem !== undefined) return `Invalid resource: ${problem}`;
  return source.providerId === undefined
    ? "'source' is not managed by a resource provider"
    : undefined;
}
