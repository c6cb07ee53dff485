// The sending half of the way to another thread: records into a ring, through a bounded overflow when the
// ring is full, through a port what only structured clone can carry.
import { type ExitReason, isInProcessOnly, type Pid, type WireMessage } from '@kaon/actor';
import { errorText, Ring } from '@kaon/primitives';
import { IDS_MAX, NAMES_MAX, OutboundTable } from '../interning.ts';
import { packBody } from './body.ts';
import type { SyncPort } from './channel.ts';
import type { LogLine } from './log-line.ts';
import { FORM, RECORD, RecordWriter, TABLE } from './records.ts';
import { RingWriter, WORD } from './ring.ts';
import { type Transferable, takeTransfer } from './transferring.ts';

/** A frame leaves at the end of the turn, or when it has grown to this. */
const FLUSH_BYTES = 32 * 1024;
/** Larger bodies go through the port, in memory of their own. */
const FRAME_BODY_BYTES_MAX = 32 * 1024;
/** What something cloned counts for, besides what is transferred with it: its size cannot be known. */
const CLONE_BYTES = 1024;
/** A message of a longer name is refused: it would fill the table of names. */
const NAME_CHARACTERS_MAX = 4096;

/** Reasons of `exited`, by their number in a record. */
export const EXIT_REASONS: readonly ExitReason[] = ['stopped', 'failed', 'unreachable'];
const NO_BYTES = new Uint8Array(0);

/** Why a message was not sent. */
export interface Unsent {
  readonly reason: 'congested' | 'undecodable';
  readonly detail: string;
}

/** What a sender is made of. */
export interface SenderOptions {
  readonly memory: SharedArrayBuffer;
  readonly port: SyncPort;
  /** Bytes that may wait, those in the ring not counted. */
  readonly outboundBytesMax: number;
  /** Something has been collected: `flush` is to be called at the end of the turn. */
  readonly onCollected: () => void;
  /** Something has been handed over. */
  readonly onHandedOver: () => void;
}

/** What waits in the port until the reader has taken the frame that refers to it. */
interface InPort {
  readonly frame: number;
  readonly bytes: number;
}

interface Overflow {
  readonly frame: Uint8Array;
  readonly tag: number;
}

