// Real processes: what a command is given, and what is seen of its end.
import { existsSync } from 'node:fs';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import t from 'tap';
import { givenRealMachine, onEachLauncher } from './builders/real-machine.ts';

onEachLauncher(
  'exit codes and signals are told apart, also those that look alike',
  async (t, machine) => {
    const containerizer = machine.containerizer();
    const ending = async (name: string, command: string) => {
      const request = await machine.request(name, command);
      await containerizer.launch(request);
      const termination = await containerizer.wait(request.containerId);
      await containerizer.destroy(request.containerId);
      return termination;
    };
    t.strictSame(await ending('zero', 'true'), { kind: 'exited', code: 0 });
    t.strictSame(await ending('three', 'exit 3'), { kind: 'exited', code: 3 });
    t.strictSame(await ending('missing', 'no-such-program'), { kind: 'exited', code: 127 });
    t.strictSame(await ending('exits-143', 'exit 143'), { kind: 'exited', code: 143 });
    t.strictSame(await ending('exits-255', 'exit 255'), { kind: 'exited', code: 255 });
    t.strictSame(await ending('term', 'kill -TERM $$'), { kind: 'signaled', signal: 'SIGTERM' });
    t.strictSame(await ending('kill', 'kill -KILL $$'), { kind: 'signaled', signal: 'SIGKILL' });
    t.strictSame(await ending('segv', 'kill -SEGV $$'), { kind: 'signaled', signal: 'SIGSEGV' });
    t.strictSame(await ending('int', 'kill -INT $$; exit 9'), {
      kind: 'signaled',
      signal: 'SIGINT',
    });
    t.strictSame(await readdir(join(machine.runtimeDir, 'containers')), []);
  },
);

onEachLauncher(
  'output is appended to files in the sandbox, which is the working directory',
  async (t, machine) => {
    const containerizer = machine.containerizer();
    const request = await machine.request('c', 'pwd; echo oops >&2');
    for (const containerId of [request.containerId, `${request.containerId}-again`]) {
      await containerizer.launch({ ...request, containerId });
      await containerizer.wait(containerId);
      await containerizer.destroy(containerId);
    }
    t.equal(await machine.output(request), `${request.sandbox}\n${request.sandbox}\n`);
    t.equal(await machine.output(request, 'stderr'), 'oops\noops\n');
  },
);

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: for a shell to leave alone.
const NASTY = [
  'a b',
  '  two  spaces ',
  'line\nbreak\n',
  '\n',
  '',
  '$HOME ${HOME} $(id) `id`',
  '"double" \'single\'',
  'back\\slash \\n \\',
  '; rm -rf / & | < > * ? [a] ~ # !',
  '=equal',
  '+plus',
  '-n',
  '--',
  'tab\there\r',
  'ünïcödé 🙂',
  '\u0001\u001b[31m',
];
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: see above.

onEachLauncher('arguments reach a program byte for byte', async (t, machine) => {
  const containerizer = machine.containerizer();
  const script = 'process.stdout.write(JSON.stringify(process.argv.slice(1)))';
  const request = await machine.request('c', {
    command: { kind: 'exec', path: process.execPath, argv: ['node', '-e', script, '--', ...NASTY] },
  });
  await containerizer.launch(request);
  t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: 0 });
  t.strictSame(JSON.parse(await machine.output(request)), NASTY);
});

onEachLauncher('a shell command is one argument, whatever is in it', async (t, machine) => {
  const containerizer = machine.containerizer();
  const request = await machine.request('c', "printf '%s|' 'a\nb' \"$X\" '$X' '`id`' '\\'");
  await containerizer.launch({ ...request, environment: { ...request.environment, X: 'y "z"' } });
  await containerizer.wait(request.containerId);
  t.equal(await machine.output(request), 'a\nb|y "z"|$X|`id`|\\|');
});

const PRINT_ENVIRONMENT = 'process.stdout.write(JSON.stringify(process.env))';

onEachLauncher(
  'the environment is what was given and the mark, nothing of the agent',
  async (t, machine) => {
    const containerizer = machine.containerizer();
    const command = {
      kind: 'exec',
      path: process.execPath,
      argv: ['node', '-e', PRINT_ENVIRONMENT],
    } as const;
    const plain = Object.fromEntries(
      NASTY.filter((value) => !value.includes('\n')).map((value, index) => [`V${index}`, value]),
    );
    const odd = {
      ...plain,
      'odd.name-x': '1',
      IFS: 'x',
      PS4: '$(id)',
      LINES: 'a\nb\n',
      '1st': 'digit',
    };
    for (const [name, environment] of Object.entries({ plain, odd })) {
      const request = await machine.request(name, { command, environment });
      await containerizer.launch(request);
      await containerizer.wait(request.containerId);
      t.strictSame(JSON.parse(await machine.output(request)), {
        ...environment,
        KAON_CONTAINER_ID: request.containerId,
      });
    }
  },
);

onEachLauncher(
  'the path of the sandbox arrives unharmed in folder and variables',
  async (t, machine) => {
    const containerizer = machine.containerizer();
    const sandbox = join(machine.folder, 'it\'s $HOME `id` "quoted"');
    await mkdir(sandbox);
    const request = await machine.request('c', {
      sandbox,
      environment: { MESOS_SANDBOX: sandbox },
    });
    await containerizer.launch({
      ...request,
      command: { kind: 'shell', value: 'printf "%s|%s" "$PWD" "$MESOS_SANDBOX"' },
    });
    await containerizer.wait(request.containerId);
    t.equal(await machine.output(request), `${sandbox}|${sandbox}`);
  },
);

