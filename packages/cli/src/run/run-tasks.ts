// What `kaon run` does: connect, launch, tell, fetch the output, and end with the task's exit status.
import { systemClock } from '@kaon/primitives';
import {
  connectScheduler,
  type LaunchedTask,
  type TaskRequest,
  type TaskScheduler,
} from '@kaon/scheduler';
import { fetchStanding } from '../cluster/explanation.ts';
import { SandboxReader } from '../cluster/sandbox-reader.ts';
import { EXIT_FAILURE } from '../errors.ts';
import { count } from '../output/format.ts';
import { type EndSignal, signalExitCode, type Terminal } from '../terminal.ts';
import { RunOutput } from './run-output.ts';
import { exitCodeOf, updateLine } from './task-outcome.ts';
import { waitingAdvice, watchWaiting } from './waiting-notice.ts';

/** What to run, and how to tell about it. */
export interface RunOptions {
  readonly master: string;
  readonly connectTimeoutMs: number;
  readonly isQuiet: boolean;
  readonly instances: number;
  readonly role: string | undefined;
  readonly user: string | undefined;
  readonly request: TaskRequest;
}

/** A short break of the connection must not cost the tasks; a killed `kaon run` must not leave them long. */
const FAILOVER_TIMEOUT_MS = 10_000;
/** How long killed tasks may take to end before the command ends without them. */
const KILL_PATIENCE_MS = 10_000;

/** Runs the tasks; the exit status of the command. */
export async function runTasks(terminal: Terminal, options: RunOptions): Promise<number> {
  const output = new RunOutput(terminal, options.isQuiet, options.instances);
  const interrupt = watchSignals(terminal);
  const giveUp = new AbortController();
  let isConnected = false;
  let lastReason = '';
  const name = options.request.name ?? 'kaon run';
  try {
    const connecting = connectScheduler({
      master: options.master,
      framework: {
        name: options.request.name === undefined ? name : `kaon run ${name}`,
        failoverTimeoutMs: FAILOVER_TIMEOUT_MS,
        ...(options.role === undefined ? {} : { roles: [options.role] }),
        ...(options.user === undefined ? {} : { user: options.user }),
        ...(options.request.gpus ? { capabilities: ['GPU_RESOURCES'] as const } : {}),
      },
      connectTimeoutMs: options.connectTimeoutMs,
      signal: giveUp.signal,
      onWaiting: (reason) => {
        if (isConnected || reason === lastReason) return;
        lastReason = reason;
        output.note(`waiting for the master at ${options.master}: ${reason}`);
      },
    });
    const first = await Promise.race([connecting, interrupt.happened]);
    if (typeof first === 'string') {
      giveUp.abort();
      await connecting.then((late) => late.close()).catch(() => undefined);
      return signalExitCode(first);
    }
    isConnected = true;
    return await runOn(first, options, output, interrupt);
  } finally {
    interrupt.forget();
  }
}

/** Ctrl-C, as a promise for the first and a callback for every further one. */
interface Interrupt {
  readonly happened: Promise<EndSignal>;
  onRepeat: () => void;
  forget(): void;
}

function watchSignals(terminal: Terminal): Interrupt {
  let happen: ((signal: EndSignal) => void) | undefined;
  const interrupt: Interrupt = {
    happened: new Promise((resolve) => {
      happen = resolve;
    }),
    onRepeat: () => undefined,
    forget: terminal.onEndSignal((signal) => {
      if (happen === undefined) return interrupt.onRepeat();
      happen(signal);
      happen = undefined;
    }),
  };
  return interrupt;
}

