// A program with actors ends when nothing is left to do: answered asks and idle actors do not hold it.
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import t from 'tap';

const program = fileURLToPath(new URL('./builders/asking-program.js', import.meta.url));

t.test('a program ends by itself long before the timeout of its answered asks', async (t) => {
  const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 60_000 });
  t.equal(stdout, 'answered 7\n');
});

t.test('an open ask keeps the program until its timeout', async (t) => {
  const run = promisify(execFile)(process.execPath, [program, 'silent'], { timeout: 60_000 });
  t.equal((await run).stdout, 'KAON_ASK_TIMEOUT\n');
});
