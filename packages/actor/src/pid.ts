// The name of an actor. `id@host:port` is its equality, map key, wire form and log form.
import { err, ok, type Result } from '@kaon/primitives';
import type { Cell } from './cell.ts';
import type { Protocol } from './protocol.ts';

/** Ids are printable, without `@` and white space; long enough for Mesos' `slave(1)` and uuids. */
const ID_PATTERN = /^[!-?A-~]{1,255}$/;
const ADDRESS_PATTERN = /^[^\s@]{1,261}$/;

/** Gives ids to actors that were spawned without one, when somebody first asks for theirs. */
export interface IdSource {
  /** The id of the actor with this number; from now on it can be found by it. */
  idOf(serial: number, cell: Cell | undefined): string;
}

/**
 * The address of an actor that speaks `P`, wherever it lives: in this thread, in another thread of
 * this process, or in another process.
 *
 * Two PIDs are the same actor exactly when their texts are equal. A PID whose protocol offers more
 * messages than asked for may stand where one with fewer is expected.
 */
export class Pid<out P extends Protocol = Protocol> {
  /** `host:port` of the system it lives in. */
  readonly address: string;
  /** What it was said to speak; undefined for PIDs that came in from outside, as senders do. */
  readonly protocol?: P | undefined;
  /** A number as long as nobody has asked for the id: most actors are never named. */
  #id: string | number;
  #text: string | IdSource | undefined;
  /** The running actor when it lives in this thread: saves the look-up on send. */
  #cell: Cell | undefined;

  constructor(id: string, address: string, protocol?: P) {
    this.address = address;
    this.protocol = protocol;
    this.#id = id;
    this.#text = undefined;
    this.#cell = undefined;
  }

  /** Unique among the running actors of its system. */
  get id(): string {
    return typeof this.#id === 'string' ? this.#id : this.#giveId(this.#id);
  }

  toString(): string {
    if (typeof this.#text === 'string') return this.#text;
    const text = `${this.id}@${this.address}`;
    this.#text = text;
    return text;
  }

  toJSON(): string {
    return this.toString();
  }

  /** Whether both name the same actor. */
  equals(other: Pid): boolean {
    return this === other || (this.address === other.address && this.id === other.id);
  }

  #giveId(serial: number): string {
    const id = (this.#text as IdSource).idOf(serial, this.#cell);
    this.#id = id;
    this.#text = undefined;
    return id;
  }

  /** @internal A PID whose id is built when it is asked for. */
  static unnamed(serial: number, source: IdSource, address: string, protocol: Protocol): Pid {
    const pid = new Pid('', address, protocol);
    pid.#id = serial;
    pid.#text = source;
    return pid;
  }

  /** @internal Whether somebody may know the actor by its id. */
  static isNamed(pid: Pid): boolean {
    return typeof pid.#id === 'string';
  }

  /** @internal */
  static cellOf(pid: Pid): Cell | undefined {
    return pid.#cell;
  }

  /** @internal */
  static bind(pid: Pid, cell: Cell | undefined): void {
    pid.#cell = cell;
  }
}

/**
 * The PID that `text` (`id@host:port`) names, taken to speak `protocol`.
 *
 * Nothing is looked up: a PID may name an actor that is not there (yet).
 */
export function pidOf<P extends Protocol>(protocol: P, text: string): Result<Pid<P>, string> {
  const at = text.lastIndexOf('@');
  const id = text.slice(0, Math.max(0, at));
  const address = text.slice(at + 1);
  if (at < 1 || !ID_PATTERN.test(id) || !ADDRESS_PATTERN.test(address)) {
    return err(`'${text.slice(0, 80)}' is not a PID; write id@host:port`);
  }
  return ok(new Pid(id, address, protocol));
}

/** Whether `id` may name an actor: 1 to 255 printable characters without `@` and white space. */
export function isActorId(id: string): boolean {
  return ID_PATTERN.test(id);
}
