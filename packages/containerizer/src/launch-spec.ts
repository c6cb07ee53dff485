// From a launch request to the file the shim reads: checks, the chain of programs, the line format.
import { err, ok, type Result } from '@kaon/primitives';
import type { LaunchRequest } from './containerizer.ts';
import type { LauncherFeatures, UserAccount } from './launcher.ts';

/** Longest single argument or variable: the kernel takes 128 KiB with the closing zero. */
export const ARGUMENT_BYTES_MAX = 131_071;
/** Arguments and variables of one container. */
export const ARGUMENTS_MAX = 4_096;
/** All arguments and variables of one container together; the kernel takes 2 MiB by default. */
export const ARGUMENTS_BYTES_MAX = 1_048_576;
const CONTAINER_ID_CHARACTERS_MAX = 242;

/** The variable by which processes are recognised whatever else they change. */
export const CONTAINER_MARK = 'KAON_CONTAINER_ID';

/** Why a request cannot be launched, as a sentence for its author. */
export function validateLaunchRequest(request: LaunchRequest): Result<void, string> {
  const { sandbox, command, environment, user } = request;
  if (!isContainerId(request.containerId)) return err('the container id is not a plain name');
  if (!sandbox.startsWith('/'))
    return err(`the sandbox ${JSON.stringify(sandbox)} is not absolute`);
  if (/[\0\n]/.test(sandbox)) return err('the path of the sandbox has a newline or NUL in it');
  if (user !== undefined && !/^[A-Za-z0-9_][A-Za-z0-9_.@-]{0,255}\$?$/.test(user)) {
    return err(`${JSON.stringify(user)} is not a user name`);
  }

  for (const name of Object.keys(environment)) {
    if (name === '') return err('an environment variable has an empty name');
    if (/[=\0]/.test(name)) {
      return err(`the environment variable ${JSON.stringify(name)} has a "=" or NUL in its name`);
    }
    if (environment[name]?.includes('\0')) {
      return err(`the environment variable ${name} has a NUL in its value`);
    }
  }

  if (command.kind === 'exec' && /^(-|$)/.test(command.path)) {
    return err('the program to run has no name, or one that starts with "-"');
  }
  const words = command.kind === 'shell' ? [command.value] : [command.path, ...command.argv];
  if (words.some((word) => word.includes('\0'))) return err('the command has a NUL in it');
  return checkSizes([
    ...words,
    ...Object.entries(environment).map(([name, value]) => `${name}=${value}`),
  ]);
}

/** Whether `id` may name a container: it becomes a folder and a word of a line. */
export function isContainerId(id: string): boolean {
  return (
    id.length <= CONTAINER_ID_CHARACTERS_MAX && /^[A-Za-z0-9._-]+$/.test(id) && !/^\.\.?$/.test(id)
  );
}

function checkSizes(strings: readonly string[]): Result<void, string> {
  if (strings.length > ARGUMENTS_MAX) {
    return err(`${strings.length} arguments and variables, at most ${ARGUMENTS_MAX} are allowed`);
  }
  let total = 0;
  for (const string of strings) {
    const bytes = Buffer.byteLength(string);
    if (bytes > ARGUMENT_BYTES_MAX) {
      return err(
        `an argument or variable has ${bytes} bytes, at most ${ARGUMENT_BYTES_MAX} are allowed`,
      );
    }
    total += bytes;
  }
  if (total <= ARGUMENTS_BYTES_MAX) return ok(undefined);
  return err(
    `arguments and variables have ${total} bytes, at most ${ARGUMENTS_BYTES_MAX} are allowed`,
  );
}

/** What the shim executes and in which environment. */
export interface LaunchPlan {
  readonly sandbox: string;
  /** Variables the helper itself sets: the fast way. Empty when `env` sets them in `words`. */
  readonly exports: ReadonlyMap<string, string>;
  /** The chain of programs that replace each other, the command last. */
  readonly words: readonly string[];
  /** The program to execute where it is not the first of `words`. */
  readonly program?: string | undefined;
  /** The helper opens `stdout` and `stderr`. False: a shell in `words` does, as the right user. */
  readonly opensOutput: boolean;
}

/**
 * The chain for a valid request: `setsid`, then, only where needed, `setpriv` for another user, `sh` to open
 * the output files as that user, `env` to set variables a shell cannot export, and the command. A helper that
 * starts directly needs neither `setsid` nor, for its own user, `env`.
 *
 * With `account` nothing of the environment is set before the privileges are gone: variables such as
 * `LD_PRELOAD` must not reach a program that runs as root.
 */
