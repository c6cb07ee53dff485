// Public surface of `@kaon/actor`. The decoders are those of `@kaon/primitives`, passed on so that a
// protocol can be written with this package alone.

export {
  type DecodeError,
  type Decoder,
  decodeBoolean,
  decodeBytes,
  decodeInteger,
  decodeList,
  decodeNothing,
  decodeNumber,
  decodeOneOf,
  decodeOptional,
  decodeRecord,
  decodeString,
  decodeTable,
} from '@kaon/primitives';
export { answerInTime } from './answer-in-time.ts';
export type { ActorDefinition, Behaviour, ExitReason, Setup } from './behaviour.ts';
export { defineActor } from './behaviour.ts';
export type { CellStats } from './cell.ts';
export type { ActorContext, AskOptions } from './context.ts';
export type { DeadLetter, DeadLetterReason } from './dead-letters.ts';
export { DeadLetters } from './dead-letters.ts';
export { ActorFailedError, AskError, type AskFailure, SpawnError } from './errors.ts';
export type {
  FilteredMessage,
  LatencyOption,
  MessageFilter,
  MessageLatency,
} from './instruments.ts';
export { Later } from './later.ts';
export type { LatencySummary } from './node/histogram.ts';
export {
  type OpenTelemetryApi,
  type OpenTelemetrySpan,
  type OpenTelemetrySpanContext,
  openTelemetry,
} from './open-telemetry.ts';
export { isActorId, Pid, pidOf } from './pid.ts';
export { collect, loop } from './promises.ts';
export type {
  AskName,
  AskSpec,
  BodyOf,
  Handlers,
  MessageName,
  MessageSpec,
  Protocol,
  ReplyOf,
} from './protocol.ts';
export {
  ask,
  defineProtocol,
  isInProcessOnly,
  localAsk,
  localMessage,
  message,
  messages,
} from './protocol.ts';
export type {
  ActorRoute,
  ActorRoutes,
  RouteAnswer,
  RouteInfo,
  RouteRequest,
} from './routes.ts';
export type { TurnScheduler } from './run-queue.ts';
export type { SpawnOptions, Supervision } from './supervision.ts';
export {
  ActorSystem,
  type ActorSystemOptions,
  createActorSystem,
  type ProcessInfo,
  type SystemStats,
} from './system.ts';
export type { Timers } from './timers.ts';
export type { TraceEvent } from './trace-event.ts';
export { type Span, type TracedWork, type Tracing, traceparentOf } from './tracing.ts';
export type { Transport, TransportHost, WireMessage } from './transport.ts';
