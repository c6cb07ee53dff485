// The first module of each worker thread: loads the pool's module, starts an actor system whose other end
// is the main thread, and stops it when told.
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { type ActorSystem, createActorSystem, Pid } from '@kaon/actor';
import { errorText, seededRandom } from '@kaon/primitives';
import { lineLogger } from '../threads/log-line.ts';
import { WORD } from '../threads/ring.ts';
import type { ThreadBoot, ThreadNews, ThreadOrder } from '../threads/thread-boot.ts';
import { THREAD_HOST_ID, threadHost } from '../threads/thread-host.ts';
import { ThreadTransport } from '../threads/thread-transport.ts';
import { ThreadBell } from './thread-bell.ts';
import { syncPort } from './thread-port.ts';

const { boot, port } = workerData as { readonly boot: ThreadBoot; readonly port: MessagePort };

function tell(news: ThreadNews): void {
  parentPort?.postMessage(news);
}

/** A thread whose uplink is full and must not drop ends: all who linked into it hear of it. */
function giveUp(): void {
  throw new Error('the main thread takes too little of what this thread sends');
}

function start(exports: Readonly<Record<string, unknown>>): void {
  let uplink: ThreadTransport | undefined;
  const count = (word: number): void => {
    if (uplink !== undefined) Atomics.add(uplink.words, word, 1);
  };
  const { memory, address, place, outboundBytesMax, logLevel } = boot;
  const system = createActorSystem({
    address,
    place,
    random: seededRandom(boot.seed),
    logger: lineLogger(logLevel, (line) => uplink?.log(line)),
    transport: (host) => {
      uplink = new ThreadTransport({
        host,
        channel: {
          outbound: memory.toMain,
          inbound: memory.toThread,
          port: syncPort(port),
          bell: new ThreadBell(memory.bells, 'thread'),
        },
        peer: 'the main thread',
        outboundBytesMax,
        onCongested: boot.onCongested === 'failLink' ? () => queueMicrotask(giveUp) : undefined,
        isOnward: () => false,
        onLogLine: () => undefined,
        onClose: async () => uplink?.flushed(),
      });
      return uplink;
    },
    onDeadLetter: () => count(WORD.deadLetters),
  });
  const onActorEnded = (): void => count(WORD.actorsEnded);
  system.spawn(threadHost, { system, exports, onActorEnded }, { id: THREAD_HOST_ID });
  parentPort?.once('message', ({ drain }: ThreadOrder) => {
    uplink?.catchUp();
    void stop(system, drain).then(() => tell({ kind: 'stopped' }));
  });
  tell({ kind: 'ready' });
}

async function stop(system: ActorSystem, drain: boolean): Promise<void> {
  if (drain) {
    const ends = system.processes().map(({ id }) => {
      const pid = new Pid(id, system.address);
      system.stop(pid, { drain: true });
      return system.terminated(pid);
    });
    await Promise.all(ends);
  }
  await system.shutdown();
}

try {
  start((await import(boot.moduleUrl)) as Readonly<Record<string, unknown>>);
} catch (error) {
  tell({ kind: 'failed', text: errorText(error) });
}
