// What an actor can be told and asked: a value that carries the types and the boundary decoders.
import { type Decoded, type Decoder, err, type PackingDecoder } from '@kaon/primitives';
import type { Later } from './later.ts';
import type { Pid } from './pid.ts';

/** A message without an answer. */
export interface MessageSpec<B> {
  readonly kind: 'message';
  /** Checks a body that comes from another process. Bodies of local sends are not decoded. */
  readonly decode: Decoder<B>;
  /** A shorter form of a body, for transports that want one; see `PackingDecoder`. */
  readonly pack?: PackingDecoder<B>['pack'] | undefined;
}

/** A message that is answered. */
export interface AskSpec<Q, A> {
  readonly kind: 'ask';
  readonly decode: Decoder<Q>;
  /** Checks an answer that comes from another process. */
  readonly decodeReply: Decoder<A>;
}

/** All that an actor hears, by name. */
export type Protocol = Readonly<Record<string, MessageSpec<unknown> | AskSpec<unknown, unknown>>>;

/** Declares a message whose body `decode` accepts. */
export function message<B>(decode: Decoder<B> | PackingDecoder<B>): MessageSpec<B> {
  return { kind: 'message', decode, pack: 'pack' in decode ? decode.pack : undefined };
}

/** Declares an ask: a question that `decode` accepts, an answer that `decodeReply` accepts. */
export function ask<Q, A>(decode: Decoder<Q>, decodeReply: Decoder<A>): AskSpec<Q, A> {
  return { kind: 'ask', decode, decodeReply };
}

const refuseRemote: Decoder<never> = () =>
  err({ path: '', problem: 'this message is accepted from its own process only' });

/** Whether a message or ask never crosses the border of a process. */
export function isInProcessOnly({ decode }: { readonly decode: Decoder<unknown> }): boolean {
  return decode === refuseRemote;
}

/**
 * Declares a message that never crosses the border of a process: its body may hold anything. Within
 * its thread it is passed as it is, to another thread by structured clone.
 */
export function localMessage<B>(): MessageSpec<B> {
  return { kind: 'message', decode: refuseRemote };
}

/** Declares an ask that never crosses the border of a process; see `localMessage`. */
export function localAsk<Q, A>(): AskSpec<Q, A> {
  return { kind: 'ask', decode: refuseRemote, decodeReply: refuseRemote };
}

type DecoderTable = Readonly<Record<string, Decoder<unknown>>>;

/** Declares a message for each entry of a table of decoders, under the same names. */
export function messages<T extends DecoderTable>(
  table: T,
): { readonly [K in keyof T]: MessageSpec<Decoded<T[K]>> } {
  const specs: Record<string, MessageSpec<unknown>> = {};
  for (const [name, decode] of Object.entries(table)) specs[name] = message(decode);
  return specs as { readonly [K in keyof T]: MessageSpec<Decoded<T[K]>> };
}

/** Closes a protocol. The result is used as a value (at borders) and as a type (`typeof`). */
export function defineProtocol<const P extends Protocol>(protocol: P): P {
  return protocol;
}

/** Names of the messages without an answer. */
export type MessageName<P extends Protocol> = {
  [K in keyof P]: P[K] extends MessageSpec<unknown> ? K : never;
}[keyof P] &
  string;

/** Names of the asks. */
export type AskName<P extends Protocol> = {
  [K in keyof P]: P[K] extends AskSpec<unknown, unknown> ? K : never;
}[keyof P] &
  string;

/** The body of a message or the question of an ask. */
export type BodyOf<P extends Protocol, K extends keyof P> = P[K] extends {
  readonly decode: Decoder<infer B>;
}
  ? B
  : never;

/** The answer of an ask. */
export type ReplyOf<P extends Protocol, K extends keyof P> =
  P[K] extends AskSpec<unknown, infer A> ? A : never;

// `undefined | void` and not `void`: a function that returns a promise must not fit.
// biome-ignore lint/suspicious/noConfusingVoidType: see above.
type Nothing = undefined | void;

/** One handler per message and ask. They are synchronous: an `async` handler does not compile. */
export type Handlers<P extends Protocol> = {
  readonly [K in keyof P]: P[K] extends AskSpec<infer Q, infer A>
    ? (question: Q, from: Pid) => A | Later<A>
    : P[K] extends MessageSpec<infer B>
      ? (body: B, from: Pid) => Nothing
      : never;
};
