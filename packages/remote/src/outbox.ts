// What waits for a connection that is not there yet: in order, bounded, encoded already.
import type { ExitReason, Pid, WireMessage } from '@kaon/actor';
import { Ring } from '@kaon/primitives';
import type { EncodedBody } from './body.ts';
import type { Connection } from './connection.ts';

/** One thing to send. A body is a copy that starts at 0. */
export type Outgoing =
  | { readonly kind: 'message'; readonly message: WireMessage; readonly body: EncodedBody }
  | { readonly kind: 'link' | 'unlink'; readonly watcher: Pid; readonly target: Pid }
  | {
      readonly kind: 'exited';
      readonly watcher: Pid;
      readonly target: Pid;
      readonly reason: ExitReason;
      readonly detail: string;
    };

/** Bounds of an outbox. */
export interface OutboxLimits {
  readonly messagesMax: number;
  readonly bytesMax: number;
}

/** First in, first out. Signals always find room: there are no more of them than links. */
export class Outbox {
  readonly #limits: OutboxLimits;
  readonly #waiting = new Ring<Outgoing>();
  #messages = 0;
  #bytes = 0;

  constructor(limits: OutboxLimits) {
    this.#limits = limits;
  }

  get isEmpty(): boolean {
    return this.#waiting.size === 0;
  }

  /** False when there is no room. */
  add(outgoing: Outgoing): boolean {
    if (outgoing.kind === 'message') {
      const { messagesMax, bytesMax } = this.#limits;
      const bytes = this.#bytes + outgoing.body.end;
      if (this.#messages >= messagesMax || bytes > bytesMax) return false;
      this.#messages += 1;
      this.#bytes = bytes;
    }
    this.#waiting.push(outgoing);
    return true;
  }

  /** Sends everything, what is added meanwhile included. */
  sendAll(connection: Connection): void {
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      if (next.kind === 'message') connection.sendEncoded(next.message, next.body);
      else if (next.kind === 'exited') {
        connection.exited(next.watcher, next.target, next.reason, next.detail);
      } else if (next.kind === 'link') connection.link(next.watcher, next.target);
      else connection.unlink(next.watcher, next.target);
    }
  }

  /** Empties the box and returns the messages that were in it. */
  takeMessages(): readonly WireMessage[] {
    const messages: WireMessage[] = [];
    for (let next = this.#take(); next !== undefined; next = this.#take()) {
      if (next.kind === 'message') messages.push(next.message);
    }
    return messages;
  }

  #take(): Outgoing | undefined {
    const next = this.#waiting.shift();
    if (next?.kind === 'message') {
      this.#messages -= 1;
      this.#bytes -= next.body.end;
    }
    return next;
  }
}
