// The executor's driver over real HTTP, and the README's example as a process of its own.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { MesosExecutorDriver } from '@kaon/executor';
import { LEGACY_ENVIRONMENT } from '@kaon/protocol';
import t, { type Test } from 'tap';
import ts from 'typescript';
import { ExecutorRecorder } from './builders/executor-recorder.ts';
import { FakeAgent } from './builders/fake-agent.ts';
import { launch } from './builders/given-executor-driver.ts';

async function givenAgent(t: Test, ...tasks: readonly string[]): Promise<FakeAgent> {
  const agent = new FakeAgent(...tasks);
  await agent.listen();
  t.teardown(() => agent.close());
  return agent;
}

/** Runs each task to its end, and stops when the agent says so. */
class Runner extends ExecutorRecorder {
  override onLaunch: ExecutorRecorder['onLaunch'] = (driver, { taskId }) => {
    driver.sendStatusUpdate({ taskId, state: 'TASK_RUNNING' });
    driver.sendFrameworkMessage(Buffer.from(taskId.value));
    driver.sendStatusUpdate({ taskId, state: 'TASK_FINISHED' });
  };
  override onShutdown: ExecutorRecorder['onShutdown'] = (driver) => void driver.stop();
}

for (const encoding of ['json', 'protobuf'] as const) {
  t.test(`${encoding}: tasks run, in order, with the token in every call`, async (t) => {
    const agent = await givenAgent(t, 't1', 't2');
    const executor = new Runner();
    const driver = new MesosExecutorDriver(executor, {
      variables: agent.variables,
      encoding,
      // This process lives on: the timer of the grace period does its work.
      killProcessGroup: () => undefined,
    });
    t.equal(await driver.run(), 'DRIVER_STOPPED');
    t.same(executor.heard, [
      'registered e1 of test on host-1',
      'launch t1',
      'launch t2',
      'shutdown',
    ]);
    t.same(
      agent.calls.map(({ type, update, executorId, frameworkId }) => [
        type,
        update?.status.state,
        executorId.value,
        frameworkId.value,
      ]),
      [
        ['SUBSCRIBE', undefined],
        ['UPDATE', 'TASK_RUNNING'],
        ['MESSAGE', undefined],
        ['UPDATE', 'TASK_FINISHED'],
        ['UPDATE', 'TASK_RUNNING'],
        ['MESSAGE', undefined],
        ['UPDATE', 'TASK_FINISHED'],
      ].map((call) => [...call, 'e1', 'fw-1']),
    );
    t.same(new Set(agent.authorizations), new Set(['Bearer a.b.c']));
    t.equal(driver.stats.updatesKept, 0);
  });
}

t.test('a stream that breaks is made anew, with what was not acknowledged', async (t) => {
  const agent = await givenAgent(t, 't1');
  const executor = new Runner();
  executor.onLaunch = (driver, { taskId }) => {
    agent.breakStream();
    driver.sendStatusUpdate({ taskId, state: 'TASK_FINISHED' });
  };
  const driver = new MesosExecutorDriver(executor, {
    variables: agent.variables,
    killProcessGroup: () => undefined,
  });
  t.equal(await driver.run(), 'DRIVER_STOPPED');
  t.same(executor.heard.slice(1), [
    'launch t1',
    'disconnected',
    'reregistered on host-1',
    'shutdown',
  ]);
});

t.test('an error that the agent tells of is the last callback, in each encoding', async (t) => {
  for (const encoding of ['json', 'protobuf'] as const) {
    const agent = await givenAgent(t, 't1');
    const executor = new ExecutorRecorder();
    executor.onLaunch = () => {
      agent.event({ type: 'ERROR', error: { message: 'the executor is unknown' } });
      agent.event(launch('t2'));
      agent.event({ type: 'SHUTDOWN' });
    };
    executor.onShutdown = (driver) => void driver.stop();
    const driver = new MesosExecutorDriver(executor, {
      variables: agent.variables,
      encoding,
      killProcessGroup: () => undefined,
    });
    t.equal(await driver.run(), 'DRIVER_ABORTED');
    t.same(executor.heard, [
      'registered e1 of test on host-1',
      'launch t1',
      'error the executor is unknown DRIVER_ABORTED',
    ]);
    t.equal(agent.calls.length, 1, 'it does not subscribe again');
  }
});

