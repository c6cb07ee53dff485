// A whole cluster in this process, with a sample at work.
import { type LocalCluster, runSample, startLocalCluster } from '@kaon/local';
import { systemClock } from '@kaon/primitives';
import {
  type AllocatorFlags,
  allocatorOptionsOf,
  LOCAL_ALLOCATOR_WORKERS,
} from '../commands/allocator-options.ts';
import {
  type CommandContext,
  DEFAULT_MASTER,
  type LogFlags,
  loggerFor,
} from '../commands/command-context.ts';
import { CommandError, EXIT_FAILURE, EXIT_INTERRUPTED } from '../errors.ts';
import { count } from '../output/format.ts';
import { LiveProgress } from '../output/live-progress.ts';
import { SAMPLE_COLUMNS } from '../output/sample-columns.ts';
import { formatTable } from '../output/table.ts';
import { type EndSignal, nextEndSignal } from '../terminal.ts';
import { starting } from './serve.ts';

/** The flags of `kaon local`. */
export interface LocalFlags extends LogFlags, AllocatorFlags {
  readonly ip: string;
  readonly port: number;
  readonly agents: number;
  readonly tasks: number;
  readonly workDir?: string;
  readonly resources?: string;
  readonly exit?: boolean;
}

/** Runs the cluster until Ctrl-C, or with `--exit` until the sample is over; the exit status. */
export async function runLocal(flags: LocalFlags, { terminal }: CommandContext): Promise<number> {
  const clock = systemClock();
  const logger = loggerFor(terminal, flags);
  const ending = new AbortController();
  const signal = nextEndSignal(terminal).then((name) => {
    ending.abort();
    return name;
  });
  const cluster = await starting(() =>
    startLocalCluster({
      host: flags.ip,
      port: flags.port,
      agents: flags.agents,
      workDir: flags.workDir,
      resources: flags.resources,
      allocator: allocatorOptionsOf(flags, LOCAL_ALLOCATOR_WORKERS),
      logger,
      clock,
    }),
  );
  let exitCode = 0;
  try {
    terminal.out(greeting(flags, cluster));
    const hasFinished = flags.tasks === 0 || (await sample());
    if (flags.exit === true) {
      exitCode = hasFinished ? 0 : EXIT_FAILURE;
    } else if (!ending.signal.aborted) {
      terminal.out(`${invitation(cluster.address)}\n`);
    }
    if (flags.exit !== true || ending.signal.aborted) {
      await signal;
      exitCode = flags.exit === true ? EXIT_INTERRUPTED : 0;
      terminal.out('\nstopping the cluster\n');
    }
  } finally {
    await closing(cluster, nextEndSignal(terminal));
  }
  return exitCode;

  async function sample(): Promise<boolean> {
    terminal.out(`launching ${count(flags.tasks, 'sample task')}\n`);
    const progress = new LiveProgress(terminal, () => clock.monotonicMs());
    const tasks = await runSample({
      master: cluster.address,
      tasks: flags.tasks,
      clock,
      logger,
      signal: ending.signal,
      onChange: (changed) => progress.show(changed),
    }).finally(() => progress.end());
    if (!ending.signal.aborted) terminal.out(`\n${formatTable(SAMPLE_COLUMNS, tasks)}\n`);
    const finished = tasks.filter(({ state }) => state === 'TASK_FINISHED').length;
    terminal.out(`${finished} of ${count(tasks.length, 'task')} finished\n`);
    return finished === tasks.length;
  }
}

/** A second Ctrl-C does not wait. */
async function closing(cluster: LocalCluster, again: Promise<EndSignal>): Promise<void> {
  const isClosed = await Promise.race([cluster.close().then(() => true), again.then(() => false)]);
  if (!isClosed) {
    throw new CommandError('stopped without waiting; tasks may still run', {
      exitCode: EXIT_INTERRUPTED,
    });
  }
}

function greeting({ agents }: LocalFlags, { address, workDir }: LocalCluster): string {
  return (
    `kaon local listening on ${address}: a master and ${count(agents, 'agent')}, ` +
    `files in ${workDir}\n`
  );
}

function invitation(address: string): string {
  const master = address === DEFAULT_MASTER ? '' : ` --master ${address}`;
  return [
    'The cluster is up; Ctrl-C stops it. From another terminal try:',
    `  npx kaon run${master} -- 'echo hello'`,
    `  npx kaon tasks${master}`,
    `  curl http://${address}/state`,
  ].join('\n');
}
