// Reading a task's output from its agent, page by page.
import { type HttpClient, httpClient } from '@kaon/http';
import { fromUtf8 } from '@kaon/primitives';
import { CommandError } from '../errors.ts';
import { reason } from './master-client.ts';

/** What an agent hands out at a time. */
const PAGE_BYTES = 65_536;

/** Where a command task's sandbox is. */
export interface SandboxPlace {
  /** Base URL of the agent, `http://10.0.0.7:5051/slave(1)`. */
  readonly agentUrl: string;
  readonly frameworkId: string;
  readonly executorId: string;
}

/** Reads files of sandboxes. */
export class SandboxReader {
  readonly #client: HttpClient;

  constructor(client: HttpClient = httpClient({ timeoutMs: 10_000 })) {
    this.#client = client;
  }

  /** Hands `file` (`stdout`, `stderr`) to `write`, in pieces. A file that does not exist is empty. */
  async copy(place: SandboxPlace, file: string, write: (text: string) => void): Promise<void> {
    const { frameworkId, executorId } = place;
    const path = `/frameworks/${frameworkId}/executors/${executorId}/runs/latest/${file}`;
    for (let offset = 0; ; ) {
      const data = await this.#page(place.agentUrl, path, offset);
      if (data === '') return;
      const { text, bytes } = wholeCharacters(data);
      write(text);
      offset += bytes;
    }
  }

  close(): void {
    this.#client.close();
  }

  async #page(agentUrl: string, path: string, offset: number): Promise<string> {
    const query = new URLSearchParams({
      path,
      offset: String(offset),
      length: String(PAGE_BYTES),
    });
    const answer = await this.#get(`${agentUrl}/files/read?${query}`);
    // Mesos serves the files of its agents at the root only.
    const root = new URL('/files/read', agentUrl).href;
    const { status, body } = answer.status === 404 ? await this.#get(`${root}?${query}`) : answer;
    if (status === 404) return '';
    const text = fromUtf8(body);
    if (status !== 200)
      throw new CommandError(`the agent answers ${status}: ${text.slice(0, 200)}`);
    const { data } = JSON.parse(text) as { readonly data?: unknown };
    return typeof data === 'string' ? data : '';
  }

  async #get(url: string) {
    try {
      return await this.#client.request({ method: 'GET', url });
    } catch (error) {
      throw new CommandError(`cannot reach the agent: ${reason(error)}`, { cause: error });
    }
  }
}

/**
 * The part of a page that can be printed, and the bytes it stands for.
 *
 * Agents send text, so a character cut by the end of a page arrives as U+FFFD: it is left for the next
 * page. Where U+FFFD stands elsewhere the file is no text, and the page counts as full.
 */
function wholeCharacters(data: string): { readonly text: string; readonly bytes: number } {
  const text = data.replace(/\ufffd{1,3}$/, '');
  if (text === '' || text.includes('\ufffd')) return { text: data, bytes: PAGE_BYTES };
  return { text, bytes: Buffer.byteLength(text) };
}
