// The command line as a whole: which commands there are, and what they share.
import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAgentCommand } from './commands/agent-command.ts';
import type { CommandContext } from './commands/command-context.ts';
import { addLocalCommand } from './commands/local-command.ts';
import { addMasterCommand } from './commands/master-command.ts';
import { addRunCommand } from './commands/run-command.ts';
import { addTableCommands } from './commands/table-commands.ts';
import { addWhyCommand } from './commands/why-command.ts';
import { EXIT_USAGE } from './errors.ts';
import { applyEnvironment } from './flags/environment.ts';

const EXAMPLES = `
Examples:
  $ kaon local                                               a cluster on this machine, with sample tasks
  $ kaon master --work-dir /var/lib/kaon/master              a master on 127.0.0.1:5050
  $ kaon agent --master 127.0.0.1:5050 --work-dir /var/lib/kaon/agent
  $ kaon run -- 'echo hello'                                 a command on the cluster
  $ kaon why --framework web                                 why it gets the offers it gets, or none

Flags may be written with dashes or with underscores (--work-dir, --work_dir), and given as environment
variables (KAON_WORK_DIR, or MESOS_WORK_DIR). 'kaon help COMMAND' lists the flags of a command.
`;

/** The version of this package. */
export function kaonVersion(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { readonly version: string }).version;
}

/** The `kaon` command line. */
export function createProgram(context: CommandContext): Command {
  const { terminal } = context;
  const program = new Command('kaon');
  program
    .description('Kaon, a cluster kernel: runs tasks on many machines as if they were one.')
    .version(`kaon ${kaonVersion()}`, '-V, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      getOutHelpWidth: () => Math.min(terminal.columns ?? 100, 120),
      getErrHelpWidth: () => Math.min(terminal.columns ?? 100, 120),
    })
    .exitOverride()
    .showSuggestionAfterError()
    .addHelpText('after', EXAMPLES)
    .hook('preSubcommand', (_program, command) => applyEnvironment(command, terminal.env));

  addLocalCommand(program, context);
  addMasterCommand(program, context);
  addAgentCommand(program, context);
  addRunCommand(program, context);
  addTableCommands(program, context);
  addWhyCommand(program, context);
  program
    .command('version')
    .description('Print the version.')
    .summary('print the version')
    .action(() => terminal.out(`kaon ${kaonVersion()}\n`));
  for (const command of program.commands) {
    command.showHelpAfterError(`Try 'kaon ${command.name()} --help'.`);
  }
  program.showHelpAfterError("Try 'kaon --help'.");
  return program;
}

/** Flags of any command that may be given more than once. */
export const REPEATABLE_FLAGS: ReadonlySet<string> = new Set(['--env', '--uri']);

/** The exit status of what commander stopped at: 0 for help and version, else that of wrong usage. */
export function usageExitCode(code: string): number {
  const isAnswer = ['commander.help', 'commander.helpDisplayed', 'commander.version'];
  return isAnswer.includes(code) ? 0 : EXIT_USAGE;
}
