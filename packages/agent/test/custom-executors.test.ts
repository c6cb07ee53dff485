// Custom executors as real processes: an executor that speaks nothing but the raw API, over real
// connections, on a real disk; and an agent that is killed under it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type Pid, pidOf } from '@kaon/actor';
import { type AgentOptions, agentProtocol } from '@kaon/agent';
import {
  createMessage,
  ExecutorInfo,
  type FrameworkInfo,
  internal,
  TaskInfo,
  type TaskStatus,
} from '@kaon/protocol';
import t, { type Test } from 'tap';
import { TestMaster } from './builders/real-cluster.ts';
import { AGENT_ID, FRAMEWORK_ID, givenFramework, givenTask } from './builders/simulated-agent.ts';

const AGENT_SCRIPT = fileURLToPath(new URL('./builders/agent-process.js', import.meta.url));
const EXECUTOR_SCRIPT = fileURLToPath(new URL('./builders/raw-executor.js', import.meta.url));
const EXECUTOR_ID = 'exec-1';

interface AgentProcess {
  readonly port: number;
  readonly pid: Pid<typeof agentProtocol>;
  kill(): Promise<void>;
}

/** An agent as a process. At the end of the test it leaves, so that nothing it started is left. */
async function startAgentProcess(
  t: Test,
  master: TestMaster,
  workDir: string,
  { port = 0, ...options }: Partial<AgentOptions> & { readonly port?: number } = {},
): Promise<AgentProcess> {
  const args = [AGENT_SCRIPT, workDir, master.node.address, `${port}`, JSON.stringify(options)];
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  const exited = once(child, 'exit');
  const [line] = await once(child.stdout, 'data');
  const pid = pidOf(agentProtocol, `slave(1)@127.0.0.1:${Number(String(line))}`);
  if (!pid.ok) throw new Error(pid.error);
  const kill = async (): Promise<void> => {
    child.kill('SIGKILL');
    await exited;
  };
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      master.tell(pid.value, 'shutdown', { message: 'the test is over' });
      await exited;
    }
  });
  return { port: Number(String(line)), pid: pid.value, kill };
}

function givenExecutor(variables: Readonly<Record<string, string>> = {}): ExecutorInfo {
  return createMessage(ExecutorInfo, {
    type: 'CUSTOM',
    executorId: { value: EXECUTOR_ID },
    frameworkId: { value: FRAMEWORK_ID },
    name: 'raw executor',
    source: 'test',
    resources: givenTask('any', '', 'cpus:0.1;mem:64').resources,
    command: {
      shell: false,
      value: process.execPath,
      arguments: [process.execPath, EXECUTOR_SCRIPT],
      environment: {
        variables: Object.entries(variables).map(([name, value]) => ({ name, value })),
      },
    },
    shutdownGracePeriod: { nanoseconds: 2e9 },
  });
}

function givenCustomTask(id: string, wish: string, executor = givenExecutor()): TaskInfo {
  return createMessage(TaskInfo, {
    ...givenTask(id),
    command: undefined,
    executor,
    data: Buffer.from(wish),
  });
}

interface World {
  readonly master: TestMaster;
  readonly workDir: string;
  readonly agent: AgentProcess;
  run(task: TaskInfo, framework?: FrameworkInfo): void;
  /** What the executor wrote down, a line each. */
  transcript(): readonly string[];
}

async function startWorld(t: Test, options: Partial<AgentOptions> = {}): Promise<World> {
  const master = await TestMaster.start(t);
  const workDir = t.testdir();
  const agent = await startAgentProcess(t, master, workDir, options);
  await master.until(() => master.registrations > 0);
  const runs = `${workDir}/slaves/${AGENT_ID}/frameworks/${FRAMEWORK_ID}/executors/${EXECUTOR_ID}/runs`;
  return {
    master,
    workDir,
    agent,
    run(task, framework = givenFramework({ user: 'root' })) {
      const message = createMessage(internal.RunTaskMessage, { framework, task });
      master.tell(agent.pid, 'runTask', message);
    },
    transcript: () => readFileSync(`${runs}/latest/transcript`, 'utf8').trim().split('\n'),
  };
}

/** Resolves when the process is gone. */
async function ended(processId: number): Promise<void> {
  const isThere = (): boolean => existsSync(`/proc/${processId}`);
  while (isThere()) await new Promise((resolve) => setTimeout(resolve, 5));
}

t.test('an executor of its own runs tasks, hears messages and is shut down', async (t) => {
  const { master, agent, run, transcript } = await startWorld(t);
  run(givenCustomTask('e-finish', 'finish'));
  run(givenCustomTask('e-stay', 'stay'));
  const finished = await master.status('e-finish', 'TASK_FINISHED');
  const running = await master.status('e-stay', 'TASK_RUNNING');
  t.match(running, { source: 'SOURCE_EXECUTOR', message: 'hello from the executor' });
  t.equal(running.executorId, undefined, 'it is left to executors to name themselves');
  const container = (status: TaskStatus) => status.containerStatus?.containerId?.value;
  t.equal(container(running), container(finished), 'both are in the container of one executor');
  t.ok(running.containerStatus?.executorPid);

  const executorId = { value: EXECUTOR_ID };
  const key = { frameworkId: { value: FRAMEWORK_ID }, executorId };
  const data = Buffer.from('ping-bytes');
  master.tell(agent.pid, 'frameworkToExecutor', { ...key, agentId: { value: AGENT_ID }, data });
  await master.until(() => master.messages.length > 0);
  t.match(master.messages[0], { executorId, data });

  const { frameworkId } = key;
  master.tell(agent.pid, 'killTask', { frameworkId, taskId: { value: 'e-stay' } });
  t.match(await master.status('e-stay', 'TASK_KILLED'), { message: 'killed on request' });
  master.tell(agent.pid, 'shutdownExecutor', { frameworkId, executorId });
  await master.until(() => master.exits.length > 0);
  t.match(master.exits, [{ executorId, status: 0 }]);
  t.strictSame(
    transcript().filter((line) => line.startsWith('event') && !line.endsWith('ACKNOWLEDGED')),
    [
      'event SUBSCRIBED',
      'event LAUNCH',
      'event LAUNCH',
      'event MESSAGE',
      'event KILL',
      'event SHUTDOWN',
    ],
  );
  const updates = transcript().filter((line) => line.startsWith('update'));
  t.ok(updates.every((line) => line.endsWith(' 202')));
});

