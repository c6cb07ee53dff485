import t from 'tap';
import type { LaunchRequest } from '#src/containerizer.js';
import {
  ARGUMENT_BYTES_MAX,
  ARGUMENTS_MAX,
  decodeSandbox,
  encodeLaunchPlan,
  isContainerId,
  planLaunch,
  validateLaunchRequest,
} from '#src/launch-spec.js';
import type { LauncherFeatures } from '#src/launcher.js';

const request = (changes: Partial<LaunchRequest> = {}): LaunchRequest => ({
  containerId: 'c1',
  sandbox: '/sandbox',
  command: { kind: 'shell', value: 'true' },
  environment: {},
  ...changes,
});

const features: LauncherFeatures = {
  startsDirectly: false,
  setsidPath: '/usr/bin/setsid',
  envPath: '/usr/bin/env',
  shellPath: '/bin/sh',
  setprivPath: '/usr/bin/setpriv',
  bashPath: '/bin/bash',
  exportsCleanly: true,
};

const plan = (changes: Partial<LaunchRequest> = {}, found: Partial<LauncherFeatures> = {}) => {
  const planned = planLaunch(request(changes), { ...features, ...found }, undefined);
  if (!planned.ok) throw new Error(planned.error);
  return planned.value;
};

t.test('what cannot be handed to a process is refused with a reason', async (t) => {
  const refused = (changes: Partial<LaunchRequest>, reason: RegExp): void => {
    const result = validateLaunchRequest(request(changes));
    t.notOk(result.ok);
    t.match(result.ok ? '' : result.error, reason);
  };
  refused({ environment: { '': 'x' } }, /empty name/);
  refused({ environment: { 'A=B': 'x' } }, /"A=B" has a "="/);
  refused({ environment: { 'A\0': 'x' } }, /NUL in its name/);
  refused({ environment: { A: 'x\0' } }, /variable A has a NUL/);
  refused({ command: { kind: 'shell', value: 'a\0b' } }, /command has a NUL/);
  refused({ command: { kind: 'exec', path: '/x', argv: ['x', '\0'] } }, /command has a NUL/);
  refused({ command: { kind: 'exec', path: '', argv: [] } }, /no name/);
  refused({ command: { kind: 'exec', path: '-x', argv: [] } }, /starts with "-"/);
  refused({ sandbox: 'relative' }, /not absolute/);
  refused({ sandbox: '/a\nb' }, /newline/);
  refused({ containerId: '../x' }, /not a plain name/);
  refused({ user: 'root; rm' }, /not a user name/);
  refused({ user: '-x' }, /not a user name/);
  refused({ environment: { A: 'x'.repeat(ARGUMENT_BYTES_MAX) } }, /131073 bytes, at most 131071/);
  refused(
    { command: { kind: 'exec', path: '/x', argv: Array(ARGUMENTS_MAX).fill('x') } },
    /4097 arguments and variables/,
  );
  refused(
    { command: { kind: 'exec', path: '/x', argv: Array(11).fill('x'.repeat(100_000)) } },
    /1100002 bytes, at most 1048576/,
  );
  t.ok(validateLaunchRequest(request({ environment: { 'odd.name': 'a=b\n' } })).ok);
});

t.test('container ids are plain names', async (t) => {
  t.ok(isContainerId('8b0e2c1a-1b1f-4c5e-9f0a-2d3c4b5a6978'));
  for (const id of ['', '.', '..', 'a/b', 'a b', 'a\n', 'x'.repeat(243)])
    t.notOk(isContainerId(id), id);
});

t.test('plain variables are exported by the shell, without a program in between', async (t) => {
  const { exports, words } = plan({ environment: { PATH: '/bin', A: '$x `y`' } });
  t.strictSame(
    [...exports],
    [
      ['PATH', '/bin'],
      ['A', '$x `y`'],
      ['KAON_CONTAINER_ID', 'c1'],
    ],
  );
  t.strictSame(words, ['/usr/bin/setsid', '/bin/sh', '-c', 'true']);
});

t.test('variables a shell would interpret or refuse are set by env', async (t) => {
  for (const environment of [{ IFS: 'x' }, { 'a.b': '1' }, { A: 'x\ny' }, { kaon_dir: '/' }]) {
    const { exports, words } = plan({ environment });
    const [name, value] = Object.entries(environment)[0] as [string, string];
    t.equal(exports.size, 0);
    t.strictSame(words, [
      '/usr/bin/setsid',
      '/usr/bin/env',
      '-i',
      '--',
      `${name}=${value}`,
      'KAON_CONTAINER_ID=c1',
      '/bin/sh',
      '-c',
      'true',
    ]);
  }
  t.equal(
    plan({}, { exportsCleanly: false }).words[1],
    '/usr/bin/env',
    'as does a shell that adds its own',
  );
});

