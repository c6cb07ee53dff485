// Where a master is, as people write it after `--master`.
import { err, ok, type Result } from '@kaon/primitives';

/** Port of a master where none is given. */
export const MASTER_PORT = 5050;
const HOST_PATTERN = /^(?:\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_](?:[A-Za-z0-9_.-]{0,252}[A-Za-z0-9_])?)$/;

/** Where a master listens. */
export interface MasterAddress {
  readonly host: string;
  readonly port: number;
}

/**
 * Reads `host:port`, `host` (port 5050) or `master@host:port`.
 *
 * `zk://` and `etcd://` addresses name a group of masters and need another detector: they are refused
 * with a sentence that says so.
 */
export function parseMasterAddress(text: string): Result<MasterAddress, string> {
  const trimmed = text.trim();
  const scheme = /^([a-z]+):\/\//.exec(trimmed)?.[1];
  if (scheme === 'zk' || scheme === 'etcd') {
    return err(`'${text}' names a ${scheme} ensemble; this build finds a master by host:port only`);
  }
  if (scheme !== undefined)
    return err(`'${text}' is a URL; write host:port, such as 127.0.0.1:5050`);
  const address = trimmed.startsWith('master@') ? trimmed.slice('master@'.length) : trimmed;
  const match = /^(.*?)(?::(\d{1,5}))?$/.exec(address);
  const host = match?.[1] ?? '';
  const port = match?.[2] === undefined ? MASTER_PORT : Number(match[2]);
  if (!HOST_PATTERN.test(host)) {
    return err(`'${text}' is not a master address; write host:port, such as 127.0.0.1:5050`);
  }
  if (port < 1 || port > 65_535) return err(`port ${port} in '${text}' is not within 1 to 65535`);
  return ok({ host, port });
}

/** The PID of the master actor at an address. */
export function masterPid({ host, port }: MasterAddress): string {
  return `master@${host}:${port}`;
}
