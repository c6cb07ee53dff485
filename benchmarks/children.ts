// The processes a benchmark starts: each is remembered until it ended, and none outlives this one.
import { type ChildProcess, fork, spawn } from 'node:child_process';

const running = new Set<ChildProcess>();
const cleanups = new Set<() => void>();
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
let isGuarded = false;

/** Ends every child when this process is told to end, or ends by itself. */
function guard(): void {
  if (isGuarded) return;
  isGuarded = true;
  process.on('exit', killAll);
  for (const signal of SIGNALS) {
    process.once(signal, () => {
      killAll();
      // As if it had not been caught, so that a shell sees why.
      process.kill(process.pid, signal);
    });
  }
}

function killAll(): void {
  for (const child of running) killGroup(child);
  for (const clean of cleanups) clean();
}

/** Runs `clean` when this process ends, by a signal too, unless the returned function came first. */
export function atEnd(clean: () => void): () => void {
  guard();
  cleanups.add(clean);
  return () => {
    cleanups.delete(clean);
    clean();
  };
}

/** Each child leads a group of its own, so that what it has started itself ends with it. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It has ended already.
  }
}

function remember<T extends ChildProcess>(child: T): T {
  guard();
  running.add(child);
  child.once('exit', () => running.delete(child));
  child.once('error', () => running.delete(child));
  return child;
}

/** Forks a compiled module; `message` events bring what it sends. */
export function forkChild(
  modulePath: string,
  args: readonly string[],
  execArgv: readonly string[],
): ChildProcess {
  return remember(fork(modulePath, args, { execArgv: [...execArgv], detached: true }));
}

/** Starts a program whose standard input stays open until it or this process ends. */
export function startProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): ChildProcess {
  return remember(
    spawn(command, args, {
      env: { ...process.env, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
      detached: true,
    }),
  );
}

/** How a program ended. */
export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end, or kills it after `timeoutMs`. Rejects when it cannot be started. */
export function runProgram(
  command: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  timeoutMs: number,
): Promise<ProgramResult> {
  const child = startProgram(command, args, env);
  return new Promise((resolve, reject) => {
    let stdout = '';
    let stderr = '';
    child.stdout?.on('data', (text) => {
      stdout += text;
    });
    child.stderr?.on('data', (text) => {
      stderr += text;
    });
    const timer = setTimeout(() => {
      stderr += `killed after ${timeoutMs} ms`;
      killGroup(child);
    }, timeoutMs);
    child.once('error', (error) => {
      clearTimeout(timer);
      reject(error);
    });
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, stdout, stderr });
    });
  });
}

/** Ends a child at once and waits until it is gone. */
export function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.once('exit', () => resolve());
    killGroup(child);
  });
}
