// Which paths of `/files/*` lead where.
import { posix } from 'node:path';
import type { AgentState } from '../state/agent-state.ts';
import type { Executor } from '../state/executor.ts';
import { nestedContainerId } from '../state/nested-container.ts';
import { type LinkedVolume, linkVolumes } from '../state/volumes.ts';

/** All attached paths, each with the folder it stands for: what `/files/debug` lists. */
export function attachedSandboxes(state: AgentState): ReadonlyMap<string, string> {
  const attached = new Map<string, string>();
  for (const executor of executorsWithSandbox(state)) {
    const own = virtualRun(executor);
    for (const [path, folder] of pathsOf(state, executor)) {
      // It leads there, but Mesos does not list it.
      if (path !== own && !path.startsWith(`${own}/`)) attached.set(path, folder);
    }
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
    for (const [attachedAt, root] of pathsOf(state, executor)) {
      const isAbove = path === attachedAt || path.startsWith(`${attachedAt}/`);
      if (isAbove) best = { attachedAt, root };
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

/** The sandbox and then what is linked into it: the volumes of its tasks, wherever they lie. */
function pathsOf(state: AgentState, executor: Executor): readonly (readonly [string, string])[] {
  const { directory, containerId, frameworkId, id: executorId } = executor;
  const virtual = `/frameworks/${frameworkId}/executors/${executorId}/runs`;
  const { paths } = state.identity;
  const latest = paths.latestSandbox({
    agentId: state.agentId as string,
    frameworkId,
    executorId,
  });
  const tops = [`${virtual}/latest`, `${virtual}/${containerId}`, directory, latest];
  const attached = tops.map((top) => [top, directory] as const);
  for (const { linkPath, path } of volumesOf(state, executor)) {
    const inside = posix.relative(directory, linkPath);
    for (const top of tops) attached.push([`${top}/${inside}`, path]);
  }
  return attached;
}

function virtualRun({ containerId, frameworkId, id: executorId }: Executor): string {
  return `/frameworks/${frameworkId}/executors/${executorId}/runs/${containerId}`;
}

/** Of an executor or a task that has ended the volumes may be another's by now. */
function volumesOf(state: AgentState, executor: Executor): readonly LinkedVolume[] {
  if (!executor.isLive) return [];
  const { paths } = state.identity;
  const { directory, frameworkId, id: executorId, containerId } = executor;
  const key = { agentId: state.agentId as string, frameworkId, executorId, containerId };
  const volumes = [...linkVolumes(paths, directory, executor.info.resources)];
  for (const { id, task, isTerminal } of executor.tasks.values()) {
    if (isTerminal) continue;
    const sandbox =
      executor.kind === 'pod'
        ? paths.nestedSandbox(key, nestedContainerId(containerId, id).id)
        : directory;
    volumes.push(...linkVolumes(paths, sandbox, task.resources));
  }
  return volumes;
}
