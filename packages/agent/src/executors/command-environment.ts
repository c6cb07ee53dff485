// The environment of a command task: a sane base, what Mesos tells every task, what the framework gives.
import { err, formatDuration, ok, type Result } from '@kaon/primitives';
import { type CommandInfo, LEGACY_ENVIRONMENT } from '@kaon/protocol';
import type { CommandLaunch } from '../effects.ts';

/** What tasks and executors find when nothing else is said. */
export const BASE_ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
} as const;

/** What the agent knows and its tasks may want to. Durations in milliseconds. */
export interface EnvironmentSettings {
  /** `host:port` of the agent. */
  readonly endpoint: string;
  readonly ipAddress: string;
  readonly executorShutdownGraceMs: number;
  readonly recoveryTimeoutMs: number;
  readonly executorReregistrationTimeoutMs: number;
}

/** The whole environment of the task, or why it cannot be made. */
export function commandEnvironment(
  launch: CommandLaunch,
  settings: EnvironmentSettings,
): Result<Record<string, string>, string> {
  const { task, framework, directory, executorId, frameworkId } = launch;
  const role = task.resources.find(({ allocationInfo }) => allocationInfo)?.allocationInfo?.role;
  const environment: Record<string, string> = {
    ...BASE_ENVIRONMENT,
    MESOS_FRAMEWORK_ID: frameworkId,
    MESOS_EXECUTOR_ID: executorId,
    MESOS_TASK_ID: task.taskId.value,
    MESOS_DIRECTORY: directory,
    MESOS_SANDBOX: directory,
    [LEGACY_ENVIRONMENT.agentId]: launch.agentId,
    [LEGACY_ENVIRONMENT.agentPid]: launch.agentPid,
    MESOS_AGENT_ENDPOINT: settings.endpoint,
    MESOS_CONTAINER_IP: settings.ipAddress,
    MESOS_CHECKPOINT: framework.checkpoint ? '1' : '0',
    MESOS_HTTP_COMMAND_EXECUTOR: '0',
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: formatDuration(settings.executorShutdownGraceMs),
    ...(role !== undefined && { MESOS_ALLOCATION_ROLE: role }),
  };
  if (framework.checkpoint) {
    environment['MESOS_RECOVERY_TIMEOUT'] = formatDuration(settings.recoveryTimeoutMs);
    environment['MESOS_SUBSCRIPTION_BACKOFF_MAX'] = formatDuration(
      settings.executorReregistrationTimeoutMs,
    );
  }
  return withFrameworkVariables(environment, task.command);
}

/** Adds what the framework gives with its command, or says why that cannot be done. */
export function withFrameworkVariables(
  environment: Record<string, string>,
  command: CommandInfo | undefined,
): Result<Record<string, string>, string> {
  for (const { name, type, value, secret } of command?.environment?.variables ?? []) {
    if (type === 'SECRET' || secret !== undefined) {
      return err(`the environment variable ${name} is a secret, which this agent cannot resolve`);
    }
    environment[name] = value ?? '';
  }
  return ok(environment);
}
