// `kaon local`: a whole cluster in this process, with a sample at work. What `npm start` runs.

import { type LocalCluster, runSample, SAMPLE_TASKS, startLocalCluster } from '@kaon/local';
import { systemClock } from '@kaon/primitives';
import { type Command, Option } from 'commander';
import { CommandError, EXIT_FAILURE, EXIT_INTERRUPTED } from '../errors.ts';
import { integer, port } from '../flags/values.ts';
import { count } from '../output/format.ts';
import { LiveProgress } from '../output/live-progress.ts';
import { SAMPLE_COLUMNS } from '../output/sample-columns.ts';
import { formatTable } from '../output/table.ts';
import { starting } from '../servers/serve.ts';
import { type EndSignal, nextEndSignal } from '../terminal.ts';
import {
  addBoolean,
  addLogOptions,
  type CommandContext,
  DEFAULT_MASTER,
  type LogFlags,
  loggerFor,
} from './command-context.ts';

interface LocalFlags extends LogFlags {
  readonly ip: string;
  readonly port: number;
  readonly agents: number;
  readonly tasks: number;
  readonly workDir?: string;
  readonly resources?: string;
  readonly exit?: boolean;
}

const EXAMPLES = `
Examples:
  $ kaon local                       a master, three agents, 20 sample tasks; stays up until Ctrl-C
  $ kaon local --exit                ends after the sample, with status 0 if all tasks finished
  $ kaon local --agents 5 --tasks 0  a larger cluster and no sample
  $ npm start -- --port 5060         the same through npm
`;

/** Adds `kaon local` to `program`. */
export function addLocalCommand(program: Command, context: CommandContext): void {
  const command = program
    .command('local')
    .summary('run a whole cluster in this process, with sample tasks')
    .description(
      'Runs a master and agents as actors of this process, launches sample tasks on them and stays up.',
    )
    .addOption(
      new Option('--ip <address>', 'address to listen on').default('127.0.0.1', '127.0.0.1'),
    )
    .addOption(
      new Option('--port <port>', 'port to listen on; 0 takes a free one')
        .default(5050)
        .argParser(port),
    )
    .addOption(
      new Option('--agents <number>', 'how many agents').default(3).argParser(integer(1, 100)),
    )
    .addOption(
      new Option('--tasks <number>', 'how many sample tasks; 0 for none')
        .default(SAMPLE_TASKS)
        .argParser(integer(0, 1000)),
    )
    .addOption(
      new Option('--work-dir <folder>', 'where it keeps its files (default: a temporary folder)'),
    )
    .addOption(new Option('--resources <text>', 'what each agent offers (default: 2 cpus, 1 GB)'));
  addBoolean(command, 'exit', 'end after the sample, with status 0 only if all tasks finished');
  addLogOptions(command);
  command
    .setOptionValueWithSource('logLevel', 'warn', 'default')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: LocalFlags) => {
      context.exitCode = await runLocal(flags, context);
    });
}

async function runLocal(flags: LocalFlags, { terminal }: CommandContext): Promise<number> {
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
