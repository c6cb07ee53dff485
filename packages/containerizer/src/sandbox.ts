// Where sandboxes are: the folders Mesos' tools and users know, below the agent's working directory.
import { type Disk, err, ok, type Result } from '@kaon/primitives';
import { SandboxPathError } from './errors.ts';

/** What a sandbox belongs to. */
export interface SandboxOwner {
  /** The agent's working directory, absolute. */
  readonly workDir: string;
  readonly agentId: string;
  readonly frameworkId: string;
  readonly executorId: string;
  readonly containerId: string;
}

/** Longest name of a folder that common file systems keep. */
const NAME_BYTES_MAX = 255;
const SANDBOX_MODE = 0o750;
const PARENT_MODE = 0o755;

/**
 * `<work_dir>/slaves/<agent>/frameworks/<framework>/executors/<executor>/runs/<container>`; an error when
 * an id cannot be the name of a folder.
 */
export function sandboxPath(owner: SandboxOwner): Result<string, SandboxPathError> {
  const runs = runsPath(owner);
  if (!runs.ok) return runs;
  const problem = nameProblem(owner.containerId);
  if (problem !== undefined) return err(new SandboxPathError('container id', problem));
  return ok(`${runs.value}/${owner.containerId}`);
}

/**
 * Creates the sandbox (mode 0750) and points `runs/latest` at it; returns its path. A sandbox that exists
 * is kept as it is.
 *
 * @throws {SandboxPathError} when an id cannot be the name of a folder.
 */
export async function createSandbox(disk: Disk, owner: SandboxOwner): Promise<string> {
  const path = sandboxPath(owner);
  if (!path.ok) throw path.error;
  const runs = path.value.slice(0, path.value.lastIndexOf('/'));
  await disk.makeDirectory(runs, PARENT_MODE);
  await disk.makeDirectory(path.value, SANDBOX_MODE);
  await disk.replaceLink(`${runs}/latest`, path.value);
  return path.value;
}

function runsPath(owner: SandboxOwner): Result<string, SandboxPathError> {
  const { workDir, agentId, frameworkId, executorId } = owner;
  if (!workDir.startsWith('/')) {
    return err(new SandboxPathError('working directory', 'is not absolute'));
  }
  for (const [part, id] of [
    ['agent id', agentId],
    ['framework id', frameworkId],
    ['executor id', executorId],
  ] as const) {
    const problem = nameProblem(id);
    if (problem !== undefined) return err(new SandboxPathError(part, problem));
  }
  const base = workDir.replace(/\/+$/, '');
  return ok(`${base}/slaves/${agentId}/frameworks/${frameworkId}/executors/${executorId}/runs`);
}

function nameProblem(id: string): string | undefined {
  if (id === '') return 'is empty';
  if (id === '.' || id === '..') return `is ${JSON.stringify(id)}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused here.
  if (/[/\u0000-\u001f\u007f]/.test(id)) return 'has a slash or a control character in it';
  if (Buffer.byteLength(id) > NAME_BYTES_MAX) return `is longer than ${NAME_BYTES_MAX} bytes`;
  return undefined;
}
