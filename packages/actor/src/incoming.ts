// Messages from peers: known name and kind, decodable body, or a dead letter with the peer's PID.
import { formatDecodeError } from '@kaon/primitives';
import type { Cell } from './cell.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import { Envelope, WatchedEnvelope } from './envelope.ts';
import type { AskFailure } from './errors.ts';
import type { Instruments } from './instruments.ts';
import type { PendingAsk, PendingAsks } from './pending-asks.ts';
import type { Pid } from './pid.ts';
import type { Places } from './places.ts';
import { isInProcessOnly } from './protocol.ts';
import { ROUTE_PREFIX } from './routes.ts';
import { traceparentOf } from './tracing.ts';
import type { WireMessage } from './transport.ts';

/** What the receiving side needs of its system. */
export interface IncomingHost {
  readonly places: Places;
  readonly asks: PendingAsks;
  readonly instruments: Instruments | undefined;
  localCell(pid: Pid): Cell | undefined;
  enqueue(cell: Cell, envelope: Envelope): void;
  /** Records a dead letter and, for an ask, tells the asker. */
  refuse(envelope: Envelope, to: Pid, reason: DeadLetterReason, detail: string): void;
}

/** What a peer may say about an ask; a timeout is the asker's own. */
const REMOTE_FAILURES: readonly AskFailure[] = [
  'noActor',
  'stopped',
  'failed',
  'refused',
  'limit',
  'unreachable',
];

const DETAIL_CHARACTERS_MAX = 1000;

/**
 * Delivers what came from a peer. Nothing in `message` but its kind is trusted, unless it comes from a
 * thread of this process: then what never leaves the process is welcome.
 */
export function receive(host: IncomingHost, message: WireMessage, isSameProcess: boolean): void {
  if (message.kind === 'reply' || message.kind === 'failure') return receiveReply(host, message);
  const { kind, from, to, name, body } = message;
  const correlation = kind === 'ask' ? message.correlation : 0;
  if (kind === 'ask' && host.places.isHere(from)) {
    // Its answer would settle an ask of our own.
    const detail = 'an ask from outside in the name of an actor here';
    return host.refuse(new Envelope(name, body, from, 0), to, 'undecodable', detail);
  }
  const cell = host.localCell(to);
  if (!cell) {
    const envelope = new Envelope(name, body, from, correlation);
    return host.refuse(envelope, to, 'noActor', `no actor '${to.id}' here`);
  }
  const spec = cell.kind.spec(name);
  if (spec?.kind !== kind) {
    if (isSameProcess && kind === 'ask' && name.startsWith(ROUTE_PREFIX)) {
      return host.enqueue(cell, new Envelope(name, body, from, correlation));
    }
    const envelope = new Envelope(name, body, from, correlation);
    const detail = `no ${kind} of that name in its protocol`;
    return host.refuse(envelope, to, 'unknownMessage', detail);
  }
  if (isSameProcess && isInProcessOnly(spec)) {
    return host.enqueue(cell, arrived(host, message, correlation, body));
  }
  const decoded = spec.decode(body);
  if (decoded.ok) return host.enqueue(cell, arrived(host, message, correlation, decoded.value));
  const envelope = new Envelope(name, body, from, correlation);
  host.refuse(envelope, to, 'undecodable', formatDecodeError(decoded.error));
}

function arrived(
  { instruments }: IncomingHost,
  { name, from, trace }: WireMessage,
  correlation: number,
  body: unknown,
): Envelope {
  if (instruments === undefined) return new Envelope(name, body, from, correlation);
  return new WatchedEnvelope(name, body, from, correlation, traceparentOf(trace));
}

function receiveReply(host: IncomingHost, message: WireMessage): void {
  const { correlation, from, to, name, body } = message;
  const { places, asks } = host;
  const pending = asks.get(correlation);
  if (!pending) {
    asks.late += 1;
    return;
  }
  if (places.isHere(pending.to) || places.placeOf(pending.to) !== places.placeOf(from)) {
    const detail = `answer to an ask that went to ${pending.to}`;
    return host.refuse(new Envelope(name, body, from, 0), to, 'undecodable', detail);
  }
  if (message.kind === 'reply') return receiveAnswer(host, correlation, pending, body);
  const { failure, detail } = (body ?? {}) as { failure?: unknown; detail?: unknown };
  const reason = REMOTE_FAILURES.find((known) => known === failure) ?? 'failed';
  const text = typeof detail === 'string' ? detail : 'no reason given';
  asks.fail(correlation, reason, text.slice(0, DETAIL_CHARACTERS_MAX));
}

function receiveAnswer(
  { asks, places }: IncomingHost,
  correlation: number,
  { to, name }: PendingAsk,
  body: unknown,
): void {
  const { protocol } = to;
  const spec = protocol && Object.hasOwn(protocol, name) ? protocol[name] : undefined;
  if (spec?.kind !== 'ask') return asks.resolve(correlation, body);
  if (isInProcessOnly(spec) && places.isInProcess(to)) return asks.resolve(correlation, body);
  const decoded = spec.decodeReply(body);
  if (decoded.ok) return asks.resolve(correlation, decoded.value);
  asks.fail(correlation, 'refused', `answer: ${formatDecodeError(decoded.error)}`);
}
