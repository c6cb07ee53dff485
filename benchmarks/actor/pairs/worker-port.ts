// A raw worker port: `postMessage` of an object with a name and a body, one per message.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { CREDIT_STEP, Flow, type Pair } from './pair.ts';

interface Letter {
  readonly kind: 'take' | 'ping' | 'pong' | 'credit';
  readonly body?: Uint8Array;
}

const MARK = 'kaon-benchmark-worker-port';

/** Starts the other thread. */
export async function openWorkerPort(): Promise<Pair> {
  const worker = new Worker(fileURLToPath(import.meta.url), { workerData: MARK });
  await once(worker, 'online');
  let credit: () => void = () => undefined;
  let pong: () => void = () => undefined;
  worker.on('message', ({ kind }: Letter) => (kind === 'credit' ? credit() : pong()));
  return {
    oneWay: (bytes, durationMs) =>
      new Promise((resolve) => {
        const body = new Uint8Array(bytes);
        const flow = new Flow(durationMs, resolve);
        const send = (count: number): void => {
          for (let sent = 0; sent < count; sent += 1) worker.postMessage({ kind: 'take', body });
        };
        credit = () => send(flow.credit(CREDIT_STEP));
        send(flow.start());
      }),
    roundTrips: (count) =>
      new Promise((resolve) => {
        const body = new Uint8Array(100);
        const microseconds: number[] = [];
        let startedMs = 0;
        const ping = (): void => {
          startedMs = performance.now();
          worker.postMessage({ kind: 'ping', body });
        };
        pong = () => {
          microseconds.push((performance.now() - startedMs) * 1000);
          if (microseconds.length === count) resolve(microseconds);
          else ping();
        };
        ping();
      }),
    async close() {
      await worker.terminate();
    },
  };
}

function serve(): void {
  let taken = 0;
  parentPort?.on('message', ({ kind, body }: Letter) => {
    if (kind === 'ping') {
      parentPort?.postMessage({ kind: 'pong', body });
      return;
    }
    taken += 1;
    if (taken % CREDIT_STEP === 0) parentPort?.postMessage({ kind: 'credit' });
  });
}

if (!isMainThread && workerData === MARK) serve();
