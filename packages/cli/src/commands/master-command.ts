// `kaon master`: offers the resources of the agents to frameworks.
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { duration, integer, weights } from '../flags/values.ts';
import type { MasterFlags } from '../servers/master-server.ts';
import { serve } from '../servers/serve.ts';
import {
  addAllocatorOptions,
  checkAllocatorFlags,
  MASTER_ALLOCATOR_WORKERS,
} from './allocator-options.ts';
import type { CommandContext } from './command-context.ts';
import { addServerOptions, requireOptions, shownFlags } from './server-options.ts';

const MASTER_PORT = 5050;

const EXAMPLES = `
Examples:
  $ kaon master --work-dir /var/lib/kaon/master
  $ kaon master --ip 0.0.0.0 --advertise-ip 10.0.0.1 --work-dir /var/lib/kaon/master
  $ kaon master --work-dir /tmp/kaon --allocator ./fifo.js
  $ kaon master --work-dir /tmp/kaon --agent-ping-timeout 1secs --max-agent-ping-timeouts 2

Ctrl-C stops the master. Tasks run on; agents and frameworks come back to a master that is started again in
the same folder, at the same address.
`;

/** Adds `kaon master` to `program`. */
export function addMasterCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('master')
    .summary('run a master, which offers resources of agents to frameworks')
    .description(
      'Runs a master: knows the agents, offers their resources to frameworks, passes tasks on.',
    );
  addServerOptions(command, MASTER_PORT);
  command
    .addOption(
      new Option('--registry <kind>', 'where it keeps what must survive it')
        .choices(['lmdb', 'in_memory'])
        .default('lmdb', 'lmdb, a file in --work-dir'),
    )
    .addOption(
      new Option('--agent-ping-timeout <duration>', 'how long an agent has to answer a ping')
        .default(15_000, '15secs')
        .argParser(duration({ atLeast: '1secs', atMost: '15mins' })),
    )
    .addOption(
      new Option(
        '--max-agent-ping-timeouts <number>',
        'missed pings that make an agent unreachable',
      )
        .default(5)
        .argParser(integer(1)),
    )
    .addOption(
      new Option('--agent-reregister-timeout <duration>', 'how long agents may take to come back')
        .default(600_000, '10mins')
        .argParser(duration({ atLeast: '10mins' })),
    )
    .addOption(
      new Option(
        '--offer-timeout <duration>',
        'how long an offer stands (default: no limit)',
      ).argParser(duration({ atLeast: '1ms' })),
    )
    .addOption(
      new Option('--max-completed-frameworks <number>', 'ended frameworks it remembers')
        .default(50)
        .argParser(integer(0)),
    )
    .addOption(
      new Option('--max-completed-tasks-per-framework <number>', 'ended tasks it remembers')
        .default(1000)
        .argParser(integer(0)),
    )
    .addOption(
      new Option('--max-unreachable-tasks-per-framework <number>', 'unreachable tasks it remembers')
        .default(1000)
        .argParser(integer(0)),
    );
  command
    .addOption(
      new Option('--log-dir <folder>', 'folder of a log file beside standard error').argParser(
        (path) => resolve(path),
      ),
    )
    .addOption(
      new Option(
        '--external-log-file <file>',
        'log file of somebody else, shown to operators instead',
      ).argParser((path) => resolve(path)),
    )
    .addOption(
      new Option(
        '--whitelist <file>',
        'hosts that may be offered, a name a line; read again every 5secs (default: all)',
      ).argParser((path) => resolve(path.replace(/^file:\/\//, ''))),
    )
    .addOption(
      new Option(
        '--weights <role=weight,…>',
        'weights of roles while the registry has none',
      ).argParser(weights),
    );
  addAllocatorOptions(command, MASTER_ALLOCATOR_WORKERS);
  command.addHelpText('after', EXAMPLES).action(async (flags: MasterFlags) => {
    requireOptions(command, '--work-dir');
    checkAllocatorFlags(command, flags);
    // Loaded here: other commands start faster without it.
    const { startMasterServer } = await import('../servers/master-server.ts');
    context.exitCode = await serve(context.terminal, {
      role: 'master',
      readyFile: flags.readyFile,
      start: () => startMasterServer(flags, context, shownFlags(command)),
    });
  });
}
