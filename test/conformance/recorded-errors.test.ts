// What bad requests get: each recorded exchange with a real Mesos is sent again over a bare socket, and
// status line, content type, `Allow` and body must be the same to the byte.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { givenCluster } from './cluster.ts';
import { exchange, type Header, headerOf } from './raw-http.ts';
import { RawScheduler } from './v1-scheduler.ts';

interface Recording {
  readonly name: string;
  readonly request: {
    readonly method: string;
    readonly path: string;
    readonly headers: readonly Header[];
    readonly body?: string;
    readonly bodyBase64?: string;
  };
  readonly response: {
    readonly statusLine: string;
    readonly headers: readonly Header[];
    readonly body?: string;
  };
}

/** Ids of the framework that was subscribed while the recordings were made. */
const RECORDED_FRAMEWORK = '24873d79-a49d-4f48-89dd-27ac022a6f7a-0000';
const RECORDED_STREAM = '183ae86a-7826-4101-82df-42c2df48d851';

function recordings(part: string): readonly Recording[] {
  // The compiled test runs from `test/lib/conformance`.
  const path = fileURLToPath(
    new URL(`../../conformance/fixtures/${part}-errors.json`, import.meta.url),
  );
  return JSON.parse(readFileSync(path, 'utf8')) as readonly Recording[];
}

function bodyOf(
  { body, bodyBase64 }: Recording['request'],
  mask: (text: string) => string,
): string | Uint8Array {
  return bodyBase64 === undefined ? mask(body ?? '') : Buffer.from(bodyBase64, 'base64');
}

/** Sends every recording again; `mask` puts today's ids where the recording has its own. */
async function replay(
  t: Test,
  address: string,
  part: string,
  mask: (text: string) => string,
): Promise<void> {
  for (const { name, request, response } of recordings(part)) {
    const headers = request.headers.map(([key, value]): Header => [key, mask(value)]);
    const answer = await exchange(address, { ...request, headers, body: bodyOf(request, mask) });
    t.equal(answer.statusLine, response.statusLine, `${name}: status`);
    // A good answer tells of the build; how it looks is not what this test is about.
    if (!response.statusLine.endsWith(' 200 OK')) {
      t.equal(answer.body, mask(response.body ?? ''), `${name}: body`);
    }
    for (const header of ['content-type', 'allow']) {
      t.equal(
        headerOf(answer.headers, header),
        headerOf(response.headers, header),
        `${name}: ${header}`,
      );
    }
  }
}

t.test('the scheduler API answers bad requests as Mesos does', async (t) => {
  const { address } = await givenCluster(t);
  const scheduler = await RawScheduler.subscribe(address, {
    user: 'root',
    name: 'errors',
    roles: ['golden'],
    capabilities: [{ type: 'MULTI_ROLE' }],
  });
  t.teardown(() => scheduler.close());
  await replay(t, address, 'scheduler', (text) =>
    text
      .replaceAll(RECORDED_FRAMEWORK, scheduler.frameworkId)
      .replaceAll(RECORDED_STREAM, scheduler.streamId),
  );
});

t.test('the operator API of the master answers bad requests as Mesos does', async (t) => {
  const { address } = await givenCluster(t);
  await replay(t, address, 'master', (text) => text);
});
