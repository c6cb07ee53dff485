// The launcher as real processes: a script in a session of its own, fed over a pipe.
import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { isAbsolute, join } from 'node:path';
import { type Clock, errorText, invariant, type Logger } from '@kaon/primitives';
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
import { PERL_SCRIPT } from '../perl-script.ts';
import { SHELL_SCRIPT } from '../shell-script.ts';
import { containersFolder } from './system-runtime-files.ts';

/** Where the scripts run, and which. */
export interface ScriptLauncherOptions {
  /** The agent's runtime folder, absolute; the script is written there. */
  readonly runtimeDir: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Default: Perl where there is one, else the shell. */
  readonly script?: 'perl' | 'shell' | undefined;
  /** Where `perl`, `setsid`, `env`, `setpriv` … are looked for. Default: the agent's own `PATH`. */
  readonly searchPath?: string | undefined;
  /** The POSIX shell for the shell script. Default: `/bin/sh`. */
  readonly shell?: string | undefined;
  /** How long a helper may take to come up. Default: 30 000 ms. */
  readonly startTimeoutMs?: number | undefined;
}

const START_TIMEOUT_MS = 30_000;
const REPORT_CHARACTERS_MAX = 65_536;
const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
/** A shell waits for two forks in turn at each launch, and on a busy machine that is time, not work. */
const SHELL_HELPERS = 4;

interface Script {
  readonly interpreter: string;
  readonly fileName: string;
  readonly text: string;
  readonly helpers: number;
}

interface Helper {
  readonly process: ChildProcess;
  readonly ready: Deferred<LauncherFeatures>;
}

/** The helpers of one start; when one is lost the rest finish their work and a new crew takes over. */
interface Crew {
  readonly helpers: readonly Helper[];
  readonly lookUps: Map<string, Deferred<UserAccount | undefined>[]>;
  isReady: boolean;
  /** Sent so far, in turn to each helper. */
  launches: number;
}

/**
 * A launcher of plain processes.
 *
 * One Perl process of about 6 MB, or a few shells of 1 MB, start everything, so the cost of a fork does not
 * grow with the agent. Reports come over a helper's output, which shims inherit: they still arrive when the
 * helper is gone.
 */
