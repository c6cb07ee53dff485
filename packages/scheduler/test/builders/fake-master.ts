// A small master over real HTTP: enough of the v1 scheduler API to run tasks that end at once.
import {
  createHttpServer,
  encodeRecord,
  type HttpExchange,
  type HttpServer,
  negotiateRequest,
  type ResponseStream,
  textAnswer,
} from '@kaon/http';
import { fromUtf8, utf8 } from '@kaon/primitives';
import {
  createMessage,
  decodeJson,
  decodeProto,
  encodeJson,
  encodeProto,
  type MessageInit,
  schedulerV1,
} from '@kaon/protocol';
import { offer, updateUuid } from './fake-connection.ts';

export interface FakeMasterOptions {
  /** Told of each call; may answer it in place of the master. */
  readonly onCall?: (call: schedulerV1.Call, exchange: HttpExchange) => boolean;
  /** Whether launched tasks run to their end. Default: yes. */
  readonly runsTasks?: boolean;
}

interface SeenHeaders {
  readonly streamId: string | undefined;
  readonly authorization: string | undefined;
  readonly contentType: string | undefined;
}

export class FakeMaster {
  readonly calls: schedulerV1.Call[] = [];
  readonly headers: SeenHeaders[] = [];
  readonly #server: HttpServer;
  readonly #options: FakeMasterOptions;
  readonly #watchers: (() => void)[] = [];
  #encoding: 'json' | 'protobuf' = 'json';
  #stream: ResponseStream | undefined;
  #streams = 0;
  #offers = 0;
  #updates = 0;
  port = 0;

  constructor(options: FakeMasterOptions = {}) {
    this.#options = options;
    this.#server = createHttpServer({ driver: 'node' });
    this.#server.route('POST', '/api/v1/scheduler', (exchange) => this.#receive(exchange));
  }

  async listen(): Promise<string> {
    const { port } = await this.#server.listen({ host: '127.0.0.1', port: 0 });
    this.port = port;
    return `127.0.0.1:${port}`;
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  get streams(): number {
    return this.#streams;
  }

  /** Resolves with the `count`th call of this type. */
  async called(type: schedulerV1.Call_Type, count = 1): Promise<schedulerV1.Call> {
    for (;;) {
      const call = this.calls.filter((made) => made.type === type)[count - 1];
      if (call !== undefined) return call;
      await new Promise<void>((resolve) => this.#watchers.push(resolve));
    }
  }

  event(init: MessageInit<schedulerV1.Event>): void {
    const event = createMessage<schedulerV1.Event>(schedulerV1.Event, init);
    const record =
      this.#encoding === 'json'
        ? utf8(encodeJson(schedulerV1.Event, event))
        : encodeProto(schedulerV1.Event, event);
    this.#stream?.write(encodeRecord(record));
  }

  /** Bytes as they are, for streams that break the rules. */
  write(bytes: Uint8Array): void {
    this.#stream?.write(bytes);
  }

  /** Breaks the stream off. */
  breakStream(): void {
    this.#stream?.close();
  }

  endStream(): void {
    this.#stream?.end();
  }

  #receive(exchange: HttpExchange): void {
    const encoding = negotiateRequest(exchange.request);
    if (!encoding.ok) return exchange.respond(encoding.error);
    const { body } = exchange.request;
    const decoded =
      encoding.value === 'json'
        ? decodeJson(schedulerV1.Call, fromUtf8(body))
        : decodeProto(schedulerV1.Call, body);
    if (!decoded.ok) return exchange.respond(textAnswer(400, 'bad call'));
    const call = decoded.value;
    this.calls.push(call);
    this.headers.push({
      streamId: exchange.request.header('mesos-stream-id'),
      authorization: exchange.request.header('authorization'),
      contentType: exchange.request.header('content-type'),
    });
    for (const watch of this.#watchers.splice(0)) watch();
    if (this.#options.onCall?.(call, exchange) === true) return;
    if (call.type === 'SUBSCRIBE') return this.#subscribe(call, encoding.value, exchange);
    if (exchange.request.header('mesos-stream-id') !== this.#streamId) {
      return exchange.respond(textAnswer(400, 'wrong stream id'));
    }
    exchange.respond({ status: 202 });
    this.#obey(call);
  }

  get #streamId(): string {
    return `stream-${this.#streams}`;
  }

  #subscribe(call: schedulerV1.Call, encoding: 'json' | 'protobuf', exchange: HttpExchange): void {
    this.#encoding = encoding;
    this.#streams += 1;
    const contentType = encoding === 'json' ? 'application/json' : 'application/x-protobuf';
    this.#stream = exchange.stream({
      status: 200,
      headers: { 'Content-Type': contentType, 'Mesos-Stream-Id': this.#streamId },
    });
    const subscribed = {
      frameworkId: call.frameworkId ?? { value: 'fw-1' },
      heartbeatIntervalSeconds: 15,
      masterInfo: { id: 'm', ip: 0, port: this.port, version: '1.12.0' },
    };
    this.event({ type: 'SUBSCRIBED', subscribed });
    this.event({ type: 'HEARTBEAT' });
    if (call.subscribe?.suppressedRoles.length === 0) this.#offer();
  }

  #obey(call: schedulerV1.Call): void {
    if (call.type === 'REVIVE') this.#offer();
    if (call.type === 'TEARDOWN') this.endStream();
    if (call.type !== 'ACCEPT' || this.#options.runsTasks === false) return;
    for (const { launch } of call.accept?.operations ?? []) {
      for (const { taskId, agentId } of launch?.taskInfos ?? []) {
        for (const state of ['TASK_RUNNING', 'TASK_FINISHED'] as const) {
          this.#updates += 1;
          const uuid = updateUuid(this.#updates);
          const message = state === 'TASK_FINISHED' ? 'Command exited with status 0' : undefined;
          const status = { taskId, agentId, state, uuid, message };
          this.event({ type: 'UPDATE', update: { status } });
        }
      }
    }
  }

  #offer(): void {
    this.#offers += 1;
    this.event({ type: 'OFFERS', offers: { offers: [offer(`o-${this.#offers}`)] } });
  }
}