t.test('an agent that refuses the executor is an error', async (t) => {
  const agent = await givenAgent(t);
  const executor = new ExecutorRecorder();
  const { agentPid } = LEGACY_ENVIRONMENT;
  // Another path than the agent's.
  const pid = (agent.variables[agentPid] ?? '').replace('(1)', '(2)');
  const driver = new MesosExecutorDriver(executor, {
    variables: { ...agent.variables, [agentPid]: pid },
  });
  t.equal(await driver.run(), 'DRIVER_ABORTED');
  t.match(executor.heard, [/^error the agent answers 404/]);
});

/** Hears nothing of a shutdown, and starts a process that hears nothing either. */
const STUBBORN = `
import { spawn } from 'node:child_process';
import { MesosExecutorDriver } from '@kaon/executor';
const nothing = () => undefined;
const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'inherit' });
console.log(child.pid);
setInterval(nothing, 1000);
new MesosExecutorDriver({
  registered: nothing, reregistered: nothing, disconnected: nothing, killTask: nothing,
  frameworkMessage: nothing, shutdown: nothing, error: nothing,
  launchTask: (driver, { taskId }) => driver.sendStatusUpdate({ taskId, state: 'TASK_FINISHED' }),
}).start();
`;

t.test('who does not end within the grace period is killed, with all it started', async (t) => {
  const agent = await givenAgent(t, 't1');
  const env = {
    ...process.env,
    ...agent.variables,
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: '50ms',
  };
  const child = spawn(process.execPath, ['--input-type=module', '-e', STUBBORN], {
    env,
    cwd: here,
    // A group of its own, as agents start executors.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  // Ends when nobody holds the pipe any more, the grandchild included.
  const [signal] = await Promise.all([
    new Promise((resolve) => child.on('exit', (_code, by) => resolve(by))),
    new Promise((resolve) => child.stdout.resume().on('end', resolve)),
  ]);
  t.equal(signal, 'SIGKILL');
});

const here = dirname(fileURLToPath(import.meta.url));

t.test('the example of the README is an executor', async (t) => {
  const text = await readFile(join(here, '../../README.md'), 'utf8');
  const blocks = [...text.matchAll(/```ts\n(.*?)```/gs)].map((match) => match[1] ?? '');
  const source = blocks.find((block) => block.includes('MesosExecutorDriver')) ?? '';
  t.ok(source.split('\n').length <= 31, 'in 30 lines');
  const folder = await mkdtemp(join(here, 'readme-'));
  t.teardown(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, 'example.ts');
  await writeFile(file, source);
  const program = ts.createProgram([file], {
    strict: true,
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    skipLibCheck: true,
    types: ['node'],
  });
  const emitted = program.emit();
  const problems = [...ts.getPreEmitDiagnostics(program), ...emitted.diagnostics].map((found) =>
    ts.flattenDiagnosticMessageText(found.messageText, '\n'),
  );
  t.same(problems, []);
  const agent = await givenAgent(t, 't1', 't2');
  const env = { ...process.env, ...agent.variables };
  const example = join(folder, 'example.js');
  const { stdout } = await promisify(execFile)(process.execPath, [example], { env });
  t.same(stdout.trim().split('\n'), ['registered on host-1', 'hello from t1', 'hello from t2']);
  t.same(
    agent.calls.flatMap(({ update }) => (update ? [update.status.state] : [])),
    ['TASK_RUNNING', 'TASK_FINISHED', 'TASK_RUNNING', 'TASK_FINISHED'],
  );
});
