// `kaon run`: one command on the cluster, from the command line to its exit status.
import { type Command, Option } from 'commander';
import { amount, assignment, duration, integer } from '../flags/values.ts';
import { runTasks } from '../run/run-tasks.ts';
import { addBoolean, type CommandContext, masterOption } from './command-context.ts';

interface RunFlags {
  readonly master: string;
  readonly name?: string;
  readonly cpus: number;
  readonly mem: number;
  readonly disk: number;
  readonly gpus: number;
  readonly instances: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly role?: string;
  readonly user?: string;
  readonly uri?: readonly string[];
  readonly connectTimeout: number;
  readonly quiet?: boolean;
}

const EXAMPLES = `
Examples:
  $ kaon run -- 'echo hello; exit 3'          a shell command, in quotes
  $ kaon run -- /bin/sleep 60                 a program and its arguments, without a shell
  $ kaon run --instances 3 --cpus 0.5 --mem 64 --env GREETING=hi -- 'echo $GREETING from $HOSTNAME'

Exit status:
  that of the task (of the first failed one, with several instances); 128 and the signal's number when a
  signal ended it; 1 when it was lost or never started; 130 after Ctrl-C, which kills the tasks.
`;

/** Adds `kaon run` to `program`. */
export function addRunCommand(program: Command, context: CommandContext): void {
  const run = program
    .command('run')
    .summary('run a command on the cluster and wait for its end')
    .description(
      'Runs a command on the cluster, prints its status updates as they come and its output when it is done.',
    )
    .argument('<command...>', 'a shell command as one argument, or a program and its arguments')
    .usage('[options] -- <command...>')
    .addOption(masterOption())
    .addOption(
      new Option('--name <name>', 'name of the task (default: the first word of the command)'),
    )
    .addOption(new Option('--cpus <number>', 'processors per task').default(0.1).argParser(amount))
    .addOption(new Option('--mem <MB>', 'memory per task').default(32).argParser(amount))
    .addOption(new Option('--disk <MB>', 'disk per task').default(0).argParser(amount))
    .addOption(new Option('--gpus <number>', 'GPUs per task').default(0).argParser(integer(0)))
    .addOption(
      new Option('--instances <number>', 'how many tasks to run')
        .default(1)
        .argParser(integer(1, 10_000)),
    )
    .addOption(
      new Option(
        '--env <NAME=VALUE>',
        'environment variable of the task; may be repeated',
      ).argParser(assignment),
    )
    .addOption(new Option('--user <user>', 'user to run as (default: the one who runs this)'))
    .addOption(new Option('--role <role>', 'role to be offered resources for (default: *)'))
    .addOption(
      new Option('--uri <uri>', 'file to fetch into the sandbox first; may be repeated').argParser(
        (uri: string, before: readonly string[] = []) => [...before, uri],
      ),
    )
    .addOption(
      new Option('--connect-timeout <duration>', 'how long to try to reach a master')
        .default(30_000, '30secs')
        .argParser(duration({ atLeast: '1ms' })),
    )
    .addHelpText('after', EXAMPLES);
  addBoolean(run, 'quiet', "print nothing but the task's output");
  run.action(async (command: string[], flags: RunFlags) => {
    const [first, ...others] = command as [string, ...string[]];
    context.exitCode = await runTasks(context.terminal, {
      master: flags.master,
      connectTimeoutMs: flags.connectTimeout,
      isQuiet: flags.quiet === true,
      instances: flags.instances,
      role: flags.role,
      user: flags.user,
      request: {
        command: others.length === 0 ? first : [first, ...others],
        cpus: flags.cpus,
        mem: flags.mem,
        disk: flags.disk,
        gpus: flags.gpus,
        ...(flags.name === undefined ? {} : { name: flags.name }),
        ...(flags.env === undefined ? {} : { env: flags.env }),
        ...(flags.uri === undefined ? {} : { uris: flags.uri }),
      },
    });
  });
}
