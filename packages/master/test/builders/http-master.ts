// A master behind a real server on a free port, unless told otherwise with an allocator of the test's own.
import { createActorSystem } from '@kaon/actor';
import { type ClientResponse, createHttpServer, type HttpServer, httpClient } from '@kaon/http';
import { type RunningMaster, type StartMasterOptions, startMaster } from '@kaon/master';
import { fromUtf8, seededRandom } from '@kaon/primitives';
import { memoryStorage } from '@kaon/registry';
import type { Test } from 'tap';
import { GreedyAllocator } from './greedy-allocator.ts';

export interface HttpMaster {
  readonly url: string;
  readonly master: RunningMaster;
  readonly system: ReturnType<typeof createActorSystem>;
  readonly http: HttpServer;
  send(request: HttpTestRequest): Promise<HttpTestAnswer>;
  /** Opens a stream; resolves when it has begun. */
  subscribe(body: string, headers?: Readonly<Record<string, string>>): Promise<TestStream>;
}

export interface HttpTestRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

export interface HttpTestAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

export interface TestStream {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Records as text, oldest first. */
  readonly records: string[];
  /** Resolves when there is a record that `isIt`. */
  heard(isIt: (record: string) => boolean): Promise<string>;
  readonly ended: Promise<void>;
  close(): void;
}

const HOST = '127.0.0.1';

/** What a test may set otherwise. With a `storage` of its own it waits for `master.ready` itself. */
type Settable = Partial<
  Pick<StartMasterOptions, 'createAllocator' | 'initialWeights' | 'log' | 'storage' | 'whitelist'>
>;

export async function givenHttpMaster(t: Test, options: Settable = {}): Promise<HttpMaster> {
  const http = createHttpServer({ driver: 'node' });
  const { port } = await http.listen({ host: HOST, port: 0 });
  const system = createActorSystem({ address: `${HOST}:${port}`, random: seededRandom(7) });
  const master = startMaster({
    system,
    http,
    hostname: 'localhost',
    storage: memoryStorage(),
    createAllocator: (onAllocated) => new GreedyAllocator(onAllocated),
    flags: { cluster: 'test', port: String(port) },
    ...options,
  });
  if (options.storage === undefined) await master.ready;
  const client = httpClient();
  const url = `http://${HOST}:${port}`;
  t.teardown(async () => {
    client.close();
    await master.close();
    await system.shutdown();
    await http.close();
  });
  return {
    url,
    master,
    system,
    http,
    async send({ method = 'POST', path, headers, body }) {
      return answerOf(await client.request({ method, url: url + path, headers, body }));
    },
    subscribe: (body, headers = {}) => openStream(client, `${url}/api/v1/scheduler`, body, headers),
  };
}

function answerOf({ status, headers, body }: ClientResponse): HttpTestAnswer {
  return { status, headers, text: fromUtf8(body) };
}

async function openStream(
  client: ReturnType<typeof httpClient>,
  url: string,
  body: string,
  headers: Readonly<Record<string, string>>,
): Promise<TestStream> {
  const records: string[] = [];
  const waiting: { isIt: (record: string) => boolean; resolve: (record: string) => void }[] = [];
  let end: () => void = () => undefined;
  const ended = new Promise<void>((resolve) => {
    end = resolve;
  });
  const opened = await client.openStream(
    { method: 'POST', url, body, headers: { 'Content-Type': 'application/json', ...headers } },
    {
      record: (bytes) => {
        const record = fromUtf8(bytes);
        records.push(record);
        for (const one of [...waiting]) {
          if (!one.isIt(record)) continue;
          waiting.splice(waiting.indexOf(one), 1);
          one.resolve(record);
        }
      },
      end: () => end(),
    },
  );
  if (opened.kind === 'refused') {
    throw new Error(`the stream was refused: ${fromUtf8(opened.response.body)}`);
  }
  return {
    status: opened.status,
    headers: opened.headers,
    records,
    heard(isIt) {
      const known = records.find(isIt);
      if (known !== undefined) return Promise.resolve(known);
      return new Promise((resolve) => waiting.push({ isIt, resolve }));
    },
    ended,
    close: () => opened.close(),
  };
}
