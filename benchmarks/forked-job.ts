// A job in a process of its own: nothing runs on what another job has taught the compiler or left in the heap.
import { fileURLToPath } from 'node:url';
import { endChild, forkChild } from './children.ts';
import { endWithParent } from './orphans.ts';

type JobAnswer<Answer> = { readonly answer: Answer } | { readonly failed: string };

const EXEC_ARGS = ['--expose-gc', '--max-old-space-size=8192'] as const;

/**
 * Runs `module`, which calls `answerJob`, in a new process and brings its answer.
 *
 * Rejects when the job throws, when its process ends early, and after `timeoutMs`.
 */
export function runForked<Answer>(
  module: URL,
  args: readonly unknown[],
  timeoutMs: number,
): Promise<Answer> {
  const texts = args.map((arg) => JSON.stringify(arg));
  const child = forkChild(fileURLToPath(module), texts, EXEC_ARGS);
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new Error(`no result within ${timeoutMs} ms`));
      void endChild(child);
    }, timeoutMs);
    let result: JobAnswer<Answer> | undefined;
    child.on('message', (message) => {
      result = message as JobAnswer<Answer>;
    });
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      clearTimeout(timer);
      if (result === undefined) reject(new Error(`the process ended with ${signal ?? code}`));
      else if ('failed' in result) reject(new Error(result.failed));
      else resolve(result.answer);
    });
  });
}

/** The other end: runs the job that the arguments of this process tell, and ends the process. */
export async function answerJob<Args extends readonly unknown[], Answer>(
  run: (...args: Args) => Promise<Answer>,
): Promise<void> {
  endWithParent();
  const args = process.argv.slice(2).map((text) => JSON.parse(text)) as unknown as Args;
  let result: JobAnswer<Answer>;
  try {
    result = { answer: await run(...args) };
  } catch (error) {
    result = { failed: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  process.send?.(result, () => process.exit());
}
