// Are the checks of a task well formed? The sentences are Mesos'.
import type { CheckInfo, HealthCheck } from '@kaon/protocol';
import type { Problem } from './check.ts';

/** What is wrong with a health check. */
export function healthCheckProblem(check: HealthCheck): Problem {
  const { type, command, http, tcp } = check;
  const missing = kindProblem('HealthCheck', 'health check', { type, command, http, tcp });
  if (missing !== undefined) return missing;
  if (type === 'HTTP' && http !== undefined) {
    const { scheme = 'http', path = '/' } = http;
    if (scheme !== 'http' && scheme !== 'https') {
      return `Unsupported HTTP health check scheme: '${scheme}'`;
    }
    if (!path.startsWith('/')) return pathProblem(path, 'health check');
  }
  return negativeProblem({
    delay_seconds: check.delaySeconds,
    grace_period_seconds: check.gracePeriodSeconds,
    interval_seconds: check.intervalSeconds,
    timeout_seconds: check.timeoutSeconds,
  });
}

/** What is wrong with a general check. */
export function checkProblem(check: CheckInfo): Problem {
  const { type, command, http, tcp } = check;
  const missing = kindProblem('CheckInfo', 'check', { type, command, http, tcp });
  if (missing !== undefined) return missing;
  const path = http?.path ?? '/';
  if (type === 'HTTP' && !path.startsWith('/')) return pathProblem(path, 'check');
  return negativeProblem({
    delay_seconds: check.delaySeconds,
    interval_seconds: check.intervalSeconds,
    timeout_seconds: check.timeoutSeconds,
  });
}

interface Kinds {
  readonly type: HealthCheck['type'];
  readonly command: unknown;
  readonly http: unknown;
  readonly tcp: unknown;
}

/** Exactly the part that the type names must be there. */
function kindProblem(record: string, what: string, kinds: Kinds): Problem {
  const { type } = kinds;
  if (type === undefined) return `${record} must specify 'type'`;
  if (type === 'UNKNOWN') return `'UNKNOWN' is not a valid ${what} type`;
  const parts = { COMMAND: kinds.command, HTTP: kinds.http, TCP: kinds.tcp };
  for (const [name, part] of Object.entries(parts)) {
    const key = name.toLowerCase();
    if (name === type && part === undefined) {
      return `Expecting '${key}' to be set for ${type} ${what}`;
    }
    if (name !== type && part !== undefined) {
      return `Expecting '${key}' to be not set for ${type} ${what}`;
    }
  }
  return undefined;
}

function pathProblem(path: string, what: string): string {
  return `The path '${path}' of HTTP ${what} must start with '/'`;
}

/** NaN is as bad as a negative number. */
function negativeProblem(seconds: Readonly<Record<string, number | undefined>>): Problem {
  const negative = Object.entries(seconds).find(([, value = 0]) => !(value >= 0));
  return negative && `Expecting '${negative[0]}' to be non-negative`;
}
