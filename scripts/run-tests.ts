// Runs test files, each in a plain Node process, as many at a time as there are processors, and says what failed.
//
// The files are `tap`'s and `npx tap FILE` runs any of them. Its runner starts each process with hooks on loading modules,
// for coverage and mocks; we use neither, and every process and thread that a test starts pays half a second for them.
// What a file printed stays in `.tap/test-results`, where `count-tests.ts` looks.
import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
} from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { addCounts, type Counts, countTap, describeCounts } from './tap-counts.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Where the repository, or another folder with compiled tests, is. */
    root: { type: 'string', default: '.' },
    /** Files at a time. */
    jobs: { type: 'string', default: String(availableParallelism()) },
    /** After that many seconds a file is killed and has failed. */
    limit: { type: 'string', default: '600' },
  },
});
const { root } = values;
const JOBS = Number(values.jobs);
const LIMIT_S = Number(values.limit);
const MS_PER_SECOND = 1000;
const RESULTS = join(root, '.tap', 'test-results');

/** Compiled test files below `folder` of `root`; files about types only have nothing to run. */
function testsBelow(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'types' ? [] : testsBelow(path);
    return entry.name.endsWith('.test.js') ? [path] : [];
  });
}

/** All there are, or those whose path contains one of the arguments, in either spelling. */
function wantedTests(): string[] {
  const packages = existsSync(join(root, 'packages')) ? readdirSync(join(root, 'packages')) : [];
  const folders = [...packages.sort().map((name) => join('packages', name, 'lib', 'test'))];
  const parts = positionals.map((part) => part.replace(/\.ts$/, '.js'));
  return [...folders, join('test', 'lib')]
    .flatMap((folder) => testsBelow(folder).sort())
    .filter((path) => {
      const spellings = [path, path.replace('/lib/', '/')];
      return parts.length === 0 || parts.some((part) => spellings.some((s) => s.includes(part)));
    });
}

const running = new Set<ChildProcess>();

/** Ends a test with all the processes it has started. */
function kill({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

interface Outcome {
  readonly counts: Counts;
  /** What is wrong with it; `undefined` when it has passed. */
  readonly wrong: string | undefined;
  /** What it printed. */
  readonly text: string;
}

/** Runs one file to its end. */
function runTest(path: string): Promise<Outcome> {
  const results = join(RESULTS, `${path}.tap`);
  mkdirSync(dirname(results), { recursive: true });
  const output = openSync(results, 'w');
  const env = { ...process.env, TAP: '1', TAP_TIMEOUT: values.limit };
  // A group of its own, so that what it has started can be ended with it.
  const child = spawn(process.execPath, [path], {
    cwd: root,
    env,
    detached: true,
    stdio: ['ignore', output, output],
  });
  closeSync(output);
  running.add(child);
  let isLate = false;
  const limit = setTimeout(() => {
    isLate = true;
    kill(child);
  }, LIMIT_S * MS_PER_SECOND);
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      clearTimeout(limit);
      running.delete(child);
      const text = readFileSync(results, 'utf8');
      const counts = countTap(text);
      const ran = counts.passed + counts.failed + counts.skipped;
      let wrong: string | undefined;
      if (isLate) wrong = `took longer than ${LIMIT_S} s`;
      else if (signal !== null) wrong = `ended with ${signal}`;
      else if (counts.failed > 0) wrong = `${counts.failed} failed`;
      else if (code !== 0) wrong = `ended with ${code}`;
      else if (ran === 0) wrong = 'ran no assertion';
      if (wrong !== undefined && counts.failed === 0) counts.failed = 1;
      resolve({ counts, wrong, text });
    });
  });
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    for (const child of running) kill(child);
    process.exit(1);
  });
}

const total: Counts = { passed: 0, failed: 0, skipped: 0 };
const failures: string[] = [];
const waiting = wantedTests();
const filesCount = waiting.length;

async function runWaiting(): Promise<void> {
  for (let path = waiting.shift(); path !== undefined; path = waiting.shift()) {
    const startedMs = performance.now();
    const { counts, wrong, text } = await runTest(path);
    addCounts(total, counts);
    const seconds = ((performance.now() - startedMs) / MS_PER_SECOND).toFixed(1);
    console.log(
      `${wrong === undefined ? 'ok    ' : 'FAILED'} ${path} ${counts.passed} in ${seconds} s`,
    );
    if (wrong === undefined) continue;
    failures.push(`${path}: ${wrong}`);
    // All but what passed. Places are in `lib`: source maps would cost each file a tenth of its time.
    console.log(text.replace(/^ *ok .*\n/gm, ''));
  }
}

if (positionals.length === 0) rmSync(RESULTS, { recursive: true, force: true });
await Promise.all(Array.from({ length: JOBS }, runWaiting));
for (const failure of failures) console.log(failure);
if (failures.length > 0) console.log('node --enable-source-maps FILE tells places in the sources');
console.log(`${filesCount} test files in ${(performance.now() / MS_PER_SECOND).toFixed(0)} s`);
console.log(describeCounts(total));
process.exitCode = failures.length > 0 || total.passed === 0 ? 1 : 0;
