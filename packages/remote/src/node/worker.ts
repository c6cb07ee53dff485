// A worker thread of Node, as the pool sees it.
import { MessageChannel, Worker } from 'node:worker_threads';
import { errorText } from '@kaon/primitives';
import type { ChannelEnd } from '../threads/channel.ts';
import type { ThreadResources } from '../threads/options.ts';
import type { ThreadBoot, ThreadNews, ThreadOrder } from '../threads/thread-boot.ts';
import { ThreadBell } from './thread-bell.ts';
import { syncPort } from './thread-port.ts';

/** A worker that runs or starts. It keeps the process alive. */
export interface ThreadWorker {
  readonly channel: ChannelEnd;
  order(order: ThreadOrder): void;
  /** Ends it at once, in the middle of whatever it does. */
  terminate(): Promise<void>;
}

/** What a worker tells of itself. */
export interface WorkerEvents {
  news(news: ThreadNews): void;
  /** It is gone. `detail` says why: its error, or its exit code. */
  ended(detail: string): void;
}

/** What a worker is given besides `ThreadBoot`. */
export interface WorkerOptions {
  readonly resourceLimits: ThreadResources;
  readonly env: Readonly<Record<string, string>> | undefined;
}

/** Starts a worker. */
export function startWorker(
  boot: ThreadBoot,
  { resourceLimits, env }: WorkerOptions,
  events: WorkerEvents,
): ThreadWorker {
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(new URL('./thread-main.js', import.meta.url), {
    name: boot.place,
    workerData: { boot, port: port2 },
    transferList: [port2],
    resourceLimits,
    ...argumentsOf(process.execArgv),
    ...(env !== undefined && { env }),
  });
  let failure: string | undefined;
  worker.on('message', (news: ThreadNews) => events.news(news));
  worker.on('error', (error) => {
    failure = errorText(error);
  });
  worker.once('exit', (code) => events.ended(failure ?? `it exited with code ${code}`));
  const { memory } = boot;
  return {
    channel: {
      outbound: memory.toThread,
      inbound: memory.toMain,
      port: syncPort(port1),
      bell: new ThreadBell(memory.bells, 'main'),
    },
    order: (order) => worker.postMessage(order),
    async terminate() {
      await worker.terminate();
    },
  };
}

const PROGRAM_ARGUMENTS = /^(-e|-p|-pe|--eval|--print|--input-type)\b/;
/** Arguments that matter to a thread; those of V8 and of limits hold for the whole process anyway. */
const MODULE_ARGUMENTS = /^(-r|-C|--(require|import|loader|experimental-loader|conditions))(=|$)/;

/**
 * What a thread is started with. Node lets it inherit everything, which only a program without a file
 * (`node --eval`) must not: its thread has one. What is named explicitly, Node checks and may refuse.
 */
function argumentsOf(own: readonly string[]): { readonly execArgv?: string[] } {
  if (!own.some((argument) => PROGRAM_ARGUMENTS.test(argument))) return {};
  const execArgv: string[] = [];
  for (const [index, argument] of own.entries()) {
    if (!MODULE_ARGUMENTS.test(argument)) continue;
    execArgv.push(argument);
    const value = own[index + 1];
    if (!argument.includes('=') && value !== undefined) execArgv.push(value);
  }
  return { execArgv };
}