export function scriptLauncher(options: ScriptLauncherOptions): Launcher {
  const { runtimeDir, clock, logger } = options;
  const { uid: userId, username: userName } = userInfo();
  const searchPath = options.searchPath ?? process.env['PATH'] ?? DEFAULT_PATH;
  const reporting = new Set<ChildProcess>();
  let scripts = availableScripts(options, searchPath);
  let crew: Crew | undefined;

  const onReport = (helper: Helper, listener: LauncherListener, report: LauncherReport): void => {
    switch (report.kind) {
      case 'ready':
        return helper.ready.resolve(report.features);
      case 'unfit':
        return helper.ready.reject(
          new LauncherError(`this machine lacks what containers need: ${report.missing}`),
        );
      case 'started':
        return listener.started(report.containerId, report.task, report.shim);
      case 'exited':
        if (report.isEmpty) listener.emptied(report.containerId);
        return listener.exited(report.containerId, report.end);
      case 'emptied':
        return listener.emptied(report.containerId);
      case 'user': {
        const waiting = crew?.lookUps.get(report.name) ?? [];
        crew?.lookUps.delete(report.name);
        for (const lookUp of waiting) lookUp.resolve(report.account);
      }
    }
  };

  const spawnHelper = (script: Script, listener: LauncherListener): Helper => {
    const { interpreter, fileName } = script;
    const child = spawn(interpreter, [join(runtimeDir, fileName), containersFolder(runtimeDir)], {
      cwd: '/',
      detached: true,
      env: { PATH: searchPath },
      stdio: ['pipe', 'pipe', 'ignore'],
    });
    const helper: Helper = { process: child, ready: deferred() };
    reporting.add(child);
    child.on('error', (error) =>
      onGone(helper, listener, `cannot run ${interpreter}: ${error.message}`),
    );
    child.on('exit', (code, signal) =>
      onGone(helper, listener, `a launcher ended with ${signal ?? `status ${code}`}`),
    );
    child.on('close', () => reporting.delete(child));
    child.stdin?.on('error', () => undefined);
    child.stdout?.on('error', () => undefined);
    readLines(child, (line) => {
      const report = parseReport(line);
      if (report !== undefined) onReport(helper, listener, report);
      else logger.warn({ line: line.slice(0, 200) }, 'launcher reported something unreadable');
    });
    return helper;
  };

  const dismiss = (dismissed: Crew, error: LauncherError): void => {
    if (crew === dismissed) crew = undefined;
    for (const helper of dismissed.helpers) helper.process.stdin?.end();
    for (const lookUp of [...dismissed.lookUps.values()].flat()) lookUp.reject(error);
    dismissed.lookUps.clear();
  };

  const onGone = (helper: Helper, listener: LauncherListener, reason: string): void => {
    const error = new LauncherError(reason);
    helper.ready.reject(error);
    const ofNow = crew;
    if (ofNow === undefined || !ofNow.helpers.includes(helper)) return;
    dismiss(ofNow, error);
    if (ofNow.isReady) listener.lost(reason);
  };

  const startScript = async (
    script: Script,
    listener: LauncherListener,
  ): Promise<LauncherFeatures> => {
    const file = join(runtimeDir, script.fileName);
    await writeFile(`${file}.new`, script.text, { mode: 0o600 });
    await rename(`${file}.new`, file);
    const helpers = Array.from({ length: script.helpers }, () => spawnHelper(script, listener));
    const started: Crew = { helpers, lookUps: new Map(), isReady: false, launches: 0 };
    crew = started;
    const timer = clock.setTimer(options.startTimeoutMs ?? START_TIMEOUT_MS, () => {
      const error = new LauncherError('the launcher did not come up in time');
      for (const helper of helpers) helper.ready.reject(error);
    });
    try {
      const [features] = await Promise.all(helpers.map((helper) => helper.ready.promise));
      invariant(features !== undefined, 'a launcher has at least one helper');
      started.isReady = true;
      return features;
    } catch (error) {
      dismiss(started, error as LauncherError);
      for (const helper of helpers) helper.process.kill('SIGKILL');
      throw error;
    } finally {
      clock.clearTimer(timer);
    }
  };

  return {
    identity: { userId, userName },

    async start(listener) {
      await mkdir(runtimeDir, { recursive: true, mode: 0o755 });
      for (;;) {
        const [first, ...rest] = scripts;
        invariant(first !== undefined, 'there is a script to start containers with');
        try {
          return await startScript(first, listener);
        } catch (error) {
          if (rest.length === 0) throw error;
          logger.warn(
            { interpreter: first.interpreter, error: errorText(error) },
            'launcher does not work here, trying the shell',
          );
          scripts = rest;
        }
      }
    },

    launch(containerId) {
      if (crew === undefined) return;
      const helper = crew.helpers[crew.launches % crew.helpers.length];
      crew.launches += 1;
      helper?.process.stdin?.write(`launch ${containerId}\n`);
    },

    lookUpUser(name) {
      const lookUp = deferred<UserAccount | undefined>();
      if (crew === undefined) lookUp.reject(new LauncherError('the launcher is not running'));
      else {
        crew.lookUps.set(name, [...(crew.lookUps.get(name) ?? []), lookUp]);
        crew.helpers[0]?.process.stdin?.write(`user ${name}\n`);
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

function availableScripts(options: ScriptLauncherOptions, searchPath: string): readonly Script[] {
  const shell: Script = {
    interpreter: options.shell ?? '/bin/sh',
    fileName: 'launcher.sh',
    text: SHELL_SCRIPT,
    helpers: SHELL_HELPERS,
  };
  if (options.script === 'shell') return [shell];
  const interpreter = findProgram('perl', searchPath);
  const perl: Script = {
    interpreter: interpreter ?? 'perl',
    fileName: 'launcher.pl',
    text: PERL_SCRIPT,
    helpers: 1,
  };
  if (options.script === 'perl') return [perl];
  return interpreter === undefined ? [shell] : [perl, shell];
}

function findProgram(name: string, searchPath: string): string | undefined {
  for (const folder of searchPath.split(':')) {
    const path = join(folder, name);
    if (!isAbsolute(path)) continue;
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this one.
    }
  }
  return undefined;
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
