// Containers of the tasks of a group, named after their executor's container and the task: so that a
// restarted agent finds them without having written them down.
import { createHash } from 'node:crypto';
import { formatUuid } from '@kaon/primitives';

/** Names of one nested container. */
export interface NestedContainerName {
  /** Its own id. */
  readonly id: string;
  /** With its parent's in front: what the containerizer knows it by. */
  readonly fullId: string;
}

/** The container of a task in the executor container `parent`. The same arguments give the same name. */
export function nestedContainerId(parent: string, taskId: string): NestedContainerName {
  const bytes = createHash('sha256').update(`${parent}/${taskId}`).digest().subarray(0, 16);
  // A UUID made of a hash is one of version 5 (RFC 4122).
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const id = formatUuid(bytes);
  return { id, fullId: `${parent}.${id}` };
}
