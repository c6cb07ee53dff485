// The framework a newcomer sees at work: a few shell tasks, watched from launch to end.
import type { Clock, Logger } from '@kaon/primitives';
import type { TaskState } from '@kaon/protocol';
import { connectScheduler, type LaunchedTask, taskExit } from '@kaon/scheduler';

/** One sample task, as it stands. */
export interface SampleTask {
  readonly taskId: string;
  readonly state: TaskState;
  /** Id of its agent; undefined while it waits for an offer. */
  readonly agentId: string | undefined;
  /** Where its agent is, `slave(1)@127.0.0.1:5050`; undefined while it waits. */
  readonly agentPid: string | undefined;
  /** Exit status; undefined before the end, and when there was none. */
  readonly exitCode: number | undefined;
  /** From the first update to the last, in milliseconds; undefined before the first. */
  readonly durationMs: number | undefined;
  readonly message: string | undefined;
}

/** What to run and whom to tell. */
export interface SampleOptions {
  /** `host:port`. */
  readonly master: string;
  /** How many tasks. */
  readonly tasks: number;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Told of all tasks whenever one has changed. */
  readonly onChange?: ((tasks: readonly SampleTask[]) => void) | undefined;
  /** Ends the sample early: its tasks are killed. */
  readonly signal?: AbortSignal | undefined;
}

/** What one sample task asks for: four fit on an agent with two processors. */
const SAMPLE_CPUS = 0.5;
const SAMPLE_MEM_MB = 32;

/**
 * Runs the sample to its end, or until `signal` is aborted; resolves with the tasks as they ended.
 *
 * Rejects as `connectScheduler` does.
 */
export async function runSample(options: SampleOptions): Promise<readonly SampleTask[]> {
  const { master, tasks: count, clock, logger, onChange, signal } = options;
  const scheduler = await connectScheduler({
    master,
    framework: { name: 'sample', failoverTimeoutMs: 0 },
    clock,
    logger,
  });
  const watched: Watched[] = [];
  const report = (): void => onChange?.(watched.map(sampleTask));
  try {
    for (let index = 1; index <= count; index += 1) {
      watched.push({ task: launch(index), firstMs: undefined, lastMs: undefined });
    }
    report();
    const ends = Promise.all(watched.map(follow));
    ends.catch(() => undefined);
    await Promise.race([ends, aborted(signal)]);
    return watched.map(sampleTask);
  } finally {
    await scheduler.close();
  }

  function launch(index: number): LaunchedTask {
    const name = `sample-${String(index).padStart(String(count).length, '0')}`;
    const command = sampleCommand(index);
    return scheduler.launch({ name, taskId: name, command, cpus: SAMPLE_CPUS, mem: SAMPLE_MEM_MB });
  }

  async function follow(it: Watched): Promise<void> {
    for await (const _status of it.task.updates) {
      it.lastMs = clock.monotonicMs();
      it.firstMs ??= it.lastMs;
      report();
    }
  }
}

interface Watched {
  readonly task: LaunchedTask;
  firstMs: number | undefined;
  lastMs: number | undefined;
}

/** Prints a line and takes between 0.2 and 1.1 s, not all the same time. */
function sampleCommand(index: number): string {
  const tenths = 2 + ((index * 7) % 10);
  const seconds = `${Math.floor(tenths / 10)}.${tenths % 10}`;
  return `echo "sample task ${index} runs in $PWD"; sleep ${seconds}`;
}

function sampleTask({ task, firstMs, lastMs }: Watched): SampleTask {
  const exit = task.status === undefined ? undefined : taskExit(task.status);
  return {
    taskId: task.taskId,
    state: task.state,
    agentId: task.agent?.agentId.value,
    agentPid: task.agent?.url === undefined ? undefined : pidText(task.agent.url),
    exitCode: exit?.kind === 'exited' ? exit.code : undefined,
    durationMs: firstMs === undefined || lastMs === undefined ? undefined : lastMs - firstMs,
    message: task.status?.message,
  };
}

/** `slave(1)@127.0.0.1:5051` of `http://127.0.0.1:5051/slave(1)`. */
function pidText(agentUrl: string): string {
  const { host, pathname } = new URL(agentUrl);
  return `${pathname.slice(1)}@${host}`;
}

function aborted(signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) resolve();
    signal?.addEventListener('abort', () => resolve(), { once: true });
  });
}
