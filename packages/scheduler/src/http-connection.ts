// `SchedulerConnection` over the v1 scheduler HTTP API, against Kaon or any Mesos master.
import { type HttpClient, httpClient } from '@kaon/http';
import {
  type Clock,
  errorText,
  fromUtf8,
  jitteredBackoffMs,
  type Logger,
  type Random,
  silentLogger,
  systemClock,
  systemRandom,
  toBase64,
  utf8,
} from '@kaon/primitives';
import { type Credential, createMessage, type FrameworkID, schedulerV1 } from '@kaon/protocol';
import { subscriptionBackoff } from './backoff.ts';
import { CallLanes, type LaneName } from './call-lanes.ts';
import type {
  SchedulerCall,
  SchedulerConnection,
  SchedulerSignal,
  Subscription,
} from './connection.ts';
import { type CallCodec, type CallEncoding, callCodec } from './encoding.ts';
import {
  CallFailedError,
  CallQueueFullError,
  CallRefusedError,
  MasterAddressError,
  NotSubscribedError,
} from './errors.ts';
import { EventQueue } from './event-queue.ts';
import { parseMasters, redirectBase } from './master-address.ts';

const SCHEDULER_PATH = '/api/v1/scheduler';
const REDIRECTS_MAX = 5;
const HEARTBEAT_INTERVAL_MS = 15_000;
/** Heartbeats that may be missing before the stream counts as dead. */
const HEARTBEATS_MISSED_MAX = 5;
const CALL_TIMEOUT_MS = 15_000;
const CALLS_MAX = 20_000;
const EVENT_QUEUE_LIMITS = { recordsMax: 100_000, bytesMax: 256 * 1024 ** 2 };
const ANSWER_CHARACTERS_MAX = 4096;

/** Options of `HttpSchedulerConnection`. */
export interface HttpConnectionOptions {
  /** `host:port`, a base URL, or several with commas, tried in turn. */
  readonly master: string;
  /** Default: `json`. */
  readonly encoding?: CallEncoding | undefined;
  /** Sent as basic authentication. */
  readonly credential?: Credential | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly logger?: Logger | undefined;
  /** Default: a client of its own, closed with the connection. */
  readonly client?: HttpClient | undefined;
}

/** A subscription that is up. */
interface Session {
  /** Base URL of the leader. */
  readonly base: string;
  readonly streamId: string | undefined;
  readonly frameworkId: FrameworkID;
}

interface OpenAttempt {
  readonly base: string;
  readonly streamId: string | undefined;
  readonly queue: EventQueue;
  readonly close: () => void;
}

/** What became of one attempt to subscribe. */
type Opened =
  | { readonly kind: 'open'; readonly attempt: OpenAttempt }
  | { readonly kind: 'failed'; readonly reason: string };

/** The HTTP line to the leading master. See `SchedulerConnection` for the contract. */
export class HttpSchedulerConnection implements SchedulerConnection {
  readonly #masters: readonly string[];
  readonly #codec: CallCodec;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #logger: Logger;
  readonly #client: HttpClient;
  readonly #ownsClient: boolean;
  readonly #lanes = new CallLanes(CALLS_MAX);
  readonly #abort = new AbortController();
  #session: Session | undefined;
  #cancelWait: (() => void) | undefined;

