// One connection after its handshake: records out, records in, heartbeats. Knows nothing of dialling.
import { type ExitReason, isActorId, Pid, type TransportHost, type WireMessage } from '@kaon/actor';
import { fromUtf8, type TimerHandle } from '@kaon/primitives';
import {
  decodeBody,
  type EncodedBody,
  encodeBody,
  plainBytesMax,
  travelling,
  UNDECODABLE,
  undecodableReason,
} from './body.ts';
import { type FrameRecord, FrameWriter, HAS_TRACE, RECORD, readFrame, TABLE } from './frame.ts';
import { IDS_MAX, InboundTable, NAMES_MAX, OutboundTable } from './interning.ts';
import type { LinkSocket } from './link-socket.ts';
import type { RemoteCounters } from './stats.ts';
import { TRACE_BYTES, traceBytesOf, traceparentAt } from './trace-context.ts';

/** What a frame may hold beside one body: the rest of a turn, announcements. */
const FRAME_REST_BYTES = 128 * 1024;
/** Larger bodies are encoded apart, so that no connection keeps much memory for its next frame. */
const IN_PLACE_BYTES_MAX = 256 * 1024;
const NAME_BYTES_MAX = 255;
/** Text of the error that ended an actor, as it is told to watchers. */
const EXIT_DETAIL_BYTES_MAX = 4096;
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
  /** Unsent bytes beyond which `onCongested` holds. */
  readonly outboundBytesMax: number;
  readonly onCongested: OnCongested;
  /** A frame of this size leaves at once. */
  readonly flushBytes: number;
  readonly heartbeatMs: number;
  /** Runs its argument when the frame shall leave: at the end of the turn or somewhat later. */
  readonly schedule: (run: () => void) => void;
  readonly counters: RemoteCounters;
  /** The connection must go. Told at most once. */
  readonly onBroken: (fault: Fault, reason: string) => void;
}

/**
 * What becomes of a message for a peer that takes too little: it is dropped, or the whole connection is given
 * up.
 */
export type OnCongested = 'drop' | 'failLink';

/** Why a connection must go: it sends what is no protocol, sends nothing, or takes nothing. */
export type Fault = 'badFrame' | 'silent' | 'congested';

