// Real `kaon` processes for tests: started, listened to, and gone when the test is over.
import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Test } from 'tap';

const KAON = fileURLToPath(new URL('../../../packages/cli/bin/kaon.js', import.meta.url));

/** A `kaon` that was started. */
export class KaonProcess {
  readonly #child: ChildProcess;
  readonly #watchers = new Set<() => void>();
  #stdout = '';
  #stderr = '';
  /** Resolves with the exit status; 128 and the signal's number when a signal ended it. */
  readonly exited: Promise<number | NodeJS.Signals | null>;

  constructor(args: readonly string[], env: Readonly<Record<string, string>>) {
    const { PATH = '', HOME = '/', TMPDIR } = process.env;
    this.#child = spawn(process.execPath, [KAON, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Nothing of the machine's own settings may change what is tested.
      env: { PATH, HOME, ...(TMPDIR === undefined ? {} : { TMPDIR }), ...env },
    });
    this.#child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text;
      for (const watch of this.#watchers) watch();
    });
    this.#child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text;
      for (const watch of this.#watchers) watch();
    });
    this.exited = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code, signal) => {
        resolve(code ?? signal);
        for (const watch of this.#watchers) watch();
      });
    });
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get stdout(): string {
    return this.#stdout;
  }

  get stderr(): string {
    return this.#stderr;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  kill(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves with the match once standard output has one; rejects when the process ends before. */
  printed(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#matched(pattern, () => this.#stdout);
  }

  /** The same for standard error. */
  told(pattern: RegExp): Promise<RegExpExecArray> {
    return this.#matched(pattern, () => this.#stderr);
  }

  #matched(pattern: RegExp, text: () => string): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        const match = pattern.exec(text());
        if (match === null && this.isRunning) return;
        this.#watchers.delete(look);
        if (match !== null) return resolve(match);
        reject(new Error(`kaon ended without saying ${pattern}:\n${this.#stdout}${this.#stderr}`));
      };
      this.#watchers.add(look);
      look();
    });
  }
}

/** Starts `kaon` with these arguments; it is killed with the test if it still runs then. */
export function startKaon(
  t: Test,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): KaonProcess {
  const kaon = new KaonProcess(args, env);
  t.teardown(async () => {
    // SIGINT first: servers end their tasks with it.
    if (kaon.isRunning) kaon.kill('SIGINT');
    await kaon.exited;
  });
  return kaon;
}

/** Runs `kaon` to its end. */
export async function kaon(
  t: Test,
  args: readonly string[],
): Promise<{
  readonly exitCode: number | NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}> {
  const ran = startKaon(t, args);
  const exitCode = await ran.exited;
  return { exitCode, stdout: ran.stdout, stderr: ran.stderr };
}

/** A master and agents, each a process of its own, on free ports. */
export interface ProcessCluster {
  /** `host:port` of the master. */
  readonly address: string;
  readonly master: KaonProcess;
  /** Those started so far, the last one last. */
  readonly agents: readonly KaonProcess[];
  /** Starts agent number `index`, maybe again. */
  startAgent(index: number, port: string): KaonProcess;
  /** Where their work directories are; goes with the test. */
  readonly folder: string;
}

/** Starts a master and `agents` agents. They end with the test, and their tasks with them. */
export async function startProcessCluster(
  t: Test,
  options: { readonly agents: number; readonly masterFlags?: readonly string[] },
): Promise<ProcessCluster> {
  const folder = t.testdir({});
  const master = startKaon(t, [
    'master',
    '--port',
    '0',
    '--work-dir',
    `${folder}/master`,
    ...(options.masterFlags ?? []),
  ]);
  const [, address = ''] = await master.printed(/listening on (\S+)\n/);
  const agents: KaonProcess[] = [];
  const startAgent = (index: number, port: string): KaonProcess => {
    const agent = startKaon(t, [
      'agent',
      ...['--master', address, '--port', port, '--work-dir', `${folder}/agent-${index}`],
      ...['--resources', 'cpus:2;mem:512;disk:1024', '--attributes', `name:a${index}`],
      ...['--registration-backoff-factor', '10ms'],
    ]);
    agents.push(agent);
    return agent;
  };
  for (let index = 1; index <= options.agents; index += 1) startAgent(index, '0');
  await Promise.all(agents.map((agent) => agent.printed(/listening on /)));
  return { address, master, agents, startAgent, folder };
}
