// Removes everything the build made: compiled output and generated sources.
import { readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const built = readdirSync(join(root, 'packages')).map((name) => join('packages', name, 'lib'));
const generated = join('packages', 'protocol', 'src', 'generated');

const outside = ['test', 'benchmarks', 'examples'].map((name) => join(name, 'lib'));

for (const path of [...built, ...outside, generated, '.tap']) {
  rmSync(join(root, path), { recursive: true, force: true });
}
// Last, because this file runs from there.
rmSync(join(root, 'scripts', 'lib'), { recursive: true, force: true });
