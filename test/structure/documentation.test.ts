// What a reader may rely on: files say what they hold, exports say what they promise, packages have
// a README, and nothing waits to be done.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import {
  type Package,
  placeOf,
  REPOSITORY_ROOT,
  readPackages,
  report,
  type SourceFile,
} from './repository.ts';

function handWritten(one: Package): readonly SourceFile[] {
  return one.sources.filter(({ isGenerated }) => !isGenerated);
}

/** Exported declarations without a docstring. Of overloads, one has to have it. */
function undocumentedExports(file: SourceFile): readonly string[] {
  const documented = new Set<string>();
  const missing = new Map<string, string>();
  for (const statement of file.tree.statements) {
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword);
    if (!isExported) continue;
    const hasDoc = ts.getJSDocCommentsAndTags(statement).length > 0;
    for (const name of declaredNames(statement)) {
      if (hasDoc) documented.add(name);
      else missing.set(name, `${placeOf(file, statement)} export ${name} has no docstring`);
    }
  }
  return [...missing].filter(([name]) => !documented.has(name)).map(([, place]) => place);
}

function declaredNames(statement: ts.Statement): readonly string[] {
  if (ts.isVariableStatement(statement)) {
    return statement.declarationList.declarations.map(({ name }) => name.getText());
  }
  const { name } = statement as { name?: ts.Node };
  return name ? [name.getText()] : [];
}

t.test('an export without a docstring is seen', async (t) => {
  const text = `
    /** Documented. */
    export function one(): void;
    export function one(x?: number): void {}
    export const two = 2, three = 3;
    export interface Four {}
    /** Documented. */
    export class Five {}
    interface Hidden {}
    export type { Six } from './six.ts';
  `;
  const tree = ts.createSourceFile('x.ts', text, ts.ScriptTarget.ES2023, true);
  const found = undocumentedExports({ path: 'x.ts', text, tree, isGenerated: false });
  t.same(
    found.map((place) => place.split(' ')[2]),
    ['two', 'three', 'Four'],
  );
});

for (const one of readPackages()) {
  t.test(`${one.folder}: every export has a docstring`, async (t) => {
    report(t, handWritten(one).flatMap(undocumentedExports));
  });

  t.test(`${one.folder}: every file opens by saying what lives in it`, async (t) => {
    const silent = handWritten(one).filter(({ text }) => !/^(\/\/ |\/\*\*?\s)/.test(text));
    report(
      t,
      silent.map(({ path }) => `${path}:1 opens without a comment`),
    );
  });

  t.test(`${one.folder}: nothing is left to be done`, async (t) => {
    const violations: string[] = [];
    for (const { path, text } of handWritten(one)) {
      for (const [index, line] of text.split('\n').entries()) {
        const mark = /\b(TODO|FIXME|XXX)\b/.exec(line);
        if (mark) violations.push(`${path}:${index + 1} ${mark[1]}: open an issue instead`);
      }
    }
    report(t, violations);
  });

  t.test(`${one.folder}: has a README that says its name and floor`, async (t) => {
    const path = `packages/${one.folder}/README.md`;
    if (!existsSync(join(REPOSITORY_ROOT, path))) return t.fail(`${path}:1 is not there`);
    const text = readFileSync(join(REPOSITORY_ROOT, path), 'utf8');
    const violations: string[] = [];
    if (!text.includes(one.manifest.name)) violations.push(`${path}:1 lacks ${one.manifest.name}`);
    if (!/\bfloor\b/i.test(text)) violations.push(`${path}:1 does not say its floor`);
    report(t, violations);
  });
}
