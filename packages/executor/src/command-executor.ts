// The command executor: looks after one command task. An actor inside the agent, not a process.
// It knows no container runtime, no disk and no agent: those are its `runner` and its callbacks.
import { type ActorContext, defineActor, defineProtocol, localMessage } from '@kaon/actor';
import { bytesEqual, errorText, uuidBytes } from '@kaon/primitives';
import {
  isTerminal,
  type TaskInfo,
  type TaskState,
  type TaskStatus,
  type TaskStatus_Reason,
} from '@kaon/protocol';
import { exitMessage } from './exit-message.ts';
import type { TaskRunner, TaskTermination } from './task-runner.ts';

/** What the agent tells a command executor. */
export const commandExecutorProtocol = defineProtocol({
  /** Ends the task: SIGTERM to all of it, SIGKILL after `graceMs`. A later kill can only shorten the wait. */
  kill: localMessage<{ readonly graceMs: number }>(),
  /** The agent has made the update `uuid` durable; it need not be kept any longer. */
  acknowledged: localMessage<{ readonly uuid: Uint8Array }>(),
  /** Ends the task as `kill` does, and then the executor, acknowledged or not. */
  shutdown: localMessage<{ readonly graceMs: number }>(),
});

/** The type of a command executor pid. */
export type CommandExecutorProtocol = typeof commandExecutorProtocol;

/** How an executor ended. */
export type CommandExecutorEnd =
  /** The command never ran; no status was sent. */
  | { readonly kind: 'launchFailed'; readonly problem: string }
  /** It ran and its terminal status was sent; the container is destroyed. */
  | { readonly kind: 'done'; readonly termination: TaskTermination };

/** One task, its container, and the agent's ears. */
export interface CommandExecutorOptions {
  readonly task: TaskInfo;
  readonly runner: TaskRunner;
  /** Whether the framework understands TASK_KILLING. */
  readonly sendsKilling: boolean;
  /**
   * Set when the container was found again after a restart of the agent: the last state that was made
   * durable for the task, if any. The command is then held on to, not started.
   */
  readonly recovered?: { readonly reported: TaskState | undefined };
  /** The command's process exists. */
  readonly onStarted: (pid: number) => undefined;
  /** A status to be made durable, acknowledged and forwarded. Without agent, executor and container ids. */
  readonly onStatus: (status: TaskStatus) => undefined;
  /** Told once, just before this actor stops. */
  readonly onEnded: (end: CommandExecutorEnd) => undefined;
}

/** How long an executor told to shut down waits for the acknowledgement of its terminal status. */
export const SHUTDOWN_LINGER_MS = 1000;
/** Between SIGTERM and SIGKILL where neither the kill nor the task says otherwise. */
export const KILL_GRACE_MS = 3000;
/** How long to wait before trying to destroy a container again. */
const DESTROY_RETRY_MS = 1000;

/** Runs one command and reports on it as Mesos' command executor does. */
export const commandExecutor = defineActor(
  commandExecutorProtocol,
  (ctx, options: CommandExecutorOptions) => {
    const executor = new CommandTask(ctx, options);
    executor.start();
    return {
      receive: {
        kill: ({ graceMs }) => executor.kill(graceMs),
        acknowledged: ({ uuid }) => executor.acknowledge(uuid),
        shutdown: ({ graceMs }) => executor.shutdown(graceMs),
      },
    };
  },
);

type Phase = 'launching' | 'running' | 'ended';

class CommandTask {
  readonly #ctx: ActorContext;
  readonly #options: CommandExecutorOptions;
  #phase: Phase = 'launching';
  #reported: TaskState | undefined;
  /** When SIGKILL is due, on the monotonic clock; undefined while no kill is under way. */
  #killDueMs: number | undefined;
  #isOverdue = false;
  #isShuttingDown = false;
  #terminalUuid: Uint8Array | undefined;
  #termination: TaskTermination | undefined;
  #isDestroying = false;

  constructor(ctx: ActorContext, options: CommandExecutorOptions) {
    this.#ctx = ctx;
    this.#options = options;
    this.#reported = options.recovered?.reported;
  }

  start(): void {
    const { runner, recovered, onStarted } = this.#options;
    if (recovered) {
      // The agent died within the grace of a kill: what is left of it is not known, so it starts anew.
      if (this.#reported === 'TASK_KILLING') this.kill(KILL_GRACE_MS);
      return this.#running();
    }
    this.#ctx.defer(
      runner.launch(),
      ({ pid }) => {
        onStarted(pid);
        this.#running();
      },
      (error) => this.#end({ kind: 'launchFailed', problem: errorText(error) }),
    );
  }