/** Sends and receives for one pair of nodes. */
export class Connection {
  readonly #options: ConnectionOptions;
  readonly #writer = new FrameWriter();
  /** By the numbers in `TABLE`. */
  readonly #outbound = [
    new OutboundTable(IDS_MAX),
    new OutboundTable(IDS_MAX),
    new OutboundTable(NAMES_MAX),
  ] as const;
  readonly #to = new InboundTable<Pid>(IDS_MAX);
  readonly #from = new InboundTable<Pid>(IDS_MAX);
  readonly #names = new InboundTable<string>(NAMES_MAX);
  readonly #flushLater = (): void => {
    this.#isFlushScheduled = false;
    this.flush();
  };
  readonly #visit = (record: FrameRecord): string | undefined => this.#receive(record);
  #lastTo: Pid | undefined;
  #lastToIndex = 0;
  #lastFrom: Pid | undefined;
  #lastFromIndex = 0;
  #lastName: string | undefined;
  #lastNameIndex = 0;
  #frame: Buffer = Buffer.alloc(0);
  #timer: TimerHandle;
  readonly #inPlaceBytesMax: number;
  #silentPeriods = 0;
  #hasSent = false;
  #isFlushScheduled = false;
  #isCongested = false;
  #isOver = false;

  constructor(options: ConnectionOptions) {
    this.#options = options;
    this.#inPlaceBytesMax = Math.min(IN_PLACE_BYTES_MAX, bodyBytesMax(options.peerFrameBytesMax));
    this.#timer = options.host.clock.setTimer(options.heartbeatMs, () => this.#beat());
  }

  /** Bytes that are not yet taken by the operating system. */
  get bufferedBytes(): number {
    return this.#writer.length + this.#options.socket.bufferedBytes;
  }

  /** Sends `message`, or tells the host why not. */
  send(message: WireMessage): void {
    const travels = travelling(message);
    const roomBytes = plainBytesMax(travels);
    if (roomBytes < 0 || roomBytes > this.#inPlaceBytesMax) {
      const body = encodeBody(travels);
      if (body.ok) this.sendEncoded(message, body.value);
      else this.#refuse(message, body.error);
      return;
    }
    if (!this.#accepts(message)) return;
    const to = this.#indexOfTo(message.to);
    const from = this.#indexOfFrom(message.from);
    const name = this.#indexOfName(message.name);
    const kind = RECORD[message.kind];
    const { correlation } = message;
    const trace = message.trace === undefined ? undefined : traceBytesOf(message.trace);
    this.#writer.plainMessage(kind, name, to, from, correlation, trace, travels, roomBytes);
    this.#options.counters.messagesSent += 1;
    this.#written();
  }

  /** Sends `message`, whose body is `body`, or tells the host why not. */
  sendEncoded(message: WireMessage, body: EncodedBody): void {
    const { counters, peer, peerFrameBytesMax } = this.#options;
    const bodyBytes = body.end - body.start;
    if (bodyBytes > bodyBytesMax(peerFrameBytesMax)) {
      this.#refuse(
        message,
        `a body of ${bodyBytes} bytes, ${peer} takes frames of ${peerFrameBytesMax}`,
      );
      return;
    }
    if (!this.#accepts(message)) return;
    const to = this.#indexOfTo(message.to);
    const from = this.#indexOfFrom(message.from);
    const name = this.#indexOfName(message.name);
    const { correlation } = message;
    const trace = message.trace === undefined ? undefined : traceBytesOf(message.trace);
    this.#writer.message(RECORD[message.kind], name, to, from, correlation, trace, body);
    counters.messagesSent += 1;
    this.#written();
  }

  link(watcher: Pid, target: Pid): void {
    this.#signal(RECORD.link, 0, target, watcher);
  }

  unlink(watcher: Pid, target: Pid): void {
    this.#signal(RECORD.unlink, 0, target, watcher);
  }

  exited(watcher: Pid, target: Pid, reason: ExitReason, detail: string): void {
    this.#signal(RECORD.exited, EXIT_REASONS.indexOf(reason), watcher, target, detail);
  }

  /** Takes one frame from the peer. */
  receive(frame: Uint8Array): void {
    if (this.#isOver) return;
    const { counters } = this.#options;
    this.#silentPeriods = 0;
    counters.framesReceived += 1;
    counters.bytesReceived += frame.length;
    this.#frame = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
    const problem = readFrame(frame, this.#visit);
    if (problem === undefined || this.#isOver) return;
    counters.framesBad += 1;
    this.#options.onBroken('badFrame', `a bad frame: ${problem}`);
  }

  /** Sends what is collected now. */
  flush(): void {
    if (this.#isOver || this.#writer.length === 0) return;
    const { socket, counters } = this.#options;
    const { frame, sent } = this.#writer.take();
    counters.framesSent += 1;
    counters.bytesSent += frame.length;
    this.#hasSent = true;
    socket.send(frame, sent);
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

  /** Whether `message` may be sent now; tells the host when not. */
  #accepts(message: WireMessage): boolean {
    const { counters, host, peer } = this.#options;
    if (this.#isOver) {
      host.undeliverable(message, 'unreachable', `the connection to ${peer} is closed`);
      return false;
    }
    if (message.name !== this.#lastName && Buffer.byteLength(message.name) > NAME_BYTES_MAX) {
      this.#refuse(message, `a name of more than ${NAME_BYTES_MAX} bytes`);
      return false;
    }
    if (!this.#isCongested || !this.#checkCongestion()) return true;
    counters.messagesDropped += 1;
    host.undeliverable(message, 'unreachable', `too much is waiting for ${peer}`);
    if (this.#options.onCongested === 'failLink') this.#failCongested();
    return false;
  }

  #failCongested(): void {
    const { counters, onBroken, outboundBytesMax, peer } = this.#options;
    counters.congestionsDetected += 1;
    onBroken('congested', `${peer} takes too little: ${outboundBytesMax} bytes are waiting`);
  }

  #refuse(message: WireMessage, detail: string): void {
    this.#options.counters.messagesRefused += 1;
    this.#options.host.undeliverable(message, 'undecodable', detail);
  }

  #signal(kind: number, flags: number, toPid: Pid, fromPid: Pid, detail = ''): void {
    if (this.#isOver) return;
    const { outboundBytesMax, socket } = this.#options;
    // Signals are never dropped: a peer that takes none of them for so long is as good as gone.
    if (this.#isCongested && socket.bufferedBytes > 2 * outboundBytesMax) {
      this.#failCongested();
      return;
    }
    const to = this.#indexOfTo(toPid);
    const from = this.#indexOfFrom(fromPid);
    const buffer = Buffer.from(detail.slice(0, EXIT_DETAIL_BYTES_MAX / 4));
    this.#writer.record(kind, flags, 0, to, from, { buffer, start: 0, end: buffer.length });
    this.#written();
  }

  /** Most messages go where the one before them went: that costs no look-up. */
  #indexOfTo(pid: Pid): number {
    if (pid !== this.#lastTo) {
      this.#lastToIndex = this.#intern(TABLE.to, pid.id);
      this.#lastTo = pid;
    }
    return this.#lastToIndex;
  }

  #indexOfFrom(pid: Pid): number {
    if (pid !== this.#lastFrom) {
      this.#lastFromIndex = this.#intern(TABLE.from, pid.id);
      this.#lastFrom = pid;
    }
    return this.#lastFromIndex;
  }

  #indexOfName(name: string): number {
    if (name !== this.#lastName) {
      this.#lastNameIndex = this.#intern(TABLE.name, name);
      this.#lastName = name;
    }
    return this.#lastNameIndex;
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
    if (this.#writer.length >= this.#options.flushBytes) {
      this.flush();
    } else if (!this.#isFlushScheduled) {
      this.#isFlushScheduled = true;
      this.#options.schedule(this.#flushLater);
    }
  }

  #checkCongestion(): boolean {
    const { flushBytes, outboundBytesMax } = this.#options;
    const { bufferedBytes } = this.#options.socket;
    // One more frame must fit; where nothing waits, one always does.
    this.#isCongested = bufferedBytes > 0 && bufferedBytes + flushBytes > outboundBytesMax;
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
    // What waits already says that this side lives.
    if (!this.#hasSent && !this.#checkCongestion()) {
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
    let trace: string | undefined;
    let { bodyStart } = record;
    if ((record.flags & HAS_TRACE) !== 0) {
      if (record.bodyEnd - bodyStart < TRACE_BYTES) return 'the context of a trace is cut off';
      trace = traceparentAt(this.#frame, bodyStart);
      bodyStart += TRACE_BYTES;
    }
    const body = decodeBody(this.#frame, bodyStart, record.bodyEnd);
    counters.messagesReceived += 1;
    if (body !== UNDECODABLE) {
      host.receive({ kind, from, to, name, body, correlation, trace });
    } else {
      counters.bodiesUndecodable += 1;
      const message = { kind, from, to, name, body: undefined, correlation };
      host.undeliverable(message, 'undecodable', undecodableReason());
    }
    return undefined;
  }

  #receiveSignal(record: FrameRecord): string | undefined {
    const { kind, flags, bodyStart, bodyEnd } = record;
    const to = this.#to.get(record.to);
    const from = this.#from.get(record.from);
    if (to === undefined || from === undefined) return 'an index that was not announced';
    const { host } = this.#options;
    if (kind === RECORD.link) {
      host.receiveLink(from, to);
    } else if (kind === RECORD.unlink) {
      host.receiveUnlink(from, to);
    } else {
      const reason = EXIT_REASONS[flags];
      if (reason === undefined) return `an exit for reason ${flags}`;
      if (bodyEnd - bodyStart > EXIT_DETAIL_BYTES_MAX) return 'the text of an exit is too long';
      host.receiveExited(to, from, reason, fromUtf8(this.#frame.subarray(bodyStart, bodyEnd)));
    }
    return undefined;
  }
}

/** Largest body that fits into a frame of `frameBytesMax` whatever else is in it. */
export function bodyBytesMax(frameBytesMax: number): number {
  return frameBytesMax - FRAME_REST_BYTES;
}
