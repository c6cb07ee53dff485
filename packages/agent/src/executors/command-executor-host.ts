// Runs command executors: one child actor per task, bound to one container of the containerizer.
import type { ActorContext, Pid } from '@kaon/actor';
import type { ContainerCommand, Containerizer, LaunchRequest } from '@kaon/containerizer';
import {
  type CommandExecutorEnd,
  type CommandExecutorProtocol,
  commandExecutor,
  type TaskRunner,
} from '@kaon/executor';
import { err, ok, type Result } from '@kaon/primitives';
import type { CommandInfo } from '@kaon/protocol';
import { hasCapability } from '@kaon/protocol';
import type { CommandLaunch } from '../effects.ts';
import type { AgentProtocol } from '../protocol.ts';
import type { ContainerKey } from '../state/keys.ts';
import { commandEnvironment, type EnvironmentSettings } from './command-environment.ts';
import type { ExecutorHost } from './executor-host.ts';

/** What an executor may keep of its grace for its own end. */
const EXECUTOR_OWN_END_MS = 2000;

/** What command executors need. */
export interface CommandExecutorHostOptions {
  readonly containerizer: Containerizer;
  readonly environment: EnvironmentSettings;
  /** The user a task runs as: from the user it names. Undefined: the agent's own. */
  readonly taskUser: (named: string | undefined) => string | undefined;
  /** Makes another user the owner of its task's sandbox. */
  readonly giveSandbox: (sandbox: string, user: string) => Promise<void>;
}

interface RunningExecutor {
  readonly key: ContainerKey;
  readonly pid: Pid<CommandExecutorProtocol>;
  hasEnded: boolean;
}

/** Command executors as children of the agent whose context this is. */
export function commandExecutorHost(
  ctx: ActorContext<AgentProtocol>,
  options: CommandExecutorHostOptions,
): ExecutorHost {
  const { containerizer } = options;
  const running = new Map<string, RunningExecutor>();
  /** Container of each executor's PID. */
  const containers = new Map<string, string>();

  const ended = (key: ContainerKey, end: CommandExecutorEnd): undefined => {
    const executor = running.get(key.containerId);
    if (executor) executor.hasEnded = true;
    if (end.kind === 'done') {
      const waitStatus = waitStatusOf(end.termination);
      return ctx.send(ctx.self, 'executorEnded', { ...key, waitStatus, isLaunchFailure: false });
    }
    return ctx.send(ctx.self, 'executorEnded', {
      ...key,
      waitStatus: undefined,
      isLaunchFailure: true,
      reason: 'REASON_CONTAINER_LAUNCH_FAILED',
      message: `Failed to launch container: ${end.problem}`,
    });
  };

  const destroy = (key: ContainerKey): undefined =>
    ctx.defer(
      containerizer.destroy(key.containerId),
      () =>
        ctx.send(ctx.self, 'executorEnded', {
          ...key,
          waitStatus: undefined,
          isLaunchFailure: false,
        }),
      (error) => ctx.logger.error({ err: error, ...key }, 'container not destroyed'),
    );

  const tell = (key: ContainerKey): Pid<CommandExecutorProtocol> | undefined => {
    const executor = running.get(key.containerId);
    return executor?.hasEnded === false ? executor.pid : undefined;
  };

  return {
    launch(launch) {
      const { frameworkId, executorId, containerId, task, framework, recovered } = launch;
      const key = { frameworkId, executorId, containerId };
      const pid = ctx.spawn(
        commandExecutor,
        {
          task,
          runner: taskRunner(launch, options),
          sendsKilling: hasCapability(framework, 'TASK_KILLING_STATE'),
          ...(recovered && { recovered: { reported: recovered.reported } }),
          onStarted: (processId) => ctx.send(ctx.self, 'executorStarted', { ...key, processId }),
          onStatus: (status) => ctx.send(ctx.self, 'executorStatus', { ...key, status }),
          onEnded: (end) => ended(key, end),
        },
        { id: `command-executor(${containerId})` },
      );
      running.set(containerId, { key, pid, hasEnded: false });
      containers.set(pid.toString(), containerId);
      ctx.link(pid);
    },

    kill(key, _taskId, graceMs) {
      const pid = tell(key);
      if (pid) ctx.send(pid, 'kill', { graceMs });
    },

    acknowledge(key, _taskId, uuid) {
      const pid = tell(key);
      if (pid) ctx.send(pid, 'acknowledged', { uuid });
    },

    shutdown(key, graceMs) {
      const pid = tell(key);
      const taskGraceMs = Math.max(0, graceMs - EXECUTOR_OWN_END_MS);
      if (pid) ctx.send(pid, 'shutdown', { graceMs: taskGraceMs });
      else destroy(key);
    },

    destroy(key) {
      destroy(key);
    },

    destroyOrphan(containerId) {
      ctx.defer(
        containerizer.destroy(containerId),
        () => ctx.logger.info({ containerId }, 'orphaned container destroyed'),
        (error) => ctx.logger.error({ err: error, containerId }, 'orphan not destroyed'),
      );
    },

    exited(pid) {
      const containerId = containers.get(pid.toString());
      const executor = containerId === undefined ? undefined : running.get(containerId);
      if (containerId === undefined || !executor) return false;
      containers.delete(pid.toString());
      running.delete(containerId);
      // An executor that failed leaves its container behind, and nobody else would end it.
      if (!executor.hasEnded) destroy(executor.key);
      return true;
    },
  };
}

function taskRunner(
  launch: CommandLaunch,
  { containerizer, environment, taskUser, giveSandbox }: CommandExecutorHostOptions,
): TaskRunner {
  const { containerId } = launch;
  return {
    async launch() {
      const request = launchRequest(launch, environment, taskUser);
      if (!request.ok) throw new Error(request.error);
      const { sandbox, user } = request.value;
      if (user !== undefined) {
        for (const folder of [sandbox, ...(launch.volumes ?? [])]) await giveSandbox(folder, user);
      }
      return containerizer.launch(request.value);
    },
    wait: () => containerizer.wait(containerId),
    signal: (signal) => containerizer.signal(containerId, signal),
    destroy: () => containerizer.destroy(containerId),
  };
}

function launchRequest(
  launch: CommandLaunch,
  settings: EnvironmentSettings,
  taskUser: (named: string | undefined) => string | undefined,
): Result<LaunchRequest, string> {
  const { task, framework, containerId, directory: sandbox } = launch;
  const command = containerCommand(task.command);
  if (!command.ok) return command;
  const environment = commandEnvironment(launch, settings);
  if (!environment.ok) return environment;
  const user = taskUser(task.command?.user ?? framework.user);
  return ok({ containerId, sandbox, command: command.value, environment: environment.value, user });
}

/** A line for the shell, or a program and its arguments, of which the first is its name. */
function containerCommand(command: CommandInfo | undefined): Result<ContainerCommand, string> {
  const value = command?.value;
  if (command?.shell !== false) {
    if (value === undefined) return err('a shell command without a value');
    return ok({ kind: 'shell', value });
  }
  if (value === undefined) return err('a command without a program');
  return ok({ kind: 'exec', path: value, argv: command.arguments });
}

const SIGNAL_NUMBERS: Readonly<Record<string, number>> = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGPIPE: 13,
  SIGTERM: 15,
};

/** As `wait` gives it: the exit status in the upper byte, or a signal. */
function waitStatusOf(
  termination: Extract<CommandExecutorEnd, { kind: 'done' }>['termination'],
): number | undefined {
  if (termination.kind === 'exited') return termination.code << 8;
  return termination.kind === 'signaled' ? SIGNAL_NUMBERS[termination.signal] : undefined;
}
