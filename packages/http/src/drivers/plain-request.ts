// Reads requests that leave nothing to interpret: whole in the bytes at hand, HTTP/1.1, no header twice, none
// that changes how a message is framed. All others are `undefined`, and for node:http to judge.
import type { DriverRequest } from '../driver.ts';

/**
 * A request line with a path of visible ASCII. Fragments, absolute forms and `*` are left to node:http, and
 * HTTP/1.0 with its other rules. As in Mesos, a version of the future is taken for 1.1.
 */
const REQUEST_LINE =
  /^(GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH) (\/[!"$-~]*) HTTP\/(?:1\.[1-9]|[2-9]\.\d)$/;
const NAME = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** Anything else must not be in a value. */
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const LENGTH = /^\d{1,9}$/;
const HEADERS_MAX = 100;
/** Headers that frame, upgrade or delay a message. */
const NOT_PLAIN: ReadonlySet<string> = new Set([
  'transfer-encoding',
  'trailer',
  'te',
  'expect',
  'keep-alive',
  'proxy-connection',
]);

/** What `Connection` may say besides `close`. */
const CONNECTION_OPTIONS: ReadonlySet<string> = new Set([
  'keep-alive',
  'upgrade',
  'http2-settings',
]);

/** The headers of a request: lines as sent, and what they say. */
export interface PlainHeaders {
  readonly text: string;
  readonly values: ReadonlyMap<string, string>;
  readonly bodyLength: number;
  /** Whether the client wants the connection to end with the answer. */
  readonly closes: boolean;
}

/** A whole request and where it ends. */
export interface PlainRequest {
  readonly request: DriverRequest;
  readonly headers: PlainHeaders;
  /** Where its body starts; it ends where the request does. */
  readonly bodyStart: number;
  readonly end: number;
}

/**
 * The request that starts at `start`, if it is plain and whole.
 *
 * `known` are the headers of the request before on this connection: clients repeat them to the letter.
 */
export function readPlainRequest(
  bytes: Buffer,
  start: number,
  headBytesMax: number,
  remoteAddress: string,
  known: PlainHeaders | undefined,
): PlainRequest | undefined {
  const text = bytes.toString('latin1', start, start + headBytesMax);
  const headLength = text.indexOf('\r\n\r\n');
  if (headLength < 0) return undefined;
  const lineLength = text.indexOf('\r\n');
  const line = REQUEST_LINE.exec(text.slice(0, lineLength));
  if (line === null) return undefined;
  const headersText = text.slice(lineLength + 2, headLength);
  const headers = known?.text === headersText ? known : readHeaders(headersText);
  if (headers === undefined) return undefined;
  const bodyStart = start + headLength + 4;
  const end = bodyStart + headers.bodyLength;
  if (end > bytes.length) return undefined;
  const target = line[2] as string;
  const mark = target.indexOf('?');
  const request: DriverRequest = {
    method: line[1] as string,
    path: mark < 0 ? target : target.slice(0, mark),
    query: mark < 0 ? '' : target.slice(mark + 1),
    remoteAddress,
    certificate: undefined,
    header: (name) => headers.values.get(name),
  };
  return { request, headers, bodyStart, end };
}

function readHeaders(text: string): PlainHeaders | undefined {
  const values = new Map<string, string>();
  const lines = text === '' ? [] : text.split('\r\n');
  if (lines.length > HEADERS_MAX) return undefined;
  for (const line of lines) {
    const colon = line.indexOf(':');
    const name = line.slice(0, colon);
    // A folded line starts with a blank, which no name does.
    if (colon < 1 || !NAME.test(name)) return undefined;
    const value = line.slice(colon + 1);
    if (!VALUE.test(value)) return undefined;
    const lowerName = name.toLowerCase();
    if (values.has(lowerName) || NOT_PLAIN.has(lowerName)) return undefined;
    values.set(lowerName, value.replace(/^[\t ]+/, '').trimEnd());
  }
  const connection = readConnection(values);
  if (connection === undefined) return undefined;
  const length = values.get('content-length') ?? '0';
  if (!LENGTH.test(length)) return undefined;
  return { text, values, bodyLength: Number(length), closes: connection.closes };
}

/** An offer to change to another protocol than WebSocket is optional, and not taken. */
function readConnection(values: ReadonlyMap<string, string>): { closes: boolean } | undefined {
  const upgrade = values.get('upgrade')?.toLowerCase();
  let closes = false;
  for (const token of values.get('connection')?.toLowerCase().split(',') ?? []) {
    const option = token.trim();
    if (option === 'close') closes = true;
    else if (!CONNECTION_OPTIONS.has(option)) return undefined;
  }
  return upgrade === undefined || upgrade === 'h2c' ? { closes } : undefined;
}