  /** @throws {MasterAddressError} */
  constructor(options: HttpConnectionOptions) {
    const masters = parseMasters(options.master);
    if (!masters.ok) throw new MasterAddressError(options.master, masters.error);
    this.#masters = masters.value;
    this.#codec = callCodec(options.encoding ?? 'json');
    this.#clock = options.clock ?? systemClock();
    this.#random = options.random ?? systemRandom();
    this.#logger = options.logger ?? silentLogger;
    this.#ownsClient = options.client === undefined;
    this.#client = options.client ?? httpClient({ clock: this.#clock });
    const { contentType } = this.#codec;
    this.#headers = {
      'Content-Type': contentType,
      Accept: contentType,
      ...(options.credential === undefined ? {} : { Authorization: basic(options.credential) }),
    };
  }

  async *subscribe(subscription: Subscription): AsyncGenerator<SchedulerSignal, void, undefined> {
    let failures = 0;
    try {
      while (!this.#abort.signal.aborted) {
        const opened = await this.#open(subscription, failures);
        let reason: string;
        if (opened.kind === 'open') {
          const wasSubscribed = yield* this.#read(opened.attempt);
          if (wasSubscribed === 'finished') return;
          if (wasSubscribed === 'subscribed') failures = 0;
          reason = 'the stream ended';
        } else {
          reason = opened.reason;
        }
        if (this.#abort.signal.aborted) return;
        const backoff = subscriptionBackoff(subscription.framework());
        const retryMs = jitteredBackoffMs(failures, backoff, this.#random);
        failures += 1;
        yield { kind: 'waiting', reason, retryMs };
        await this.#wait(retryMs);
      }
    } finally {
      this.#session = undefined;
    }
  }

  call(call: SchedulerCall): Promise<void> {
    const { type } = call;
    const session = this.#session;
    if (session === undefined) return Promise.reject(new NotSubscribedError(type));
    const sent = this.#lanes.run(laneOf(type), () => this.#post(call, session));
    return sent ?? Promise.reject(new CallQueueFullError(type, CALLS_MAX));
  }

  close(): void {
    this.#session = undefined;
    this.#abort.abort();
    this.#cancelWait?.();
    if (this.#ownsClient) this.#client.close();
  }

  /** Tries one master, and those it redirects to. */
  async #open(subscription: Subscription, failures: number): Promise<Opened> {
    let base = this.#masters[failures % this.#masters.length] as string;
    const frameworkInfo = subscription.framework();
    const body = this.#codec.encodeCall(
      createMessage(schedulerV1.Call, {
        type: 'SUBSCRIBE',
        frameworkId: frameworkInfo.id,
        subscribe: {
          frameworkInfo,
          suppressedRoles: subscription.suppressedRoles(),
          offerConstraints: subscription.offerConstraints?.(),
        },
      }),
    );
    for (let hop = 0; hop <= REDIRECTS_MAX; hop += 1) {
      let close: () => void = () => undefined;
      const queue = new EventQueue(this.#clock, EVENT_QUEUE_LIMITS, () => close());
      try {
        const opened = await this.#client.openStream(
          {
            method: 'POST',
            url: base + SCHEDULER_PATH,
            headers: this.#headers,
            body,
            signal: this.#abort.signal,
          },
          {
            record: (record) => queue.push(record),
            end: (error) => queue.end(endReason(error)),
          },
        );
        if (opened.kind === 'stream') {
          close = opened.close;
          const streamId = opened.headers['mesos-stream-id'];
          queue.watch(HEARTBEAT_INTERVAL_MS * HEARTBEATS_MISSED_MAX);
          return { kind: 'open', attempt: { base, streamId, queue, close } };
        }
        const { status, headers, body: answer } = opened.response;
        if (isFinalRefusal(status, frameworkInfo.id !== undefined)) {
          throw new CallRefusedError('SUBSCRIBE', status, answerText(answer));
        }
        const leader = status === 307 ? redirectBase(headers['location'] ?? '', base) : undefined;
        if (leader === undefined || leader === base) {
          return { kind: 'failed', reason: `${base} answers ${status} ${answerText(answer)}` };
        }
        base = leader;
      } catch (error) {
        if (error instanceof CallRefusedError) throw error;
        return { kind: 'failed', reason: innermostText(error) };
      }
    }
    return { kind: 'failed', reason: `more than ${REDIRECTS_MAX} redirects, last to ${base}` };
  }

  /** Hands on the events of one stream until it ends; tells whether it ever was a subscription. */
  async *#read(
    attempt: OpenAttempt,
  ): AsyncGenerator<SchedulerSignal, 'subscribed' | 'unsubscribed' | 'finished', undefined> {
    const { queue, base, streamId } = attempt;
    let state: 'subscribed' | 'unsubscribed' = 'unsubscribed';
    try {
      for (;;) {
        const next = await queue.next();
        if (this.#abort.signal.aborted) return 'finished';
        if (next.kind === 'end') {
          this.#session = undefined;
          if (state === 'subscribed') yield { kind: 'disconnected', reason: next.reason };
          return state;
        }
        const decoded = this.#codec.decodeEvent(next.record);
        if (!decoded.ok) {
          this.#logger.warn(
            { problem: decoded.error },
            'an event that does not decode was skipped',
          );
          continue;
        }
        const event = decoded.value;
        if (event.subscribed !== undefined) {
          const { frameworkId, heartbeatIntervalSeconds } = event.subscribed;
          this.#session = { base, streamId, frameworkId };
          state = 'subscribed';
          const intervalMs = (heartbeatIntervalSeconds ?? 0) * 1000 || HEARTBEAT_INTERVAL_MS;
          queue.watch(intervalMs * HEARTBEATS_MISSED_MAX);
        }
        if (event.error !== undefined) this.#session = undefined;
        yield { kind: 'event', event };
        if (event.error !== undefined) return 'finished';
      }
    } finally {
      queue.end('closed');
      attempt.close();
    }
  }

  async #post(call: SchedulerCall, session: Session): Promise<void> {
    const { type } = call;
    if (this.#session !== session) throw new NotSubscribedError(type);
    const { base, streamId, frameworkId } = session;
    // In this order: in Node 20 a member that is new behind a spread costs a microsecond.
    const init = { frameworkId, ...call };
    // The most frequent call holds no list that could have been left out.
    const message =
      type === 'ACKNOWLEDGE'
        ? (init as schedulerV1.Call)
        : createMessage<schedulerV1.Call>(schedulerV1.Call, init);
    const response = await this.#client
      .request({
        method: 'POST',
        url: base + SCHEDULER_PATH,
        headers: {
          ...this.#headers,
          ...(streamId === undefined ? {} : { 'Mesos-Stream-Id': streamId }),
        },
        body: this.#codec.encodeCall(message),
        timeoutMs: CALL_TIMEOUT_MS,
        signal: this.#abort.signal,
      })
      .catch((error: unknown) => {
        throw new CallFailedError(type, error);
      });
    if (response.status !== 202 && response.status !== 200) {
      throw new CallRefusedError(type, response.status, answerText(response.body));
    }
  }

  #wait(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.setTimer(delayMs, resolve);
      this.#cancelWait = () => {
        this.#clock.clearTimer(timer);
        resolve();
      };
    });
  }
}

function laneOf(type: schedulerV1.Call_Type): LaneName {
  if (type === 'TEARDOWN') return 'last';
  return type === 'ACKNOWLEDGE' || type === 'ACKNOWLEDGE_OPERATION_STATUS'
    ? 'acknowledgement'
    : 'ordered';
}

function basic({ principal, secret }: Credential): string {
  return `Basic ${toBase64(utf8(`${principal}:${secret ?? ''}`))}`;
}

/**
 * Whether trying again is pointless. A path that is not there may come yet, at a master that is just
 * starting: whoever was subscribed before waits for it.
 */
function isFinalRefusal(status: number, wasSubscribed: boolean): boolean {
  if (status === 404 || status === 405) return !wasSubscribed;
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

function endReason(error: Error | undefined): string {
  if (error === undefined) return 'the master ended the stream';
  return `the connection broke (${innermostText(error)})`;
}

/** What the socket said, without the layers around it. */
function innermostText(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? innermostText(cause) : errorText(error);
}

function answerText(body: Uint8Array): string {
  return fromUtf8(body).slice(0, ANSWER_CHARACTERS_MAX);
}
