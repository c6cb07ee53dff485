// The repository as the structure tests see it: packages, their files, their syntax trees.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

/** The folder that holds `packages/`, found from the compiled test in `test/lib/structure`. */
export const REPOSITORY_ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../../..');

/** What of a `package.json` matters here. */
export interface Manifest {
  readonly name: string;
  readonly floor?: number;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

export interface SourceFile {
  /** From the repository's root, with `/`. */
  readonly path: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
  /** Written by a generator: rules about style do not apply. */
  readonly isGenerated: boolean;
}

export interface Package {
  /** Folder below `packages/`. */
  readonly folder: string;
  readonly manifest: Manifest;
  readonly sources: readonly SourceFile[];
}

/** One import or re-export of another module. */
export interface ModuleReference {
  readonly specifier: string;
  /** Gone after compiling: `import type`, `export type`. */
  readonly isTypeOnly: boolean;
  /** Imported names; empty for `* as x` and for side effects. */
  readonly names: readonly string[];
  readonly node: ts.Node;
}

/** All packages, by folder name. */
export function readPackages(): readonly Package[] {
  const folders = readdirSync(join(REPOSITORY_ROOT, 'packages'), { withFileTypes: true });
  return folders
    .filter((entry) => entry.isDirectory())
    .map(({ name: folder }) => {
      const root = join(REPOSITORY_ROOT, 'packages', folder);
      const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as Manifest;
      return { folder, manifest, sources: readSources(join(root, 'src')) };
    });
}

function readSources(folder: string): readonly SourceFile[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
    .map((file) => {
      const text = readFileSync(file, 'utf8');
      const path = relative(REPOSITORY_ROOT, file).replaceAll('\\', '/');
      let tree: ts.SourceFile | undefined;
      return {
        path,
        text,
        isGenerated: path.includes('/src/generated/'),
        // Not every rule looks at it.
        get tree() {
          tree ??= ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true);
          return tree;
        },
      };
    });
}

/** Every module a file imports or re-exports, dynamic imports of literal names included. */
export function moduleReferences({ tree }: SourceFile): readonly ModuleReference[] {
  const references: ModuleReference[] = [];
  visit(tree, (node) => {
    if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
      const bindings = node.importClause?.namedBindings;
      const named = bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
      references.push({
        specifier: node.moduleSpecifier.text,
        isTypeOnly: node.importClause?.isTypeOnly ?? false,
        names: named
          .filter((element) => !element.isTypeOnly)
          .map((element) => (element.propertyName ?? element.name).text),
        node,
      });
    } else if (
      ts.isExportDeclaration(node) &&
      node.moduleSpecifier &&
      ts.isStringLiteral(node.moduleSpecifier)
    ) {
      const { text: specifier } = node.moduleSpecifier;
      references.push({ specifier, isTypeOnly: node.isTypeOnly, names: [], node });
    } else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword) {
      const argument = node.arguments[0];
      if (argument && ts.isStringLiteral(argument)) {
        references.push({ specifier: argument.text, isTypeOnly: false, names: [], node });
      }
    }
  });
  return references;
}

/** Calls `look` for `node` and everything below it. */
export function visit(node: ts.Node, look: (node: ts.Node) => void): void {
  look(node);
  ts.forEachChild(node, (child) => visit(child, look));
}

/** `path:line`, as editors open it. */
export function placeOf(file: SourceFile, node: ts.Node): string {
  const { line } = file.tree.getLineAndCharacterOfPosition(node.getStart(file.tree));
  return `${file.path}:${line + 1}`;
}

/** Says each violation by itself, or that there is none. */
export function report(
  t: { fail(sentence: string): unknown; pass(sentence: string): unknown },
  violations: readonly string[],
): void {
  for (const violation of violations) t.fail(violation);
  if (violations.length === 0) t.pass('no violation');
}
