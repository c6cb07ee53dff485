// Messages from peers: known name and kind, decodable body, or a dead letter with the peer's PID.
import { formatDecodeError } from '@kaon/primitives';
import type { Cell } from './cell.ts';
import type { DeadLetterReason } from './dead-letters.ts';
import type { Envelope } from './envelope.ts';
import type { AskFailure } from './errors.ts';
import type { PendingAsks } from './pending-asks.ts';
import type { Pid } from './pid.ts';
import type { WireMessage } from './transport.ts';

/** What the receiving side needs of its system. */
export interface IncomingHost {
  readonly address: string;
  readonly asks: PendingAsks;
  cell(id: string): Cell | undefined;
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

/** Delivers what came from a peer. Nothing in `message` but its kind is trusted. */
export function receive(host: IncomingHost, message: WireMessage): void {
  if (message.kind === 'reply' || message.kind === 'failure') return receiveReply(host, message);
  const { kind, from, to, name, body } = message;
  const envelope = { name, body, from, correlation: kind === 'ask' ? message.correlation : 0 };
  if (kind === 'ask' && from.address === host.address) {
    // Its answer would settle an ask of our own.
    const detail = 'an ask from outside in the name of an actor here';
    host.refuse({ ...envelope, correlation: 0 }, to, 'undecodable', detail);
    return;
  }
  const cell = host.cell(to.id);
  if (!cell) return host.refuse(envelope, to, 'noActor', `no actor '${to.id}' here`);
  const spec = Object.hasOwn(cell.protocol, name) ? cell.protocol[name] : undefined;
  if (spec?.kind !== kind) {
    return host.refuse(envelope, to, 'unknownMessage', `no ${kind} of that name in its protocol`);
  }
  const decoded = spec.decode(body);
  if (!decoded.ok) {
    return host.refuse(envelope, to, 'undecodable', formatDecodeError(decoded.error));
  }
  cell.enqueue({ ...envelope, body: decoded.value });
}

function receiveReply(host: IncomingHost, message: WireMessage): void {
  const { correlation, from, to, name, body } = message;
  const pending = host.asks.get(correlation);
  if (!pending) {
    host.asks.late += 1;
    return;
  }
  if (pending.to.address !== from.address) {
    const detail = `answer to an ask that went to ${pending.to}`;
    return host.refuse({ name, body, from, correlation: 0 }, to, 'undecodable', detail);
  }
  if (message.kind === 'reply') return receiveAnswer(host, correlation, pending, body);
  const { failure, detail } = (body ?? {}) as { failure?: unknown; detail?: unknown };
  const reason = REMOTE_FAILURES.find((known) => known === failure) ?? 'failed';
  const text = typeof detail === 'string' ? detail : 'no reason given';
  host.asks.fail(correlation, reason, text.slice(0, DETAIL_CHARACTERS_MAX));
}

function receiveAnswer(
  { asks }: IncomingHost,
  correlation: number,
  asked: { readonly to: Pid; readonly name: string },
  body: unknown,
): void {
  const { protocol } = asked.to;
  const spec = protocol && Object.hasOwn(protocol, asked.name) ? protocol[asked.name] : undefined;
  if (spec?.kind !== 'ask') return asks.resolve(correlation, body);
  const decoded = spec.decodeReply(body);
  if (decoded.ok) return asks.resolve(correlation, decoded.value);
  asks.fail(correlation, 'refused', `answer: ${formatDecodeError(decoded.error)}`);
}
