// A small agent over real HTTP: launches tasks on one executor, acknowledges its updates, and shuts it down
// when all have ended.
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
  executorV1,
  isTerminal,
  LEGACY_AGENT_ACTOR,
  LEGACY_ENVIRONMENT,
  type MessageInit,
} from '@kaon/protocol';
import { launch, SUBSCRIBED } from './given-executor-driver.ts';

export class FakeAgent {
  readonly calls: executorV1.Call[] = [];
  readonly authorizations: (string | undefined)[] = [];
  readonly #server: HttpServer = createHttpServer({ driver: 'node' });
  readonly #tasks: readonly string[];
  #stream: ResponseStream | undefined;
  #encoding: 'json' | 'protobuf' = 'json';
  #ended = 0;
  #address = '';
  /** Called with each call, before it is answered. */
  onCall: (call: executorV1.Call) => void = () => undefined;

  constructor(...tasks: readonly string[]) {
    this.#tasks = tasks;
    const path = `/${LEGACY_AGENT_ACTOR}/api/v1/executor`;
    this.#server.route('POST', path, (exchange) => this.#receive(exchange));
  }

  async listen(): Promise<void> {
    const { port } = await this.#server.listen({ host: '127.0.0.1', port: 0 });
    this.#address = `127.0.0.1:${port}`;
  }

  close(): Promise<void> {
    return this.#server.close();
  }

  /** What the agent would set for the executor. */
  get variables(): Readonly<Record<string, string>> {
    return {
      MESOS_FRAMEWORK_ID: 'fw-1',
      MESOS_EXECUTOR_ID: 'e1',
      [LEGACY_ENVIRONMENT.agentId]: 'a1',
      [LEGACY_ENVIRONMENT.agentPid]: `${LEGACY_AGENT_ACTOR}@${this.#address}`,
      MESOS_AGENT_ENDPOINT: this.#address,
      MESOS_CHECKPOINT: '1',
      MESOS_SUBSCRIPTION_BACKOFF_MAX: '10ms',
      MESOS_EXECUTOR_AUTHENTICATION_TOKEN: 'a.b.c',
    };
  }

  event(init: MessageInit<executorV1.Event>): void {
    const event = createMessage<executorV1.Event>(executorV1.Event, init);
    const record =
      this.#encoding === 'json'
        ? utf8(encodeJson(executorV1.Event, event))
        : encodeProto(executorV1.Event, event);
    this.#stream?.write(encodeRecord(record));
  }

  /** Breaks the stream off, as an agent that crashes. */
  breakStream(): void {
    this.#stream?.close();
  }

  #receive(exchange: HttpExchange): void {
    const encoding = negotiateRequest(exchange.request);
    if (!encoding.ok) return exchange.respond(encoding.error);
    const { body } = exchange.request;
    const decoded =
      encoding.value === 'json'
        ? decodeJson(executorV1.Call, fromUtf8(body))
        : decodeProto(executorV1.Call, body);
    if (!decoded.ok) return exchange.respond(textAnswer(400, 'bad call'));
    const call = decoded.value;
    this.calls.push(call);
    this.authorizations.push(exchange.request.header('authorization'));
    this.onCall(call);
    if (call.type === 'SUBSCRIBE') return this.#subscribe(call, encoding.value, exchange);
    exchange.respond({ status: 202 });
    if (call.update !== undefined) this.#acknowledge(call.update);
  }

  #subscribe(call: executorV1.Call, encoding: 'json' | 'protobuf', exchange: HttpExchange): void {
    const isFirst = this.#stream === undefined;
    this.#encoding = encoding;
    const contentType = encoding === 'json' ? 'application/json' : 'application/x-protobuf';
    const headers = { 'Content-Type': contentType };
    this.#stream = exchange.stream({ status: 200, headers });
    this.event(SUBSCRIBED);
    if (isFirst) for (const task of this.#tasks) this.event(launch(task));
    for (const update of call.subscribe?.unacknowledgedUpdates ?? []) this.#acknowledge(update);
  }

  #acknowledge({ status }: executorV1.Call_Update): void {
    const { taskId, uuid, state } = status;
    this.event({ type: 'ACKNOWLEDGED', acknowledged: { taskId, uuid: uuid ?? new Uint8Array() } });
    if (isTerminal(state)) this.#ended += 1;
    if (this.#ended >= this.#tasks.length) this.event({ type: 'SHUTDOWN' });
  }
}
