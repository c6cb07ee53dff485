// The README's example is a program: it compiles, and does what it says.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import t from 'tap';
import { FakeMaster } from './builders/fake-master.ts';
import { compile, readmeBlock } from './builders/readme-block.ts';

t.test('the example launches a task and awaits its end', async (t) => {
  const source = await readmeBlock(0);
  t.ok(source.split('\n').length <= 31, 'in 30 lines');
  const { program, problems } = await compile(t, source);
  t.same(problems, []);
  const master = new FakeMaster();
  t.teardown(() => master.close());
  const address = await master.listen();
  const { stdout } = await promisify(execFile)(process.execPath, [program, address]);
  t.same(stdout.trim().split('\n'), [
    'subscribed as fw-1',
    'greeter on a1.example: TASK_RUNNING',
    'greeter on a1.example: TASK_FINISHED',
    'greeter exited with 0',
  ]);
});

t.test('the example of the driver does the same', async (t) => {
  const source = await readmeBlock(1);
  t.ok(source.split('\n').length <= 36);
  const { program, problems } = await compile(t, source);
  t.same(problems, []);
  const master = new FakeMaster();
  t.teardown(() => master.close());
  const address = await master.listen();
  const { stdout } = await promisify(execFile)(process.execPath, [program, address]);
  t.same(stdout.trim().split('\n'), [
    'registered as fw-1',
    't1: TASK_RUNNING',
    't1: TASK_FINISHED',
    'DRIVER_STOPPED',
  ]);
});
