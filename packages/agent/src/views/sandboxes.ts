// Which paths of `/files/*` lead where.
import { posix } from 'node:path';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';

/** All attached paths, each with the folder it stands for: what `/files/debug` lists. */
export function attachedSandboxes(state: AgentState): ReadonlyMap<string, string> {
  const attached = new Map<string, string>();
  for (const executor of executorsWithSandbox(state)) {
    for (const path of pathsOf(state, executor)) attached.set(path, executor.directory);
    // It leads there, but Mesos does not list it.
    attached.delete(virtualRun(executor));
  }
  return attached;
}

/** A path of a request, resolved. */
export interface ResolvedPath {
  /** The sandbox: nothing outside of it may be read. */
  readonly root: string;
  /** The file or folder on disk, not yet freed of links. */
  readonly path: string;
}

/**
 * The place `requested` stands for; undefined when no sandbox is attached at it or above it.
 *
 * Dots are resolved first, so that `..` never climbs out of what was asked for.
 */
export function resolveSandboxPath(state: AgentState, requested: string): ResolvedPath | undefined {
  const path = posix.normalize(`/${requested}`).replace(/(.)\/+$/, '$1');
  if (path.includes('\0')) return undefined;
  let best: { readonly attachedAt: string; readonly root: string } | undefined;
  for (const executor of executorsWithSandbox(state)) {
    for (const attachedAt of pathsOf(state, executor)) {
      const isAbove = path === attachedAt || path.startsWith(`${attachedAt}/`);
      if (isAbove) best = { attachedAt, root: executor.directory };
    }
  }
  if (!best) return undefined;
  return { root: best.root, path: posix.join(best.root, path.slice(best.attachedAt.length)) };
}

/** Former runs of an executor first, so that `latest` is the one that came last. */
function* executorsWithSandbox(state: AgentState): IterableIterator<Executor> {
  const frameworks = [...state.completedFrameworks.values(), ...state.frameworks.values()];
  for (const framework of frameworks) {
    yield* framework.completedExecutors;
    for (const executor of framework.executors.values()) {
      if (executor.phase !== 'preparing') yield executor;
    }
  }
}

function pathsOf(state: AgentState, executor: Executor): readonly string[] {
  const { directory, frameworkId, id: executorId } = executor;
  const virtual = `/frameworks/${frameworkId}/executors/${executorId}/runs`;
  const latest = state.identity.paths.latestSandbox({
    agentId: state.agentId as string,
    frameworkId,
    executorId,
  });
  return [`${virtual}/latest`, virtualRun(executor), directory, latest];
}

function virtualRun({ containerId, frameworkId, id: executorId }: Executor): string {
  return `/frameworks/${frameworkId}/executors/${executorId}/runs/${containerId}`;
}
