// A client that shows the bytes of a connection as they are.
import { connect, type Socket } from 'node:net';

/** One connection of raw bytes. Texts are latin1, so that each byte is one character. */
export class RawClient {
  readonly socket: Socket;
  text = '';
  isClosed = false;
  #wake: () => void = () => undefined;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (bytes: Buffer) => {
      this.text += bytes.toString('latin1');
      this.#wake();
    });
    socket.on('error', () => undefined);
    socket.on('close', () => {
      this.isClosed = true;
      this.#wake();
    });
  }

  static open(port: number, text = ''): Promise<RawClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', reject);
      socket.once('connect', () => {
        const client = new RawClient(socket);
        client.write(text);
        resolve(client);
      });
    });
  }

  write(bytes: string | Uint8Array): void {
    this.socket.write(bytes);
  }

  /** All that came so far, once it satisfies `isEnough` or the connection is closed. */
  async until(isEnough: (text: string) => boolean): Promise<string> {
    while (!isEnough(this.text) && !this.isClosed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.text;
  }

  /** All that came, when the server has closed. */
  untilClosed(): Promise<string> {
    return this.until(() => false);
  }

  close(): void {
    this.socket.destroy();
  }
}

/** One request on a connection of its own; resolves when the server closes it. */
export async function rawExchange(port: number, text: string | Uint8Array): Promise<string> {
  const client = await RawClient.open(port);
  client.write(text);
  const answer = await client.untilClosed();
  client.close();
  return answer;
}

/** The parts of one raw answer. Header names are lower-case. */
export function parseAnswer(text: string): {
  readonly statusLine: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
} {
  const headEnd = text.indexOf('\r\n\r\n');
  const [statusLine = '', ...lines] = text.slice(0, headEnd).split('\r\n');
  const headers: Record<string, string> = {};
  for (const line of lines) {
    const colon = line.indexOf(':');
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { statusLine, headers, body: text.slice(headEnd + 4) };
}
