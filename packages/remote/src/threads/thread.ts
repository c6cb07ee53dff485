// One thread of a pool, seen from the main thread: from its start to its end.
import { type ActorSystem, Pid } from '@kaon/actor';
import type { Logger } from '@kaon/primitives';
import { startWorker, type ThreadWorker } from '../node/worker.ts';
import { newChannelMemory } from './channel.ts';
import type { LogLine } from './log-line.ts';
import type { ThreadsSettings } from './options.ts';
import { WORD } from './ring.ts';
import type { ThreadNews } from './thread-boot.ts';
import { THREAD_HOST_ID, threadHostProtocol } from './thread-host.ts';
import { ThreadTransport } from './thread-transport.ts';

/** A snapshot of one thread. Totals count since it started. */
export interface ThreadStats {
  readonly place: string;
  /** Actors that the pool has started in it, or is starting, and that have not ended. */
  readonly actors: number;
  readonly messagesSent: number;
  readonly messagesReceived: number;
  /** Messages that did not fit into what may wait, on their way to it and from it. */
  readonly messagesDropped: number;
  /** Messages whose body could not travel, on their way to it and from it. */
  readonly messagesRefused: number;
  /** Bytes that wait for it to take them; those in the ring not counted. */
  readonly waitingBytes: number;
  /** Dead letters in it. */
  readonly deadLetters: number;
  /** Lines of its log that were dropped because too much was waiting. */
  readonly linesDropped: number;
}

/** How a thread started. */
export type ThreadStart =
  | { readonly kind: 'running' }
  | { readonly kind: 'failed'; readonly text: string };

/** What a thread is made of. */
export interface ThreadOptions {
  readonly system: ActorSystem;
  readonly place: string;
  readonly settings: ThreadsSettings;
  /** It has ended without being told to stop. */
  readonly onEnded: (thread: Thread) => void;
  /** Its system shuts down. */
  readonly onSystemClosing: () => Promise<void>;
}

/** A worker and the way to it. */
export class Thread {
  readonly place: string;
  /** The actor in it that starts others. */
  readonly host: Pid<typeof threadHostProtocol>;
  /** Resolves when it runs, or cannot; never rejects. */
  readonly started: Promise<ThreadStart>;
  readonly #options: ThreadOptions;
  readonly #worker: ThreadWorker;
  readonly #logger: Logger;
  readonly #ended: Promise<void>;
  #settleStarted: (start: ThreadStart) => void = () => undefined;
  #settleEnded: () => void = () => undefined;
  #transport: ThreadTransport | undefined;
  #state: 'starting' | 'running' | 'stopping' | 'ended' = 'starting';
  #onStopped: (() => void) | undefined;
  #failure: string | undefined;
  /** Actors that the pool has started in it, those that are being started too. */
  placed = 0;

  constructor(options: ThreadOptions) {
    const { system, place, settings } = options;
    this.#options = options;
    this.place = place;
    this.host = new Pid(place + THREAD_HOST_ID, system.address, threadHostProtocol);
    this.#logger = system.logger.child({ thread: place });
    this.started = new Promise((resolve) => {
      this.#settleStarted = resolve;
    });
    this.#ended = new Promise((resolve) => {
      this.#settleEnded = resolve;
    });
    const { random } = system;
    const { moduleUrl, outboundBytesMax, onCongested, logLevel, ringBytes } = settings;
    this.#worker = startWorker(
      {
        address: system.address,
        place,
        seed: random.nextInt(2 ** 21) * 2 ** 32 + random.nextInt(2 ** 32),
        memory: newChannelMemory(ringBytes),
        moduleUrl,
        outboundBytesMax,
        onCongested,
        logLevel,
      },
      settings,
      {
        news: (news) => this.#hear(news),
        ended: (detail) => this.#end(detail),
      },
    );
  }

  get isRunning(): boolean {
    return this.#state === 'running';
  }

  /** Actors of the pool in it, or about to be. */
  get load(): number {
    const ended = this.#transport?.peerWords[WORD.actorsEnded] ?? 0;
    return Math.max(0, this.placed - ended);
  }

  get stats(): ThreadStats {
    const transport = this.#transport;
    const out = transport?.words;
    const back = transport?.peerWords;
    const both = (word: number): number => ((out?.[word] ?? 0) + (back?.[word] ?? 0)) >>> 0;
    return {
      place: this.place,
      actors: this.load,
      messagesSent: (out?.[WORD.messagesSent] ?? 0) >>> 0,
      messagesReceived: transport?.messagesReceived ?? 0,
      messagesDropped: both(WORD.messagesDropped),
      messagesRefused: both(WORD.messagesRefused),
      waitingBytes: transport?.waitingBytes ?? 0,
      deadLetters: (back?.[WORD.deadLetters] ?? 0) >>> 0,
      linesDropped: (back?.[WORD.linesDropped] ?? 0) >>> 0,
    };
  }

  /** Ends it in the midst of whatever it does; resolves when it is gone. */
  async terminate(): Promise<void> {
    await this.#worker.terminate();
    await this.#ended;
  }

  /** Lets its actors stop, for `graceMs` at most, and ends it. */
  async stop(drain: boolean, graceMs: number): Promise<void> {
    const isStarted = this.#state === 'running';
    if (this.#state === 'ended') return;
    this.#state = 'stopping';
    if (isStarted && graceMs > 0) await this.#stopped(drain, graceMs);
    await this.terminate();
  }

  #stopped(drain: boolean, graceMs: number): Promise<void> {
    const { clock } = this.#options.system;
    return new Promise((resolve) => {
      const timer = clock.setTimer(graceMs, resolve);
      this.#onStopped = () => {
        clock.clearTimer(timer);
        resolve();
      };
      // What was sent before the order is heard before it.
      const flushed = this.#transport?.flushed() ?? Promise.resolve();
      void flushed.then(() => this.#worker.order({ kind: 'stop', drain }));
    });
  }

  #hear(news: ThreadNews): void {
    if (news.kind === 'failed') this.#failure = news.text;
    else if (news.kind === 'stopped') this.#onStopped?.();
    else if (this.#state === 'starting') this.#attach();
  }

  #attach(): void {
    const { system, settings, onSystemClosing } = this.#options;
    this.#state = 'running';
    system.attach(this.place, (host) => {
      this.#transport = new ThreadTransport({
        host,
        channel: this.#worker.channel,
        peer: this.place,
        outboundBytesMax: settings.outboundBytesMax,
        onCongested:
          settings.onCongested === 'failLink' ? () => void this.#worker.terminate() : undefined,
        // Ids of other threads' actors are the ones with a slash.
        isOnward: ({ id, address }) => address === system.address && id.includes('/'),
        onLogLine: (line) => this.#write(line),
        onClose: onSystemClosing,
      });
      return this.#transport;
    });
    this.#settleStarted({ kind: 'running' });
  }

  #end(detail: string): void {
    const wasStopping = this.#state === 'stopping';
    this.#state = 'ended';
    this.#transport?.end();
    this.#options.system.detach(this.place);
    const text = this.#failure ?? detail;
    this.#onStopped?.();
    this.#settleStarted({ kind: 'failed', text });
    this.#settleEnded();
    if (wasStopping) return;
    this.#logger.error({ detail: text }, 'a thread ended');
    this.#options.onEnded(this);
  }

  #write({ level, fields, sentence }: LogLine): void {
    this.#logger[level](fields, sentence);
  }
}
