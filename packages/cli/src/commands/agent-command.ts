// `kaon agent`: offers this machine's resources to a cluster and runs tasks on it.
import { resolve } from 'node:path';
import { parseMasterAddress } from '@kaon/election';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { duration, textOrFile } from '../flags/values.ts';
import type { AgentFlags } from '../servers/agent-server.ts';
import { serve } from '../servers/serve.ts';
import { addBoolean, type CommandContext } from './command-context.ts';
import { addServerOptions, requireOptions, shownFlags } from './server-options.ts';

const AGENT_PORT = 5051;

const EXAMPLES = `
Examples:
  $ kaon agent --master 127.0.0.1:5050 --work-dir /var/lib/kaon/agent
  $ kaon agent --master 10.0.0.1:5050 --ip 10.0.0.7 --work-dir /var/lib/kaon/agent \\
      --resources 'cpus:4;mem:8192;ports:[31000-32000]' --attributes 'rack:r1;zone:a'

Resources that are not named are taken from the machine: all processors, memory but 1 GB, disk but 5 GB
(half of what there is when there is little), ports 31000 to 32000.

Ctrl-C takes the agent out of the cluster and ends its tasks. SIGTERM stops the agent only:
its tasks run on, and an agent started again in the same folder takes them over.
`;

/** Adds `kaon agent` to `program`. */
export function addAgentCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('agent')
    .summary('run an agent, which offers this machine to the cluster')
    .description(
      'Runs an agent: offers the resources of this machine to a cluster and runs tasks on it.',
    )
    .addOption(
      new Option('--master <address>', 'address of the master, HOST:PORT').argParser((text) => {
        const parsed = parseMasterAddress(text);
        if (!parsed.ok) throw new InvalidArgumentError(`${parsed.error}.`);
        return parsed.value;
      }),
    );
  addServerOptions(command, AGENT_PORT);
  command
    .addOption(
      new Option(
        '--resources <text>',
        "what to offer, in Mesos' text form or JSON, or file:///PATH",
      ).argParser(textOrFile),
    )
    .addOption(
      new Option(
        '--attributes <text>',
        'what to say about this machine, as name:value;name:value',
      ).argParser(textOrFile),
    )
    .addOption(
      new Option(
        '--runtime-dir <folder>',
        'state of running tasks that need not survive a reboot (default: runtime in --work-dir)',
      ).argParser((path) => resolve(path)),
    )
    .addOption(
      new Option(
        '--registration-backoff-factor <duration>',
        'longest wait before the first registration',
      )
        .default(1000, '1secs')
        .argParser(duration()),
    )
    .addOption(
      new Option('--executor-shutdown-grace-period <duration>', 'how long tasks may take to end')
        .default(5000, '5secs')
        .argParser(duration()),
    )
    .addOption(
      new Option(
        '--executor-registration-timeout <duration>',
        'how long a new executor may take to subscribe',
      )
        .default(60_000, '1mins')
        .argParser(duration({ atLeast: '1ms' })),
    )
    .addOption(
      new Option(
        '--executor-reregistration-timeout <duration>',
        'how long executors may take to subscribe again after a restart',
      )
        .default(2000, '2secs')
        .argParser(duration({ atMost: '15secs' })),
    )
    .addOption(
      new Option(
        '--recovery-timeout <duration>',
        'how long executors wait for an agent that is away',
      )
        .default(900_000, '15mins')
        .argParser(duration()),
    )
    .addOption(
      new Option('--jwt-secret-key <file>', 'key to sign the tokens of executors with').argParser(
        (path) => resolve(path),
      ),
    );
  addBoolean(
    command,
    'authenticate-http-executors',
    'ask executors for their token; needs --jwt-secret-key (default: off)',
  );
  addBoolean(
    command,
    'strict',
    'refuse to start when records of a former run are damaged (default: on)',
  );
  addBoolean(command, 'switch-user', 'run tasks as the user they name; needs root (default: on)');
  command.addHelpText('after', EXAMPLES).action(async (flags: AgentFlags) => {
    requireOptions(command, '--master', '--work-dir');
    // Loaded here: other commands start faster without it.
    const { startAgentServer } = await import('../servers/agent-server.ts');
    context.exitCode = await serve(context.terminal, {
      role: 'agent',
      readyFile: flags.readyFile,
      start: () => startAgentServer(flags, context, shownFlags(command)),
    });
  });
}
