// The connections of a life: its calls go out by them, its streams of events come in.
import { schedulerV1 } from '@kaon/protocol';
import type { Difference } from './json-tree.ts';
import { LifeStream, type SeenEvent } from './life-stream.ts';
import type { LifeLine, SentLine } from './lives.ts';
import { maskedText } from './masks.ts';
import { exchange, type Header, headerOf, openStream, type RawResponse } from './raw-http.ts';
import { bodyIn, type Json } from './v1-scheduler.ts';

/** What the connections need of the player. */
export interface ConnectionOptions {
  readonly address: string;
  /** A call of then as it is to be sent today. */
  readonly forToday: (text: string) => string;
  readonly asRecorded: (text: string) => string;
  /** Every event first goes here, and is kept when it is not taken. */
  readonly onEvent: (event: SeenEvent) => 'keep' | 'taken';
}

/** All connections of one life, by their names in the recording. */
export class LifeConnections {
  readonly #options: ConnectionOptions;
  readonly #streams = new Map<string, LifeStream>();
  readonly #streamIds = new Map<string, string>();
  readonly #answers = new Map<string, Answer>();

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** The stream of a subscription; undefined when there is none. */
  stream(conn: string): LifeStream | undefined {
    return this.#streams.get(conn);
  }

  get streams(): readonly LifeStream[] {
    return [...this.#streams.values()];
  }

  /** Sends a call and keeps the answer. */
  async send({ conn, stream, headers, encoding, text }: SentLine): Promise<void> {
    const today = JSON.parse(this.#options.forToday(text)) as Json;
    const body = bodyIn(encoding, schedulerV1.Call, today);
    const sent: Header[] = [...headers];
    if (stream !== undefined) sent.push(['Mesos-Stream-Id', this.#streamIds.get(stream) ?? '']);
    const request = { method: 'POST', path: '/api/v1/scheduler', headers: sent, body };
    if (today['type'] !== 'SUBSCRIBE') {
      this.#answers.set(conn, await exchange(this.#options.address, request));
      return;
    }
    const opened = await openStream(this.#options.address, request);
    if (headerOf(opened.headers, 'transfer-encoding') !== 'chunked') {
      opened.close();
      this.#answers.set(conn, await exchange(this.#options.address, request));
      return;
    }
    const { headers: answered, statusLine } = opened;
    this.#answers.set(conn, { statusLine, headers: answered, body: '' });
    this.#streamIds.set(conn, headerOf(answered, 'mesos-stream-id') ?? '');
    this.#streams.set(conn, new LifeStream(opened, encoding, this.#options.onEvent));
  }

  /** Sends a call that was not recorded, on behalf of the last that subscribed. */
  async sendUnrecorded(call: Json): Promise<void> {
    const stream = [...this.#streamIds.values()].at(-1) ?? '';
    await exchange(this.#options.address, {
      method: 'POST',
      path: '/api/v1/scheduler',
      headers: [
        ['Content-Type', 'application/json'],
        ['Mesos-Stream-Id', stream],
      ],
      body: JSON.stringify(call),
    });
  }

  /** In what the answer to the last call on a connection is not the recorded one. */
  differencesOf(line: Extract<LifeLine, { kind: 'answered' }>): readonly Difference[] {
    const answered = this.#answers.get(line.conn);
    const status = answered?.statusLine.slice('HTTP/1.1 '.length);
    if (answered === undefined || status !== line.status) {
      const what = `${line.status} recorded, ${status} answered: ${answered?.body.slice(0, 300)}`;
      return [{ path: '(status)', what }];
    }
    const found: Difference[] = [];
    for (const [name, value] of line.headers) {
      const now = headerOf(answered.headers, name);
      if (maskedText(now ?? '') !== value) {
        found.push({ path: `(${name})`, what: `${value} recorded, ${now} answered` });
      }
    }
    const then = maskedText(line.body);
    const now = maskedText(this.#options.asRecorded(answered.body));
    if (then !== now) found.push({ path: '(body)', what: `${then} recorded, ${now}` });
    return found;
  }

  /** Closes a stream, and waits until the master knows that its framework is gone. */
  async close(conn: string, framework: string): Promise<void> {
    this.#streams.get(conn)?.close();
    const request = { method: 'GET', path: '/frameworks', headers: [] };
    for (;;) {
      const { body } = await exchange(this.#options.address, request);
      const { frameworks } = JSON.parse(body) as { readonly frameworks: readonly Json[] };
      if (frameworks.find(({ id }) => id === framework)?.['connected'] !== true) return;
    }
  }
}

type Answer = Pick<RawResponse, 'statusLine' | 'headers' | 'body'>;
