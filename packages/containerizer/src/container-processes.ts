// Which processes belong to a container: a pure question to a snapshot of the process table.
import type { ProcessIdentity, ProcessInfo } from './process-table.ts';

/** What is known of a container's processes. */
export interface ContainerProcesses {
  readonly containerId: string;
  /** The shell that waits for the command. Not a part of the container: it is never returned. */
  readonly shim?: ProcessIdentity | undefined;
  /** The command: leader of a session whose id is its pid. */
  readonly task?: ProcessIdentity | undefined;
  /** When the command ended, if it was seen to. */
  readonly exitTicks?: number | undefined;
}

/**
 * The living processes of `container`: whoever carries its mark, whoever is in its session, the children
 * of its shim, and all their descendants.
 *
 * A session number outlives its leader, but only as long as the session has members; afterwards it may be
 * given to strangers. It counts when the leader lives or a member was there before the leader ended.
 */
export function processesOf(
  container: ContainerProcesses,
  snapshot: readonly ProcessInfo[],
): ProcessInfo[] {
  const { containerId, shim, task } = container;
  const sessionId = isSessionOurs(container, snapshot) ? task?.pid : undefined;
  const isShim = (process: ProcessInfo): boolean =>
    process.pid === shim?.pid && process.startTicks === shim.startTicks;

  const members = new Set<number>();
  const parents = new Set<number>();
  for (const process of snapshot) {
    if (isShim(process)) parents.add(process.pid);
    else if (
      process.containerMark === containerId ||
      (sessionId !== undefined && process.sessionId === sessionId) ||
      (process.pid === task?.pid && process.startTicks === task.startTicks)
    ) {
      members.add(process.pid);
      parents.add(process.pid);
    }
  }
  if (parents.size > 0) addDescendants(snapshot, members, parents);
  return snapshot.filter((process) => members.has(process.pid) && !process.isZombie);
}

function addDescendants(
  snapshot: readonly ProcessInfo[],
  members: Set<number>,
  parents: Set<number>,
): void {
  let grew = true;
  while (grew) {
    grew = false;
    for (const process of snapshot) {
      if (parents.has(process.pid) || !parents.has(process.parentPid)) continue;
      members.add(process.pid);
      parents.add(process.pid);
      grew = true;
    }
  }
}

function isSessionOurs(
  { task, exitTicks }: ContainerProcesses,
  snapshot: readonly ProcessInfo[],
): boolean {
  if (task === undefined) return false;
  return snapshot.some(
    (process) =>
      process.sessionId === task.pid &&
      (process.pid === task.pid
        ? process.startTicks === task.startTicks
        : exitTicks !== undefined &&
          process.startTicks >= task.startTicks &&
          process.startTicks <= exitTicks),
  );
}