onEachLauncher(
  'a command starts with all signals at their defaults, in a session of its own',
  async (t, machine) => {
    const containerizer = machine.containerizer();
    const request = await machine.request(
      'c',
      'grep Sig /proc/self/status; cut -d" " -f6 /proc/$$/stat',
    );
    const { pid } = await containerizer.launch(request);
    await containerizer.wait(request.containerId);
    const output = await machine.output(request);
    t.match(output, /SigIgn:\s+0+\n/);
    t.match(output, /SigBlk:\s+0+\n/);
    t.equal(output.trim().split('\n').at(-1), String(pid));
  },
);

onEachLauncher('a program can be given another name', async (t, machine) => {
  const containerizer = machine.containerizer();
  const request = await machine.request('c', {
    command: {
      kind: 'exec',
      path: '/bin/sh',
      argv: ['my name', '-c', 'echo "$0"; tr "\\0" "|" </proc/$$/cmdline'],
    },
  });
  await containerizer.launch(request);
  await containerizer.wait(request.containerId);
  t.match(await machine.output(request), 'my name|-c|');
});

onEachLauncher(
  'what cannot be started is an error that says why, and leaves nothing',
  async (t, machine) => {
    const containerizer = machine.containerizer();
    const refused = async (name: string, changes: object, reason: RegExp): Promise<void> => {
      const request = await machine.request(name, changes);
      await t.rejects(containerizer.launch(request), {
        code: 'KAON_CONTAINER_LAUNCH_FAILED',
        reason,
      });
    };
    const missing = { kind: 'exec', path: '/no/such/program', argv: [] };
    await refused('missing', { command: missing }, /no program "\/no\/such\/program"/);
    await refused('folder', { command: { ...missing, path: '/tmp' } }, /no program "\/tmp"/);
    await refused('sandbox', { sandbox: '/no/such/sandbox' }, /\/no\/such\/sandbox/);
    await refused('nul', { environment: { A: '\0' } }, /NUL/);
    t.strictSame(await readdir(join(machine.runtimeDir, 'containers')), []);
  },
);

onEachLauncher('only its owner can read what a container was given', async (t, machine) => {
  const containerizer = machine.containerizer();
  const request = await machine.request('c', 'true');
  await containerizer.launch(request);
  await containerizer.wait(request.containerId);
  const containers = join(machine.runtimeDir, 'containers');
  t.equal((await stat(containers)).mode & 0o777, 0o700);
  t.equal((await stat(join(containers, request.containerId, 'spec'))).mode & 0o777, 0o600);
});

t.test('a Perl that does not work is replaced by the shell', async (t) => {
  const machine = await givenRealMachine(t);
  const fake = join(machine.folder, 'bin');
  await mkdir(fake);
  await writeFile(join(fake, 'perl'), '#!/bin/sh\nexit 2\n', { mode: 0o755 });
  const searchPath = `${fake}:${process.env['PATH']}`;
  const containerizer = machine.containerizer({ script: undefined, searchPath });
  const request = await machine.request('c', 'exit 3');
  await containerizer.launch(request);
  t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: 3 });
});

t.test('bash in the place of sh is as good', { skip: !existsSync('/bin/bash') }, async (t) => {
  const machine = await givenRealMachine(t);
  const containerizer = machine.containerizer({ script: 'shell', shell: '/bin/bash' });
  const ending = async (name: string, command: string) => {
    const request = await machine.request(name, { environment: { PATH: '/usr/bin:/bin', A: 'b' } });
    await containerizer.launch({ ...request, command: { kind: 'shell', value: command } });
    return containerizer.wait(request.containerId);
  };
  const clean = 'test "$(tr "\\0" "\\n" </proc/$$/environ | wc -l)" -eq 3';
  t.strictSame(await ending('clean', clean), { kind: 'exited', code: 0 });
  t.strictSame(await ending('signal', 'kill -KILL $$'), { kind: 'signaled', signal: 'SIGKILL' });
  t.strictSame(await ending('int', 'kill -INT $$'), { kind: 'signaled', signal: 'SIGINT' });
  t.strictSame(
    await ending('three', 'grep -q "SigIgn:.*[1-9a-f]" /proc/self/status && exit 4; exit 3'),
    {
      kind: 'exited',
      code: 3,
    },
  );
});

onEachLauncher('fifty at once all run, each once', async (t, machine) => {
  const containerizer = machine.containerizer();
  const requests = await Promise.all(
    Array.from({ length: 50 }, (_, index) =>
      machine.request(`c${index}`, `echo run; exit ${index}`),
    ),
  );
  const launched = await Promise.all(requests.map((request) => containerizer.launch(request)));
  t.equal(new Set(launched.map(({ pid }) => pid)).size, 50);
  for (const [index, request] of requests.entries()) {
    t.strictSame(await containerizer.wait(request.containerId), { kind: 'exited', code: index });
    t.equal(await machine.output(request), 'run\n');
  }
  await Promise.all(requests.map(({ containerId }) => containerizer.destroy(containerId)));
  t.match(containerizer.statistics(), { launched: 50, destroyed: 50, containers: 0 });
});
