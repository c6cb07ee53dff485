// CREATE_DISK and DESTROY_DISK: disks of resource providers. No agent of this version has any.
import type { Offer_Operation } from '@kaon/protocol';
import { describeAgent } from '../../validation/operations/caller.ts';
import { createDiskProblem, destroyDiskProblem } from '../../validation/operations/disks.ts';
import { refused } from './convert-resources.ts';
import type { OperationOutcome, OperationPlace } from './operation.ts';

/** Says what is wrong, and that there is no such provider when nothing else is. */
export function refuseDisk(operation: Offer_Operation, place: OperationPlace): OperationOutcome {
  const { createDisk, destroyDisk, type } = operation;
  const source = createDisk?.source ?? destroyDisk?.source;
  const problem =
    (createDisk && createDiskProblem(createDisk)) ??
    (destroyDisk && destroyDiskProblem(destroyDisk)) ??
    `${type} needs a resource provider '${source?.providerId?.value ?? ''}', which the agent does not have`;
  return refused(operation, place, `${problem}; on agent ${describeAgent(place.agent)}`);
}
