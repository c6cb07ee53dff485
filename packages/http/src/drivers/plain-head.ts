// Heads of answers as text, as node:http would write them. The date is made once a second.
import { STATUS_CODES } from 'node:http';
import type { Clock } from '@kaon/primitives';
import type { AnswerHead, ConstantAnswer } from '../driver.ts';

/** Writes the heads of one server's answers. */
export class PlainHeads {
  readonly #clock: Clock;
  #second = Number.NaN;
  #dateLine = '';
  /** Constant answers as they are to be sent in this second. */
  readonly #wires = new Map<ConstantAnswer, Buffer>();

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

  /** The whole of a constant answer. The bytes do not change. */
  wireOf(answer: ConstantAnswer): Buffer {
    this.#date();
    let wire = this.#wires.get(answer);
    if (wire === undefined) {
      const head = this.textOf(answer.head, `Content-Length: ${answer.body.length}\r\n`);
      wire = Buffer.concat([Buffer.from(head, 'latin1'), answer.body]);
      this.#wires.set(answer, wire);
    }
    return wire;
  }

  #date(): string {
    const nowMs = this.#clock.nowMs();
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#wires.clear();
      this.#dateLine = `Date: ${new Date(nowMs).toUTCString()}\r\n`;
    }
    return this.#dateLine;
  }
}
