// The receiving half of the way between two threads: takes frames from the ring, and what they refer to from
// the port. What comes is of this program: it is believed, though never so far that it could throw.
import { Pid, type TransportHost, type WireMessage } from '@kaon/actor';
import { fromUtf8, ok, type Result } from '@kaon/primitives';
import { IDS_MAX, InboundTable, NAMES_MAX } from '../interning.ts';
import { unpackBody } from './body.ts';
import type { SyncPort } from './channel.ts';
import type { LogLine } from './log-line.ts';
import { FORM, RECORD, readRecords, TABLE, type ThreadRecord } from './records.ts';
import { RingReader } from './ring.ts';
import { EXIT_REASONS } from './sender.ts';
import { type Transferable, transferring } from './transferring.ts';

const MESSAGE_KINDS = ['message', 'ask', 'reply', 'failure'] as const;
/** Memory for frames of which nothing is kept. */
const SCRATCH_BYTES = 128 * 1024;

/** What a receiver is made of. */
export interface ReceiverOptions {
  readonly memory: SharedArrayBuffer;
  readonly port: SyncPort;
  readonly host: TransportHost;
  /** Whether messages for `to` go on to another thread, and clones must be cloned again. */
  readonly isOnward: (to: Pid) => boolean;
  readonly onLogLine: (line: LogLine) => void;
}

/** Receives from one other thread. */
export class Receiver {
  readonly #options: ReceiverOptions;
  readonly #host: TransportHost;
  readonly #ring: RingReader;
  readonly #to = new InboundTable<Pid>(IDS_MAX);
  readonly #from = new InboundTable<Pid>(IDS_MAX);
  readonly #names = new InboundTable<string>(NAMES_MAX);
  readonly #scratch = new Uint8Array(SCRATCH_BYTES);
  readonly #visit = (record: ThreadRecord): void => this.#receive(record);
  readonly #memoryFor = (length: number, tag: number): Uint8Array => {
    // Bodies of plain bytes are views of the frame, for whoever likes to keep them.
    if (tag === 0 && length <= SCRATCH_BYTES) return this.#scratch.subarray(0, length);
    return Buffer.allocUnsafeSlow(length);
  };
  #frame: Uint8Array = this.#scratch;
  #trace: string | undefined;
  /** Messages that came. */
  messages = 0;
  /** Bodies that could not be decoded. */
  undecodable = 0;

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#host = options.host;
    this.#ring = new RingReader(options.memory);
  }

  /** Counters of the other side, by the numbers in `WORD`. */
  get words(): Int32Array {
    return this.#ring.words;
  }

  get isEmpty(): boolean {
    return this.#ring.isEmpty;
  }

  /** Receives frames until about `bytesMax` have come; how many came. */
  take(bytesMax: number): number {
    let bytes = 0;
    while (bytes < bytesMax) {
      const frame = this.#ring.take(this.#memoryFor);
      if (frame === undefined) break;
      bytes += frame.length;
      this.#frame = frame;
      readRecords(frame, this.#visit);
    }
    return bytes;
  }

  /** Whether the other side waited for room; from now on it does not. */
  takeWriterWaits(): boolean {
    return this.#ring.takeWriterWaits();
  }

  #receive(record: ThreadRecord): void {
    switch (record.kind) {
      case RECORD.message:
      case RECORD.ask:
      case RECORD.reply:
      case RECORD.failure:
        return this.#receiveMessage(record);
      case RECORD.announce:
        return this.#receiveAnnouncement(record);
      case RECORD.reset:
        return this.#tableOf(record.form).reset();
      case RECORD.trace:
        this.#trace = this.#text(record);
        return;
      case RECORD.placeLost:
        return this.#host.peerLost(this.#text(record));
      case RECORD.log:
        return this.#receiveLine(record);
      default:
        return this.#receiveSignal(record);
    }
  }

  #receiveMessage(record: ThreadRecord): void {
    const kind = MESSAGE_KINDS[record.kind - RECORD.message] as WireMessage['kind'];
    const to = this.#to.get(record.to) as Pid;
    const from = this.#from.get(record.from) as Pid;
    const name = this.#names.get(record.name) as string;
    const { correlation } = record;
    const body = this.#body(record, to);
    const trace = this.#trace;
    this.#trace = undefined;
    this.messages += 1;
    if (body.ok) {
      this.#host.receive({ kind, from, to, name, body: body.value, correlation, trace });
    } else {
      this.undecodable += 1;
      const message = { kind, from, to, name, body: undefined, correlation, trace };
      this.#host.undeliverable(message, 'undecodable', body.error);
    }
  }

  #body({ form, bodyStart, bodyEnd }: ThreadRecord, to: Pid): Result<unknown, string> {
    const frame = this.#frame;
    if (form === FORM.bytes) {
      const { buffer, byteOffset } = frame;
      return ok(new Uint8Array(buffer, byteOffset + bodyStart, bodyEnd - bodyStart));
    }
    if (form === FORM.packed) return unpackBody(frame, bodyStart, bodyEnd);
    if (form === FORM.none) return ok(undefined);
    const posted = this.#options.port.take();
    if (posted === undefined)
      return { ok: false, error: 'its thread is gone, and the body with it' };
    if (form === FORM.portBytes) return ok(posted.value);
    if (form === FORM.portPacked) {
      const bytes = posted.value as Uint8Array;
      return unpackBody(bytes, 0, bytes.length);
    }
    const [body, transfer] = posted.value as [unknown, (readonly Transferable[])?];
    if (typeof body === 'object' && body !== null && this.#options.isOnward(to)) {
      return ok(transferring(body, transfer ?? []));
    }
    return ok(body);
  }

  #receiveAnnouncement(record: ThreadRecord): void {
    const { form, name: index } = record;
    const text = this.#text(record);
    if (form === TABLE.name) {
      this.#names.add(index, text);
      return;
    }
    const at = text.lastIndexOf('@');
    const pid = new Pid(text.slice(0, at), text.slice(at + 1));
    (form === TABLE.to ? this.#to : this.#from).add(index, pid);
  }

  #tableOf(form: number): InboundTable<unknown> {
    if (form === TABLE.name) return this.#names;
    return form === TABLE.to ? this.#to : this.#from;
  }

  #receiveSignal(record: ThreadRecord): void {
    const { kind, form } = record;
    const to = this.#to.get(record.to) as Pid;
    const from = this.#from.get(record.from) as Pid;
    const host = this.#host;
    if (kind === RECORD.link) return host.receiveLink(from, to);
    if (kind === RECORD.unlink) return host.receiveUnlink(from, to);
    const reason = EXIT_REASONS[form] ?? 'unreachable';
    host.receiveExited(to, from, reason, this.#text(record));
  }

  #receiveLine({ bodyStart, bodyEnd }: ThreadRecord): void {
    const line = unpackBody(this.#frame, bodyStart, bodyEnd);
    if (line.ok) this.#options.onLogLine(line.value as LogLine);
  }

  #text({ bodyStart, bodyEnd }: ThreadRecord): string {
    return fromUtf8(this.#frame.subarray(bodyStart, bodyEnd));
  }
}