t.test('no request can forge the mark', async (t) => {
  const { exports } = plan({ environment: { KAON_CONTAINER_ID: 'other' } });
  t.equal(exports.get('KAON_CONTAINER_ID'), 'c1');
});

t.test(
  'a program named otherwise than its file is started through bash where there is one',
  async (t) => {
    const command = { kind: 'exec', path: '/bin/busybox', argv: ['ls', '-l'] } as const;
    t.strictSame(plan({ command }).words.slice(1), [
      '/bin/bash',
      '-c',
      'exec -a "$0" "$@"',
      'ls',
      '/bin/busybox',
      '-l',
    ]);
    t.strictSame(plan({ command }, { bashPath: undefined }).words.slice(1), ['/bin/busybox', '-l']);
    const usual = { kind: 'exec', path: '/bin/ls', argv: ['ls', '-l'] } as const;
    t.strictSame(plan({ command: usual }).words.slice(1), ['/bin/ls', '-l']);
    const bare = { kind: 'exec', path: '/bin/ls', argv: [] } as const;
    t.strictSame(plan({ command: bare }).words.slice(1), ['/bin/ls']);
  },
);

t.test('env is not shown a program with an equal sign in its name', async (t) => {
  const command = { kind: 'exec', path: '/opt/a=b', argv: ['a=b', 'x'] } as const;
  const { words } = plan({ command, environment: { 'odd.name': '1' } });
  t.strictSame(words.slice(-6), ['/bin/sh', '-c', 'exec "$@"', 'sh', '/opt/a=b', 'x']);
});

t.test(
  'a helper that starts directly is told program, name and variables as they are',
  async (t) => {
    const command = { kind: 'exec', path: '/opt/a=b', argv: ['my name', 'x'] } as const;
    const environment = { 'odd.name': '1', IFS: 'a\nb' };
    const planned = plan({ command, environment }, { startsDirectly: true, setsidPath: undefined });
    t.match(planned, { program: '/opt/a=b', words: ['my name', 'x'], opensOutput: true });
    t.strictSame(Buffer.from(encodeLaunchPlan(planned)).toString().split('\n'), [
      'd/sandbox',
      'o',
      'eodd.name=1',
      'eIFS=a',
      '+b',
      'i',
      'p/opt/a=b',
      '=my name',
      '=x',
      '',
    ]);
    t.strictSame(plan({}, { startsDirectly: true }).words, ['/bin/sh', '-c', 'true']);
  },
);

t.test('privileges are dropped before anything of the task is touched', async (t) => {
  const account = { name: 'worker', userId: 1001, groupId: 1002 };
  const planned = planLaunch(
    request({ environment: { LD_PRELOAD: '/evil.so' } }),
    features,
    account,
  );
  if (!planned.ok) return t.fail(planned.error);
  t.strictSame(planned.value.words, [
    '/usr/bin/setsid',
    '/usr/bin/setpriv',
    '--reuid=1001',
    '--regid=1002',
    '--init-groups',
    '--',
    '/bin/sh',
    '-c',
    'exec "$@" >>stdout 2>>stderr',
    'sh',
    '/usr/bin/env',
    '-i',
    '--',
    'LD_PRELOAD=/evil.so',
    'KAON_CONTAINER_ID=c1',
    '/bin/sh',
    '-c',
    'true',
  ]);
  t.notOk(planned.value.opensOutput);
  const without = planLaunch(request(), { ...features, setprivPath: undefined }, account);
  t.match(without, { ok: false, error: /needs setpriv/ });
});

t.test('a spec is lines, with newlines marked and the long paths said once', async (t) => {
  const bytes = encodeLaunchPlan(
    plan({
      sandbox: '/tasks/sandbox',
      environment: { MESOS_SANDBOX: '/tasks/sandbox', A: 'b' },
      command: { kind: 'exec', path: '/bin/printf', argv: ['printf', 'x\ny\n', ''] },
    }),
  );
  t.strictSame(Buffer.from(bytes).toString().split('\n'), [
    'd/tasks/sandbox',
    'o',
    'sMESOS_SANDBOX',
    'eA=b',
    'i',
    '=/usr/bin/setsid',
    '=/bin/printf',
    '=x',
    '+y',
    '+',
    '=',
    '',
  ]);
  t.equal(decodeSandbox(bytes), '/tasks/sandbox');
  t.equal(decodeSandbox(new Uint8Array()), undefined);
  t.equal(decodeSandbox(Buffer.from('d/torn')), undefined);
});
