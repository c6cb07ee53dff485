// A connection whose requests are plain: read from the socket and answered on it, one after the other. The first
// request that is not plain goes to node:http, and the connection with it, for good.
import type { Socket } from 'node:net';
import type { Clock, TimerHandle } from '@kaon/primitives';
import type { ConstantAnswer, DriverEvents } from '../driver.ts';
import { plainAddress } from './addresses.ts';
import { type ExchangeOwner, PlainExchange } from './plain-exchange.ts';
import type { PlainHeads } from './plain-head.ts';
import { type PlainHeaders, type PlainRequest, readPlainRequest } from './plain-request.ts';
import type { StreamFlusher } from './plain-stream.ts';

/** Bytes of later requests that are read ahead while one is answered. */
const AHEAD_BYTES_MAX = 64 * 1024;
/** How long a connection that was ended may take to let go, so that its peer gets to see the answer. */
const LINGER_MS = 1000;
const NOTHING = Buffer.alloc(0);

/** What the connections of one server share. */
export interface PlainContext {
  readonly headerBytesMax: number;
  readonly clock: Clock;
  readonly events: Pick<DriverEvents, 'request' | 'constantOf' | 'constantGiven'>;
  readonly heads: PlainHeads;
  readonly flusher: StreamFlusher;
  readonly isClosing: boolean;
  /** Gives the socket, and what was read of it, to node:http. */
  handOver(socket: Socket, unread: Buffer): void;
  /** The connection is gone, or is node:http's now. */
  forget(connection: PlainConnection): void;
}

/** Owns a socket until it is closed or handed over. */
export class PlainConnection implements ExchangeOwner {
  readonly socket: Socket;
  /** Since when it waits for a request, by the monotonic clock; meaningless while it answers one. */
  idleSinceMs: number;
  /** Whether a request came already. */
  hasServed = false;
  readonly #context: PlainContext;
  #remoteAddress: string | undefined;
  #exchange: PlainExchange | undefined;
  #headers: PlainHeaders | undefined;
  /** A request with a constant answer, all that came with it: clients ask the same again and again. */
  #repeated: { readonly bytes: Buffer; readonly constant: ConstantAnswer } | undefined;
  /** Read ahead. */
  #unread: Buffer = NOTHING;
  #isReading = false;
  #isEnding = false;
  #lingerTimer: TimerHandle | undefined;

