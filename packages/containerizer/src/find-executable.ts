// Looks a program up as `execvp` does, so that a missing one is a clear error and not a line in `stderr`.
import type { RuntimeFiles } from './runtime-files.ts';

/** What `execvp` uses when there is no `PATH`. */
const DEFAULT_PATH = '/bin:/usr/bin';

/** Whether `program` can be executed with this `PATH` in this working directory. */
export async function findExecutable(
  program: string,
  searchPath: string | undefined,
  workingDirectory: string,
  files: RuntimeFiles,
): Promise<boolean> {
  const absolute = (path: string): string =>
    path.startsWith('/') ? path : `${workingDirectory}/${path}`;
  if (program.includes('/')) return files.isExecutable(absolute(program));
  for (const folder of (searchPath ?? DEFAULT_PATH).split(':')) {
    if (await files.isExecutable(absolute(`${folder === '' ? '.' : folder}/${program}`)))
      return true;
  }
  return false;
}
