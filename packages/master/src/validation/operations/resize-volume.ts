// May this volume grow, or shrink? The sentences are Mesos'.
import type { Offer_Operation_GrowVolume, Offer_Operation_ShrinkVolume } from '@kaon/protocol';
import {
  formatResource,
  isShared,
  Resources,
  toMilli,
  toPostRefinement,
  validateResource,
  withoutPersistence,
} from '@kaon/resources';
import { type Check, firstProblem, type Problem, problemOf } from '../check.ts';
import { agentCan, type OperationCaller } from './caller.ts';
import { volumesProblem } from './resources.ts';

/** The first thing wrong with growing a volume, apart from whether everything is there. */
export function growVolumeProblem(
  grow: Offer_Operation_GrowVolume,
  caller: OperationCaller,
): Problem {
  return firstProblem(GROW_CHECKS, grow, caller);
}

/** The first thing wrong with shrinking a volume, apart from whether it is there. */
export function shrinkVolumeProblem(
  shrink: Offer_Operation_ShrinkVolume,
  caller: OperationCaller,
): Problem {
  return firstProblem(SHRINK_CHECKS, shrink, caller);
}

type GrowCheck = Check<readonly [Offer_Operation_GrowVolume, OperationCaller]>;
type ShrinkCheck = Check<readonly [Offer_Operation_ShrinkVolume, OperationCaller]>;

const GROW_CHECKS: readonly GrowCheck[] = [
  ({ volume }) => inField('GrowVolume.volume', problemOf(validateResource(volume))),
  ({ addition }) => inField('GrowVolume.addition', problemOf(validateResource(addition))),
  ({ addition }) =>
    toMilli(addition.scalar?.value ?? 0) > 0
      ? undefined
      : "The size of 'GrowVolume.addition' field must be greater than zero",
  ({ volume }) => volume.providerId && 'Growing a volume from a resource provider is not supported',
  ({ volume }) => persistenceProblem('GrowVolume.volume', volume),
  ({ volume }) =>
    isShared(volume) ? 'Growing a shared persistent volume is not supported' : undefined,
  // A mount is one disk: it neither takes in another nor gives some of itself.
  ({ volume }) =>
    volume.disk?.source?.type === 'MOUNT'
      ? 'Growing a volume on a MOUNT disk is not supported'
      : undefined,
  ({ volume, addition }) => {
    const both = [withoutPersistence(toPostRefinement(volume)), addition];
    return Resources.of(both).toRecords().length === 1
      ? undefined
      : "Incompatible resources in the 'GrowVolume.volume' and 'GrowVolume.addition' fields";
  },
  ({ volume }, caller) =>
    agentCan(caller, 'RESIZE_VOLUME')
      ? undefined
      : `Volume ${formatResource(volume)} cannot be grown on an agent without RESIZE_VOLUME capability`,
];

const SHRINK_CHECKS: readonly ShrinkCheck[] = [
  ({ volume }) => inField('ShrinkVolume.volume', problemOf(validateResource(volume))),
  ({ subtract }) =>
    toMilli(subtract.value) > 0
      ? undefined
      : "Value of 'ShrinkVolume.subtract' must be greater than zero",
  ({ volume, subtract }) =>
    toMilli(volume.scalar?.value ?? 0) > toMilli(subtract.value)
      ? undefined
      : "Value of 'ShrinkVolume.subtract' must be smaller than the size of 'ShrinkVolume.volume'",
  ({ volume }) =>
    volume.providerId && 'Shrinking a volume from a resource provider is not supported',
  ({ volume }) =>
    volume.disk?.source?.type === 'MOUNT'
      ? 'Shrinking a volume on a MOUNT disk is not supported'
      : undefined,
  ({ volume }) => persistenceProblem('ShrinkVolume.volume', volume),
  ({ volume }) =>
    isShared(volume) ? 'Shrinking a shared persistent volume is not supported' : undefined,
  ({ volume }, caller) =>
    agentCan(caller, 'RESIZE_VOLUME')
      ? undefined
      : `Volume ${formatResource(volume)} cannot be shrunk on an agent without RESIZE_VOLUME capability`,
];

function inField(field: string, problem: Problem): Problem {
  return problem && `Invalid resource in the '${field}' field: ${problem}`;
}

function persistenceProblem(field: string, volume: Offer_Operation_GrowVolume['volume']): Problem {
  const problem = volumesProblem([volume]);
  return problem && `Invalid persistent volume in the '${field}' field: ${problem}`;
}
