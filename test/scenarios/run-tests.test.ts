// The runner of the tests: whatever goes wrong in a file is told, and nothing of it outlives the run.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t, { type Test } from 'tap';
import { REPOSITORY_ROOT } from '../structure/repository.ts';

const RUNNER = join(REPOSITORY_ROOT, 'scripts', 'lib', 'run-tests.js');
const COUNTER = join(REPOSITORY_ROOT, 'scripts', 'lib', 'count-tests.js');
const PASSING = `import t from 'tap'; t.test('one', async (t) => { t.pass(); t.pass(); }); t.pass();`;

/** Runs `files` of a small repository; what was said, the exit code and the folder. */
function run(t: Test, files: Readonly<Record<string, string>>, args: readonly string[] = []) {
  const root = t.testdir();
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  symlinkSync(join(REPOSITORY_ROOT, 'node_modules'), join(root, 'node_modules'));
  return new Promise<{ code: unknown; said: string; root: string }>((resolve) => {
    execFile(process.execPath, [RUNNER, '--root', root, ...args], (error, said) => {
      resolve({ code: error?.code ?? 0, said, root });
    });
  });
}

t.test('assertions of all files are counted, and files about types left out', async (t) => {
  const { code, said, root } = await run(t, {
    'packages/b/lib/test/x.test.js': PASSING,
    'packages/a/lib/test/deep/y.test.js': PASSING,
    'packages/a/lib/test/types/z.test.js': 'throw new Error("only compiled")',
    'packages/a/lib/test/builders/w.js': 'throw new Error("no test")',
    'test/lib/v.test.js': PASSING,
  });
  t.equal(code, 0);
  t.match(said, /^3 test files in \d+ s\n9 passed, 0 failed\n$/m);
  const kept = readFileSync(join(root, '.tap/test-results/packages/b/lib/test/x.test.js.tap'));
  t.match(kept.toString(), /TAP version/);
});

t.test('a part of a path chooses the files, as sources or as compiled', async (t) => {
  const files = { 'packages/a/lib/test/x.test.js': PASSING, 'packages/b/lib/test/x.test.js': '' };
  for (const part of ['a/lib/test', 'packages/a/test/x.test.ts']) {
    t.match(await run(t, files, [part]), { code: 0, said: /\n3 passed, 0 failed\n$/ }, part);
  }
  t.match(await run(t, files, ['nothing']), { code: 1, said: /\n0 passed, 0 failed\n$/ });
});

t.test('whatever goes wrong in a file fails the run, and what it said is shown', async (t) => {
  const { code, said } = await run(t, {
    'test/lib/fails.test.js': `import t from 'tap'; t.ok(false, 'is so'); t.pass('and that');`,
    'test/lib/passes.test.js': PASSING,
    'test/lib/plans.test.js': `import t from 'tap'; t.plan(2); t.pass('half of it');`,
    'test/lib/says-nothing.test.js': `import 'tap';`,
    'test/lib/throws.test.js': 'throw new Error("oh")',
    'test/lib/vanishes.test.js': `process.kill(process.pid, 'SIGKILL');`,
  });
  t.equal(code, 1);
  t.match(said, /^test.lib.fails.test.js: 1 failed$/m);
  t.match(said, /^not ok 1 - is so$/m);
  t.match(said, /^test.lib.plans.test.js: /m);
  t.match(said, /^test.lib.says-nothing.test.js: ran no assertion$/m);
  t.match(said, /^test.lib.throws.test.js: ended with 1$/m);
  t.match(said, /^Error: oh$/m);
  t.match(said, /^test.lib.vanishes.test.js: ended with SIGKILL$/m);
  t.match(said, /\n5 passed, 5 failed\n$/);
  t.notMatch(said, /^ *ok \d/m, 'of what passed there is the count');
});

t.test(
  'a file that breaks off after what passed is counted as failed, now and later',
  async (t) => {
    const { code, said, root } = await run(t, {
      'test/lib/breaks-off.test.js': `import t from 'tap'; t.pass();
      t.test('one', (t) => { t.pass(); setTimeout(() => process.kill(process.pid, 'SIGKILL'), 100); });`,
    });
    t.equal(code, 1);
    t.match(said, /\n2 passed, 1 failed\n$/);
    const results = join(root, '.tap/test-results');
    const later = await new Promise<string>((resolve) => {
      execFile(process.execPath, [COUNTER, results], (_error, said) => resolve(said));
    });
    t.match(later, /\n2 passed, 1 failed\n$/);
  },
);

t.test('a file that hangs is ended with what it has started', async (t) => {
  const hanging = `
    import { spawn } from 'node:child_process';
    import { writeFileSync } from 'node:fs';
    const child = spawn('sleep', ['600']);
    writeFileSync('pid', String(child.pid));
    setInterval(() => 0, 1000);
  `;
  const files = { 'packages/a/lib/test/x.test.js': hanging };
  const { code, said, root } = await run(t, files, ['--limit', '5']);
  t.equal(code, 1);
  t.match(said, /x.test.js: took longer than 5 s/);
  const pid = Number(readFileSync(join(root, 'pid'), 'utf8'));
  await t.resolves(gone(pid));
});

/** Resolves when there is no such process any more; one that waits to be reaped does not count. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      if (/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))) return;
    } catch {
      return;
    }
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
