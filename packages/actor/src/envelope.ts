// What lies in a mailbox and in the system lane. Both are circular lists through the items
// themselves: an idle actor holds no memory for them, and a burst never copies what is queued.
import type { ExitReason } from './behaviour.ts';
import type { AskError } from './errors.ts';
import type { Pid } from './pid.ts';
import type { Span } from './tracing.ts';

/** A message or an ask on its way to a handler. One shape for all, so that the hot path stays fast. */
export class Envelope {
  readonly name: string;
  readonly body: unknown;
  readonly from: Pid;
  /** 0 for a message; for an ask, the number its answer carries back to `from`'s system. */
  readonly correlation: number;
  /** The next one in its mailbox; undefined outside. */
  next: Envelope | undefined;

  constructor(name: string, body: unknown, from: Pid, correlation: number) {
    this.name = name;
    this.body = body;
    this.from = from;
    this.correlation = correlation;
    this.next = undefined;
  }
}

/** An envelope whose way is watched: made only while latency is measured or spans are recorded. */
export class WatchedEnvelope extends Envelope {
  /** When it was queued, on the monotonic clock. */
  queuedMs = 0;
  /** The span it was sent under, as a W3C `traceparent`. */
  trace: string | undefined;

  constructor(
    name: string,
    body: unknown,
    from: Pid,
    correlation: number,
    trace: string | undefined,
  ) {
    super(name, body, from, correlation);
    this.trace = trace;
  }
}

/** One link an actor made. Its identity tells it from a later link to the same PID. */
export interface Link {
  readonly pid: Pid;
}

/** What travels in the system lane: never bounded away, before messages. */
export type SignalContent =
  | {
      readonly kind: 'exited';
      readonly link: Link;
      readonly reason: ExitReason;
      readonly error: Error | undefined;
    }
  | { readonly kind: 'timer'; readonly key: string; readonly generation: number }
  | { readonly kind: 'continue'; readonly incarnation: number; readonly run: () => void }
  | {
      readonly kind: 'answer';
      readonly incarnation: number;
      readonly onReply: (answer: unknown) => void;
      readonly onFailure: (error: AskError) => void;
      readonly answer: unknown;
      readonly failure: AskError | undefined;
      readonly span: Span | undefined;
    }
  | { readonly kind: 'childFailed'; readonly error: unknown; readonly child: Pid }
  | { readonly kind: 'setupFailed'; readonly error: unknown }
  | { readonly kind: 'stop' };

/** A signal in the lane. */
export class Signal {
  readonly content: SignalContent;
  next: Signal | undefined;

  constructor(content: SignalContent) {
    this.content = content;
    this.next = undefined;
  }
}
