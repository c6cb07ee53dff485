// The environment of a custom executor: what Mesos tells every executor, what its framework gives.
import { formatDuration, type Result } from '@kaon/primitives';
import { LEGACY_ENVIRONMENT } from '@kaon/protocol';
import type { ExecutorLaunch } from '../effects.ts';
import {
  BASE_ENVIRONMENT,
  type EnvironmentSettings,
  withFrameworkVariables,
} from './command-environment.ts';

/** The whole environment, or why it cannot be made. `token`: what the executor authenticates with. */
export function executorEnvironment(
  launch: ExecutorLaunch,
  settings: EnvironmentSettings,
  token: string | undefined,
): Result<Record<string, string>, string> {
  const { executor, framework, directory, executorId, frameworkId } = launch;
  const graceNanoseconds = executor.shutdownGracePeriod?.nanoseconds;
  const graceMs =
    graceNanoseconds === undefined ? settings.executorShutdownGraceMs : graceNanoseconds / 1e6;
  const environment: Record<string, string> = {
    ...BASE_ENVIRONMENT,
    LIBPROCESS_IP: settings.ipAddress,
    LIBPROCESS_PORT: '0',
    MESOS_FRAMEWORK_ID: frameworkId,
    MESOS_EXECUTOR_ID: executorId,
    MESOS_DIRECTORY: directory,
    MESOS_SANDBOX: directory,
    [LEGACY_ENVIRONMENT.agentId]: launch.agentId,
    [LEGACY_ENVIRONMENT.agentPid]: launch.agentPid,
    MESOS_AGENT_ENDPOINT: settings.endpoint,
    MESOS_CHECKPOINT: framework.checkpoint ? '1' : '0',
    MESOS_HTTP_COMMAND_EXECUTOR: '0',
    MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD: formatDuration(Math.max(0, graceMs)),
    ...(token !== undefined && { MESOS_EXECUTOR_AUTHENTICATION_TOKEN: token }),
  };
  if (framework.checkpoint) {
    environment['MESOS_RECOVERY_TIMEOUT'] = formatDuration(settings.recoveryTimeoutMs);
    environment['MESOS_SUBSCRIPTION_BACKOFF_MAX'] = formatDuration(
      settings.executorReregistrationTimeoutMs,
    );
  }
  return withFrameworkVariables(environment, executor.command);
}
