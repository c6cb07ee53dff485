// Readers of `/state`: each reads to the last byte and keeps nothing.
import { Agent, get } from 'node:http';
import { endWithParent } from '../orphans.ts';

/** What to read. */
export interface ReadOrder {
  readonly port: number;
  readonly path: string;
  readonly clients: number;
  readonly headers: Readonly<Record<string, string>>;
}

/** What came of it. */
export interface ReadSeen {
  /** Until the last byte, one per client. */
  readonly milliseconds: readonly number[];
  readonly bytes: number;
  readonly status: number;
  /** How the answer begins. */
  readonly text: string;
}

const agent = new Agent({ keepAlive: true, maxSockets: Number.POSITIVE_INFINITY });

function read({
  port,
  path,
  headers,
}: ReadOrder): Promise<{ ms: number; bytes: number; status: number; text: string }> {
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path, headers, agent }, (response) => {
      let bytes = 0;
      let text = '';
      response.on('data', (data: Uint8Array) => {
        if (bytes === 0) text = Buffer.from(data.subarray(0, 200)).toString('latin1');
        bytes += data.length;
      });
      response.once('end', () => {
        resolve({
          ms: performance.now() - startedMs,
          bytes,
          status: response.statusCode ?? 0,
          text,
        });
      });
      response.once('error', reject);
    }).once('error', reject);
  });
}

endWithParent();
process.on('message', async (order: ReadOrder) => {
  const seen = await Promise.all(Array.from({ length: order.clients }, () => read(order)));
  process.send?.({
    milliseconds: seen.map(({ ms }) => ms),
    bytes: seen[0]?.bytes ?? 0,
    status: seen[0]?.status ?? 0,
    text: seen[0]?.text ?? '',
  } satisfies ReadSeen);
});
process.send?.('ready');
