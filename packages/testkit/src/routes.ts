// The routes of a server without sockets: requests are handed to handlers, answers are looked at.
import type {
  Chunk,
  HttpAnswer,
  HttpExchange,
  HttpHandler,
  HttpRequest,
  HttpServer,
  ResponseStream,
  StreamHead,
} from '@kaon/http';

/** A request as a test writes it. */
export interface RouteRequest {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
}

/** What came of it. */
export interface RouteAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
  /** Set for a streaming answer, which begins when its head is sent. */
  readonly stream: TestResponseStream | undefined;
}

/** A streaming answer that keeps its chunks. */
export class TestResponseStream implements ResponseStream {
  readonly chunks: Uint8Array[] = [];
  readonly #closeListeners: (() => void)[] = [];
  isOpen = true;
  bufferedBytes = 0;

  write(bytes: Uint8Array | Chunk): boolean {
    if (this.isOpen) this.chunks.push(bytes instanceof Uint8Array ? bytes : bytes.data);
    return this.isOpen;
  }

  offer(bytes: Uint8Array | Chunk): boolean {
    return this.write(bytes);
  }

  flush(): void {}

  end(): void {
    this.close();
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const listener of this.#closeListeners.splice(0)) listener();
  }

  onClose(listener: () => void): void {
    if (this.isOpen) this.#closeListeners.push(listener);
    else listener();
  }

  onDrain(): void {}
}

/** Collects routes and serves requests in memory. */
export class Routes {
  readonly #handlers = new Map<string, HttpHandler>();

  /** What is given to whoever mounts routes. WebSockets are never served. */
  readonly server = {
    route: (methods: string | readonly string[], path: string, handler: HttpHandler): void => {
      for (const method of typeof methods === 'string' ? [methods] : methods) {
        this.#handlers.set(`${method} ${path}`, handler);
      }
    },
    constant: (path: string, answer: HttpAnswer): void => {
      this.#handlers.set(`* ${path}`, (exchange) => exchange.respond(answer));
    },
    webSocket: (): void => undefined,
  } as unknown as HttpServer;

  /** Resolves when the handler has answered; a handler that never does is the test's timeout. */
  async send({ method = 'POST', path, headers = {}, body }: RouteRequest): Promise<RouteAnswer> {
    const [route = '', query = ''] = path.split('?');
    const handler = this.#handlers.get(`${method} ${route}`) ?? this.#handlers.get(`* ${route}`);
    if (handler === undefined) throw new Error(`no route ${method} ${path}`);
    const request: HttpRequest = {
      method,
      path: route,
      query: new URLSearchParams(query),
      queryText: query,
      params: {},
      body: body ?? new Uint8Array(),
      remoteAddress: '127.0.0.1',
      header: (name) => headers[name],
    };
    return new Promise((resolve, reject) => {
      let isOpen = true;
      const exchange: HttpExchange = {
        request,
        get isOpen() {
          return isOpen;
        },
        respond: ({ status, headers: sent = {}, body: bytes = '' }: HttpAnswer) => {
          isOpen = false;
          const whole = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
          resolve({ status, headers: sent, body: whole, stream: undefined });
        },
        stream: ({ status, headers: sent = {} }: StreamHead) => {
          isOpen = false;
          const stream = new TestResponseStream();
          resolve({ status, headers: sent, body: new Uint8Array(), stream });
          return stream;
        },
        onAborted: () => undefined,
      };
      Promise.resolve()
        .then(() => handler(exchange))
        .catch(reject);
    });
  }
}
