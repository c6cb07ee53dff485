// Reads the lines by which the helper and the shims report.
import { identityOf } from './journal.ts';
import type { LauncherFeatures, LauncherReport } from './launcher.ts';

/** Undefined when the line is not one of theirs. */
export function parseReport(line: string): LauncherReport | undefined {
  const [word, ...rest] = line.split(' ');
  switch (word) {
    case 'ready':
      return readyReport(rest);
    case 'started': {
      const [containerId, taskPid, taskStart, shimPid, shimStart] = rest;
      const task = identityOf(taskPid, taskStart);
      const shim = identityOf(shimPid, shimStart);
      if (containerId === undefined || task === undefined || shim === undefined) return undefined;
      return { kind: 'started', containerId, task, shim };
    }
    case 'exited': {
      const [containerId, status] = rest;
      if (containerId === undefined || !/^[0-9]{1,3}$/.test(status ?? '')) return undefined;
      return { kind: 'exited', containerId, status: Number(status) };
    }
    case 'user':
      return userReport(rest);
    default:
      return undefined;
  }
}

function readyReport(fields: readonly string[]): LauncherReport {
  const found = new Map(fields.map((field) => splitAtEqual(field)));
  const path = (name: string): string | undefined => found.get(name) || undefined;
  const setsidPath = path('setsid');
  const envPath = path('env');
  const shellPath = path('sh');
  const missing = ['proc', 'setsid', 'env', 'sh'].filter((name) => path(name) === undefined);
  if (missing.length > 0 || !setsidPath || !envPath || !shellPath) {
    return { kind: 'unfit', missing: missing.join(', ') };
  }
  const features: LauncherFeatures = {
    setsidPath,
    envPath,
    shellPath,
    setprivPath: path('setpriv'),
    bashPath: path('bash'),
    exportsCleanly: found.get('exports') === '1',
  };
  return { kind: 'ready', features };
}

function splitAtEqual(field: string): readonly [string, string] {
  const at = field.indexOf('=');
  return at < 0 ? [field, ''] : [field.slice(0, at), field.slice(at + 1)];
}

function userReport([name, userId, groupId]: readonly string[]): LauncherReport | undefined {
  if (name === undefined) return undefined;
  const account = { name, userId: Number(userId), groupId: Number(groupId) };
  const isKnown = Number.isSafeInteger(account.userId) && Number.isSafeInteger(account.groupId);
  return { kind: 'user', name, account: isKnown ? account : undefined };
}
