// Where an actor lives, told by its PID. A system may have threads: each is a system of its own under
// the same address, and all ids in it begin with its place, such as `worker-1/`. So one PID, and one
// look at its text, is enough to find the way; other nodes need not know of threads at all.
import { invariant } from '@kaon/primitives';
import type { Pid } from './pid.ts';
import type { Transport } from './transport.ts';

/** A place is a word and a slash: the part of an id up to its first slash. */
const PLACE_PATTERN = /^[\w.-]{1,63}\/$/;

/** Whether `place` may be the place of a thread: 1 to 63 letters, digits, `.`, `_`, `-`, and a slash. */
export function isPlace(place: string): boolean {
  return PLACE_PATTERN.test(place);
}

/** The places that one system knows: its own, and those of its threads. */
export class Places {
  readonly address: string;
  /** Prefix of all ids of this system; empty for one that is no thread of another. */
  readonly own: string;
  readonly #threads = new Map<string, Transport>();
  /** The id looked at last and its prefix: streams of messages go to the same actor. */
  #lastId = '';
  #lastPrefix = '';
  /** To other addresses; in a thread also to everything else under this address. */
  transport: Transport | undefined;

  constructor(address: string, own: string) {
    invariant(own === '' || isPlace(own), 'a place is a word and a slash');
    this.address = address;
    this.own = own;
  }

  get threads(): ReadonlyMap<string, Transport> {
    return this.#threads;
  }

  /** Ids that begin with `place` live behind `transport` from now on. */
  attach(place: string, transport: Transport): void {
    invariant(isPlace(place), 'a place is a word and a slash');
    invariant(this.own === '', 'only a whole system has threads');
    invariant(!this.#threads.has(place), 'a place is attached once');
    this.#threads.set(place, transport);
  }

  detach(place: string): void {
    this.#threads.delete(place);
  }

  /** Whether the actor would live in this very system. */
  isHere(pid: Pid): boolean {
    if (pid.address !== this.address) return false;
    if (this.own !== '') return pid.id.startsWith(this.own);
    return this.#threads.size === 0 || !this.#threads.has(this.#prefixOf(pid.id));
  }

  /** Whether the actor lives in this process, in this thread or another one. */
  isInProcess(pid: Pid): boolean {
    return pid.address === this.address;
  }

  /** The way to an actor that is not here; undefined when there is none. */
  transportTo(pid: Pid): Transport | undefined {
    if (pid.address !== this.address || this.own !== '') return this.transport;
    return this.#threads.get(this.#prefixOf(pid.id));
  }

  /** What breaks as one with the connection to it: an address, or the place of a thread. */
  placeOf(pid: Pid): string {
    return pid.address === this.address ? prefixOf(pid.id) : pid.address;
  }

  #prefixOf(id: string): string {
    if (id !== this.#lastId) {
      this.#lastId = id;
      this.#lastPrefix = prefixOf(id);
    }
    return this.#lastPrefix;
  }
}

/** The part of an id that may be a place; empty when it has no slash. */
function prefixOf(id: string): string {
  return id.slice(0, id.indexOf('/') + 1);
}