/** Sends to one other thread. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #ring: RingWriter;
  readonly #writer = new RecordWriter(2 * FLUSH_BYTES + FRAME_BODY_BYTES_MAX);
  readonly #to = new Interned(TABLE.to, IDS_MAX);
  readonly #from = new Interned(TABLE.from, IDS_MAX);
  readonly #names = new Interned(TABLE.name, NAMES_MAX);
  /** Frames that found no room in the ring. */
  readonly #overflow = new Ring<Overflow>();
  #overflowFirst: Overflow | undefined;
  #overflowBytes = 0;
  readonly #inPort = new Ring<InPort>();
  #inPortFirst: InPort | undefined;
  #inPortBytes = 0;
  /** Number of the frame that is being collected. */
  #frame = 1;
  /** 1 when it holds plain bytes, of which the reader makes views. */
  #tag = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#ring = new RingWriter(options.memory);
  }

  /** Counters of this direction, by the numbers in `WORD`; the other thread sees them too. */
  get words(): Int32Array {
    return this.#ring.words;
  }

  /** Bytes that wait because the ring is full or the port was not emptied. */
  get waitingBytes(): number {
    this.#forgetTaken();
    return this.#overflowBytes + this.#inPortBytes;
  }

  /** Nothing waits outside the ring. */
  get isDrained(): boolean {
    return this.#overflowFirst === undefined && this.#writer.length === 0;
  }

  /** Sends `message`, or says why not. */
  send(message: WireMessage): Unsent | undefined {
    if (this.#overflowBytes + this.#inPortBytes > 0 && !this.#hasRoomFor(0))
      return this.#congested();
    if (message.name.length > NAME_CHARACTERS_MAX) {
      return { reason: 'undecodable', detail: `a name of ${message.name.length} characters` };
    }
    const { body } = message;
    const transfer = takeTransfer(body);
    if (transfer !== undefined || (body !== undefined && isLocal(message))) {
      return this.#sendClone(message, transfer ?? []);
    }
    if (body === undefined) {
      this.#message(message, FORM.none, NO_BYTES, 0, 0);
      return undefined;
    }
    if (body instanceof Uint8Array && body.buffer instanceof ArrayBuffer) {
      if (body.length > FRAME_BODY_BYTES_MAX) {
        return this.#sendLarge(message, FORM.portBytes, body, 0, body.length);
      }
      this.#tag = 1;
      this.#message(message, FORM.bytes, body, 0, body.length);
      return undefined;
    }
    return this.#sendPacked(message);
  }

  /** Links, unlinks and exits: there are no more of them than links, and none is dropped. */
  signal(kind: number, form: number, toPid: Pid, fromPid: Pid, detail = ''): void {
    const to = this.#to.indexOf(toPid.toString(), this.#writer);
    const from = this.#from.indexOf(fromPid.toString(), this.#writer);
    const text = detail === '' ? NO_BYTES : Buffer.from(detail);
    this.#writer.record(kind, form, 0, to, from, 0, text, 0, text.length);
    this.#collected();
  }

  placeLost(place: string): void {
    const text = Buffer.from(place);
    this.#writer.record(RECORD.placeLost, 0, 0, 0, 0, 0, text, 0, text.length);
    this.#collected();
  }

  /** Sends a line for the log; false when it is dropped, for it is large or much is waiting. */
  log(line: LogLine): boolean {
    const packed = packBody(line);
    if (!packed.ok || packed.value === 'shared' || !this.#hasRoomFor(0)) return false;
    const { bytes, start, end } = packed.value;
    if (end - start > FRAME_BODY_BYTES_MAX) return false;
    this.#writer.record(RECORD.log, 0, 0, 0, 0, 0, bytes, start, end);
    this.#collected();
    return true;
  }

  /** Hands over what is collected. */
  flush(): void {
    const { length } = this.#writer;
    if (length === 0) return;
    const frame = this.#writer.view();
    this.writeOverflow();
    if (this.#overflowFirst !== undefined || !this.#ring.write(frame, this.#tag)) {
      this.#addOverflow({ frame: frame.slice(), tag: this.#tag });
    }
    this.#writer.clear();
    this.#tag = 0;
    this.#frame = (this.#frame + 1) | 0;
    this.#options.onHandedOver();
  }

  /** Moves to the ring what has room by now; how many bytes. */
  writeOverflow(): number {
    let bytes = 0;
    for (
      let first = this.#overflowFirst;
      first !== undefined && this.#ring.write(first.frame, first.tag);
      first = this.#overflowFirst
    ) {
      bytes += first.frame.length;
      this.#overflowBytes -= first.frame.length;
      this.#overflowFirst = this.#overflow.shift();
    }
    return bytes;
  }

  /** Whether nothing can be done before the reader rings. */
  isQuiet(): boolean {
    const first = this.#overflowFirst;
    return first === undefined || !this.#ring.hasRoomFor(first.frame.length);
  }

  #sendPacked(message: WireMessage): Unsent | undefined {
    const packed = packBody(message.body);
    if (!packed.ok) return { reason: 'undecodable', detail: packed.error };
    if (packed.value === 'shared') return this.#sendClone(message, []);
    const { bytes, start, end } = packed.value;
    if (end - start > FRAME_BODY_BYTES_MAX) {
      return this.#sendLarge(message, FORM.portPacked, bytes, start, end);
    }
    this.#message(message, FORM.packed, bytes, start, end);
    return undefined;
  }

  #sendLarge(
    message: WireMessage,
    form: number,
    source: Uint8Array,
    start: number,
    end: number,
  ): Unsent | undefined {
    const bytes = end - start;
    if (!this.#hasRoomFor(bytes)) return this.#congested();
    const copy = new Uint8Array(bytes);
    copy.set(source.subarray(start, end));
    this.#options.port.post(copy, [copy.buffer]);
    this.#posted(bytes);
    this.#message(message, form, NO_BYTES, 0, 0);
    return undefined;
  }

  #sendClone(message: WireMessage, transfer: readonly Transferable[]): Unsent | undefined {
    let bytes = CLONE_BYTES;
    for (const one of transfer) bytes += one instanceof ArrayBuffer ? one.byteLength : 0;
    if (!this.#hasRoomFor(bytes)) return this.#congested();
    try {
      const { body } = message;
      this.#options.port.post(transfer.length > 0 ? [body, transfer] : [body], transfer);
    } catch (error) {
      const detail = `the body cannot be cloned: ${errorText(error)}`;
      return { reason: 'undecodable', detail };
    }
    this.#posted(bytes);
    this.#message(message, FORM.portClone, NO_BYTES, 0, 0);
    return undefined;
  }

  #message(message: WireMessage, form: number, body: Uint8Array, start: number, end: number): void {
    const writer = this.#writer;
    const to = this.#to.indexOfPid(message.to, writer);
    const from = this.#from.indexOfPid(message.from, writer);
    const name = this.#names.indexOf(message.name, writer);
    if (message.trace !== undefined) {
      const text = Buffer.from(message.trace);
      writer.record(RECORD.trace, 0, 0, 0, 0, 0, text, 0, text.length);
    }
    const kind = RECORD[message.kind];
    writer.record(kind, form, name, to, from, message.correlation, body, start, end);
    this.words[WORD.messagesSent] = ((this.words[WORD.messagesSent] as number) + 1) | 0;
    this.#collected();
  }

  #collected(): void {
    if (this.#writer.length >= FLUSH_BYTES) this.flush();
    else this.#options.onCollected();
  }

  #posted(bytes: number): void {
    const item = { frame: this.#frame, bytes };
    this.#inPortBytes += bytes;
    if (this.#inPortFirst === undefined) this.#inPortFirst = item;
    else this.#inPort.push(item);
  }

  #forgetTaken(): void {
    for (
      let first = this.#inPortFirst;
      first !== undefined && this.#ring.hasTaken(first.frame);
      first = this.#inPortFirst
    ) {
      this.#inPortBytes -= first.bytes;
      this.#inPortFirst = this.#inPort.shift();
    }
  }

  #addOverflow(overflow: Overflow): void {
    this.#overflowBytes += overflow.frame.length;
    if (this.#overflowFirst === undefined) this.#overflowFirst = overflow;
    else this.#overflow.push(overflow);
  }

  #hasRoomFor(bytes: number): boolean {
    return this.waitingBytes + bytes <= this.#options.outboundBytesMax;
  }

  #congested(): Unsent {
    const { outboundBytesMax } = this.#options;
    return {
      reason: 'congested',
      detail: `more than ${outboundBytesMax} bytes are waiting for it`,
    };
  }
}

