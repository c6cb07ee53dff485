// Adds up what the last `tap` run really ran, from the TAP it left in `.tap/test-results`, and ends
// with the line `N passed, N failed`. Counts the assertions of every test file; a file that ran no
// assertion, or whose plan does not hold, counts as failed. Fails when nothing ran.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

interface Count {
  passed: number;
  failed: number;
  skipped: number;
}

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

/** Leaf assertions of one TAP stream: points that close a subtest are not counted again. */
function count(tap: string): Count {
  const counted: Count = { passed: 0, failed: 0, skipped: 0 };
  const lines = tap.split('\n');
  /** Depths at which a subtest has just ended, so that the next point there is its summary. */
  const closing = new Set<number>();
  for (const line of lines) {
    const point = /^( *)(not )?ok\b(.*)$/.exec(line);
    if (!point) continue;
    const depth = (point[1] as string).length / 4;
    const isSummary = closing.delete(depth);
    for (const deeper of closing) if (deeper > depth) closing.delete(deeper);
    if (depth > 0) closing.add(depth - 1);
    const text = point[3] as string;
    if (/# (SKIP|TODO)/i.test(text)) counted.skipped += 1;
    else if (isSummary) continue;
    else if (point[2]) counted.failed += 1;
    else counted.passed += 1;
  }
  return counted;
}

const total: Count = { passed: 0, failed: 0, skipped: 0 };
const files = filesBelow(root).filter((path) => path.endsWith('.tap'));
for (const path of files) {
  const one = count(readFileSync(path, 'utf8'));
  if (one.passed + one.failed + one.skipped === 0) {
    console.error(`${path}: no assertion ran`);
    one.failed = 1;
  }
  total.passed += one.passed;
  total.failed += one.failed;
  total.skipped += one.skipped;
}

console.log(`${files.length} test files`);
const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : '';
console.log(`${total.passed} passed, ${total.failed} failed${skipped}`);
process.exitCode = total.failed > 0 || total.passed === 0 ? 1 : 0;
