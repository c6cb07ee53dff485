// Identifiers as branded strings, and the rule every one of them keeps. On the wire an id is a record
// `{ value }`; in memory, as a map key and in logs it is a string that cannot be mistaken for another.
import { err, ok, type Result } from '@kaon/primitives';
import type { ContainerID } from './generated/mesos-v1.ts';

declare const brand: unique symbol;

/** A string that only counts as a `Name`. */
export type Id<Name extends string> = string & { readonly [brand]: Name };

/** The id of an agent. */
export type AgentId = Id<'AgentId'>;
/** The id of a framework. */
export type FrameworkId = Id<'FrameworkId'>;
/** The id of an offer. */
export type OfferId = Id<'OfferId'>;
/** The id of a task, unique within its framework. */
export type TaskId = Id<'TaskId'>;
/** The id of an executor, unique within its framework and agent. */
export type ExecutorId = Id<'ExecutorId'>;
/** The id a framework gave an operation. */
export type OperationId = Id<'OperationId'>;
/** Of a nested container: the ids from the root down, joined by dots. */
export type ContainerId = Id<'ContainerId'>;

/** Any of the ids whose record is `{ value }`. */
export type AnyId = AgentId | FrameworkId | OfferId | TaskId | ExecutorId | OperationId;

/** Names `text` as an id. It checks nothing: ids from outside go through `validateId`. */
export function toId<T extends AnyId | ContainerId>(text: string): T {
  return text as T;
}

/** The id inside a record: `idOf<AgentId>(offer.agentId)`. */
export function idOf<T extends AnyId>(record: { readonly value: string }): T {
  return record.value as T;
}

/** The record around an id: `{ agentId: idRecord(agentId) }`. */
export function idRecord(id: AnyId | string): { readonly value: string } {
  return { value: id };
}

/** The id of a container, with those of its parents. */
export function containerIdOf({ value, parent }: ContainerID): ContainerId {
  return (parent === undefined ? value : `${containerIdOf(parent)}.${value}`) as ContainerId;
}

/** Characters in an id, at most: it becomes the name of a directory. */
export const ID_LENGTH_MAX = 255;

/** Checks an id that someone else chose. The error is Mesos' sentence: `'a/b' contains invalid characters`. */
export function validateId(id: string): Result<string, string> {
  if (id === '') return err('ID must not be empty');
  if (Buffer.byteLength(id) > ID_LENGTH_MAX) {
    return err(`ID must not be greater than ${ID_LENGTH_MAX} characters`);
  }
  if (id === '.' || id === '..') return err(`'${id}' is disallowed`);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is refused
  if (/[\u0000-\u001f\u007f/\\]/.test(id) || !isWellFormed(id)) {
    return err(`'${id}' contains invalid characters`);
  }
  return ok(id);
}

/** Half a surrogate pair is another text once it was sent: whoever answers would name something else. */
function isWellFormed(text: string): boolean {
  return !/\p{Surrogate}/u.test(text);
}
