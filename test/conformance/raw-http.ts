// HTTP/1.1 over a bare socket, so that tests see what any client would: status line, header order,
// chunk by chunk. No library in between may mend what the server did.
import { connect, type Socket } from 'node:net';

export type Header = readonly [name: string, value: string];

export interface RawRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: readonly Header[];
  readonly body?: string | Uint8Array;
}

export interface RawResponse {
  readonly statusLine: string;
  readonly status: number;
  readonly headers: readonly Header[];
  /** The body as text, with its chunks joined. */
  readonly body: string;
  /** The body as it came, when it was not chunked. */
  readonly bytes: Uint8Array;
  /** Sizes of the chunks, empty when the body was not chunked. */
  readonly chunks: readonly string[];
}

/** Reads bytes from a socket as they come; ends with what the peer closed. */
class SocketReader {
  #buffered = Buffer.alloc(0);
  #isEnded = false;
  #wake: (() => void) | undefined;

  constructor(socket: Socket) {
    socket.on('data', (bytes) => {
      this.#buffered = Buffer.concat([this.#buffered, bytes]);
      this.#wake?.();
    });
    const end = (): void => {
      this.#isEnded = true;
      this.#wake?.();
    };
    socket.on('end', end);
    socket.on('close', end);
    socket.on('error', end);
  }

  /** Bytes up to and without `mark`; undefined at the end of the stream. */
  async until(mark: string): Promise<string | undefined> {
    for (;;) {
      const at = this.#buffered.indexOf(mark);
      if (at >= 0) {
        const text = this.#buffered.subarray(0, at).toString('latin1');
        this.#buffered = this.#buffered.subarray(at + mark.length);
        return text;
      }
      if (this.#isEnded) return undefined;
      await this.#more();
    }
  }

  async exactly(length: number): Promise<Buffer | undefined> {
    while (this.#buffered.length < length) {
      if (this.#isEnded) return undefined;
      await this.#more();
    }
    const bytes = this.#buffered.subarray(0, length);
    this.#buffered = this.#buffered.subarray(length);
    return bytes;
  }

  #more(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }
}

interface Head {
  readonly statusLine: string;
  readonly headers: readonly Header[];
}

async function readHead(reader: SocketReader): Promise<Head> {
  const head = await reader.until('\r\n\r\n');
  if (head === undefined) throw new Error('the server closed the connection without an answer');
  const [statusLine = '', ...lines] = head.split('\r\n');
  const headers = lines.map((line): Header => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon), line.slice(colon + 1).trim()];
  });
  return { statusLine, headers };
}

async function readChunk(reader: SocketReader): Promise<Buffer | undefined> {
  const size = await reader.until('\r\n');
  if (size === undefined) return undefined;
  const bytes = await reader.exactly(Number.parseInt(size, 16));
  await reader.exactly(2);
  return bytes === undefined || bytes.length === 0 ? undefined : bytes;
}

/** The value of a header, by its name in any case. */
export function headerOf(headers: readonly Header[], name: string): string | undefined {
  return headers.find(([key]) => key.toLowerCase() === name.toLowerCase())?.[1];
}

async function open(address: string): Promise<Socket> {
  const [host, port] = address.split(':');
  const socket = connect({ host: host as string, port: Number(port) });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

async function send(address: string, request: RawRequest): Promise<Socket> {
  const socket = await open(address);
  const body = Buffer.from(request.body ?? '');
  const hasBody = request.method !== 'GET' && request.method !== 'HEAD';
  const headers: Header[] = [['Host', address], ...request.headers];
  if (hasBody) headers.push(['Content-Length', String(body.length)]);
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.write(`${request.method} ${request.path} HTTP/1.1\r\n${lines}\r\n`);
  if (hasBody) socket.write(body);
  return socket;
}

/** One request on a connection of its own, answered whole. */
export async function exchange(address: string, request: RawRequest): Promise<RawResponse> {
  return answerOf(await send(address, request), request.method);
}

/** Whatever bytes, on a connection of their own; each part is sent by itself. */
export async function exchangeRaw(
  address: string,
  ...parts: readonly (string | Uint8Array)[]
): Promise<RawResponse> {
  const socket = await open(address);
  socket.setNoDelay(true);
  for (const part of parts) await new Promise((resolve) => socket.write(part, resolve));
  return answerOf(socket, 'GET');
}

async function answerOf(socket: Socket, method: string): Promise<RawResponse> {
  try {
    const reader = new SocketReader(socket);
    const { statusLine, headers } = await readHead(reader);
    const status = Number(statusLine.split(' ')[1]);
    const chunks: string[] = [];
    let body = '';
    let bytes: Uint8Array = new Uint8Array();
    if (headerOf(headers, 'transfer-encoding') === 'chunked') {
      for (
        let chunk = await readChunk(reader);
        chunk !== undefined;
        chunk = await readChunk(reader)
      ) {
        chunks.push(chunk.toString('utf8'));
      }
      body = chunks.join('');
    } else if (method !== 'HEAD') {
      const length = Number(headerOf(headers, 'content-length') ?? 0);
      bytes = (await reader.exactly(length)) ?? bytes;
      body = Buffer.from(bytes).toString('utf8');
    }
    return { statusLine, status, headers, body, bytes, chunks };
  } finally {
    socket.destroy();
  }
}

/** A response that stays open, chunk by chunk. */
export interface RawStream extends Head {
  /** The next chunk; undefined when the server ended the stream. */
  nextChunk(): Promise<Buffer | undefined>;
  close(): void;
}

/** One request whose answer is a stream. */
export async function openStream(address: string, request: RawRequest): Promise<RawStream> {
  const socket = await send(address, request);
  const reader = new SocketReader(socket);
  const head = await readHead(reader);
  return {
    ...head,
    nextChunk: () => readChunk(reader),
    close: () => socket.destroy(),
  };
}
