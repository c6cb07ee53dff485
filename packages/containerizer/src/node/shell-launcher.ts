// The launcher as a real process: a POSIX shell in a session of its own, fed over a pipe.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { type Clock, invariant, type Logger } from '@kaon/primitives';
import { type Deferred, deferred } from '../deferred.ts';
import { LauncherError } from '../errors.ts';
import type {
  Launcher,
  LauncherFeatures,
  LauncherListener,
  LauncherReport,
  UserAccount,
} from '../launcher.ts';
import { parseReport } from '../launcher-report.ts';
import { LAUNCHER_SCRIPT } from '../launcher-script.ts';
import { containersFolder } from './system-runtime-files.ts';

/** Where the shells run, and how many. */
export interface ShellLauncherOptions {
  /** The agent's runtime folder, absolute; the script is written there. */
  readonly runtimeDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Where `setsid`, `env`, `setpriv` … are looked for. Default: the agent's own `PATH`. */
  readonly searchPath?: string | undefined;
  /** The POSIX shell that runs launcher and shims. Default: `/bin/sh`. */
  readonly shell?: string | undefined;
  /** How long the helper may take to come up. Default: 30 000 ms. */
  readonly startTimeoutMs?: number | undefined;
  /** Shells that start containers. Default: 4; see `shellLauncher`. */
  readonly shells?: number | undefined;
}

const START_TIMEOUT_MS = 30_000;
const REPORT_CHARACTERS_MAX = 65_536;
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

const SHELLS = 4;

interface Shell {
  readonly process: ChildProcess;
  readonly ready: Deferred<LauncherFeatures>;
}

/** The shells of one start; when one is lost the rest finish their work and a new crew takes over. */
interface Crew {
  readonly shells: readonly Shell[];
  readonly lookUps: Map<string, Deferred<UserAccount | undefined>[]>;
  isReady: boolean;
  /** Sent so far, in turn to each shell. */
  launches: number;
}

/**
 * A launcher of plain processes.
 *
 * A few shells of about 1 MB start everything, so the cost of a fork does not grow with the agent. They
 * are several because each waits for two forks in turn, and on a busy machine that is time, not work.
 * Reports come over a shell's output, which shims inherit: they still arrive when the shell is gone.
 */
export function shellLauncher(options: ShellLauncherOptions): Launcher {
  const { runtimeDir, clock, logger } = options;
  const { uid: userId, username: userName } = userInfo();
  const reporting = new Set<ChildProcess>();
  let crew: Crew | undefined;

  const onReport = (shell: Shell, listener: LauncherListener, report: LauncherReport): void => {
    switch (report.kind) {
      case 'ready':
        return shell.ready.resolve(report.features);
      case 'unfit':
        return shell.ready.reject(
          new LauncherError(`this machine lacks what containers need: ${report.missing}`),
        );
      case 'started':
        return listener.started(report.containerId, report.task, report.shim);
      case 'exited':
        return listener.exited(report.containerId, report.status);
      case 'user': {
        const waiting = crew?.lookUps.get(report.name) ?? [];
        crew?.lookUps.delete(report.name);
        for (const lookUp of waiting) lookUp.resolve(report.account);
      }
    }
  };

  const spawnShell = (listener: LauncherListener): Shell => {
    const child = spawn(
      options.shell ?? '/bin/sh',
      [join(runtimeDir, 'launcher.sh'), containersFolder(runtimeDir)],
      {
        cwd: '/',
        detached: true,
        env: { PATH: options.searchPath ?? process.env['PATH'] ?? DEFAULT_PATH },
        stdio: ['pipe', 'pipe', 'ignore'],
      },
    );
    const shell: Shell = { process: child, ready: deferred() };
    reporting.add(child);
    child.on('error', (error) => onGone(shell, listener, `cannot run a shell: ${error.message}`));
    child.on('exit', (code, signal) =>
      onGone(shell, listener, `a launcher shell ended with ${signal ?? `status ${code}`}`),
    );
    child.on('close', () => reporting.delete(child));
    child.stdin?.on('error', () => undefined);
    child.stdout?.on('error', () => undefined);
    readLines(child, (line) => {
      const report = parseReport(line);
      if (report !== undefined) onReport(shell, listener, report);
      else logger.warn({ line: line.slice(0, 200) }, 'launcher reported something unreadable');
    });
    return shell;
  };

  const dismiss = (dismissed: Crew, error: LauncherError): void => {
    if (crew === dismissed) crew = undefined;
    for (const shell of dismissed.shells) shell.process.stdin?.end();
    for (const lookUp of [...dismissed.lookUps.values()].flat()) lookUp.reject(error);
    dismissed.lookUps.clear();
  };

  const onGone = (shell: Shell, listener: LauncherListener, reason: string): void => {
    const error = new LauncherError(reason);
    shell.ready.reject(error);
    const ofNow = crew;
    if (ofNow === undefined || !ofNow.shells.includes(shell)) return;
    dismiss(ofNow, error);
    if (ofNow.isReady) listener.lost(reason);
  };

  return {
    identity: { userId, userName },

    async start(listener) {
      await mkdir(runtimeDir, { recursive: true, mode: 0o755 });
      const script = join(runtimeDir, 'launcher.sh');
      await writeFile(`${script}.new`, LAUNCHER_SCRIPT, { mode: 0o600 });
      await rename(`${script}.new`, script);
      const shells = Array.from({ length: options.shells ?? SHELLS }, () => spawnShell(listener));
      const started: Crew = { shells, lookUps: new Map(), isReady: false, launches: 0 };
      crew = started;
      const timer = clock.setTimer(options.startTimeoutMs ?? START_TIMEOUT_MS, () => {
        const error = new LauncherError('the launcher did not come up in time');
        for (const shell of shells) shell.ready.reject(error);
      });
      try {
        const [features] = await Promise.all(shells.map((shell) => shell.ready.promise));
        invariant(features !== undefined, 'a launcher has at least one shell');
        started.isReady = true;
        return features;
      } catch (error) {
        dismiss(started, error as LauncherError);
        for (const shell of shells) shell.process.kill('SIGKILL');
        throw error;
      } finally {
        clock.clearTimer(timer);
      }
    },

    launch(containerId) {
      if (crew === undefined) return;
      const shell = crew.shells[crew.launches % crew.shells.length];
      crew.launches += 1;
      shell?.process.stdin?.write(`launch ${containerId}\n`);
    },

    lookUpUser(name) {
      const lookUp = deferred<UserAccount | undefined>();
      if (crew === undefined) lookUp.reject(new LauncherError('the launcher is not running'));
      else {
        crew.lookUps.set(name, [...(crew.lookUps.get(name) ?? []), lookUp]);
        crew.shells[0]?.process.stdin?.write(`user ${name}\n`);
      }
      return lookUp.promise;
    },

    stop() {
      if (crew !== undefined) dismiss(crew, new LauncherError('the launcher was stopped'));
      // Shims keep their end of the pipe as long as their command runs; this end must not keep the agent.
      for (const child of reporting) child.stdout?.destroy();
      reporting.clear();
    },
  };
}

function readLines(child: ChildProcess, onLine: (line: string) => void): void {
  let rest = '';
  child.stdout?.setEncoding('latin1');
  child.stdout?.on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\n');
    rest = (lines.pop() ?? '').slice(0, REPORT_CHARACTERS_MAX);
    for (const line of lines) onLine(line);
  });
}
