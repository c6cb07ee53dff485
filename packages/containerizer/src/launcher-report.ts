// Reads the lines by which the helper and the shims report.
import { endOf, identityOf } from './journal.ts';
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
    case 'exited':
    case 'killed': {
      const [containerId, number, empty] = rest;
      const end = endOf(word, number);
      if (containerId === undefined || end === undefined) return undefined;
      return { kind: 'exited', containerId, end, isEmpty: empty === 'empty' };
    }
    case 'empty': {
      const [containerId] = rest;
      return containerId === undefined ? undefined : { kind: 'emptied', containerId };
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
  const startsDirectly = found.get('direct') === '1';
  const needed = startsDirectly ? ['proc', 'env', 'sh'] : ['proc', 'env', 'sh', 'setsid'];
  const missing = needed.filter((name) => path(name) === undefined);
  if (missing.length > 0) return { kind: 'unfit', missing: missing.join(', ') };
  const features: LauncherFeatures = {
    startsDirectly,
    exportsCleanly: found.get('exports') === '1',
    envPath: path('env') ?? '',
    shellPath: path('sh') ?? '',
    setsidPath: path('setsid'),
    setprivPath: path('setpriv'),
    bashPath: path('bash'),
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
