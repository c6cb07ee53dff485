// `ExecutorConnection` over the v1 executor HTTP API, to Kaon's agents and to Mesos'.
import { type HttpClient, httpClient } from '@kaon/http';
import { type Clock, errorText, fromUtf8 } from '@kaon/primitives';
import {
  createMessage,
  decodeJson,
  decodeProto,
  encodeJson,
  encodeProto,
  executorV1,
} from '@kaon/protocol';
import type {
  ExecutorCall,
  ExecutorCallRefusal,
  ExecutorConnection,
  SubscriptionEvents,
} from './executor-connection.ts';
import type { ExecutorEnvironment } from './executor-environment.ts';

const CALL_TIMEOUT_MS = 15_000;
const ANSWER_CHARACTERS_MAX = 4096;

/** Options of `HttpExecutorConnection`. */
export interface HttpExecutorConnectionOptions {
  readonly environment: ExecutorEnvironment;
  readonly encoding: 'json' | 'protobuf';
  readonly clock: Clock;
}

/** The HTTP line to one agent. */
export class HttpExecutorConnection implements ExecutorConnection {
  readonly #environment: ExecutorEnvironment;
  readonly #client: HttpClient;
  readonly #isJson: boolean;
  readonly #headers: Readonly<Record<string, string>>;
  #attempt: AbortController | undefined;
  /** The call sent last: the next one waits for it, so that none overtakes another on a second socket. */
  #lastCall: Promise<unknown> = Promise.resolve();

  constructor({ environment, encoding, clock }: HttpExecutorConnectionOptions) {
    this.#environment = environment;
    this.#client = httpClient({ clock });
    this.#isJson = encoding === 'json';
    const contentType = this.#isJson ? 'application/json' : 'application/x-protobuf';
    const { token } = environment;
    this.#headers = {
      'Content-Type': contentType,
      Accept: contentType,
      ...(token === undefined ? {} : { Authorization: `Bearer ${token}` }),
    };
  }

  subscribe(subscribe: executorV1.Call_Subscribe, events: SubscriptionEvents): void {
    this.#attempt?.abort();
    const attempt = new AbortController();
    this.#attempt = attempt;
    const ended = (reason: string, status?: number): void => {
      if (this.#attempt !== attempt) return;
      this.#attempt = undefined;
      events.ended(reason, status);
    };
    const request = {
      method: 'POST',
      url: this.#environment.apiUrl,
      headers: this.#headers,
      body: this.#encode({ type: 'SUBSCRIBE', subscribe }),
      signal: attempt.signal,
    };
    const record = (bytes: Uint8Array): void => {
      if (this.#attempt !== attempt) return;
      const event = this.#decode(bytes);
      if (event !== undefined) return events.event(event);
      ended('the agent sent an event that does not decode');
      attempt.abort();
    };
    const end = (error: Error | undefined): void =>
      ended(error === undefined ? 'the agent ended the stream' : errorText(error));
    this.#client.openStream(request, { record, end }).then(
      (opened) => {
        if (opened.kind === 'stream') return;
        const { status, body } = opened.response;
        ended(`the agent answers ${status} ${answerText(body)}`, status);
      },
      (error: unknown) => ended(errorText(error)),
    );
  }

  call(call: ExecutorCall): Promise<ExecutorCallRefusal | undefined> {
    const answered = this.#lastCall.then(() => this.#post(call));
    this.#lastCall = answered.catch(() => undefined);
    return answered;
  }

  close(): void {
    this.#attempt?.abort();
    this.#attempt = undefined;
    this.#client.close();
  }

  async #post(call: ExecutorCall): Promise<ExecutorCallRefusal | undefined> {
    const { status, body } = await this.#client.request({
      method: 'POST',
      url: this.#environment.apiUrl,
      headers: this.#headers,
      body: this.#encode(call),
      timeoutMs: CALL_TIMEOUT_MS,
    });
    return status === 202 || status === 200 ? undefined : { status, text: answerText(body) };
  }

  #encode(call: ExecutorCall): string | Uint8Array {
    const { executorId, frameworkId } = this.#environment;
    const whole = createMessage<executorV1.Call>(executorV1.Call, {
      ...call,
      executorId: { value: executorId },
      frameworkId: { value: frameworkId },
    });
    return this.#isJson ? encodeJson(executorV1.Call, whole) : encodeProto(executorV1.Call, whole);
  }

  #decode(bytes: Uint8Array): executorV1.Event | undefined {
    const decoded = this.#isJson
      ? decodeJson(executorV1.Event, fromUtf8(bytes))
      : decodeProto(executorV1.Event, bytes);
    return decoded.ok ? decoded.value : undefined;
  }
}

function answerText(body: Uint8Array): string {
  return fromUtf8(body.subarray(0, ANSWER_CHARACTERS_MAX));
}
