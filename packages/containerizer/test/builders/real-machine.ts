// A runtime folder, sandboxes and named pipes on the real machine, and a check that nothing stays behind.
// Tests wait for pipes and file events, never for time.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, open, readFile, rm, watch } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { silentLogger, systemClock } from '@kaon/primitives';
import t, { type Test } from 'tap';
import type { LaunchRequest } from '#src/containerizer.js';
import { procProcessTable } from '#src/node/proc-process-table.js';
import { type ScriptLauncherOptions, scriptLauncher } from '#src/node/script-launcher.js';
import { systemContainerizer } from '#src/node/system-containerizer.js';
import { systemRuntimeFiles } from '#src/node/system-runtime-files.js';
import { type ProcessContainerizer, processContainerizer } from '#src/process-containerizer.js';
import type { ProcessInfo } from '#src/process-table.js';

const run = promisify(execFile);

type Script = 'perl' | 'shell';

/** Whether the quicker of the two scripts can be tried here. */
export const HAS_PERL = (process.env['PATH'] ?? '')
  .split(':')
  .some((folder) => existsSync(join(folder, 'perl')));

const SCRIPTS: readonly Script[] = HAS_PERL ? ['perl', 'shell'] : ['shell'];

interface Teardown {
  teardown(end: () => Promise<void>): void;
}

export interface RealMachine {
  readonly folder: string;
  readonly runtimeDir: string;
  /** A containerizer on the one runtime folder; closed at the end. */
  containerizer(options?: Partial<ScriptLauncherOptions>): ProcessContainerizer;
  /** A request whose sandbox exists. Ids are made unique to the test. */
  request(name: string, changes: Partial<LaunchRequest> | string): Promise<LaunchRequest>;
  /** Creates a named pipe. */
  pipe(name: string): Promise<string>;
  /** Text of a file in a request's sandbox. */
  output(request: LaunchRequest, file?: 'stdout' | 'stderr'): Promise<string>;
  /** Journal of a request's container, as soon as it has `text` in it. */
  journal(request: LaunchRequest, text: string): Promise<string>;
  /** Living processes that carry the mark of any container of this test. */
  processes(): Promise<readonly ProcessInfo[]>;
  /** All living processes of the machine. */
  allProcesses(): Promise<readonly ProcessInfo[]>;
}

type RealTest = (t: Test, machine: RealMachine) => Promise<void>;

/** One test for each script: what holds of containers holds whatever starts them. */
export function onEachLauncher(
  title: string,
  test: RealTest,
  options: { readonly skip?: false | string } = {},
): void {
  for (const script of SCRIPTS) {
    t.test(`${title} (${script})`, options, async (t) =>
      test(t, await givenRealMachine(t, script)),
    );
  }
}

let machines = 0;

export async function givenRealMachine(t: Teardown, script?: Script): Promise<RealMachine> {
  const folder = await mkdtemp(join(tmpdir(), 'kaon-containers-'));
  const runtimeDir = join(folder, 'run');
  const opened: ProcessContainerizer[] = [];
  const ids: string[] = [];
  const table = procProcessTable();
  machines += 1;
  const prefix = `t${process.pid}-${machines}`;

  const processes = async (): Promise<readonly ProcessInfo[]> => {
    const snapshot = await table.snapshot();
    return snapshot.filter(
      ({ containerMark, isZombie }) =>
        containerMark !== undefined && ids.includes(containerMark) && !isZombie,
    );
  };

  t.teardown(async () => {
    // Whatever a failed test left running is ended by an instance of its own.
    const last = systemContainerizer({ runtimeDir, clock: systemClock(), logger: silentLogger });
    for (const containerizer of opened) await containerizer.close();
    const left = await last.recover();
    await Promise.all(left.map(({ containerId }) => last.destroy(containerId)));
    await last.close();
    const leftOver = (await processes()).map(({ pid }) => pid);
    await rm(folder, { recursive: true });
    if (leftOver.length > 0) throw new Error(`processes are left: ${leftOver.join(', ')}`);
  });

  return {
    folder,
    runtimeDir,
    processes,
    allProcesses: () => table.snapshot(),
    containerizer(options = {}) {
      const parts = { runtimeDir, clock: systemClock(), logger: silentLogger };
      const containerizer = processContainerizer({
        ...parts,
        launcher: scriptLauncher({ ...parts, script, ...options }),
        files: systemRuntimeFiles(runtimeDir),
        processes: procProcessTable(),
      });
      opened.push(containerizer);
      return containerizer;
    },
    async request(name, changes) {
      const containerId = `${prefix}-${name}`;
      ids.push(containerId);
      const sandbox = join(folder, name);
      await mkdir(sandbox, { recursive: true });
      return {
        containerId,
        sandbox,
        command: { kind: 'shell', value: typeof changes === 'string' ? changes : 'true' },
        environment: { PATH: process.env['PATH'] ?? '/bin:/usr/bin' },
        ...(typeof changes === 'string' ? {} : changes),
      };
    },
    async pipe(name) {
      const path = join(folder, name);
      await run('mkfifo', [path]);
      return path;
    },
    output: ({ sandbox }, file = 'stdout') => readFile(join(sandbox, file), 'utf8'),
    journal: ({ containerId }, text) =>
      untilFileHas(join(runtimeDir, 'containers', containerId), 'state', text),
  };
}

/** The next line that is written to a named pipe; waits for a writer. */
export async function readPipe(path: string): Promise<string> {
  return (await readFile(path, 'utf8')).trim();
}

/** Writes a line to a named pipe; waits for a reader. */
export async function writePipe(path: string, line = 'go'): Promise<void> {
  const pipe = await open(path, 'w');
  await pipe.write(`${line}\n`);
  await pipe.close();
}

async function untilFileHas(folder: string, name: string, text: string): Promise<string> {
  const abort = new AbortController();
  const changes = watch(folder, { signal: abort.signal });
  const read = async (): Promise<string> => {
    try {
      return await readFile(join(folder, name), 'utf8');
    } catch {
      return '';
    }
  };
  // The watch is set up by its first `next`; a change before the read below is then seen by the read.
  let next = changes[Symbol.asyncIterator]().next();
  for (;;) {
    const found = await read();
    if (found.includes(text)) {
      abort.abort();
      next.catch(() => undefined);
      return found;
    }
    await next;
    next = changes[Symbol.asyncIterator]().next();
  }
}
