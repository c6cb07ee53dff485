// Which master leads, and whether it hears actors: two small reads over HTTP that any Mesos master answers.
import { pidOf } from '@kaon/actor';
import type { HttpClient } from '@kaon/http';
import { errorText } from '@kaon/primitives';
import { MASTER_PID_HEADER } from '@kaon/protocol';
import { type Located, masterPeer } from './actor-line.ts';
import { redirectBase } from './master-address.ts';

const PROBE_TIMEOUT_MS = 5000;
const ANSWER_BYTES_MAX = 64 * 1024;
/** The id of a master's actor. */
const MASTER_ID = 'master';

/** Asks one of `masters` (base URLs), each in turn, who leads; then asks that one for its PID. */
export function locateByHttp(
  masters: readonly string[],
  client: HttpClient,
): (attempt: number) => Promise<Located> {
  const get = (url: string) =>
    client.request({
      method: 'GET',
      url,
      timeoutMs: PROBE_TIMEOUT_MS,
      bodyBytesMax: ANSWER_BYTES_MAX,
    });
  return async (attempt) => {
    const base = masters[attempt % masters.length] as string;
    try {
      const redirect = await get(`${base}/master/redirect`);
      const location = redirect.status === 307 ? redirect.headers['location'] : undefined;
      const leader = location === undefined ? undefined : redirectBase(location, base);
      const { headers } = await get(`${leader ?? base}/master/health`);
      const text = headers[MASTER_PID_HEADER.toLowerCase()];
      const pid = text === undefined ? undefined : pidOf(masterPeer, text);
      return pid?.ok ? { kind: 'actor', master: pid.value } : { kind: 'http' };
    } catch (error) {
      return { kind: 'failed', reason: `${base}: ${errorText(error)}` };
    }
  };
}

/** Takes the addresses of `masters` (base URLs) for those of their actors, each in turn. */
export function locateByAddress(masters: readonly string[]): (attempt: number) => Located {
  return (attempt) => {
    const { host } = new URL(masters[attempt % masters.length] as string);
    const pid = pidOf(masterPeer, `${MASTER_ID}@${host}`);
    return pid.ok ? { kind: 'actor', master: pid.value } : { kind: 'failed', reason: pid.error };
  };
}
