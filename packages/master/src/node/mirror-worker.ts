// The worker thread's entry: one copy of a master's state, for as long as its port is open. Piscina calls the
// default export.
import type { MessagePort } from 'node:worker_threads';
import { Mirror } from '../reads/mirror.ts';
import type { MirrorNews } from '../reads/mirror-orders.ts';
import { OrderUnpacker } from './order-bytes.ts';

/** What the thread begins with. */
export interface MirrorJob {
  readonly port: MessagePort;
}

/** Resolves when the port is closed. */
function serve({ port }: MirrorJob): Promise<void> {
  const unpacker = new OrderUnpacker();
  const mirror = new Mirror((news) => port.postMessage(news, transferOf(news)));
  return new Promise((resolve, reject) => {
    port.on('message', (bytes: Uint8Array) => {
      try {
        mirror.take(unpacker.unpack(bytes));
      } catch (error) {
        // A copy that failed to follow shows what never was: it must not answer any more.
        reject(error);
        port.close();
      }
    });
    port.once('close', resolve);
  });
}

/** Pages that lie in memory of their own; the others lie in memory that both threads see. */
function transferOf(news: MirrorNews): ArrayBuffer[] {
  if (news.kind !== 'pages') return [];
  return news.pages.flatMap(({ buffer }) => (buffer instanceof ArrayBuffer ? [buffer] : []));
}

// Piscina finds the function of a worker file under this name only.
export { serve as default };
