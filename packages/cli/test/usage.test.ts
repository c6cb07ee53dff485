// How the command line answers to being used, rightly and wrongly.
import t from 'tap';
import { kaon } from './builders/fake-terminal.ts';

const COMMANDS = ['master', 'agent', 'run', 'tasks', 'agents', 'frameworks', 'why', 'local'];

t.test('help says what there is', async (t) => {
  const { exitCode, output } = await kaon(['--help']);
  t.equal(exitCode, 0);
  for (const command of COMMANDS) {
    t.match(output, new RegExp(`^  ${command} `, 'm'), command);
  }
  t.match(output, /Examples:/);
  t.same(await kaon([]), await kaon(['help']), 'without arguments help is printed, too');
});

t.test('every command explains its flags, defaults and uses', async (t) => {
  for (const command of COMMANDS) {
    const { exitCode, output } = await kaon([command, '--help']);
    t.equal(exitCode, 0, command);
    t.match(output, /Examples:\n +\$ (kaon|npm)/, command);
    if (command !== 'local') t.match(output, /default: /, command);
    t.notMatch(output, /undefined|\[object/, command);
  }
});

t.test('the version', async (t) => {
  t.match(await kaon(['version']), { exitCode: 0, output: /^kaon \d+\.\d+\.\d+\n$/ });
  t.same(await kaon(['--version']), await kaon(['version']));
});

t.test('an unknown flag names the nearest known one', async (t) => {
  const { exitCode, errors } = await kaon(['run', '--instanses', '3', '--', 'true']);
  t.equal(exitCode, 2);
  t.match(errors, /unknown option '--instanses'/);
  t.match(errors, /--instances/);
  t.match(errors, /kaon run --help/);
});

t.test('what a server must be told is asked for, after mistyped flags', async (t) => {
  const missing = await kaon(['master']);
  t.match(missing, { exitCode: 2, errors: /--work-dir <folder>' is required/ });
  t.match(await kaon(['agent', '--work-dir', 'x']), { errors: /--master <address>' is required/ });
  t.match(await kaon(['why']), { exitCode: 2, errors: /--framework <framework>' is required/ });
  const mistyped = await kaon(['master', '--work_dri', 'x']);
  t.match(mistyped, { exitCode: 2, errors: /unknown option '--work-dri'[\s\S]*--work-dir/ });
});

t.test('an unknown command names the nearest known one', async (t) => {
  const { exitCode, errors } = await kaon(['taks']);
  t.equal(exitCode, 2);
  t.match(errors, /unknown command 'taks'[\s\S]*tasks/);
});

t.test('a bad value names flag, value and what is allowed', async (t) => {
  const cases: readonly (readonly [string[], RegExp])[] = [
    [
      ['run', '--cpus', 'many', '--', 'true'],
      /--cpus <number>' argument 'many' is invalid.*0 or more/,
    ],
    [['run', '--instances', '0', '--', 'true'], /--instances.*'0' is invalid.*from 1 to 10000/],
    [['run', '--env', 'A', '--', 'true'], /--env.*'A' is invalid.*NAME=VALUE/],
    [['tasks', '--master', 'zk://a/b'], /--master.*'zk:\/\/a\/b' is invalid.*not supported/],
    [['tasks', '--json=maybe'], /--json.*'maybe'.*true or false/],
    [['master', '--port', '70000'], /--port.*'70000' is invalid.*from 0 to 65535/],
    [['master', '--agent-ping-timeout', '15'], /--agent-ping-timeout.*'15' is invalid.*15secs/],
    [
      ['master', '--agent_ping_timeout=1hrs'],
      /--agent-ping-timeout.*'1hrs' is invalid.*from 1secs to 15mins/,
    ],
    [
      ['agent', '--executor_reregistration_timeout=20secs'],
      /--executor-reregistration-timeout.*'20secs' is invalid.*from 0secs to 15secs/,
    ],
    [
      ['master', '--allocator', 'HierarchialDRF'],
      /--allocator.*'HierarchialDRF' is invalid.*Write hierarchical, or the path/,
    ],
    [['local', '--allocator-shadow', './no-such.js'], /--allocator-shadow.*no such file/],
    [['master', '--allocator-workers', '-1'], /--allocator-workers.*'-1' is invalid.*from 0 to 64/],
    [['master', '--role_sorter=fifo'], /--role-sorter.*'fifo' is invalid.*drf, random/],
    [['local', '--framework-sorter', 'DRF'], /--framework-sorter.*'DRF' is invalid.*drf, random/],
    [
      ['master', '--min-allocatable-resources', 'cpus:0.01|mem'],
      /--min-allocatable-resources.*'cpus:0.01\|mem' is invalid.*sets such as/,
    ],
    [['master', '--min-allocatable-resources', 'cpus:-1'], /'cpus:-1' is invalid/],
    [['master', '--min-allocatable-resources', 'cpus:1|'], /'cpus:1\|' is invalid.*above 0/],
    [
      ['master', '--fair-sharing-excluded-resource-names', 'gpus,,disk'],
      /--fair-sharing-excluded.*'gpus,,disk' is invalid.*with commas/,
    ],
    [['master', '--offer_constraints_re2_max_mem=4k'], /re2-max-mem.*'4k' is invalid.*4KB/],
    [['local', '--offer-constraints-re2-max-mem', '2MB'], /re2-max-mem.*at most 1048576 bytes/],
    [
      ['master', '--offer-constraints-re2-max-program-size', 'many'],
      /re2-max-program-size.*'many' is invalid/,
    ],
    [['master', '--filter_gpu_resources=no'], /--filter-gpu-resources.*'no'.*true or false/],
    [['master', '--allocation-interval', '0secs'], /--allocation-interval.*at least 1ms/],
    [
      ['local', '--allocator', import.meta.filename, '--allocator-workers', '0'],
      /a policy module runs on a thread of its own.*at least 1/,
    ],
  ];
  for (const [args, expected] of cases) {
    const { exitCode, errors } = await kaon(args);
    t.equal(exitCode, 2, args.join(' '));
    t.match(errors.replaceAll('\n', ' '), expected);
  }
});

t.test('a flag given twice is refused, unless it collects', async (t) => {
  const twice = await kaon(['tasks', '--master', 'a:1', '--master=b:1']);
  t.match(twice, { exitCode: 2, errors: /--master is given more than once/ });
  const collected = await kaon([
    'run',
    '--env',
    'A=1',
    '--env',
    'B=2',
    '--cpus',
    'x',
    '--',
    'true',
  ]);
  t.match(collected.errors, /--cpus/);
});

t.test('values may come from the environment, and the command line wins', async (t) => {
  const wrong = await kaon(['run', '--', 'true'], { MESOS_CPUS: 'x' });
  t.match(wrong, { exitCode: 2, errors: /environment variable MESOS_CPUS.*'x'.*0 or more/ });
  const nobody = '127.0.0.1:1';
  const fromEnvironment = await kaon(['tasks'], { KAON_MASTER: nobody, MESOS_MASTER: 'other:1' });
  t.match(fromEnvironment.errors, /cannot reach the master at 127\.0\.0\.1:1/);
  const fromLine = await kaon(['tasks', '--master', '127.0.0.1:2'], { KAON_MASTER: nobody });
  t.match(fromLine.errors, /127\.0\.0\.1:2/);
});

t.test('a master that is not there is told in two lines', async (t) => {
  for (const command of [['tasks'], ['agents'], ['frameworks'], ['why', '--framework', 'x']]) {
    const { exitCode, output, errors } = await kaon([...command, '--master', '127.0.0.1:1']);
    t.equal(exitCode, 1);
    t.equal(output, '');
    t.match(
      errors,
      /^kaon: cannot reach the master at 127\.0\.0\.1:1: .*ECONNREFUSED.*\nkaon: Is it running/,
    );
    t.notMatch(errors, /\n\s+at /, 'no stack trace');
  }
});

t.test('run gives up on a master after its time', async (t) => {
  const args = ['run', '--master', '127.0.0.1:1', '--connect-timeout', '50ms', '--', 'true'];
  const { exitCode, errors } = await kaon(args);
  t.equal(exitCode, 1);
  t.match(errors, /waiting for the master at 127\.0\.0\.1:1/);
  t.match(errors, /no master at 127\.0\.0\.1:1 subscribed the framework within 50 ms/);
});
