// Time, chance, disk, network and processes are reached through ports; Node's own stand behind them
// in `src/node/`. Beside actors nothing is async.
import t from 'tap';
import ts from 'typescript';
import { reachesOutside } from './outside-world.ts';
import { placeOf, readPackages, report, type SourceFile, visit } from './repository.ts';

/** Where the ports are implemented, and the shell. */
const SHELLS: readonly RegExp[] = [
  /^packages\/[^/]+\/src\/node\//,
  /^packages\/http\/src\/drivers\//,
  /^packages\/cli\/src\//,
];

function parsed(text: string): SourceFile {
  const tree = ts.createSourceFile('x.ts', text, ts.ScriptTarget.ES2023, true);
  return { path: 'x.ts', text, tree, isGenerated: false };
}

t.test('each way out is seen', async (t) => {
  const ways = [
    'Date.now();',
    'new Date();',
    'Date();',
    'Math.random();',
    'setTimeout(() => 0, 1);',
    'const arm = setInterval;',
    'globalThis.setImmediate(run);',
    'performance.now();',
    'crypto.randomUUID();',
    'process.exit(1);',
    'fetch(url);',
    "import { readFile } from 'node:fs/promises';",
    "import * as net from 'net';",
    "import { randomBytes } from 'node:crypto';",
    "import crypto from 'node:crypto';",
    "export { spawn } from 'node:child_process';",
    "const { Worker } = await import('node:worker_threads');",
  ];
  for (const way of ways) t.equal(reachesOutside(parsed(way)).length, 1, way);
});

t.test('what only looks like one is not', async (t) => {
  const innocent = [
    'new Date(nowMs).toISOString();',
    'Math.floor(1);',
    'cache.fetch(url);',
    'const ports = { fetch: 1, process: 2 };',
    'interface X { process(): void; performance: number }',
    'function run(process: Child) { process.kill(); }',
    "import { createHash, timingSafeEqual } from 'node:crypto';",
    "import type { Stats } from 'node:fs';",
    'type Handle = NodeJS.Timeout;',
    "import { join } from 'node:path';",
  ];
  for (const way of innocent) t.same(reachesOutside(parsed(way)), [], way);
});

for (const one of readPackages()) {
  t.test(`${one.folder}: reaches the outside world through ports alone`, async (t) => {
    const inside = one.sources.filter(({ path }) => !SHELLS.some((shell) => shell.test(path)));
    report(
      t,
      inside
        .flatMap(reachesOutside)
        .map((found) => `${found}: only src/node, http/src/drivers and cli/src may`),
    );
  });

  t.test(`${one.folder}: nothing is async in a file that defines an actor`, async (t) => {
    report(t, one.sources.flatMap(asyncBesideActors));
  });
}

function asyncBesideActors(file: SourceFile): readonly string[] {
  let definesActor = false;
  const asyncPlaces: string[] = [];
  visit(file.tree, (node) => {
    if (ts.isCallExpression(node) && node.expression.getText(file.tree) === 'defineActor') {
      definesActor = true;
    }
    const isAsync =
      ts.isFunctionLike(node) &&
      ts.canHaveModifiers(node) &&
      ts.getModifiers(node)?.some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);
    if (isAsync) asyncPlaces.push(`${placeOf(file, node)} async function beside defineActor`);
  });
  return definesActor ? asyncPlaces : [];
}
