// A v1 scheduler over bare sockets: what somebody with nothing but `curl` has. In protobuf it says the same
// as in JSON, so that tests need not know the difference.
import { MEDIA_TYPES } from '@kaon/http';
import {
  decodeJson,
  decodeProto,
  encodeJson,
  encodeProto,
  type Schema,
  schedulerV1,
} from '@kaon/protocol';
import { exchange, headerOf, openStream, type RawResponse, type RawStream } from './raw-http.ts';

export type Json = Readonly<Record<string, unknown>>;

/** How calls and events are written. */
export type Encoding = 'json' | 'protobuf';

/** What a client sends with every call. */
export function headersIn(encoding: Encoding) {
  const type = MEDIA_TYPES[encoding];
  return [
    ['Content-Type', type],
    ['Accept', type],
  ] as const;
}

/** A message given as JSON, in either encoding. Throws when it is none. */
export function bodyIn<T>(
  encoding: Encoding,
  schema: Schema<T>,
  message: Json,
): string | Uint8Array {
  const text = JSON.stringify(message);
  if (encoding === 'json') return text;
  const decoded = decodeJson(schema, text);
  if (!decoded.ok) throw new Error(`${text} is no message: ${JSON.stringify(decoded.error)}`);
  return encodeProto(schema, decoded.value);
}

/** A message in either encoding as JSON. Throws when it is none. */
export function jsonOf<T>(encoding: Encoding, schema: Schema<T>, bytes: Uint8Array): Json {
  if (encoding === 'json') return JSON.parse(Buffer.from(bytes).toString('utf8')) as Json;
  const decoded = decodeProto(schema, bytes);
  if (!decoded.ok) throw new Error('the bytes are no such message');
  return JSON.parse(encodeJson(schema, decoded.value)) as Json;
}

/** A subscribed framework. */
export class RawScheduler {
  readonly address: string;
  readonly streamId: string;
  readonly stream: RawStream;
  readonly encoding: Encoding;
  readonly #skipped: Json[] = [];
  frameworkId = '';

  private constructor(address: string, stream: RawStream, streamId: string, encoding: Encoding) {
    this.address = address;
    this.stream = stream;
    this.streamId = streamId;
    this.encoding = encoding;
  }

  /** Subscribes; the SUBSCRIBED event has arrived when this resolves. */
  static async subscribe(
    address: string,
    frameworkInfo: Json,
    frameworkId?: string,
    encoding: Encoding = 'json',
  ): Promise<RawScheduler> {
    const id = frameworkId === undefined ? {} : { framework_id: { value: frameworkId } };
    const info =
      frameworkId === undefined ? frameworkInfo : { ...frameworkInfo, id: { value: frameworkId } };
    const stream = await openStream(address, {
      method: 'POST',
      path: '/api/v1/scheduler',
      headers: headersIn(encoding),
      body: bodyIn(encoding, schedulerV1.Call, {
        type: 'SUBSCRIBE',
        ...id,
        subscribe: { framework_info: info },
      }),
    });
    const scheduler = new RawScheduler(
      address,
      stream,
      headerOf(stream.headers, 'mesos-stream-id') ?? '',
      encoding,
    );
    const subscribed = await scheduler.next('SUBSCRIBED');
    const event = subscribed['subscribed'] as { readonly framework_id: { readonly value: string } };
    scheduler.frameworkId = event.framework_id.value;
    return scheduler;
  }

  /** The next event of any type; each must be one RecordIO record in one chunk. */
  async nextEvent(): Promise<Json> {
    const chunk = await this.stream.nextChunk();
    if (chunk === undefined) throw new Error('the event stream ended');
    const newline = chunk.indexOf('\n');
    const record = chunk.subarray(newline + 1);
    const length = Number(chunk.toString('latin1', 0, newline));
    if (record.length !== length) {
      throw new Error(`a chunk holds ${record.length} bytes of a record of ${length}`);
    }
    return jsonOf(this.encoding, schedulerV1.Event, record);
  }

  /** The next event of `type` that `accepts` takes; others are kept for later calls. */
  async next(type: string, accepts: (event: Json) => boolean = () => true): Promise<Json> {
    const fits = (event: Json): boolean => event['type'] === type && accepts(event);
    const kept = this.#skipped.findIndex(fits);
    if (kept >= 0) return this.#skipped.splice(kept, 1)[0] as Json;
    for (;;) {
      const event = await this.nextEvent();
      if (fits(event)) return event;
      this.#skipped.push(event);
    }
  }

  /** Posts a call of this framework. */
  call(type: string, body: Json = {}, streamId = this.streamId): Promise<RawResponse> {
    return exchange(this.address, {
      method: 'POST',
      path: '/api/v1/scheduler',
      headers: [...headersIn(this.encoding), ['Mesos-Stream-Id', streamId]],
      body: bodyIn(this.encoding, schedulerV1.Call, {
        framework_id: { value: this.frameworkId },
        type,
        ...body,
      }),
    });
  }

  /** Acknowledges the status of an UPDATE event. */
  acknowledge(status: Json): Promise<RawResponse> {
    const { agent_id, task_id, uuid } = status;
    return this.call('ACKNOWLEDGE', { acknowledge: { agent_id, task_id, uuid } });
  }

  close(): void {
    this.stream.close();
  }
}