/** Whether the message is one that only structured clone carries as it was meant. */
function isLocal({ kind, from, to, name }: WireMessage): boolean {
  if (kind === 'failure') return false;
  const { protocol } = kind === 'reply' ? from : to;
  if (protocol === undefined || !Object.hasOwn(protocol, name)) return false;
  const spec = protocol[name];
  return spec !== undefined && isInProcessOnly(spec);
}

/** A table of texts, announced to the other side as they first come up. */
class Interned {
  readonly #table: number;
  readonly #indexes: OutboundTable;
  #lastPid: Pid | undefined;
  #lastIndex = 0;

  constructor(table: number, entriesMax: number) {
    this.#table = table;
    this.#indexes = new OutboundTable(entriesMax);
  }

  indexOfPid(pid: Pid, writer: RecordWriter): number {
    if (pid === this.#lastPid) return this.#lastIndex;
    const index = this.indexOf(pid.toString(), writer);
    this.#lastPid = pid;
    this.#lastIndex = index;
    return index;
  }

  indexOf(text: string, writer: RecordWriter): number {
    const known = this.#indexes.find(text);
    if (known !== undefined) return known;
    if (this.#indexes.isFull) {
      this.#indexes.reset();
      this.#lastPid = undefined;
      writer.record(RECORD.reset, this.#table, 0, 0, 0, 0, NO_BYTES, 0, 0);
    }
    const index = this.#indexes.add(text);
    const bytes = Buffer.from(text);
    writer.record(RECORD.announce, this.#table, index, 0, 0, 0, bytes, 0, bytes.length);
    return index;
  }
}
