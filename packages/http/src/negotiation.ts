// Which encoding a request is in and which one its answer shall have, with Mesos' statuses and texts.
// Masters, schedulers and executors know two encodings; the agent's API also knows RecordIO both ways.
import { err, ok, type Result } from '@kaon/primitives';
import { type HttpAnswer, textAnswer } from './answer.ts';

/** How a call or an event is encoded. */
export type BodyEncoding = 'json' | 'protobuf';

/** Media types of the v1 APIs. */
export const MEDIA_TYPES = {
  json: 'application/json',
  protobuf: 'application/x-protobuf',
  recordio: 'application/recordio',
} as const;

/** What negotiation reads: header values by lower-case name, undefined when absent. */
export interface HeaderSource {
  header(name: string): string | undefined;
}

/** How a request or an answer of the agent's API is encoded. */
export interface AgentEncoding {
  /** Encoding of the message, or of each record of a stream. */
  readonly encoding: BodyEncoding;
  /** Whether the body is a RecordIO stream. */
  readonly isStream: boolean;
}

/**
 * The encoding of a request body.
 *
 * `Content-Type` must be one of the two types, to the letter: parameters such as a charset are refused.
 */
export function negotiateRequest(request: HeaderSource): Result<BodyEncoding, HttpAnswer> {
  const contentType = request.header('content-type');
  if (contentType === undefined) {
    return err(textAnswer(400, "Expecting 'Content-Type' to be present"));
  }
  const encoding = encodingOf(contentType);
  if (encoding !== undefined) return ok(encoding);
  const { json, protobuf } = MEDIA_TYPES;
  return err(textAnswer(415, `Expecting 'Content-Type' of ${json} or ${protobuf}`));
}

/** The encoding of an answer: JSON when `Accept` allows it or is absent, else protobuf, else 406. */
export function negotiateAnswer(request: HeaderSource): Result<BodyEncoding, HttpAnswer> {
  const encoding = acceptedEncoding(request.header('accept'));
  if (encoding !== undefined) return ok(encoding);
  const { json, protobuf } = MEDIA_TYPES;
  return err(textAnswer(406, `Expecting 'Accept' to allow '${protobuf}' or '${json}'`));
}

/** As `negotiateRequest`, for the agent's API: a stream names its records by `Message-Content-Type`. */
export function negotiateAgentRequest(request: HeaderSource): Result<AgentEncoding, HttpAnswer> {
  const contentType = request.header('content-type');
  const messageType = request.header('message-content-type');
  if (contentType === undefined) {
    return err(textAnswer(400, "Expecting 'Content-Type' to be present"));
  }
  const { json, protobuf, recordio } = MEDIA_TYPES;
  if (contentType === recordio) {
    if (messageType === undefined) {
      const text = "Expecting 'Message-Content-Type' to be set for streaming requests";
      return err(textAnswer(400, text));
    }
    const encoding = encodingOf(messageType);
    if (encoding !== undefined) return ok({ encoding, isStream: true });
    return err(textAnswer(415, `Expecting 'Message-Content-Type' of ${json} or ${protobuf}`));
  }
  const encoding = encodingOf(contentType);
  if (encoding === undefined) {
    const text = `Expecting 'Content-Type' of ${json} or ${protobuf} or ${recordio}`;
    return err(textAnswer(415, text));
  }
  if (messageType !== undefined) {
    const text = "Expecting 'Message-Content-Type' to be not set for non-streaming requests";
    return err(textAnswer(415, text));
  }
  return ok({ encoding, isStream: false });
}

/** As `negotiateAnswer`, for the agent's API: a stream's records are chosen by `Message-Accept`. */
export function negotiateAgentAnswer(request: HeaderSource): Result<AgentEncoding, HttpAnswer> {
  const accept = request.header('accept');
  const encoding = acceptedEncoding(accept);
  if (encoding !== undefined) return ok({ encoding, isStream: false });
  const { json, protobuf, recordio } = MEDIA_TYPES;
  if (!acceptsMediaType(accept, recordio)) {
    const text = `Expecting 'Accept' to allow ${json} or ${protobuf} or ${recordio}`;
    return err(textAnswer(406, text));
  }
  const recordEncoding = acceptedEncoding(request.header('message-accept'));
  if (recordEncoding !== undefined) return ok({ encoding: recordEncoding, isStream: true });
  return err(textAnswer(406, `Expecting 'Message-Accept' to allow ${json} or ${protobuf}`));
}

