// One connection after its handshake: records out, records in, heartbeats. Knows nothing of dialling.
import { type ExitReason, isActorId, Pid, type TransportHost, type WireMessage } from '@kaon/actor';
import { fromUtf8, type TimerHandle } from '@kaon/primitives';
import { decodeBody, type EncodedBody } from './body.ts';
import { type FrameRecord, FrameWriter, RECORD, readFrame, TABLE } from './frame.ts';
import { IDS_MAX, InboundTable, NAMES_MAX, OutboundTable } from './interning.ts';
import type { LinkSocket } from './link-socket.ts';
import type { RemoteCounters } from './stats.ts';

/** A frame leaves at the end of the turn, or when it has grown to this. */
export const FLUSH_BYTES = 64 * 1024;
const NAME_BYTES_MAX = 255;
/** Consecutive periods without a frame after which the peer counts as lost. */
const SILENT_PERIODS_MAX = 3;

const EXIT_REASONS: readonly ExitReason[] = ['stopped', 'failed', 'unreachable'];
const MESSAGE_KINDS = ['message', 'ask', 'reply', 'failure'] as const;

/** What a connection needs to know. */
export interface ConnectionOptions {
  readonly socket: LinkSocket;
  readonly host: TransportHost;
  readonly peer: string;
  /** Largest frame the peer takes. */
  readonly peerFrameBytesMax: number;
  /** Unsent bytes beyond which messages are dropped. */
  readonly outboundBytesMax: number;
  readonly heartbeatMs: number;
  /** Runs its argument at the end of the turn. */
  readonly schedule: (run: () => void) => void;
  readonly counters: RemoteCounters;
  /** The connection must go. Told at most once. */
  readonly onBroken: (fault: Fault, reason: string) => void;
}

/** Why a connection must go: it sends what is no protocol, sends nothing, or takes nothing. */
export type Fault = 'badFrame' | 'silent' | 'congested';

