// Whatever is asked of any path of a master and its agents is answered soon, and never with a 500. The one exception is
// recorded of Mesos: a body that claims to be gzip and is not.
import { connect } from 'node:net';
import { startLocalCluster } from '@kaon/local';
import { LEGACY_AGENT_ACTOR, LEGACY_AGENTS_ENDPOINTS } from '@kaon/protocol';
import t from 'tap';

const END = 'Host: a\r\nConnection: close\r\n';
const PATHS = [
  '/',
  '/api/v1',
  '/api/v1/scheduler',
  '/api/v1/executor',
  '/state',
  '/state.json',
  '/state-summary',
  '/frameworks',
  '/tasks',
  '/roles',
  '/flags',
  '/health',
  '/version',
  '/redirect',
  '/teardown',
  '/reserve',
  '/unreserve',
  '/create-volumes',
  '/destroy-volumes',
  '/quota',
  '/weights',
  '/maintenance/schedule',
  '/maintenance/status',
  '/machine/down',
  '/machine/up',
  '/metrics/snapshot',
  '/metrics/prometheus',
  '/monitor/statistics',
  '/containers',
  '/containerizer/debug',
  '/files/read',
  '/files/browse',
  '/files/download',
  '/files/debug',
  '/system/stats.json',
  '/help',
  '/logging/toggle',
  '/profiler/start',
  '/allocator/offer_constraints_debug',
  '/master/state',
  ...LEGACY_AGENTS_ENDPOINTS,
];
const METHODS = ['HEAD', 'OPTIONS', 'DELETE', 'PUT', 'PATCH', 'TRACE', 'BREW', 'PROPFIND'];
const QUERIES = [
  'a=b&'.repeat(2000),
  'limit=%zz&offset=-1&order=%00&framework_id=%ff%fe&jsonp=<script>&path=../../../etc/passwd',
  'path=/%00&offset=1e400&length=99999999999999999999&limit=NaN&container_id=..&level=x&duration=1e999days',
];
const BODIES = [
  '{}',
  'null',
  '[{}]',
  '"',
  '['.repeat(20_000),
  '\xff\xff\xff\xff\xff',
  'frameworkId=',
  '{"type":7}',
];

function requestsTo(path: string): readonly string[] {
  const post = (headers: string, body: string): string =>
    `POST ${path} HTTP/1.1\r\n${END}${headers}Content-Length: ${body.length}\r\n\r\n${body}`;
  const many = Array.from({ length: 1000 }, (_, index) => `X-${index}: a\r\n`).join('');
  return [
    ...QUERIES.map((query) => `GET ${path}?${query} HTTP/1.1\r\n${END}\r\n`),
    ...METHODS.map((method) => `${method} ${path} HTTP/1.1\r\n${END}\r\n`),
    `GET ${path} HTTP/1.1\r\n${END}${many}\r\n`,
    `GET ${path}/%2e%2e/%00/%zz/${'%41'.repeat(500)} HTTP/1.1\r\n${END}\r\n`,
    ...['application/json', 'application/x-protobuf'].flatMap((type) =>
      BODIES.map((body) => post(`Content-Type: ${type}\r\nAccept: nonsense;;q=x,*/*\r\n`, body)),
    ),
    post('Content-Type: application/json\r\nContent-Encoding: br\r\n', 'abc'),
    post('Content-Type: application/json\r\nMesos-Stream-Id: \x80\r\n', '{}'),
  ];
}

/** The status and the text of an answer; an event stream counts when it starts. */
function ask(port: number, request: string): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let text = '';
    socket.on('data', (bytes: Buffer) => {
      text += bytes.toString('latin1');
      if (/transfer-encoding: chunked/i.test(text)) socket.destroy();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(text));
    socket.write(request, 'latin1');
  });
}

t.test('no path of a master or an agent answers nasty input with a 500', async (t) => {
  const cluster = await startLocalCluster({ agents: 1, port: 0 });
  t.teardown(() => cluster.close());
  const port = Number(cluster.address.split(':').at(-1));
  const requests = [
    ...PATHS.flatMap((path) => requestsTo(path)),
    ...PATHS.flatMap((path) => requestsTo(`/${LEGACY_AGENT_ACTOR}${path}`)),
    `GET /${'a'.repeat(1_000_000)} HTTP/1.1\r\n${END}\r\n`,
    `GET /state HTTP/1.1\r\n${END}X-A: ${'a'.repeat(1_000_000)}\r\n\r\n`,
  ];
  const bad: string[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < requests.length) {
      const request = requests[next] as string;
      next += 1;
      const answer = await ask(port, request);
      if (!/^HTTP\/1.1 (?:[234]\d\d|501) /.test(answer)) {
        bad.push(`${request.slice(0, 200)} => ${answer.slice(0, 200)}`);
      }
    }
  };
  await Promise.all(Array.from({ length: 16 }, worker));
  t.same(bad, []);
  const health = await ask(port, `GET /health HTTP/1.1\r\n${END}\r\n`);
  t.match(health, /^HTTP\/1.1 200 OK/, 'and the master serves on');
});
