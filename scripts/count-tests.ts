// Adds up what the last run of the tests really ran, from the TAP it left in `.tap/test-results`, and ends
// with the line `N passed, N failed`. Counts the assertions of every test file; a file that ran no
// assertion, or whose plan does not hold, counts as failed. Fails when nothing ran.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { addCounts, type Counts, countTap, describeCounts } from './tap-counts.ts';

const root = process.argv[2] ?? '.tap/test-results';

/** All files below `folder`, sorted. */
function filesBelow(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { withFileTypes: true })
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesBelow(path) : [path];
    })
    .sort();
}

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const files = filesBelow(root).filter((path) => path.endsWith('.tap'));
for (const path of files) {
  const one = countTap(readFileSync(path, 'utf8'));
  if (one.passed + one.failed + one.skipped === 0) {
    console.error(`${path}: no assertion ran`);
    one.failed = 1;
  }
  addCounts(total, one);
}

console.log(`${files.length} test files`);
console.log(describeCounts(total));
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
