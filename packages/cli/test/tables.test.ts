// The tables of tasks, agents and frameworks, from a master that answers with a recorded-like state.
import { createHttpServer, jsonAnswer } from '@kaon/http';
import t, { type Test } from 'tap';
import { kaon } from './builders/fake-terminal.ts';

const MASTER = '6a4ffbb7-2a3c-4f6d-9f65-0b7bb0a7a2a1';

function task(id: string, state: string, agent: string, times: readonly number[]) {
  return {
    id,
    name: id.split('-')[0],
    framework_id: `${MASTER}-0000`,
    executor_id: '',
    slave_id: `${MASTER}-${agent}`,
    state,
    resources: { cpus: 0.1, mem: 32, disk: 0, gpus: 0 },
    statuses: times.map((timestamp) => ({ state, timestamp })),
  };
}

const STATE = {
  version: '1.12.0',
  id: MASTER,
  unreachable_slaves: 1,
  slaves: [
    {
      id: `${MASTER}-S0`,
      hostname: 'node1',
      port: 5051,
      pid: 'slave(1)@10.0.0.1:5051',
      active: true,
      registered_time: 1,
      resources: { cpus: 4, mem: 4096, disk: 8192, ports: '[31000-32000]' },
      used_resources: { cpus: 0.1, mem: 32, disk: 0 },
      attributes: { rack: 'r1' },
    },
  ],
  frameworks: [
    {
      id: `${MASTER}-0000`,
      name: 'web',
      user: 'root',
      roles: ['*'],
      active: true,
      connected: true,
      registered_time: 1,
      used_resources: { cpus: 0.1, mem: 32 },
      tasks: [task('web-1', 'TASK_RUNNING', 'S0', [100, 101])],
      unreachable_tasks: [task('web-2', 'TASK_UNREACHABLE', 'S9', [90])],
      completed_tasks: [task('web-\u001b[31m0', 'TASK_FINISHED', 'S0', [80, 82.5])],
    },
  ],
  completed_frameworks: [],
};

async function serveState(t: Test, state: unknown): Promise<string> {
  const server = createHttpServer({ driver: 'node' });
  server.route('GET', '/state', (exchange) =>
    exchange.respond(jsonAnswer(200, JSON.stringify(state))),
  );
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  t.teardown(() => server.close());
  return `127.0.0.1:${port}`;
}

t.test('tasks', async (t) => {
  const master = await serveState(t, STATE);
  const { exitCode, output } = await kaon(['tasks', '--master', master]);
  t.equal(exitCode, 0);
  const lines = output.trimEnd().split('\n');
  t.match(lines[0], /^TASK +STATE +FRAMEWORK +AGENT +CPUS +MEM +FOR$/);
  t.match(lines[1], /^web-\?\[31m0 +TASK_FINISHED +web +node1 +0\.1 +32 MB +2\.5 s$/, 'no escapes');
  t.match(lines[2], /^web-2 +TASK_UNREACHABLE/);
  t.match(lines[3], /^web-1 +TASK_RUNNING +web +node1/);
  t.equal(new Set(lines.map((line) => line.search(/STATE|TASK_/))).size, 1, 'columns are aligned');

  const active = await kaon(['tasks', '--master', master, '--active']);
  t.notMatch(active.output, /FINISHED/);
  const other = await kaon(['tasks', '--master', master, '--framework', 'nope']);
  t.equal(other.output, 'no tasks\n');
});

t.test('agents', async (t) => {
  const master = await serveState(t, STATE);
  const { output } = await kaon(['agents', '--master', master]);
  const [, line, unreachable] = output.split('\n');
  t.match(line, /S0 +node1 +10\.0\.0\.1:5051 +active +1 +0\.1 of 4 +32 MB of 4 GB/);
  t.equal(unreachable, '1 agent unreachable');
});

t.test('frameworks', async (t) => {
  const master = await serveState(t, STATE);
  const { output } = await kaon(['frameworks', '--master', master]);
  t.match(output, /-0000 +web +root +\* +active +1 +0\.1 +32 MB/);
});

t.test('--json prints lists for scripts', async (t) => {
  const master = await serveState(t, STATE);
  const list = async (command: string): Promise<Record<string, unknown>[]> => {
    const { output } = await kaon([command, '--json', '--master', master]);
    return JSON.parse(output) as Record<string, unknown>[];
  };
  t.match(await list('tasks'), [
    { state: 'TASK_FINISHED', ended: true, agent_hostname: 'node1', started_time: 80 },
    { id: 'web-2', ended: false },
    { id: 'web-1', framework_name: 'web', cpus: 0.1, mem: 32 },
  ]);
  t.match(await list('agents'), [
    { address: '10.0.0.1:5051', tasks: 1, attributes: { rack: 'r1' } },
  ]);
  t.match(await list('frameworks'), [{ name: 'web', roles: ['*'], state: 'active' }]);
});

t.test('an empty cluster', async (t) => {
  const master = await serveState(t, { id: MASTER, slaves: [], frameworks: [] });
  t.match(await kaon(['tasks', '--master', master]), { exitCode: 0, output: 'no tasks\n' });
  t.match(await kaon(['agents', '--master', master]), { output: 'no agents\n' });
  t.match(await kaon(['frameworks', '--master', master, '--json']), { output: '[]\n' });
});

t.test('an answer that is no state is told as such', async (t) => {
  const master = await serveState(t, { slaves: 7 });
  const { exitCode, errors } = await kaon(['tasks', '--master', master]);
  t.equal(exitCode, 1);
  t.match(errors, /unexpected: id: expected a string/);
});
