// Whole answers as plain records, and the standard ones with Mesos' texts.

/**
 * A complete answer. Strings go out as UTF-8; no body means `Content-Length: 0`. Bytes must not change afterwards;
 * who gives the same bytes to many clients has them compressed once.
 */
export interface HttpAnswer {
  readonly status: number;
  /**
   * Names as they shall appear on the wire. With an `ETag` (`entityTag`) a `GET` by who has it is answered 304. `Date`, `Content-Length` and `Connection` are
   * the server's.
   */
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | Uint8Array | undefined;
}

const TEXT_HEADERS = { 'Content-Type': 'text/plain; charset=utf-8' } as const;

/** An answer of plain text, as Mesos gives its errors. */
export function textAnswer(status: number, text: string): HttpAnswer {
  return { status, headers: TEXT_HEADERS, body: text };
}

/** An answer of JSON text. */
export function jsonAnswer(status: number, json: string): HttpAnswer {
  return { status, headers: { 'Content-Type': 'application/json' }, body: json };
}

/** `404 Not Found.` */
export function notFoundAnswer(): HttpAnswer {
  return textAnswer(404, '404 Not Found.');
}

/** 405 that names what is allowed and what came. */
export function methodNotAllowedAnswer(allowed: readonly string[], received: string): HttpAnswer {
  const expected = allowed.map((method) => `'${method}'`).join(', ');
  return {
    status: 405,
    headers: { Allow: allowed.join(', '), ...TEXT_HEADERS },
    body: `405 Method Not Allowed. Expecting one of { ${expected} }, but received '${received}'.`,
  };
}
