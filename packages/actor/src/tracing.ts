// Spans as a port: what a tracer has to offer, so that a message can be followed from actor to actor,
// thread to thread and process to process. Off unless a system is given one.
import type { Pid } from './pid.ts';

/** One piece of work under way. */
export interface Span {
  /** Its context as W3C `traceparent`: what travels with messages sent under it. */
  readonly traceparent: string;
  /** Ends it; with `error` as failed. Called once. */
  end(error?: unknown): void;
  /** Calls `work` with the span as the current one of whatever else records spans. */
  run<T>(work: () => T): T;
}

/** What is about to be done. */
export interface TracedWork {
  /** `turn`: an actor handles a message or ask. `ask`: an actor or a program waits for an answer. */
  readonly kind: 'turn' | 'ask';
  /** Name of the message or ask. */
  readonly name: string;
  readonly from: Pid;
  readonly to: Pid;
}

/** Starts spans. Must not throw. */
export interface Tracing {
  /** `parent` is the `traceparent` it was sent under; undefined for a trace that starts here. */
  start(work: TracedWork, parent: string | undefined): Span;
  /** The current span of whatever else records spans here; the parent of sends from outside actors. */
  current?(): string | undefined;
}

/** Longest `traceparent` taken from a peer, in characters. */
const TRACEPARENT_CHARACTERS = 55;
const TRACEPARENT_PATTERN = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** `value` when it is a W3C `traceparent` of version 00, otherwise undefined. */
export function traceparentOf(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length !== TRACEPARENT_CHARACTERS) return undefined;
  return TRACEPARENT_PATTERN.test(value) ? value : undefined;
}
