// Mesos' habits on a command line: underscores in flags, `--flag=false` for booleans, no flag twice.
import type { Command } from 'commander';
import { CommandError, EXIT_USAGE } from '../errors.ts';

/**
 * The arguments as commander wants them: `--work_dir` becomes `--work-dir`, `--json=false` becomes
 * `--no-json`. What follows `--` is somebody else's command line and stays as it is.
 *
 * @throws {CommandError} for a boolean flag whose value is none.
 */
export function normalizeArguments(
  args: readonly string[],
  booleanFlags: ReadonlySet<string>,
): string[] {
  const end = args.indexOf('--');
  const ours = end < 0 ? args : args.slice(0, end);
  const rest = end < 0 ? [] : args.slice(end);
  return [...ours.map((argument) => normalizeFlag(argument, booleanFlags)), ...rest];
}

function normalizeFlag(argument: string, booleanFlags: ReadonlySet<string>): string {
  if (!argument.startsWith('--')) return argument;
  const split = argument.indexOf('=');
  const flag = (split < 0 ? argument : argument.slice(0, split)).replaceAll('_', '-');
  if (split < 0) return flag;
  const value = argument.slice(split + 1);
  if (!booleanFlags.has(flag)) return `${flag}=${value}`;
  const isOn = parseBoolean(value);
  if (isOn === undefined) {
    throw new CommandError(`option '${flag}' has the value '${value}'; write true or false`, {
      exitCode: EXIT_USAGE,
    });
  }
  return isOn ? flag : flag.replace(/^--/, '--no-');
}

/** `true` and `1`, `false` and `0`; undefined for anything else. */
export function parseBoolean(text: string): boolean | undefined {
  if (text === 'true' || text === '1') return true;
  return text === 'false' || text === '0' ? false : undefined;
}

/** All boolean flags of a program's commands. */
export function booleanFlagsOf(program: Command): ReadonlySet<string> {
  const options = program.commands.flatMap((command) => command.options);
  return new Set(
    options.flatMap((option) =>
      option.isBoolean() && !option.negate && option.long != null ? [option.long] : [],
    ),
  );
}

/** The first flag given twice although it is none of `repeatable`; undefined when there is none. */
export function repeatedFlag(
  args: readonly string[],
  repeatable: ReadonlySet<string>,
): string | undefined {
  const seen = new Set<string>();
  for (const argument of args) {
    if (argument === '--') return undefined;
    if (!argument.startsWith('--')) continue;
    const flag = argument.split('=', 1)[0] as string;
    if (seen.has(flag) && !repeatable.has(flag)) return flag;
    seen.add(flag);
  }
  return undefined;
}
