// A server for `event stream`: every request gets a stream, and every record goes to all of them, framed once.
import { chunk, createHttpServer, encodeRecord, type ResponseStream } from '@kaon/http';
import { endWithParent } from '../orphans.ts';

/** What the server is told to send. */
export interface Burst {
  readonly records: number;
  /** Records of one turn of the event loop. */
  readonly perTurn: number;
  /** Time between turns; 0 for as soon as the subscribers have read what there is. */
  readonly everyMs: number;
}

/** Size of an event of a task's status, roughly. */
const RECORD_BYTES = 300;
/** Unread bytes of a subscriber that hold a burst up: all have to get everything. */
const AHEAD_BYTES_MAX = 256 * 1024;
/** Unread bytes beyond which a subscriber is left out. */
const STALLED_BYTES = 1024 * 1024;

const streams = new Set<ResponseStream>();

/** A record that begins with the time at which it was made. */
function record(): Buffer {
  const time = (performance.timeOrigin + performance.now()).toFixed(3);
  return Buffer.from(time.padEnd(RECORD_BYTES, '.'));
}

function sendTurn(count: number): void {
  for (let index = 0; index < count; index += 1) {
    const bytes = chunk(encodeRecord(record()));
    for (const stream of streams) stream.offer(bytes);
  }
}

async function send({ records, perTurn, everyMs }: Burst): Promise<void> {
  let isHeldUp = false;
  for (let sent = 0; sent < records; sent += perTurn) {
    sendTurn(Math.min(perTurn, records - sent));
    do {
      await new Promise<void>((resolve) => {
        if (everyMs === 0) setImmediate(resolve);
        else setTimeout(resolve, everyMs);
      });
      isHeldUp = false;
      for (const stream of streams) {
        const { bufferedBytes } = stream;
        // A stalled one holds nobody up.
        isHeldUp ||= bufferedBytes > AHEAD_BYTES_MAX && bufferedBytes < STALLED_BYTES / 2;
      }
    } while (isHeldUp);
  }
}

endWithParent();
const server = createHttpServer({ driver: 'node', streamBytesMax: STALLED_BYTES });
server.route('GET', '/events', (exchange) => {
  const stream = exchange.stream({ status: 200 });
  streams.add(stream);
  stream.onClose(() => streams.delete(stream));
});
const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
process.on('message', (burst: Burst) => void send(burst));
process.send?.({ port });
