// Flags that masters and agents share.

import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { EXIT_USAGE } from '../errors.ts';
import { port, spelt } from '../flags/values.ts';
import { addLogOptions, type LogFlags } from './command-context.ts';

/** The values of those flags. */
export interface ServerFlags extends LogFlags {
  readonly ip: string;
  readonly port: number;
  readonly advertiseIp?: string;
  readonly advertisePort?: number;
  readonly hostname?: string;
  readonly workDir: string;
  readonly readyFile?: string;
}

/** Adds the flags of a server whose port defaults to `defaultPort`. */
export function addServerOptions(command: Command, defaultPort: number): void {
  command
    .addOption(
      new Option('--ip <address>', 'address to listen on; 0.0.0.0 for all')
        .default('127.0.0.1', '127.0.0.1')
        .argParser(ipAddress),
    )
    .addOption(
      new Option('--port <port>', 'port to listen on; 0 takes a free one')
        .default(defaultPort)
        .argParser(port),
    )
    .addOption(
      new Option('--advertise-ip <address>', 'address told to others (default: --ip)').argParser(
        ipAddress,
      ),
    )
    .addOption(
      new Option('--advertise-port <port>', 'port told to others (default: --port)').argParser(
        port,
      ),
    )
    .addOption(new Option('--hostname <name>', 'name shown to others (default: the address)'))
    .addOption(
      new Option('--work-dir <folder>', 'where it keeps its files; made when missing').argParser(
        (path) => resolve(path),
      ),
    )
    .addOption(
      new Option(
        '--ready-file <file>',
        'written when it is ready, with pid, address and url as JSON',
      ),
    );
  addLogOptions(command);
}

/**
 * Ends `command` with an error when one of these flags was not given.
 *
 * Commander's own mandatory options would be missed before a mistyped flag is: `--work-dri x` has to be
 * told as that.
 */
export function requireOptions(command: Command, ...flags: readonly string[]): void {
  for (const option of command.options) {
    if (!flags.includes(option.long ?? '')) continue;
    if (command.getOptionValue(option.attributeName()) !== undefined) continue;
    command.error(`error: option '${option.flags}' is required`, { exitCode: EXIT_USAGE });
  }
}

/** The flags as `/flags` shows them: Mesos' names, values as text. */
export function shownFlags(command: Command): Readonly<Record<string, string>> {
  const shown: Record<string, string> = {};
  for (const option of command.options) {
    const value: unknown = command.getOptionValue(option.attributeName());
    if (value === undefined || option.negate || option.long == null) continue;
    shown[option.long.slice(2).replaceAll('-', '_')] = spelt(option.parseArg, value);
  }
  return shown;
}

function ipAddress(text: string): string {
  if (isIP(text) === 0 && text !== 'localhost') {
    throw new InvalidArgumentError('Write an IP address, such as 127.0.0.1 or 0.0.0.0.');
  }
  return text;
}