export function planLaunch(
  request: LaunchRequest,
  features: LauncherFeatures,
  account: UserAccount | undefined,
): Result<LaunchPlan, string> {
  const variables = new Map(Object.entries(request.environment));
  variables.set(CONTAINER_MARK, request.containerId);
  const isExportable =
    account === undefined && (features.startsDirectly || isExportableByShell(variables, features));

  const words: string[] = [];
  if (!features.startsDirectly && features.setsidPath !== undefined)
    words.push(features.setsidPath);
  if (account !== undefined) {
    if (features.setprivPath === undefined) {
      return err('running as another user needs setpriv (util-linux), which is not installed');
    }
    words.push(
      features.setprivPath,
      `--reuid=${account.userId}`,
      `--regid=${account.groupId}`,
      '--init-groups',
      '--',
      ...[features.shellPath, '-c', 'exec "$@" >>stdout 2>>stderr', 'sh'],
    );
  }
  if (!isExportable) {
    const assignments = [...variables].map(([name, value]) => `${name}=${value}`);
    words.push(features.envPath, '-i', '--', ...assignments);
  }
  const plan = {
    sandbox: request.sandbox,
    exports: isExportable ? variables : new Map(),
    opensOutput: account === undefined,
  };
  const { command } = request;
  if (features.startsDirectly && isExportable && command.kind === 'exec') {
    const [name = command.path, ...rest] = command.argv;
    return ok({ ...plan, program: command.path, words: [name, ...rest] });
  }
  return ok({ ...plan, words: [...words, ...commandWords(request, features, !isExportable)] });
}

/** The command itself. All shell text here is constant; what comes from the request stays an argument. */
function commandWords(
  { command }: LaunchRequest,
  features: LauncherFeatures,
  isBehindEnv: boolean,
): readonly string[] {
  if (command.kind === 'shell') return ['/bin/sh', '-c', command.value];
  const { path, argv } = command;
  const [name = path, ...rest] = argv;
  const isUsualName = name === path || name === path.slice(path.lastIndexOf('/') + 1);
  if (!isUsualName && features.bashPath !== undefined) {
    return [features.bashPath, '-c', 'exec -a "$0" "$@"', name, path, ...rest];
  }
  // `env` would take a program with "=" in its path for a variable.
  if (isBehindEnv && path.includes('=')) {
    return [features.shellPath, '-c', 'exec "$@"', 'sh', path, ...rest];
  }
  return [path, ...rest];
}

/** Names that mean something to a shell itself; set by `env` they reach the command just as well. */
const SHELL_NAMES = new Set(
  (
    'IFS OPTIND OPTARG OPTERR LINENO PPID PWD OLDPWD PS1 PS2 PS3 PS4 ENV CDPATH MAIL MAILPATH MAILCHECK ' +
    'HISTSIZE HISTCMD HISTFILE FCEDIT EDITOR TERM RANDOM SRANDOM SECONDS UID EUID GROUPS FUNCNAME DIRSTACK ' +
    'SHELLOPTS SHLVL POSIXLY_CORRECT TMOUT TIMEFORMAT GLOBIGNORE LANG LANGUAGE _ ATTY PIPESTATUS'
  ).split(' '),
);

function isExportableByShell(
  variables: ReadonlyMap<string, string>,
  features: LauncherFeatures,
): boolean {
  return (
    features.exportsCleanly &&
    [...variables].every(([name, value]) => isExportableName(name) && !value.includes('\n'))
  );
}

function isExportableName(name: string): boolean {
  return (
    /^[A-Za-z_][A-Za-z0-9_]*$/.test(name) &&
    !SHELL_NAMES.has(name) &&
    !/^(BASH|COMP|EPOCH|LC_|FUNC|kaon_)/.test(name)
  );
}

/**
 * The file the shim reads, a line each: `d` folder, `o` open output, `e` export, `s` export of the folder's
 * path, `i` export of the mark, `p` program, `=` argument, `+` what follows a newline within the line before.
 * `read -r` takes every other byte as it is. It also makes a system call a byte, hence `s` and `i`.
 */
export function encodeLaunchPlan(plan: LaunchPlan): Uint8Array {
  const { sandbox, opensOutput, exports, program, words } = plan;
  const lines = [`d${sandbox}`];
  if (opensOutput) lines.push('o');
  for (const [name, value] of exports) {
    if (name === CONTAINER_MARK) lines.push('i');
    else lines.push(value === sandbox ? `s${name}` : textLine('e', `${name}=${value}`));
  }
  if (program !== undefined) lines.push(textLine('p', program));
  for (const word of words) lines.push(textLine('=', word));
  return Buffer.from(`${lines.join('\n')}\n`);
}

function textLine(kind: string, text: string): string {
  return `${kind}${text.replaceAll('\n', '\n+')}`;
}

/** The sandbox a spec file names; undefined when the file is not whole. */
export function decodeSandbox(spec: Uint8Array): string | undefined {
  const text = Buffer.from(spec).toString();
  const end = text.indexOf('\n');
  return text.startsWith('d/') && end > 0 ? text.slice(1, end) : undefined;
}
