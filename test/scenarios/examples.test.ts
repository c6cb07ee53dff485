// Every example runs and prints what its last comment says; the guide shows them as they are.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import t from 'tap';
import { REPOSITORY_ROOT } from '../structure/repository.ts';

const EXAMPLES = join(REPOSITORY_ROOT, 'examples');
const files = readdirSync(EXAMPLES, { recursive: true, encoding: 'utf8' })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts') && !file.startsWith('lib/'))
  .sort();

/** What the example says that it prints; undefined for a file that is part of another example. */
function promisedOutput(text: string): string | undefined {
  const at = text.lastIndexOf('\n// Prints:\n');
  if (at < 0) return undefined;
  const lines = text.slice(at).trim().split('\n').slice(1);
  return `${lines.map((line) => line.replace(/^\/\/ ?/, '')).join('\n')}\n`;
}

for (const file of files) {
  const promised = promisedOutput(readFileSync(join(EXAMPLES, file), 'utf8'));
  if (promised === undefined) continue;
  t.test(`examples/${file} prints what it says`, async (t) => {
    const program = join(EXAMPLES, 'lib', file.replace(/\.ts$/, '.js'));
    const run = promisify(execFile)(process.execPath, [program], { timeout: 60_000 });
    const { stdout } = await run;
    t.equal(stdout.replaceAll(/127\.0\.0\.1:\d+/g, 'ADDRESS'), promised);
  });
}

t.test('the guide shows every example, and shows it as it is', async (t) => {
  const guide = readFileSync(join(REPOSITORY_ROOT, 'docs', 'actors.md'), 'utf8');
  const flat = (text: string): string => text.replaceAll(/^\s+/gm, '').trim();
  const shown = new Set<string>();
  for (const [, file, code] of guide.matchAll(/```ts\n\/\/ examples\/(\S+\.ts)\n(.*?)```/gs)) {
    shown.add(file as string);
    const source = flat(readFileSync(join(EXAMPLES, file as string), 'utf8'));
    for (const part of (code as string).split(/^\s*\/\/ …\n/m)) {
      t.ok(source.includes(flat(part)), `${file} has:\n${part}`);
    }
  }
  t.same(
    files.filter((file) => file.startsWith('actors/')),
    [...shown].sort(),
  );
});
