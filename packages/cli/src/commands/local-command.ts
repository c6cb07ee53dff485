// `kaon local`: a whole cluster in this process, with a sample at work. What `npm start` runs.

import { type Command, Option } from 'commander';
import { integer, port } from '../flags/values.ts';
import type { LocalFlags } from '../servers/local-server.ts';
import {
  addAllocatorOptions,
  checkAllocatorFlags,
  LOCAL_ALLOCATOR_WORKERS,
} from './allocator-options.ts';
import { addBoolean, addLogOptions, type CommandContext } from './command-context.ts';

const EXAMPLES = `
Examples:
  $ kaon local                       a master, three agents, 20 sample tasks; stays up until Ctrl-C
  $ kaon local --exit                ends after the sample, with status 0 if all tasks finished
  $ kaon local --agents 5 --tasks 0  a larger cluster and no sample
  $ npm start -- --port 5060         the same through npm
`;

/** Sample tasks unless the flags say otherwise. */
const SAMPLE_TASKS = 20;

/** Adds `kaon local` to `program`. */
export function addLocalCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('local')
    .summary('run a whole cluster in this process, with sample tasks')
    .description(
      'Runs a master and agents as actors of this process, launches sample tasks on them and stays up.',
    )
    .addOption(
      new Option('--ip <address>', 'address to listen on').default('127.0.0.1', '127.0.0.1'),
    )
    .addOption(
      new Option('--port <port>', 'port to listen on; 0 takes a free one')
        .default(5050)
        .argParser(port),
    )
    .addOption(
      new Option('--agents <number>', 'how many agents').default(3).argParser(integer(1, 100)),
    )
    .addOption(
      new Option('--tasks <number>', 'how many sample tasks; 0 for none')
        .default(SAMPLE_TASKS)
        .argParser(integer(0, 1000)),
    )
    .addOption(
      new Option('--work-dir <folder>', 'where it keeps its files (default: a temporary folder)'),
    )
    .addOption(new Option('--resources <text>', 'what each agent offers (default: 2 cpus, 1 GB)'));
  addBoolean(command, 'exit', 'end after the sample, with status 0 only if all tasks finished');
  addAllocatorOptions(command, LOCAL_ALLOCATOR_WORKERS);
  addLogOptions(command);
  command
    .setOptionValueWithSource('logLevel', 'warn', 'default')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: LocalFlags) => {
      checkAllocatorFlags(command, flags);
      // Loaded here: other commands start faster without it.
      const { runLocal } = await import('../servers/local-server.ts');
      context.exitCode = await runLocal(flags, context);
    });
}
