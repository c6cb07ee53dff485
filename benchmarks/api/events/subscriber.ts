// A subscriber of a master's events, byte by byte on a socket of its own.
import { connect, type Socket } from 'node:net';
import type { BodyEncoding } from '@kaon/http';
import { type CutChunk, chunkAt } from './tape.ts';

/** `SUBSCRIBED` and the first heartbeat. */
const RECORDS_TO_BEGIN = 2;
const READ_BYTES = 64 * 1024;
/** What sockets of one process read into: each gives away what it got before the next one reads. */
const readBuffer = Buffer.allocUnsafe(READ_BYTES);

/** Cuts chunks out of what comes. */
export class ChunkCutter {
  #bytes: Buffer = Buffer.alloc(0);
  #length = 0;
  #offset = 0;
  #isInHead: boolean;

  /** Whether the head of an answer comes first. */
  constructor(hasHead: boolean) {
    this.#isInHead = hasHead;
  }

  add(bytes: Uint8Array): void {
    if (this.#length + bytes.length > this.#bytes.length) {
      const larger = Buffer.allocUnsafe(2 * (this.#length + bytes.length));
      this.#bytes.copy(larger, 0, 0, this.#length);
      this.#bytes = larger;
    }
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** The next chunk; undefined: not all of it has come. */
  next(): CutChunk | undefined {
    if (this.#isInHead) {
      const end = this.#bytes.subarray(0, this.#length).indexOf('\r\n\r\n');
      if (end < 0) return undefined;
      this.#offset = end + 4;
      this.#isInHead = false;
    }
    const chunk = chunkAt(this.#bytes, this.#offset, this.#length);
    if (chunk !== undefined) this.#offset = chunk.end;
    return chunk;
  }
}

/** A stream that has begun. */
export interface Subscriber {
  readonly socket: Socket;
  /** Told of what comes after the beginning; the bytes are only there during the call. */
  onBytes: (bytes: Buffer) => void;
}

/** Subscribes; resolves when the snapshot and the first heartbeat are there. */
export function subscribe(address: string, encoding: BodyEncoding): Promise<Subscriber> {
  const [host = '', port] = address.split(':');
  const begun = new ChunkCutter(true);
  let records = 0;
  return new Promise((resolve, reject) => {
    const socket = connect({
      host,
      port: Number(port),
      onread: {
        buffer: readBuffer,
        callback(length) {
          const bytes = readBuffer.subarray(0, length);
          if (records >= RECORDS_TO_BEGIN) {
            subscriber.onBytes(bytes);
            return true;
          }
          begun.add(bytes);
          while (begun.next() !== undefined) records += 1;
          if (records >= RECORDS_TO_BEGIN) resolve(subscriber);
          return true;
        },
      },
    });
    const subscriber: Subscriber = { socket, onBytes: () => undefined };
    socket.once('error', reject);
    socket.once('close', () => reject(new Error('the master closed a stream')));
    socket.once('connect', () => socket.write(requestOf(address, encoding)));
  });
}

function requestOf(address: string, encoding: BodyEncoding): string {
  const body = '{"type":"SUBSCRIBE"}';
  const accept = encoding === 'json' ? 'application/json' : 'application/x-protobuf';
  return [
    'POST /api/v1 HTTP/1.1',
    `Host: ${address}`,
    'Content-Type: application/json',
    `Accept: ${accept}`,
    `Content-Length: ${body.length}`,
    '',
    body,
  ].join('\r\n');
}
