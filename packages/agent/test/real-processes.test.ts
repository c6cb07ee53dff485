// Real processes on a real disk, over real connections; and a second agent that finds them again.
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type CommandInfo,
  createMessage,
  internal,
  type Offer_Operation,
  type TaskInfo,
} from '@kaon/protocol';
import t from 'tap';
import {
  create,
  destroy,
  givenReserved,
  givenVolume,
  operationUuid,
  reserve,
} from './builders/operations.ts';
import { type RealAgent, startRealAgent, TestMaster } from './builders/real-cluster.ts';
import { FRAMEWORK_ID, givenFramework, givenTask } from './builders/simulated-agent.ts';

const framework = givenFramework({ user: 'root' });

function run(master: TestMaster, { agent }: RealAgent, task: TaskInfo): void {
  master.tell(agent.pid, 'runTask', createMessage(internal.RunTaskMessage, { framework, task }));
}

async function get(url: string): Promise<{ status: number; text: string }> {
  const response = await fetch(url);
  return { status: response.status, text: await response.text() };
}

t.test('a command runs in its sandbox and its output can be read', async (t) => {
  const master = await TestMaster.start(t);
  const workDir = t.testdir();
  const agent = await startRealAgent(t, master, workDir);
  await master.until(() => master.registrations > 0);
  run(master, agent, givenTask('t1', 'echo "hello $MESOS_TASK_ID"; pwd; echo oops >&2; exit 3'));
  const status = await master.status('t1', 'TASK_FAILED', 'TASK_FINISHED');
  t.match(status, { state: 'TASK_FAILED', message: 'Command exited with status 3' });
  t.equal(status.containerStatus?.executorPid === undefined, false);

  const runs = `${workDir}/slaves/S0/frameworks/${FRAMEWORK_ID}/executors/t1/runs`;
  const containerId = status.containerStatus?.containerId?.value ?? '';
  t.strictSame(readdirSync(runs).sort(), [containerId, 'latest'].sort());
  t.equal(statSync(`${runs}/${containerId}`).mode & 0o777, 0o750);
  t.equal(readFileSync(`${runs}/latest/stdout`, 'utf8'), `hello t1\n${runs}/${containerId}\n`);

  const path = `/frameworks/${FRAMEWORK_ID}/executors/t1/runs/latest/stderr`;
  const read = await get(`${agent.url}/files/read?offset=0&path=${path}`);
  t.strictSame(JSON.parse(read.text), { data: 'oops\n', offset: 0 });
});

t.test('a killed task takes everything it started with it', async (t) => {
  const master = await TestMaster.start(t);
  const agent = await startRealAgent(t, master, t.testdir());
  await master.until(() => master.registrations > 0);
  run(master, agent, givenTask('t1', 'trap "" TERM; sleep 1000 & setsid sleep 1000 & wait'));
  await master.status('t1', 'TASK_RUNNING');
  master.tell(agent.agent.pid, 'killTask', {
    frameworkId: { value: FRAMEWORK_ID },
    taskId: { value: 't1' },
    killPolicy: { gracePeriod: { nanoseconds: 1e8 } },
  });
  const status = await master.status('t1', 'TASK_KILLED');
  t.match(status.message, /Killed|Terminated/);
});

t.test('a program that is not there fails with the reason', async (t) => {
  const master = await TestMaster.start(t);
  const agent = await startRealAgent(t, master, t.testdir());
  await master.until(() => master.registrations > 0);
  const task = givenTask('t1');
  const command = { value: '/no/such/program', shell: false, arguments: [], uris: [] };
  run(master, agent, { ...task, command });
  const status = await master.status('t1', 'TASK_FAILED');
  t.match(status.message, /\/no\/such\/program/);
});

t.test('a second agent finds what the first left running', async (t) => {
  const master = await TestMaster.start(t);
  const workDir = t.testdir();
  const first = await startRealAgent(t, master, workDir);
  await master.until(() => master.registrations > 0);
  // Each ends when its file appears: no task depends on how fast the test is.
  const waitFor = (file: string): string =>
    `while [ ! -e ${workDir}/${file} ]; do sleep 0.05; done; exit 7`;
  run(master, first, givenTask('ends-meanwhile', waitFor('one')));
  run(master, first, givenTask('ends-later', waitFor('two')));
  await master.status('ends-meanwhile', 'TASK_RUNNING');
  await master.status('ends-later', 'TASK_RUNNING');
  await first.crash();

  writeFileSync(`${workDir}/one`, '');
  const second = await startRealAgent(t, master, workDir);
  const meanwhile = await master.status('ends-meanwhile', 'TASK_FAILED', 'TASK_FINISHED');
  t.match(meanwhile, { state: 'TASK_FAILED', message: 'Command exited with status 7' });
  t.match(master.reports[0]?.tasks.map(({ taskId }) => taskId.value).sort(), [
    'ends-later',
    'ends-meanwhile',
  ]);
  writeFileSync(`${workDir}/two`, '');
  const later = await master.status('ends-later', 'TASK_FAILED');
  t.match(later, { message: 'Command exited with status 7' });
  t.equal(await second.agent.inspect((state) => state.counters.recoveryErrors), 0);
});