  constructor(socket: Socket, context: PlainContext) {
    this.socket = socket;
    this.#context = context;
    this.idleSinceMs = context.clock.monotonicMs();
    socket.on('data', this.#onData);
    socket.on('drain', this.#onDrain);
    socket.on('end', this.#onEnd);
    socket.on('error', ignore);
    socket.on('close', this.#onClose);
  }

  get heads(): PlainHeads {
    return this.#context.heads;
  }

  get flusher(): StreamFlusher {
    return this.#context.flusher;
  }

  get isIdle(): boolean {
    return this.#exchange === undefined && !this.#isEnding;
  }

  abort(): void {
    this.#forget();
    this.socket.destroy();
  }

  /** Ends the connection after what is buffered. */
  end(farewell = ''): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    this.#unread = NOTHING;
    this.socket.end(farewell, 'latin1');
    // Closing with unread bytes resets the connection, and the answer could be lost with it.
    this.socket.resume();
    this.#lingerTimer = this.#context.clock.setTimer(LINGER_MS, () => this.abort());
  }

  /** The answer was given to the socket. The next request waits until the system has taken it. */
  ended(): void {
    if (this.socket.writableLength === 0) this.#finish();
    else this.socket.write(NOTHING, () => this.#finish());
  }

  #finish(): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchange = undefined;
    exchange.stream?.closed();
    exchange.onFinished();
    if (exchange.closes || this.#context.isClosing) {
      this.end();
      return;
    }
    if (this.#isReading) return;
    this.idleSinceMs = this.#context.clock.monotonicMs();
    if (this.#unread.length > 0) this.#readAhead();
    else if (this.socket.isPaused()) this.socket.resume();
  }

  #onData = (bytes: Buffer): void => {
    if (this.#isEnding) return;
    if (this.#exchange === undefined) {
      if (!this.#repeatsConstant(bytes)) this.#read(bytes);
      return;
    }
    this.#unread = this.#unread.length === 0 ? bytes : Buffer.concat([this.#unread, bytes]);
    if (this.#unread.length > AHEAD_BYTES_MAX) this.socket.pause();
  };

  #readAhead(): void {
    const bytes = this.#unread;
    this.#unread = NOTHING;
    this.#read(bytes);
    if (this.#exchange === undefined && this.socket.isPaused()) this.socket.resume();
  }

  /** Serves what `bytes` hold, up to a request that has to wait for the answer before it. */
  #read(bytes: Buffer): void {
    const { headerBytesMax, events } = this.#context;
    this.#remoteAddress ??= plainAddress(this.socket.remoteAddress ?? '');
    let offset = 0;
    this.#isReading = true;
    while (offset < bytes.length && this.#exchange === undefined && !this.#isEnding) {
      const plain = readPlainRequest(
        bytes,
        offset,
        headerBytesMax,
        this.#remoteAddress,
        this.#headers,
      );
      if (plain === undefined) {
        this.#isReading = false;
        this.#handOver(offset === 0 ? bytes : bytes.subarray(offset));
        return;
      }
      const isAlone = offset === 0 && plain.end === bytes.length;
      offset = plain.end;
      this.#headers = plain.headers;
      this.hasServed = true;
      const constant = this.#constantFor(plain);
      if (constant !== undefined) {
        if (isAlone) this.#repeated = { bytes, constant };
        this.#give(constant);
        continue;
      }
      const body = plain.bodyStart === offset ? NOTHING : bytes.subarray(plain.bodyStart, offset);
      this.#exchange = new PlainExchange(plain.request, body, plain.headers.closes, this);
      events.request(this.#exchange);
    }
    this.#isReading = false;
    if (this.#isEnding) return;
    if (this.#exchange === undefined) this.idleSinceMs = this.#context.clock.monotonicMs();
    else if (offset < bytes.length) this.#unread = bytes.subarray(offset);
  }

  #constantFor({ request, headers }: PlainRequest): ConstantAnswer | undefined {
    if (request.method !== 'GET' || request.query !== '' || headers.bodyLength > 0)
      return undefined;
    if (headers.closes) return undefined;
    // An exchange waits until its answer is taken, and closes where it must.
    if (this.socket.writableLength > 0 || this.#context.isClosing) return undefined;
    const constant = this.#context.events.constantOf(request.path);
    return constant?.varies && headers.values.has('accept-encoding') ? undefined : constant;
  }

  /** Answers `bytes` if they are, to the byte, a request that was answered so before. */
  #repeatsConstant(bytes: Buffer): boolean {
    if (this.#repeated?.bytes.equals(bytes) !== true) return false;
    if (this.socket.writableLength > 0 || this.#context.isClosing) return false;
    this.#give(this.#repeated.constant);
    this.idleSinceMs = this.#context.clock.monotonicMs();
    return true;
  }

  #give(constant: ConstantAnswer): void {
    this.socket.write(this.heads.wireOf(constant));
    this.#context.events.constantGiven(constant);
  }

  #handOver(unread: Buffer): void {
    const { socket } = this;
    const isPaused = socket.isPaused();
    this.#letGo();
    this.#context.handOver(socket, unread);
    if (isPaused) socket.resume();
  }

  #letGo(): void {
    const { socket } = this;
    socket.off('data', this.#onData);
    socket.off('drain', this.#onDrain);
    socket.off('end', this.#onEnd);
    socket.off('error', ignore);
    socket.off('close', this.#onClose);
    this.#context.forget(this);
  }

  #onDrain = (): void => {
    this.#exchange?.stream?.drained();
  };

  /** As node:http, take who has no more to say for gone. */
  #onEnd = (): void => {
    const exchange = this.#exchange;
    if (exchange === undefined) this.end();
    else if (exchange.isAnswered && exchange.stream === undefined) exchange.closes = true;
    else this.abort();
  };

  #onClose = (): void => {
    this.#isEnding = true;
    this.#forget();
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    this.#exchange = undefined;
    exchange.stream?.closed();
    exchange.onAborted();
  };

  #forget(): void {
    if (this.#lingerTimer !== undefined) this.#context.clock.clearTimer(this.#lingerTimer);
    this.#context.forget(this);
  }
}

function ignore(): void {}
