// Answers of the copy of the state over HTTP: with an ETag, compressed where asked, streamed as the reader takes them.
import {
  acceptsContentCoding,
  type HttpAnswer,
  type HttpExchange,
  hasEntity,
  textAnswer,
} from '@kaon/http';
import type { Clock } from '@kaon/primitives';
import { concatBytes } from '@kaon/primitives';
import { READER_BYTES_MAX, READER_STALL_MS } from '../constants.ts';
import type { Counters } from '../metrics/counters.ts';
import type { ContentCoding, ReadQuestion } from '../reads/read-question.ts';
import type { SharedAnswer } from '../reads/shared-answer.ts';
import type { StateReads } from '../reads/state-reads.ts';
import type { SendTurns } from './send-turns.ts';

/** What answering reads stands on. */
export interface ReadAnswerOptions {
  readonly reads: StateReads;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Shared by all readers of a master. */
  readonly turns: SendTurns;
}

/** Answers up to this size go out whole, with their length. */
const WHOLE_ANSWER_BYTES_MAX = 64 * 1024;

const TOO_BUSY = textAnswer(503, 'The master has too many large answers to give; ask again later');

/** Answers `exchange` by asking the copy. The master must be ready. */
export function answerRead(
  exchange: HttpExchange,
  question: Omit<ReadQuestion, 'coding'>,
  contentType: string,
  options: ReadAnswerOptions,
): void {
  const { reads, counters } = options;
  const { request } = exchange;
  if (hasEntity(request, reads.etag)) {
    counters.add('readsNotModified');
    exchange.respond({ status: 304, headers: { ETag: reads.etag, Vary: 'Accept-Encoding' } });
    return;
  }
  const coding = codingOf(request.header('accept-encoding'));
  const answer = reads.read({ ...question, coding });
  if (answer === undefined) {
    exchange.respond(TOO_BUSY);
    return;
  }
  new Reader(exchange, answer, contentType, options).start();
}

/** brotli before gzip: it is no slower here and a third smaller. */
function codingOf(accepted: string | undefined): ContentCoding {
  if (accepted === undefined) return 'identity';
  const names = accepted.toLowerCase();
  if (names.includes('br') && acceptsContentCoding(accepted, 'br')) return 'br';
  return acceptsContentCoding(accepted, 'gzip') ? 'gzip' : 'identity';
}

/** One client at one answer. */
class Reader {
  readonly #exchange: HttpExchange;
  readonly #answer: SharedAnswer;
  readonly #contentType: string;
  readonly #options: ReadAnswerOptions;
  #stream: ReturnType<HttpExchange['stream']> | undefined;
  #next = 0;
  #sentBytes = 0;
  #leave: () => void = () => undefined;

  constructor(
    exchange: HttpExchange,
    answer: SharedAnswer,
    contentType: string,
    options: ReadAnswerOptions,
  ) {
    this.#exchange = exchange;
    this.#answer = answer;
    this.#contentType = contentType;
    this.#options = options;
  }

  start(): void {
    this.#leave = this.#options.reads.follow(this.#answer, () => this.#look());
    this.#exchange.onAborted(() => this.#leave());
    this.#look();
  }

  #look(): void {
    if (this.#stream !== undefined) this.#options.turns.add(this.#sendSome);
    else this.#begin();
  }

  #begin(): void {
    const { state, bytes, failure, pages } = this.#answer;
    if (!this.#exchange.isOpen) {
      this.#leave();
    } else if (state === 'failed') {
      this.#leave();
      this.#exchange.respond(textAnswer(503, `The master cannot show its state: ${failure}`));
    } else if (this.#exchange.request.method === 'HEAD' && state !== 'waiting') {
      this.#leave();
      this.#exchange.respond(this.#whole(undefined));
    } else if (state === 'complete' && bytes <= WHOLE_ANSWER_BYTES_MAX) {
      this.#leave();
      const [first = new Uint8Array(0)] = pages;
      this.#exchange.respond(this.#whole(pages.length > 1 ? concatBytes(pages) : first));
    } else if (bytes > WHOLE_ANSWER_BYTES_MAX) {
      const stream = this.#exchange.stream({
        status: 200,
        headers: this.#headers(),
        bufferedBytesMax: Number.MAX_SAFE_INTEGER,
      });
      this.#stream = stream;
      const stopWatching = this.#watchStall(stream);
      const { turns } = this.#options;
      stream.onDrain(() => turns.add(this.#sendSome));
      stream.onClose(() => {
        stopWatching();
        turns.remove(this.#sendSome);
        this.#leave();
      });
      turns.add(this.#sendSome);
    }
  }

  #whole(body: Uint8Array | undefined): HttpAnswer {
    return { status: 200, headers: this.#headers(), body };
  }

  #headers(): Readonly<Record<string, string>> {
    const { coding } = this.#answer;
    return {
      'Content-Type': this.#contentType,
      ETag: this.#options.reads.etagOf(this.#answer),
      Vary: 'Accept-Encoding',
      ...(coding === 'identity' ? {} : { 'Content-Encoding': coding }),
    };
  }

  /** Hands on a page if the client takes it; true when it would take another one. */
  readonly #sendSome = (): boolean => {
    const { pages, state } = this.#answer;
    const stream = this.#stream;
    if (stream?.isOpen !== true || stream.bufferedBytes >= READER_BYTES_MAX) return false;
    const page = pages[this.#next];
    if (page !== undefined) {
      this.#next += 1;
      this.#sentBytes += page.length;
      stream.write(page);
      return true;
    }
    if (state === 'complete') stream.end();
    // Half an answer must not look like a whole one.
    else if (state === 'failed') stream.close();
    return false;
  };

  /** Closes the stream when nothing was taken between two looks. */
  #watchStall(stream: ReturnType<HttpExchange['stream']>): () => void {
    const { clock, counters } = this.#options;
    let takenBytes = -1;
    let timer = clock.setTimer(READER_STALL_MS, function look() {
      const taken = readerTaken();
      if (taken === takenBytes) {
        counters.add('readersStalled');
        stream.close();
        return;
      }
      takenBytes = taken;
      timer = clock.setTimer(READER_STALL_MS, look);
      clock.keepAlive?.(timer, false);
    });
    clock.keepAlive?.(timer, false);
    const readerTaken = (): number => this.#sentBytes - stream.bufferedBytes;
    return () => clock.clearTimer(timer);
  }
}
