// Flags given as environment variables: `KAON_WORK_DIR`, or `MESOS_WORK_DIR` as Mesos' users have them.
import type { Command, Option } from 'commander';
import { EXIT_USAGE } from '../errors.ts';
import { parseBoolean } from './normalize.ts';

/** The variables that may hold `option`, in order of precedence. */
export function variablesOf(option: Option): readonly string[] {
  const name = (option.long ?? '').replace(/^--/, '').replaceAll('-', '_').toUpperCase();
  return name === '' ? [] : [`KAON_${name}`, `MESOS_${name}`];
}

/** Sets options of `command` from variables; the command line still wins. Unknown variables are ignored. */
export function applyEnvironment(
  command: Command,
  env: Readonly<Record<string, string | undefined>>,
): void {
  for (const option of command.options) {
    if (option.negate) continue;
    for (const variable of variablesOf(option)) {
      const text = env[variable];
      if (text === undefined || text === '') continue;
      const value = parseVariable(command, option, variable, text);
      command.setOptionValueWithSource(option.attributeName(), value, 'env');
      break;
    }
  }
}

function parseVariable(command: Command, option: Option, variable: string, text: string): unknown {
  const fail = (problem: string): never =>
    command.error(
      `error: environment variable ${variable} has the invalid value '${text}'. ${problem}`,
      { exitCode: EXIT_USAGE, code: 'kaon.invalidVariable' },
    );
  if (option.isBoolean()) return parseBoolean(text) ?? fail('Write true or false.');
  if (option.parseArg === undefined) return text;
  try {
    return option.parseArg(text, undefined);
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error));
  }
}
