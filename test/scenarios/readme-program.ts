// Programs as they stand in the README: taken out, compiled as a user would, ready to run.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';
import ts from 'typescript';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));

/** The block of the README whose first line is `// <name>`. */
export function readmeProgram(name: string): string {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8');
  const blocks = [...readme.matchAll(/```ts\n([\s\S]*?)```/g)].map((match) => match[1] as string);
  const block = blocks.find((source) => source.startsWith(`// ${name}\n`));
  if (block === undefined) throw new Error(`the README has no program called ${name}`);
  return block;
}

/** Compiles `source` strictly. The folder lies inside the repository, so that imports resolve. */
export function compile(
  t: Test,
  name: string,
  source: string,
): { path: string; problems: string[] } {
  const folder = t.testdir({ [name]: source, 'package.json': '{"type":"module"}' });
  const program = ts.createProgram([join(folder, name)], {
    strict: true,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    target: ts.ScriptTarget.ES2023,
    lib: ['lib.es2023.d.ts'],
    types: ['node'],
    skipLibCheck: true,
    outDir: folder,
  });
  const { diagnostics } = program.emit();
  const problems = [...ts.getPreEmitDiagnostics(program), ...diagnostics].map((diagnostic) =>
    ts.flattenDiagnosticMessageText(diagnostic.messageText, '\n'),
  );
  return { path: join(folder, name.replace(/\.ts$/, '.js')), problems };
}
