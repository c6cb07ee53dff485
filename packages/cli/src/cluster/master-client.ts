// Asking a master what it knows, as the tables show it. Works against any Mesos master.
import { type HttpClient, httpClient } from '@kaon/http';
import { errorText, fromUtf8 } from '@kaon/primitives';
import { parseMasters } from '@kaon/scheduler';
import { CommandError } from '../errors.ts';

const REDIRECTS_MAX = 5;
const TIMEOUT_MS = 10_000;

/** What a master answered. */
export interface MasterAnswer {
  readonly url: string;
  readonly status: number;
  readonly text: string;
}

/** Gets `path` from the leader that one of `master`'s addresses leads to, as parsed JSON. */
export async function getFromMaster(master: string, path: string): Promise<unknown> {
  return parseAnswer(await askMaster(master, path));
}

/** Gets `path` as `getFromMaster` does, whatever the status. The first address that answers counts. */
export async function askMaster(master: string, path: string): Promise<MasterAnswer> {
  const masters = parseMasters(master);
  if (!masters.ok) throw new CommandError(`'${master}' is no address: ${masters.error}`);
  const client = httpClient({ timeoutMs: TIMEOUT_MS });
  try {
    let refused: MasterAnswer | undefined;
    let problem: unknown;
    for (const base of masters.value) {
      try {
        const answer = await follow(client, base + path);
        if (answer.status === 200) return answer;
        refused = answer;
      } catch (error) {
        problem = error;
      }
    }
    if (refused !== undefined) return refused;
    if (problem instanceof CommandError) throw problem;
    throw new CommandError(`cannot reach the master at ${master}: ${reason(problem)}`, {
      hint: 'Is it running there? Name another one with --master HOST:PORT.',
      cause: problem,
    });
  } finally {
    client.close();
  }
}

async function follow(client: HttpClient, firstUrl: string): Promise<MasterAnswer> {
  let url = firstUrl;
  for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
    const { status, headers, body } = await client.request({ method: 'GET', url });
    const location = status === 307 ? headers['location'] : undefined;
    if (location === undefined) return { url, status, text: fromUtf8(body) };
    url = new URL(location, url).href;
  }
  throw new CommandError(`${firstUrl} redirects in circles`);
}

/** The JSON of an answer; any status but 200 is an error. */
export function parseAnswer({ url, status, text }: MasterAnswer): unknown {
  if (status !== 200) throw new CommandError(`${url} answers ${status}: ${text.slice(0, 200)}`);
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError(`${url} does not answer with JSON; is it a master?`);
  }
}

/** The innermost reason of a failed request: `connect ECONNREFUSED 127.0.0.1:5050`. */
export function reason(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? reason(cause) : errorText(error);
}
