// A v1 scheduler in JSON over bare sockets: what somebody with nothing but `curl` has.
import { exchange, headerOf, openStream, type RawResponse, type RawStream } from './raw-http.ts';

export type Json = Readonly<Record<string, unknown>>;

const JSON_HEADERS = [
  ['Content-Type', 'application/json'],
  ['Accept', 'application/json'],
] as const;

/** A subscribed framework. */
export class RawScheduler {
  readonly address: string;
  readonly streamId: string;
  readonly stream: RawStream;
  readonly #skipped: Json[] = [];
  frameworkId = '';

  private constructor(address: string, stream: RawStream, streamId: string) {
    this.address = address;
    this.stream = stream;
    this.streamId = streamId;
  }

  /** Subscribes; the SUBSCRIBED event has arrived when this resolves. */
  static async subscribe(
    address: string,
    frameworkInfo: Json,
    frameworkId?: string,
  ): Promise<RawScheduler> {
    const id = frameworkId === undefined ? {} : { framework_id: { value: frameworkId } };
    const info =
      frameworkId === undefined ? frameworkInfo : { ...frameworkInfo, id: { value: frameworkId } };
    const stream = await openStream(address, {
      method: 'POST',
      path: '/api/v1/scheduler',
      headers: JSON_HEADERS,
      body: JSON.stringify({ type: 'SUBSCRIBE', ...id, subscribe: { framework_info: info } }),
    });
    const scheduler = new RawScheduler(
      address,
      stream,
      headerOf(stream.headers, 'mesos-stream-id') ?? '',
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
    const record = chunk.slice(newline + 1);
    const length = Number(chunk.slice(0, newline));
    if (Buffer.byteLength(record) !== length) {
      throw new Error(`a chunk holds ${Buffer.byteLength(record)} bytes of a record of ${length}`);
    }
    return JSON.parse(record) as Json;
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
      headers: [...JSON_HEADERS, ['Mesos-Stream-Id', streamId]],
      body: JSON.stringify({ framework_id: { value: this.frameworkId }, type, ...body }),
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
