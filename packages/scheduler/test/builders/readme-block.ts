// A README's code block as a program that runs.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import ts from 'typescript';

const here = dirname(fileURLToPath(import.meta.url));

/** The `index`th `ts` block of this package's README. */
export async function readmeBlock(index: number): Promise<string> {
  const text = await readFile(join(here, '../../../README.md'), 'utf8');
  const blocks = [...text.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1] ?? '');
  return blocks[index] ?? '';
}

/** Checks and compiles `source` as an author would; the path of the program and what was wrong. */
export async function compile(
  t: Test,
  source: string,
): Promise<{ readonly program: string; readonly problems: readonly string[] }> {
  const folder = await mkdtemp(join(here, 'readme-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'example.ts');
  await writeFile(file, source);
  const program = ts.createProgram([file], {
    strict: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
    types: ['node'],
  });
  const emitted = program.emit();
  const problems = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics].map((found) =>
    ts.flattenDiagnosticMessageText(found.messageText, '\n'),
  );
  return { program: join(folder, 'example.js'), problems };
}
