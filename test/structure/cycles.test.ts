// No file imports itself by a detour. Imports of types alone do not count: nothing of them remains.
import { join } from 'node:path';
import t from 'tap';
import { moduleReferences, type Package, readPackages, report } from './repository.ts';

/** Paths of the files that each file loads when it is loaded. */
function loadsOf(one: Package): ReadonlyMap<string, readonly string[]> {
  return new Map(
    one.sources.map((file) => [
      file.path,
      moduleReferences(file)
        .filter(({ specifier, isTypeOnly }) => specifier.startsWith('.') && !isTypeOnly)
        .map(({ specifier }) => join(file.path, '..', specifier).replaceAll('\\', '/')),
    ]),
  );
}

/** One cycle through each file that lies on one, without repeats. */
function findCycles(loads: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const cycles = new Map<string, string>();
  const done = new Set<string>();
  const trail: string[] = [];
  const walk = (path: string): void => {
    const at = trail.indexOf(path);
    if (at >= 0) {
      const cycle = trail.slice(at);
      const names = [...cycle, path].map((one) => one.replace(/^packages\/[^/]+\/src\//, ''));
      cycles.set([...cycle].sort().join(), `${path}:1 import cycle ${names.join(' -> ')}`);
      return;
    }
    if (done.has(path)) return;
    trail.push(path);
    for (const next of loads.get(path) ?? []) walk(next);
    trail.pop();
    done.add(path);
  };
  for (const path of loads.keys()) walk(path);
  return [...cycles.values()];
}

t.test('a cycle is found, whatever its length', async (t) => {
  const loads = new Map([
    ['a.ts', ['b.ts', 'd.ts']],
    ['b.ts', ['c.ts']],
    ['c.ts', ['a.ts']],
    ['d.ts', ['d.ts']],
    ['e.ts', ['a.ts']],
  ]);
  t.same(findCycles(loads), [
    'a.ts:1 import cycle a.ts -> b.ts -> c.ts -> a.ts',
    'd.ts:1 import cycle d.ts -> d.ts',
  ]);
});

for (const one of readPackages()) {
  t.test(`${one.folder}: no import cycles between its files`, async (t) => {
    report(t, findCycles(loadsOf(one)));
  });
}
