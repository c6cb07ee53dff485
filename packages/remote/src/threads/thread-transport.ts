// `Transport` between two threads of a process. It is the same at both ends.
import type { ExitReason, Pid, Transport, TransportHost, WireMessage } from '@kaon/actor';
import { atTurnEnd } from '../node/turn-end.ts';
import type { ChannelEnd } from './channel.ts';
import type { LogLine } from './log-line.ts';
import { Receiver } from './receiver.ts';
import { RECORD } from './records.ts';
import { WORD } from './ring.ts';
import { EXIT_REASONS, Sender } from './sender.ts';

/** What is read at once before sockets and timers get their chance. */
const LOOK_BYTES_MAX = 256 * 1024;

/** What a transport to another thread is made of. */
export interface ThreadTransportOptions {
  readonly host: TransportHost;
  readonly channel: ChannelEnd;
  /** What lies at the other end, for texts: `worker-1/` or `the main thread`. */
  readonly peer: string;
  /** Bytes that may wait, those in the ring not counted. */
  readonly outboundBytesMax: number;
  /** Told once when more would have to wait. Undefined: the message is dropped, and that is all. */
  readonly onCongested: (() => void) | undefined;
  /** Whether messages for `to` go on to another thread, and clones must be cloned again. */
  readonly isOnward: (to: Pid) => boolean;
  /** A line of the other thread's log. */
  readonly onLogLine: (line: LogLine) => void;
  /** Closes the way; the system waits for it. */
  readonly onClose: () => Promise<void>;
}

/** One end of the way between two threads. */
export class ThreadTransport implements Transport {
  readonly #options: ThreadTransportOptions;
  readonly #sender: Sender;
  readonly #receiver: Receiver;
  #isFlushScheduled = false;
  #isCongestionTold = false;
  #isOver = false;
  #onDrained: (() => void) | undefined;

  constructor(options: ThreadTransportOptions) {
    this.#options = options;
    const { channel, host, isOnward, onLogLine, outboundBytesMax } = options;
    const { port, bell } = channel;
    this.#sender = new Sender({
      memory: channel.outbound,
      port,
      outboundBytesMax,
      onCollected: () => this.#scheduleFlush(),
      onHandedOver: () => {
        bell.ring();
        if (!this.#sender.isDrained) bell.lookSoon();
      },
    });
    this.#receiver = new Receiver({ memory: channel.inbound, port, host, isOnward, onLogLine });
    bell.listen(
      () => this.#look(),
      () => this.#receiver.isEmpty && this.#sender.isQuiet(),
    );
  }

  /** Counters of this end, by the numbers in `WORD`; the other end sees them too. */
  get words(): Int32Array {
    return this.#sender.words;
  }

  /** Counters of the other end. */
  get peerWords(): Int32Array {
    return this.#receiver.words;
  }

  get messagesReceived(): number {
    return this.#receiver.messages;
  }

  /** Bytes that wait because the other thread takes too little. */
  get waitingBytes(): number {
    return this.#sender.waitingBytes;
  }

  send(message: WireMessage): void {
    const { host, peer, onCongested } = this.#options;
    if (this.#isOver) return host.undeliverable(message, 'unreachable', `${peer} is gone`);
    const unsent = this.#sender.send(message);
    if (unsent === undefined) return;
    const { words } = this.#sender;
    if (unsent.reason === 'undecodable') {
      Atomics.add(words, WORD.messagesRefused, 1);
      return host.undeliverable(message, 'undecodable', unsent.detail);
    }
    Atomics.add(words, WORD.messagesDropped, 1);
    host.undeliverable(message, 'unreachable', `${peer}: ${unsent.detail}`);
    if (onCongested !== undefined && !this.#isCongestionTold) {
      this.#isCongestionTold = true;
      onCongested();
    }
  }

  link(watcher: Pid, target: Pid): void {
    if (this.#isOver) this.#options.host.receiveExited(watcher, target, 'unreachable');
    else this.#sender.signal(RECORD.link, 0, target, watcher);
  }

  unlink(watcher: Pid, target: Pid): void {
    if (!this.#isOver) this.#sender.signal(RECORD.unlink, 0, target, watcher);
  }

  exited(watcher: Pid, target: Pid, reason: ExitReason, detail: string): void {
    if (this.#isOver) return;
    this.#sender.signal(RECORD.exited, EXIT_REASONS.indexOf(reason), watcher, target, detail);
  }

  placeLost(place: string): void {
    if (!this.#isOver) this.#sender.placeLost(place);
  }

  /** Writes a line of the log to the other thread; drops it when too much is waiting. */
  log(line: LogLine): void {
    if (this.#isOver) return;
    if (!this.#sender.log(line)) Atomics.add(this.#sender.words, WORD.linesDropped, 1);
  }

  close(): Promise<void> {
    return this.#options.onClose();
  }

  /** Resolves when everything that was sent is in the other thread's reach. */
  flushed(): Promise<void> {
    this.#sender.flush();
    if (this.#sender.isDrained || this.#isOver) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onDrained = resolve;
    });
  }

  /** Takes now whatever the other thread has sent so far. */
  catchUp(): void {
    if (!this.#isOver) this.#receiver.take(Number.POSITIVE_INFINITY);
  }

  /** The other thread is gone or going: takes what it has left, then does nothing any more. */
  end(): void {
    if (this.#isOver) return;
    this.#receiver.take(Number.POSITIVE_INFINITY);
    this.#isOver = true;
    this.#options.channel.bell.stop();
    this.#options.channel.port.close();
    this.#onDrained?.();
  }

  #scheduleFlush(): void {
    if (this.#isFlushScheduled) return;
    this.#isFlushScheduled = true;
    atTurnEnd(() => {
      this.#isFlushScheduled = false;
      if (!this.#isOver) this.#sender.flush();
    });
  }

  #look(): number {
    const bytes = this.#receiver.take(LOOK_BYTES_MAX);
    if (bytes > 0 && this.#receiver.takeWriterWaits()) this.#options.channel.bell.ring();
    const wroteBytes = this.#sender.writeOverflow();
    if (wroteBytes > 0) {
      this.#options.channel.bell.ring();
      if (this.#sender.isDrained) this.#onDrained?.();
    }
    return bytes + wroteBytes;
  }
}
