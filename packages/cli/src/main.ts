// From arguments to an exit status. Nothing below this ends the process.
import { CommanderError } from 'commander';
import type { CommandContext } from './commands/command-context.ts';
import { CommandError, EXIT_FAILURE, EXIT_USAGE, errorLines, isOperatingError } from './errors.ts';
import { booleanFlagsOf, normalizeArguments, repeatedFlag } from './flags/normalize.ts';
import { createProgram, REPEATABLE_FLAGS, usageExitCode } from './program.ts';
import { processTerminal, type Terminal } from './terminal.ts';

/**
 * Runs the `kaon` command with `args` (without `node` and the script); resolves with its exit status.
 *
 * Never rejects. Operating errors are told in a line, without a stack trace.
 */
export async function main(
  args: readonly string[],
  terminal: Terminal = processTerminal(),
): Promise<number> {
  const context: CommandContext = { terminal, exitCode: 0 };
  try {
    const program = createProgram(context);
    const normalized = normalizeArguments(args, booleanFlagsOf(program));
    const repeated = repeatedFlag(normalized, REPEATABLE_FLAGS);
    if (repeated !== undefined) {
      throw new CommandError(`${repeated} is given more than once`, { exitCode: EXIT_USAGE });
    }
    if (normalized.length === 0) program.outputHelp();
    else await program.parseAsync(normalized, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return usageExitCode(error.code);
    if (isOperatingError(error)) {
      for (const line of errorLines(error)) terminal.err(`kaon: ${line}\n`);
      return error instanceof CommandError ? error.exitCode : EXIT_FAILURE;
    }
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    terminal.err(`kaon: this is a bug in kaon, please report it\n${text}\n`);
    return EXIT_FAILURE;
  }
}