/** 406 of the agent's API for a call that has no streaming answer, such as `GET_VERSION`. */
export function streamingNotSupportedAnswer(callType: string): HttpAnswer {
  return textAnswer(406, `Streaming response is not supported for ${callType} call`);
}

/**
 * Whether an `Accept` header allows `mediaType`.
 *
 * The most specific entry decides: `type/subtype`, then `type/*`, then `*` + `/*`; `q=0` refuses, an
 * unreadable `q` does too. No header allows everything.
 */
export function acceptsMediaType(accept: string | undefined, mediaType: string): boolean {
  if (accept === undefined) return true;
  const [type = ''] = mediaType.split('/');
  return firstAllowance(accept, [mediaType, `${type}/*`, '*/*']) ?? false;
}

/** Whether an `Accept-Encoding` header asks for `coding`. No header asks for nothing. */
export function acceptsContentCoding(acceptEncoding: string | undefined, coding: string): boolean {
  if (acceptEncoding === undefined) return false;
  return firstAllowance(acceptEncoding, [coding, '*']) ?? false;
}

/** How an answer's body may be compressed. */
export type ContentCoding = 'br' | 'gzip';

/**
 * The coding an `Accept-Encoding` header wants most: the greater `q` wins, of two alike `br`; `*` means gzip, as in
 * Mesos. Undefined when it asks for none, or rather has the body as it is.
 */
export function chooseContentCoding(acceptEncoding: string | undefined): ContentCoding | undefined {
  if (acceptEncoding === undefined) return undefined;
  const entries = entriesOf(acceptEncoding);
  const qualityOf = (name: string): number | undefined => firstQuality(entries, [name]);
  const br = qualityOf('br') ?? 0;
  const gzip = qualityOf('gzip') ?? qualityOf('x-gzip') ?? qualityOf('*') ?? 0;
  const best = Math.max(br, gzip);
  if (best === 0 || best < (qualityOf('identity') ?? 0)) return undefined;
  return br === best ? 'br' : 'gzip';
}

/** Whether the list allows the first of `candidates` that it names. */
function firstAllowance(list: string, candidates: readonly string[]): boolean | undefined {
  const quality = firstQuality(entriesOf(list), candidates);
  return quality === undefined ? undefined : quality > 0;
}

interface ListEntry {
  readonly name: string;
  /** 0 to 1; 0 refuses. */
  readonly quality: number;
}

function firstQuality(
  entries: readonly ListEntry[],
  candidates: readonly string[],
): number | undefined {
  for (const candidate of candidates) {
    const entry = entries.find(({ name }) => name === candidate);
    if (entry !== undefined) return entry.quality;
  }
  return undefined;
}

function entriesOf(list: string): readonly ListEntry[] {
  return list.toLowerCase().split(',').map(parseEntry);
}

function parseEntry(text: string): ListEntry {
  const [name = '', ...parameters] = text.split(';').map((part) => part.replace(/\s/g, ''));
  const given = parameters.find((parameter) => parameter.startsWith('q='))?.slice(2);
  if (given === undefined) return { name, quality: 1 };
  const quality = given === '' ? 0 : Number(given);
  return { name, quality: quality > 0 ? Math.min(quality, 1) : 0 };
}

function acceptedEncoding(accept: string | undefined): BodyEncoding | undefined {
  if (acceptsMediaType(accept, MEDIA_TYPES.json)) return 'json';
  return acceptsMediaType(accept, MEDIA_TYPES.protobuf) ? 'protobuf' : undefined;
}

function encodingOf(contentType: string): BodyEncoding | undefined {
  if (contentType === MEDIA_TYPES.json) return 'json';
  return contentType === MEDIA_TYPES.protobuf ? 'protobuf' : undefined;
}