t.test('tasks of an executor that exits have failed, and its framework is told', async (t) => {
  const { master, run } = await startWorld(t);
  run(givenCustomTask('e-exit', 'exit 3'));
  const failed = await master.status('e-exit', 'TASK_FAILED');
  t.match(failed, {
    source: 'SOURCE_AGENT',
    reason: 'REASON_EXECUTOR_TERMINATED',
    message: 'Executor terminated',
    executorId: { value: EXECUTOR_ID },
  });
  t.equal(failed.containerStatus, undefined, 'its container is gone');
  t.match(master.exits, [{ executorId: { value: EXECUTOR_ID }, status: 3 << 8 }]);
});

t.test('an update made while the agent was dead is not lost, nor is the task', async (t) => {
  const world = await startWorld(t);
  const { master, agent, workDir, run, transcript } = world;
  const executor = givenExecutor({ FINISH_ON_SIGNAL: 'late' });
  run(givenCustomTask('late', 'stay', executor));
  run(givenCustomTask('stays', 'stay', executor));
  const running = await master.status('late', 'TASK_RUNNING');
  await master.status('stays', 'TASK_RUNNING');
  const processId = running.containerStatus?.executorPid as number;

  await agent.kill();
  master.reports = [];
  process.kill(processId, 'SIGUSR2');
  while (!transcript().includes('update late TASK_FINISHED unsent')) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const next = await startAgentProcess(t, master, workDir, { port: agent.port });
  t.equal((await master.status('late', 'TASK_FINISHED')).message, undefined);
  t.match(master.reports[0]?.executorInfos, [{ executorId: { value: EXECUTOR_ID } }]);
  t.equal(transcript().filter((line) => line === 'event SUBSCRIBED').length, 2);
  t.equal(transcript().filter((line) => line === 'event LAUNCH').length, 2, 'nothing ran twice');

  run(givenCustomTask('new', 'finish', executor));
  await master.status('new', 'TASK_FINISHED');
  master.tell(next.pid, 'killTask', {
    frameworkId: { value: FRAMEWORK_ID },
    taskId: { value: 'stays' },
  });
  await master.status('stays', 'TASK_KILLED');
});

t.test('an executor that does not come back to a restarted agent is ended', async (t) => {
  const { master, agent, workDir, run } = await startWorld(t);
  run(givenCustomTask('gone', 'stay'));
  const running = await master.status('gone', 'TASK_RUNNING');
  const processId = running.containerStatus?.executorPid as number;
  await agent.kill();
  process.kill(processId, 'SIGSTOP');
  const options = { port: agent.port, executorReregistrationTimeoutMs: 50 };
  await startAgentProcess(t, master, workDir, options);
  t.match(await master.status('gone', 'TASK_FAILED'), {
    reason: 'REASON_EXECUTOR_REREGISTRATION_TIMEOUT',
    message: 'Executor did not reregister within 50ms',
  });
  await ended(processId);
});

t.test('without checkpoints the executor goes with its agent', async (t) => {
  const { master, agent, workDir, run } = await startWorld(t);
  const framework = givenFramework({ user: 'root', checkpoint: false });
  run(givenCustomTask('gone', 'stay'), framework);
  const running = await master.status('gone', 'TASK_RUNNING');
  await agent.kill();
  master.reports = [];
  await startAgentProcess(t, master, workDir, { port: agent.port });
  await master.until(() => master.reports.length > 0);
  await ended(running.containerStatus?.executorPid as number);
  t.strictSame(master.reports[0]?.tasks, []);
});

t.test('with authentication only the token of an executor speaks for it', async (t) => {
  const { master, agent, run } = await startWorld(t, {
    jwtSecretKey: 'a key of some length',
    authenticateHttpExecutors: true,
  });
  run(givenCustomTask('e-finish', 'finish'));
  run(givenCustomTask('e-stay', 'stay'));
  await master.status('e-finish', 'TASK_FINISHED');
  const call = async (headers: Record<string, string>): Promise<Response> =>
    fetch(`http://127.0.0.1:${agent.port}/api/v1/executor`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', ...headers },
      body: JSON.stringify({
        type: 'MESSAGE',
        message: { data: '' },
        framework_id: { value: FRAMEWORK_ID },
        executor_id: { value: EXECUTOR_ID },
      }),
    });
  const nobody = await call({});
  t.equal(nobody.status, 401);
  t.equal(nobody.headers.get('www-authenticate'), 'Bearer realm="mesos-agent-executor"');
  const forged = await call({ Authorization: 'Bearer e30.e30.c2ln' });
  t.equal(forged.status, 401);
  t.match(forged.headers.get('www-authenticate'), /error="invalid_token"/);
});
