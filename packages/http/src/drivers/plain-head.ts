// Heads of answers as text, as node:http would write them. The date is made once a second.
import { STATUS_CODES } from 'node:http';
import type { Clock } from '@kaon/primitives';
import type { AnswerHead } from '../driver.ts';

/** Writes the heads of one server's answers. */
export class PlainHeads {
  readonly #clock: Clock;
  #second = Number.NaN;
  #dateLine = '';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** `framing` is the line that says where the body ends, line end included; empty when there is no body. */
  textOf({ status, headers, closes }: AnswerHead, framing: string): string {
    let text = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Unknown'}\r\n${this.#date()}`;
    for (const name in headers) text += `${name}: ${headers[name]}\r\n`;
    // As Mesos, say nothing of the connection unless it ends.
    return closes ? `${text}${framing}Connection: close\r\n\r\n` : `${text}${framing}\r\n`;
  }

  #date(): string {
    const nowMs = this.#clock.nowMs();
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#dateLine = `Date: ${new Date(nowMs).toUTCString()}\r\n`;
    }
    return this.#dateLine;
  }
}