t.test('a task runs as the user it names', { skip: process.getuid?.() !== 0 }, async (t) => {
  const master = await TestMaster.start(t);
  // Below a folder that others may enter, which the test's own folder need not be.
  const workDir = mkdtempSync(join(tmpdir(), 'kaon-agent-'));
  t.teardown(() => rmSync(workDir, { recursive: true, force: true }));
  chmodSync(workDir, 0o755);
  const agent = await startRealAgent(t, master, workDir);
  await master.until(() => master.registrations > 0);
  const task = givenTask('t1', 'id -un; touch mine');
  run(master, agent, { ...task, command: { ...task.command, user: 'nobody' } as CommandInfo });
  const status = await master.status('t1', 'TASK_FINISHED', 'TASK_FAILED');
  t.equal(status.state, 'TASK_FINISHED', status.message ?? '');
  const runs = `${workDir}/slaves/S0/frameworks/${FRAMEWORK_ID}/executors/t1/runs`;
  t.equal(readFileSync(`${runs}/latest/stdout`, 'utf8'), 'nobody\n');

  const ghost = givenTask('t2', 'true');
  run(master, agent, { ...ghost, command: { ...ghost.command, user: 'ghost' } as CommandInfo });
  const failed = await master.status('t2', 'TASK_FINISHED', 'TASK_FAILED');
  t.match(failed, { state: 'TASK_FAILED', message: /there is no user 'ghost'/ });
});

t.test('an agent that leaves takes its processes with it', async (t) => {
  const master = await TestMaster.start(t);
  const agent = await startRealAgent(t, master, t.testdir());
  await master.until(() => master.registrations > 0);
  run(master, agent, givenTask('t1', 'sleep 1000'));
  const status = await master.status('t1', 'TASK_RUNNING');
  const pid = status.containerStatus?.executorPid as number;
  process.kill(pid, 0);
  await agent.agent.close({ killTasks: true });
  t.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
  t.match(await agent.agent.stopped, { kind: 'unregistered' });
});

t.test('what a task writes to a volume is read by the next, after a restart', async (t) => {
  const master = await TestMaster.start(t);
  const workDir = t.testdir();
  const first = await startRealAgent(t, master, workDir);
  await master.until(() => master.registrations > 0);
  const volume = givenVolume('v1', 100);
  let sent = 0;
  const apply = async ({ agent }: RealAgent, info: Offer_Operation): Promise<string> => {
    sent += 1;
    master.tell(agent.pid, 'applyOperation', {
      operationInfo: info,
      operationUuid: operationUuid(sent),
      resourceVersionUuid: { uuid: { value: master.resourceVersion as Uint8Array } },
    });
    await master.until(() => master.operationStatuses.length === sent);
    return master.operationStatuses[sent - 1]?.status.state ?? '';
  };
  t.equal(await apply(first, reserve(givenReserved('disk', 100))), 'OPERATION_FINISHED');
  t.equal(await apply(first, create(volume)), 'OPERATION_FINISHED');
  const writer = givenTask('t1', 'echo kept > data/file');
  run(master, first, { ...writer, resources: [...writer.resources, volume] });
  await master.status('t1', 'TASK_FINISHED');
  await first.crash();

  const reports = master.reports.length;
  const second = await startRealAgent(t, master, workDir);
  await master.until(() => master.reports.length > reports);
  const reader = givenTask('t2', 'cat data/file');
  run(master, second, { ...reader, resources: [...reader.resources, volume] });
  await master.status('t2', 'TASK_FINISHED');
  const runs = `${workDir}/slaves/S0/frameworks/${FRAMEWORK_ID}/executors/t2/runs`;
  t.equal(readFileSync(`${runs}/latest/stdout`, 'utf8'), 'kept\n');

  const holder = givenTask('t3', 'sleep 1000');
  run(master, second, { ...holder, resources: [...holder.resources, volume] });
  await master.status('t3', 'TASK_RUNNING');
  const path = `/frameworks/${FRAMEWORK_ID}/executors/t3/runs/latest/data/file`;
  const read = await get(`${second.url}/files/read?offset=0&path=${path}`);
  t.strictSame(JSON.parse(read.text), { data: 'kept\n', offset: 0 });
  t.equal(await apply(second, destroy(volume)), 'OPERATION_FAILED', 'it is in use');
  master.tell(second.agent.pid, 'killTask', {
    frameworkId: { value: FRAMEWORK_ID },
    taskId: { value: 't3' },
  });
  await master.status('t3', 'TASK_KILLED');
  t.equal(await apply(second, destroy(volume)), 'OPERATION_FINISHED');
  t.strictSame(readdirSync(`${workDir}/volumes/roles/eng web`), []);
});

t.test('a volume belongs to the user of the task that uses it', async (t) => {
  if (process.getuid?.() !== 0) return t.pass('needs root');
  const master = await TestMaster.start(t);
  const workDir = mkdtempSync(join(tmpdir(), 'kaon-agent-'));
  t.teardown(() => rmSync(workDir, { recursive: true, force: true }));
  chmodSync(workDir, 0o755);
  const agent = await startRealAgent(t, master, workDir);
  await master.until(() => master.registrations > 0);
  const volume = givenVolume('v1', 100);
  master.tell(agent.agent.pid, 'checkpointResources', { resources: [volume] });
  const task = givenTask('t1', 'id -un > data/file');
  run(master, agent, {
    ...task,
    resources: [...task.resources, volume],
    command: { ...(task.command as CommandInfo), user: 'nobody' },
  });
  await master.status('t1', 'TASK_FINISHED');
  t.equal(readFileSync(`${workDir}/volumes/roles/eng web/v1/file`, 'utf8'), 'nobody\n');
});