/** Sends and receives for one pair of nodes. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #writer = new FrameWriter(2 * FLUSH_BYTES);
  /** By the numbers in `TABLE`. */
  readonly #outbound = [
    new OutboundTable(IDS_MAX),
    new OutboundTable(IDS_MAX),
    new OutboundTable(NAMES_MAX),
  ] as const;
  readonly #to = new InboundTable<Pid>(IDS_MAX);
  readonly #from = new InboundTable<Pid>(IDS_MAX);
  readonly #names = new InboundTable<string>(NAMES_MAX);
  readonly #visit = (record: FrameRecord): string | undefined => this.#receive(record);
  #frame: Uint8Array = new Uint8Array(0);
  #timer: TimerHandle;
  #silentPeriods = 0;
  #hasSent = false;
  #isFlushScheduled = false;
  #isCongested = false;
  #isOver = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#timer = options.host.clock.setTimer(options.heartbeatMs, () => this.#beat());
  }

  /** Sends `message`, whose body is `body`, or tells the host why not. */
  send(message: WireMessage, body: EncodedBody): void {
    const { counters, host, peer, peerFrameBytesMax } = this.#options;
    if (this.#isOver) {
      host.undeliverable(message, 'unreachable', `the connection to ${peer} is closed`);
      return;
    }
    const bodyBytes = body.end - body.start;
    if (bodyBytes > bodyBytesMax(peerFrameBytesMax)) {
      counters.messagesRefused += 1;
      const detail = `a body of ${bodyBytes} bytes, ${peer} takes frames of ${peerFrameBytesMax}`;
      host.undeliverable(message, 'undecodable', detail);
      return;
    }
    if (this.#isCongested && this.#checkCongestion()) {
      counters.messagesDropped += 1;
      host.undeliverable(message, 'unreachable', `too much is waiting for ${peer}`);
      return;
    }
    const to = this.#intern(TABLE.to, message.to.id);
    const from = this.#intern(TABLE.from, message.from.id);
    const name = this.#intern(TABLE.name, message.name);
    const kind = RECORD[message.kind];
    if (kind === RECORD.message) this.#writer.record(kind, 0, name, to, from, body);
    else this.#writer.correlated(kind, name, to, from, message.correlation, body);
    counters.messagesSent += 1;
    this.#written();
  }

  link(watcher: Pid, target: Pid): void {
    this.#signal(RECORD.link, 0, target, watcher);
  }

  unlink(watcher: Pid, target: Pid): void {
    this.#signal(RECORD.unlink, 0, target, watcher);
  }

  exited(watcher: Pid, target: Pid, reason: ExitReason): void {
    this.#signal(RECORD.exited, EXIT_REASONS.indexOf(reason), watcher, target);
  }

  /** Takes one frame from the peer. */
  receive(frame: Uint8Array): void {
    if (this.#isOver) return;
    const { counters } = this.#options;
    this.#silentPeriods = 0;
    counters.framesReceived += 1;
    counters.bytesReceived += frame.length;
    this.#frame = frame;
    const problem = readFrame(frame, this.#visit);
    if (problem === undefined || this.#isOver) return;
    counters.framesBad += 1;
    this.#options.onBroken('badFrame', `a bad frame: ${problem}`);
  }

  /** Sends what is collected now. */
  flush(): void {
    if (this.#isOver || this.#writer.length === 0) return;
    const { socket, counters } = this.#options;
    const frame = this.#writer.take();
    counters.framesSent += 1;
    counters.bytesSent += frame.length;
    this.#hasSent = true;
    socket.send(frame);
    if (!this.#isOver) this.#checkCongestion();
  }

  /** Sends the rest, says goodbye and does nothing any more. */
  close(code: number, reason: string): void {
    this.flush();
    this.end();
    this.#options.socket.close(code, reason);
  }

  /** Does nothing any more; for when the socket is gone. */
  end(): void {
    this.#isOver = true;
    this.#options.host.clock.clearTimer(this.#timer);
  }

  #signal(kind: number, flags: number, toPid: Pid, fromPid: Pid): void {
    if (this.#isOver) return;
    const { outboundBytesMax, onBroken, peer } = this.#options;
    // Signals are never dropped: a peer that takes none of them for so long is as good as gone.
    if (this.#isCongested && this.#options.socket.bufferedBytes > 2 * outboundBytesMax) {
      onBroken('congested', `too much is waiting for ${peer}`);
      return;
    }
    const to = this.#intern(TABLE.to, toPid.id);
    const from = this.#intern(TABLE.from, fromPid.id);
    this.#writer.record(kind, flags, 0, to, from);
    this.#written();
  }

  /** The index of `text` in a table of this direction, announced first when it is new. */
  #intern(tableIndex: 0 | 1 | 2, text: string): number {
    const table = this.#outbound[tableIndex];
    const known = table.find(text);
    if (known !== undefined) return known;
    if (table.isFull) {
      table.reset();
      this.#writer.record(RECORD.reset, tableIndex, 0, 0, 0);
    }
    const index = table.add(text);
    const buffer = Buffer.from(text);
    const body = { buffer, start: 0, end: buffer.length };
    this.#writer.record(RECORD.announce, tableIndex, index, 0, 0, body);
    return index;
  }

  #written(): void {
    if (this.#writer.length >= FLUSH_BYTES) {
      this.flush();
    } else if (!this.#isFlushScheduled) {
      this.#isFlushScheduled = true;
      this.#options.schedule(() => {
        this.#isFlushScheduled = false;
        this.flush();
      });
    }
  }

  #checkCongestion(): boolean {
    const { socket, outboundBytesMax } = this.#options;
    this.#isCongested = socket.bufferedBytes > outboundBytesMax;
    return this.#isCongested;
  }

  /** One period is over: the peer must hear something now and then, and so must this side. */
  #beat(): void {
    const { host, counters, heartbeatMs, onBroken } = this.#options;
    this.#silentPeriods += 1;
    if (this.#silentPeriods > SILENT_PERIODS_MAX) {
      counters.silencesDetected += 1;
      onBroken('silent', `nothing came for ${SILENT_PERIODS_MAX * heartbeatMs} ms`);
      return;
    }
    if (!this.#hasSent) {
      this.#writer.record(RECORD.heartbeat, 0, 0, 0, 0);
      this.flush();
    }
    this.#hasSent = false;
    this.#timer = host.clock.setTimer(heartbeatMs, () => this.#beat());
  }

  /** Acts on one record; returns what is wrong with it. */
  #receive(record: FrameRecord): string | undefined {
    switch (record.kind) {
      case RECORD.heartbeat:
        return undefined;
      case RECORD.announce:
        return this.#receiveAnnouncement(record);
      case RECORD.reset:
        return this.#receiveReset(record.flags);
      case RECORD.message:
      case RECORD.ask:
      case RECORD.reply:
      case RECORD.failure:
        return this.#receiveMessage(record);
      case RECORD.link:
      case RECORD.unlink:
      case RECORD.exited:
        return this.#receiveSignal(record);
      default:
        return `a record of kind ${record.kind}`;
    }
  }

  #receiveAnnouncement({ flags, name, bodyStart, bodyEnd }: FrameRecord): string | undefined {
    const { host, peer } = this.#options;
    if (bodyEnd - bodyStart > NAME_BYTES_MAX) return 'an announced text is too long';
    const text = fromUtf8(this.#frame.subarray(bodyStart, bodyEnd));
    let isNext: boolean;
    if (flags === TABLE.name) {
      isNext = this.#names.add(name, text);
    } else if (!isActorId(text)) {
      return 'an announced id is no actor id';
    } else if (flags === TABLE.to) {
      isNext = this.#to.add(name, new Pid(text, host.address));
    } else if (flags === TABLE.from) {
      isNext = this.#from.add(name, new Pid(text, peer));
    } else {
      return `an announcement for table ${flags}`;
    }
    return isNext ? undefined : 'an announcement out of order';
  }

  #receiveReset(table: number): string | undefined {
    if (table === TABLE.to) this.#to.reset();
    else if (table === TABLE.from) this.#from.reset();
    else if (table === TABLE.name) this.#names.reset();
    else return `a reset of table ${table}`;
    return undefined;
  }

  #receiveMessage(record: FrameRecord): string | undefined {
    const to = this.#to.get(record.to);
    const from = this.#from.get(record.from);
    const name = this.#names.get(record.name);
    if (to === undefined || from === undefined || name === undefined) {
      return 'an index that was not announced';
    }
    const { host, counters } = this.#options;
    const kind = MESSAGE_KINDS[record.kind - RECORD.message] as WireMessage['kind'];
    const { correlation } = record;
    const body = decodeBody(this.#frame, record.bodyStart, record.bodyEnd);
    counters.messagesReceived += 1;
    if (body.ok) {
      host.receive({ kind, from, to, name, body: body.value, correlation });
    } else {
      counters.bodiesUndecodable += 1;
      const message = { kind, from, to, name, body: undefined, correlation };
      host.undeliverable(message, 'undecodable', body.error);
    }
    return undefined;
  }

  #receiveSignal({ kind, flags, to: toIndex, from: fromIndex }: FrameRecord): string | undefined {
    const to = this.#to.get(toIndex);
    const from = this.#from.get(fromIndex);
    if (to === undefined || from === undefined) return 'an index that was not announced';
    const { host } = this.#options;
    if (kind === RECORD.link) {
      host.receiveLink(from, to);
    } else if (kind === RECORD.unlink) {
      host.receiveUnlink(from, to);
    } else {
      const reason = EXIT_REASONS[flags];
      if (reason === undefined) return `an exit for reason ${flags}`;
      host.receiveExited(to, from, reason);
    }
    return undefined;
  }
}

/** Largest body that fits into a frame of `frameBytesMax` whatever else is in it. */
export function bodyBytesMax(frameBytesMax: number): number {
  return frameBytesMax - 2 * FLUSH_BYTES;
}