  kill(graceMs: number): undefined {
    if (this.#phase === 'ended') return;
    const dueMs = this.#ctx.clock.monotonicMs() + Math.max(0, graceMs);
    const isFirst = this.#killDueMs === undefined;
    this.#killDueMs = Math.min(dueMs, this.#killDueMs ?? dueMs);
    // A command that is still being started is killed as soon as it can be.
    if (this.#phase === 'running') this.#terminate(isFirst);
  }

  shutdown(graceMs: number): undefined {
    this.#isShuttingDown = true;
    if (this.#phase === 'ended') this.#linger();
    else this.kill(graceMs);
  }

  acknowledge(uuid: Uint8Array): undefined {
    if (this.#terminalUuid && bytesEqual(uuid, this.#terminalUuid)) this.#destroy();
  }

  #running(): void {
    const { runner, task } = this.#options;
    this.#phase = 'running';
    if (this.#reported === undefined) this.#report('TASK_STARTING');
    if (this.#reported === 'TASK_STARTING') this.#report('TASK_RUNNING');
    this.#ctx.defer(
      runner.wait(),
      (termination) => this.#ended(termination),
      (error) => this.#ended({ kind: 'unknown', reason: errorText(error) }),
    );
    const completionMs = nanosecondsToMs(task.maxCompletionTime?.nanoseconds);
    if (completionMs !== undefined) {
      this.#ctx.timers.once('completion', completionMs, () => {
        this.#isOverdue = true;
        this.kill(0);
      });
    }
    if (this.#killDueMs !== undefined) this.#terminate(true);
  }

  #terminate(isFirst: boolean): void {
    if (isFirst) {
      const tells = this.#options.sendsKilling && !this.#isOverdue;
      if (tells && this.#reported !== 'TASK_KILLING') this.#report('TASK_KILLING');
      this.#signal('SIGTERM');
    }
    const leftMs = Math.max(0, (this.#killDueMs ?? 0) - this.#ctx.clock.monotonicMs());
    if (leftMs === 0) this.#signal('SIGKILL');
    else this.#ctx.timers.once('grace', leftMs, () => this.#signal('SIGKILL'));
  }

  #signal(signal: 'SIGTERM' | 'SIGKILL'): void {
    this.#ctx.defer(
      this.#options.runner.signal(signal),
      () => undefined,
      (error) => this.#ctx.logger.warn({ err: error, signal }, 'signal not delivered'),
    );
  }

  /** The command is gone. What it left behind is killed before anybody hears that its resources are free. */
  #ended(termination: TaskTermination): void {
    this.#phase = 'ended';
    this.#termination = termination;
    this.#ctx.timers.cancel('grace');
    this.#ctx.timers.cancel('completion');
    const report = (): void => this.#reportEnd(termination);
    this.#ctx.defer(this.#options.runner.signal('SIGKILL'), report, report);
  }

  #reportEnd(termination: TaskTermination): void {
    // Recovered after its terminal status was durable already: nothing is left to say.
    if (this.#reported && isTerminal(this.#reported)) return this.#destroy();
    const { state, reason, message } = this.#outcome(termination);
    this.#terminalUuid = this.#report(state, message, reason);
    if (this.#isShuttingDown) this.#linger();
  }

  #outcome(termination: TaskTermination): {
    readonly state: TaskState;
    readonly message: string;
    readonly reason?: TaskStatus_Reason;
  } {
    const message = exitMessage(termination);
    if (this.#isOverdue) {
      return { state: 'TASK_FAILED', message, reason: 'REASON_MAX_COMPLETION_TIME_REACHED' };
    }
    if (this.#killDueMs !== undefined || this.#reported === 'TASK_KILLING') {
      return { state: 'TASK_KILLED', message };
    }
    if (termination.kind === 'unknown') {
      return { state: 'TASK_FAILED', message, reason: 'REASON_EXECUTOR_TERMINATED' };
    }
    const isSuccess = termination.kind === 'exited' && termination.code === 0;
    return { state: isSuccess ? 'TASK_FINISHED' : 'TASK_FAILED', message };
  }

  #report(state: TaskState, message?: string, reason?: TaskStatus_Reason): Uint8Array {
    const uuid = uuidBytes(this.#ctx.random);
    this.#reported = state;
    this.#options.onStatus({
      taskId: this.#options.task.taskId,
      state,
      ...(message === undefined ? {} : { message }),
      source: 'SOURCE_EXECUTOR',
      ...(reason === undefined ? {} : { reason }),
      timestamp: this.#ctx.clock.nowMs() / 1000,
      uuid,
    });
    return uuid;
  }

  #linger(): void {
    this.#ctx.timers.once('linger', SHUTDOWN_LINGER_MS, () => this.#destroy());
  }

  #destroy(): void {
    if (this.#isDestroying) return;
    this.#isDestroying = true;
    const termination = this.#termination ?? { kind: 'unknown', reason: 'it was shut down' };
    this.#ctx.defer(
      this.#options.runner.destroy(),
      () => this.#end({ kind: 'done', termination }),
      (error) => {
        this.#ctx.logger.error({ err: error }, 'container not destroyed');
        this.#isDestroying = false;
        this.#ctx.timers.once('destroy', DESTROY_RETRY_MS, () => this.#destroy());
      },
    );
  }

  #end(end: CommandExecutorEnd): void {
    this.#options.onEnded(end);
    this.#ctx.stop();
  }
}

function nanosecondsToMs(nanoseconds: number | undefined): number | undefined {
  return nanoseconds === undefined ? undefined : nanoseconds / 1e6;
}
