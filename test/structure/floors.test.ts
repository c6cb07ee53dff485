// Packages import strictly downward, only what they declare, and only through the front door.
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import t from 'tap';
import ts from 'typescript';
import {
  moduleReferences,
  type Package,
  placeOf,
  REPOSITORY_ROOT,
  readPackages,
  report,
} from './repository.ts';

const packages = readPackages();
const byName = new Map(packages.map((one) => [one.manifest.name, one]));

/** `@kaon/actor` of `@kaon/actor/lib/pid.js`, `ws` of `ws`. */
function packageNameOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] as string);
}

function declaredBy({ manifest }: Package): ReadonlySet<string> {
  return new Set([
    ...Object.keys(manifest.dependencies ?? {}),
    ...Object.keys(manifest.optionalDependencies ?? {}),
    ...Object.keys(manifest.peerDependencies ?? {}),
  ]);
}

/** Folders of the packages that the project of `one` references. */
function referencedBy(one: Package): ReadonlySet<string> {
  const path = join(REPOSITORY_ROOT, 'packages', one.folder, 'tsconfig.json');
  const { config } = ts.parseConfigFileTextToJson(path, readFileSync(path, 'utf8')) as {
    config?: { references?: readonly { readonly path: string }[] };
  };
  return new Set((config?.references ?? []).map(({ path }) => path.replace(/^\.\.\//, '')));
}

t.test('every package says on which floor it stands', async (t) => {
  const silent = packages.filter(({ manifest }) => !Number.isInteger(manifest.floor));
  report(
    t,
    silent.map(({ folder }) => `packages/${folder}/package.json:1 has no whole number "floor"`),
  );
});

for (const one of packages) {
  const floor = one.manifest.floor ?? 0;
  const declared = declaredBy(one);

  t.test(`${one.folder}: depends on lower floors alone`, async (t) => {
    const violations: string[] = [];
    for (const name of declared) {
      const other = byName.get(name);
      if (other && (other.manifest.floor ?? 0) >= floor) {
        violations.push(
          `packages/${one.folder}/package.json:1 floor ${floor} depends on ${name}, floor ${other.manifest.floor}`,
        );
      }
    }
    report(t, violations);
  });

  t.test(
    `${one.folder}: imports go strictly down, to declared packages, not inside them`,
    async (t) => {
      const violations: string[] = [];
      const referenced = referencedBy(one);
      for (const file of one.sources) {
        for (const { specifier, node } of moduleReferences(file)) {
          if (specifier.startsWith('.') || isBuiltin(specifier)) continue;
          const place = placeOf(file, node);
          const name = packageNameOf(specifier);
          if (!declared.has(name)) violations.push(`${place} imports ${name}, not a dependency`);
          const other = byName.get(name);
          if (!other) continue;
          if ((other.manifest.floor ?? 0) >= floor) {
            violations.push(
              `${place} floor ${floor} imports ${name}, floor ${other.manifest.floor}`,
            );
          }
          if (specifier !== name) violations.push(`${place} imports the inside of ${name}`);
          if (!referenced.has(other.folder)) {
            violations.push(`${place} imports ${name}, which its tsconfig.json does not reference`);
          }
        }
      }
      report(t, violations);
    },
  );

  t.test(`${one.folder}: relative imports stay in its src and name the .ts file`, async (t) => {
    const violations: string[] = [];
    for (const file of one.sources) {
      const root = `packages/${one.folder}/src/`;
      for (const { specifier, node } of moduleReferences(file)) {
        if (!specifier.startsWith('.')) continue;
        const target = join(file.path, '..', specifier).replaceAll('\\', '/');
        if (!target.startsWith(root)) {
          violations.push(`${placeOf(file, node)} imports ${specifier}, outside of src`);
        } else if (!specifier.endsWith('.ts')) {
          violations.push(`${placeOf(file, node)} imports ${specifier} without its .ts`);
        }
      }
    }
    report(t, violations);
  });
}
