// What an agent tells its executors by environment variables.
import { err, ok, parseDuration, type Result } from '@kaon/primitives';
import { LEGACY_AGENT_ACTOR, LEGACY_ENVIRONMENT } from '@kaon/protocol';

/** The environment, read. Durations in milliseconds. */
export interface ExecutorEnvironment {
  /** Where the executor API is. */
  readonly apiUrl: string;
  readonly frameworkId: string;
  readonly executorId: string;
  readonly agentId: string;
  /** Proves which executor this is; sent as a bearer token. */
  readonly token: string | undefined;
  /** Whether the executor outlives its agent. */
  readonly isCheckpointing: boolean;
  /** How long it waits for its agent then. Default: 15 minutes. */
  readonly recoveryTimeoutMs: number;
  /** Longest pause between two attempts to subscribe. Default: 2 s. */
  readonly backoffMaxMs: number;
  /** How long it may take to shut down. Default: 5 s. */
  readonly shutdownGraceMs: number;
}

/** Variables by name. */
export type Variables = Readonly<Record<string, string | undefined>>;

const RECOVERY_TIMEOUT_MS = 900_000;
const BACKOFF_MAX_MS = 2000;
const SHUTDOWN_GRACE_MS = 5000;

/** Reads the environment; the error names the variable that is missing or wrong. */
export function readExecutorEnvironment(variables: Variables): Result<ExecutorEnvironment, string> {
  const names = ['MESOS_FRAMEWORK_ID', 'MESOS_EXECUTOR_ID', LEGACY_ENVIRONMENT.agentId] as const;
  const [frameworkId, executorId, agentId] = names.map((name) => variables[name] ?? '');
  const missing = names.find((name) => (variables[name] ?? '') === '');
  if (missing !== undefined) return err(`${missing} is not set: is this started by an agent?`);
  const apiUrl = apiUrlOf(variables);
  if (!apiUrl.ok) return apiUrl;
  const recovery = duration(variables, 'MESOS_RECOVERY_TIMEOUT', RECOVERY_TIMEOUT_MS);
  if (!recovery.ok) return recovery;
  const backoff = duration(variables, 'MESOS_SUBSCRIPTION_BACKOFF_MAX', BACKOFF_MAX_MS);
  if (!backoff.ok) return backoff;
  const grace = duration(variables, 'MESOS_EXECUTOR_SHUTDOWN_GRACE_PERIOD', SHUTDOWN_GRACE_MS);
  if (!grace.ok) return grace;
  return ok({
    apiUrl: apiUrl.value,
    frameworkId: frameworkId ?? '',
    executorId: executorId ?? '',
    agentId: agentId ?? '',
    token: variables['MESOS_EXECUTOR_AUTHENTICATION_TOKEN'],
    isCheckpointing: variables['MESOS_CHECKPOINT'] === '1',
    recoveryTimeoutMs: recovery.value,
    backoffMaxMs: backoff.value,
    shutdownGraceMs: grace.value,
  });
}

/** The agent's PID has the address and the prefix of its paths; older agents tell the address alone. */
function apiUrlOf(variables: Variables): Result<string, string> {
  const name = LEGACY_ENVIRONMENT.agentPid;
  const endpoint = variables['MESOS_AGENT_ENDPOINT'];
  const pid = variables[name] ?? (endpoint && `${LEGACY_AGENT_ACTOR}@${endpoint}`);
  if (pid === undefined || pid === '')
    return err(`neither ${name} nor MESOS_AGENT_ENDPOINT is set`);
  const at = pid.lastIndexOf('@');
  const [id, address] = [pid.slice(0, at), pid.slice(at + 1)];
  const url = `http://${address}/${id}/api/v1/executor`;
  return at > 0 && URL.canParse(url) ? ok(url) : err(`${name} is no PID: ${pid.slice(0, 100)}`);
}

function duration(variables: Variables, name: string, defaultMs: number): Result<number, string> {
  const text = variables[name];
  if (text === undefined || text === '') return ok(defaultMs);
  const parsed = parseDuration(text);
  if (!parsed.ok) return err(`${name}: ${parsed.error}`);
  return parsed.value >= 0 ? parsed : err(`${name} is negative: ${text}`);
}
