// Success or failure as a value, for everything that can fail in operation.

/** Either a value or an error; `ok` tells which. */
export type Result<T, E> = Ok<T> | Err<E>;

/** What `ok` makes. */
export interface Ok<T> {
  readonly ok: true;
  readonly value: T;
}

/** What `err` makes. */
export interface Err<E> {
  readonly ok: false;
  readonly error: E;
}

/** A success that carries `value`. */
export function ok<T>(value: T): Ok<T> {
  return { ok: true, value };
}

/** A failure that carries `error`. */
export function err<E>(error: E): Err<E> {
  return { ok: false, error };
}