async function runOn(
  scheduler: TaskScheduler,
  options: RunOptions,
  output: RunOutput,
  interrupt: Interrupt,
): Promise<number> {
  const reader = new SandboxReader();
  let forgetPatience = (): void => undefined;
  void tellOfConnection(scheduler, output);
  try {
    const tasks = Array.from({ length: options.instances }, () =>
      scheduler.launch(options.request),
    );
    forgetPatience = tellWhenWaiting(scheduler, options, output);
    output.note(`framework ${scheduler.frameworkId} at ${options.master}`);
    const ends = Promise.all(
      tasks.map((task, index) => follow(scheduler, task, index, reader, output)),
    );
    const first = await Promise.race([ends, interrupt.happened]);
    if (typeof first !== 'string') return first.find((code) => code !== 0) ?? 0;
    await killAll(tasks, ends, output, interrupt);
    return signalExitCode(first);
  } finally {
    forgetPatience();
    await scheduler.close();
    reader.close();
  }
}

/** Tells of one task until it is over; the exit status it stands for. */
async function follow(
  scheduler: TaskScheduler,
  task: LaunchedTask,
  index: number,
  reader: SandboxReader,
  output: RunOutput,
): Promise<number> {
  for await (const status of task.updates) {
    output.update(index, updateLine(task, status));
    // Whether it still runs nobody knows; waiting for its agent is not what a command line is for.
    if (status.state === 'TASK_UNREACHABLE') return EXIT_FAILURE;
  }
  const status = await task.finished;
  const { agent } = task;
  const { frameworkId } = scheduler;
  if (agent?.url !== undefined && frameworkId !== undefined && status.executorId !== undefined) {
    const place = { agentUrl: agent.url, frameworkId, executorId: status.executorId.value };
    await output.copy(index, (file, write) => reader.copy(place, file, write));
  }
  return exitCodeOf(status);
}

/** Tells when the master is lost and when it, or another one, is back. */
async function tellOfConnection(scheduler: TaskScheduler, output: RunOutput): Promise<void> {
  try {
    for await (const signal of scheduler.events()) {
      if (signal.kind === 'disconnected') {
        output.note(`lost the master: ${signal.reason}; the tasks run on, looking for it`);
      } else if (signal.kind === 'event' && signal.event.type === 'SUBSCRIBED') {
        output.note('connected to the master again');
      }
    }
  } catch {
    // The end of the scheduler is told by its tasks.
  }
}

function tellWhenWaiting(
  scheduler: TaskScheduler,
  { isQuiet, master, request, role }: RunOptions,
  output: RunOutput,
): () => void {
  if (isQuiet) return () => undefined;
  const { cpus, mem, disk, gpus } = request;
  return watchWaiting({
    clock: systemClock(),
    waitingTasks: () => scheduler.stats.waitingTasks,
    async advice() {
      const { frameworkId } = scheduler;
      if (frameworkId === undefined) return undefined;
      const standing = await fetchStanding(master, { frameworkId, role });
      const [only] = standing?.value.roles ?? [];
      return only && waitingAdvice({ cpus, mem, disk, gpus }, only);
    },
    otherwise: (waitingTasks) =>
      `${count(waitingTasks, 'task')} still waiting: no agent has offered ${cpus} cpus and ` +
      `${mem} MB of memory so far (see 'kaon agents'); Ctrl-C gives up`,
    note: (text) => output.note(text),
  });
}

async function killAll(
  tasks: readonly LaunchedTask[],
  ends: Promise<unknown>,
  output: RunOutput,
  interrupt: Interrupt,
): Promise<void> {
  output.note(`interrupted; killing ${count(tasks.length, 'task')} (Ctrl-C again: do not wait)`);
  const clock = systemClock();
  let giveUp: (() => void) | undefined;
  const patience = new Promise<void>((resolve) => {
    giveUp = resolve;
  });
  interrupt.onRepeat = () => giveUp?.();
  const timer = clock.setTimer(KILL_PATIENCE_MS, () => giveUp?.());
  await Promise.all(tasks.map((task) => task.kill().catch(() => undefined)));
  await Promise.race([ends.catch(() => undefined), patience]);
  clock.clearTimer(timer);
}
