// What every command gets: its terminal, and a place for the exit status it ends with.
import { type Command, Option } from 'commander';
import { masterAddress } from '../flags/values.ts';
import { createLogger, LOG_LEVELS, type LogLevel, parseLogLevel } from '../output/logging.ts';
import type { Terminal } from '../terminal.ts';

/** Shared by the commands of one invocation. */
export interface CommandContext {
  readonly terminal: Terminal;
  /** What the process will end with. */
  exitCode: number;
}

/** Address tried when none is given. */
export const DEFAULT_MASTER = '127.0.0.1:5050';

/** `--master` with its default. */
export function masterOption(): Option {
  return new Option('--master <address>', 'address of a master, HOST:PORT; several with commas')
    .default(DEFAULT_MASTER, DEFAULT_MASTER)
    .argParser(masterAddress);
}

/** Adds a flag that is off unless given; `--flag=false` and `--no-flag` are understood as Mesos does. */
export function addBoolean(command: Command, name: string, description: string): Command {
  return command
    .addOption(new Option(`--${name}`, description))
    .addOption(new Option(`--no-${name}`).hideHelp());
}

/** The flags of a server's log. */
export interface LogFlags {
  readonly logLevel?: LogLevel;
  readonly loggingLevel?: LogLevel;
  readonly logJson?: boolean;
  readonly quiet?: boolean;
}

/** Adds the flags of a server's log. */
export function addLogOptions(command: Command): void {
  command
    .addOption(
      new Option('--log-level <level>', 'what to log on standard error')
        .choices([...LOG_LEVELS])
        .default('info', 'info'),
    )
    .addOption(
      new Option('--logging-level <level>', "Mesos' name for --log-level")
        .choices(['INFO', 'WARNING', 'ERROR'])
        .hideHelp(),
    );
  addBoolean(command, 'log-json', 'log one JSON record a line, for machines');
  addBoolean(command, 'quiet', 'log nothing');
}

/** The logger those flags ask for; `file` gets every line, too, also of a quiet one. */
export function loggerFor(terminal: Terminal, flags: LogFlags, file?: string) {
  const level = parseLogLevel(flags.loggingLevel ?? flags.logLevel ?? 'info') ?? 'info';
  const { logJson = false, quiet = false } = flags;
  return createLogger(terminal, { level, isJson: logJson, file, isQuiet: quiet });
}
