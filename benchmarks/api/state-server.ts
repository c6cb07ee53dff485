// A process with a full master, for `/state`: says how late its event loop was while it was read.
import { createHttpServer } from '@kaon/http';
import { type Lateness, startLatenessProbe } from '../allocator/lateness.ts';
import { endWithParent } from '../orphans.ts';
import { type Fullness, startFullMaster } from './full-master.ts';

/** What the server is told to do; each is answered by one message. */
export type StateOrder =
  /** Changes `tasks` tasks and starts to watch the event loop. */
  | { readonly kind: 'prepare'; readonly tasks: number }
  /** How late the loop has been since. */
  | { readonly kind: 'report' };

/** What it says when it is full. */
export interface StateServerReady {
  readonly port: number;
  readonly tasks: number;
}

endWithParent();
const fullness = JSON.parse(process.argv[2] ?? '{}') as Fullness;
const http = createHttpServer({ driver: 'node' });
const { port } = await http.listen({ host: '127.0.0.1', port: 0 });
const full = await startFullMaster(http, port, fullness);
globalThis.gc?.();
let probe: { stop(): Lateness } | undefined;
process.on('message', (order: StateOrder) => {
  if (order.kind === 'report') {
    process.send?.(probe?.stop());
    return;
  }
  full.update(order.tasks);
  // The updates are heard before this is answered.
  setTimeout(() => {
    probe = startLatenessProbe();
    process.send?.('prepared');
  }, 200);
});
process.send?.({ port, tasks: full.tasks } satisfies StateServerReady);
