// What an HTTP server's endpoints are for, by who serves them: the pages behind `/help`. Markdown for
// terminals, the same in HTML for browsers, as libprocess tells them apart.
import type { HttpAnswer, HttpServer } from '@kaon/http';
import { textAnswer } from '@kaon/http';

/** What one endpoint is for: a sentence, then whatever else there is to say, in Markdown. */
export interface EndpointHelp {
  /** Below the id, `/state`. */
  readonly name: string;
  readonly summary: string;
  /** Query parameters and what they do. Default: none. */
  readonly parameters?: Readonly<Record<string, string>>;
}

const books = new WeakMap<HttpServer, Map<string, EndpointHelp[]>>();

/** Adds pages for the endpoints of `id`. */
export function addHelp(http: HttpServer, id: string, endpoints: readonly EndpointHelp[]): void {
  const book = books.get(http) ?? new Map<string, EndpointHelp[]>();
  books.set(http, book);
  book.set(id, [...(book.get(id) ?? []), ...endpoints]);
}

/** All pages of a server by id, ids and names sorted. */
export function helpOf(http: HttpServer): ReadonlyMap<string, readonly EndpointHelp[]> {
  const sorted = [...(books.get(http) ?? [])].sort(([left], [right]) => (left < right ? -1 : 1));
  return new Map(
    sorted.map(([id, pages]) => [
      id,
      [...pages].sort((left, right) => (left.name < right.name ? -1 : 1)),
    ]),
  );
}

/**
 * The page for `segments`, what stands behind `/help`: none for the list of ids, an id for its endpoints,
 * id and name for one of them. 400 when there is no such page, as in Mesos.
 */
export function helpAnswer(
  book: ReadonlyMap<string, readonly EndpointHelp[]>,
  segments: readonly string[],
  userAgent: string | undefined,
): HttpAnswer {
  const [id, ...rest] = segments;
  if (id === undefined) {
    const lines = [...book.keys()].map((one) => `> [/${one}](/help/${one})`);
    return page(['## HELP', ...lines], userAgent);
  }
  const pages = book.get(id);
  if (pages === undefined) return missing(id);
  const name = rest.length === 0 ? undefined : `/${rest.join('/')}`;
  if (name === undefined) {
    const lines = pages.map((one) => `> [${pathOf(id, one)}](/help${pathOf(id, one)})`);
    return page([`## \`/${id}\` ##`, ...lines], userAgent);
  }
  const found = pages.find((one) => one.name === name);
  if (found === undefined) return missing(`${id}${name}`);
  const parameters = Object.entries(found.parameters ?? {});
  return page(
    [
      '### USAGE ###',
      `>        ${pathOf(id, found)}`,
      '',
      '### TL;DR; ###',
      found.summary,
      ...(parameters.length === 0 ? [] : ['', '### DESCRIPTION ###', 'Query parameters:', '']),
      ...parameters.map(([key, text]) => `>        ${`${key}=VALUE`.padEnd(24)} ${text}`),
    ],
    userAgent,
  );
}

function pathOf(id: string, { name }: EndpointHelp): string {
  return `/${id}${name === '/' ? '' : name}`;
}

function missing(path: string): HttpAnswer {
  return textAnswer(400, `No help available for '/${path.slice(0, 200)}'.\n`);
}

function page(lines: readonly string[], userAgent = ''): HttpAnswer {
  const markdown = `${lines.join('\n')}\n`;
  if (/^(?:curl|HTTPie)/.test(userAgent)) {
    return { status: 200, headers: { 'Content-Type': 'text/x-markdown' }, body: markdown };
  }
  const body =
    '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>Help</title></head>' +
    `<body><pre>${withLinks(markdown)}</pre></body></html>\n`;
  return { status: 200, headers: { 'Content-Type': 'text/html' }, body };
}

function withLinks(markdown: string): string {
  const escaped = markdown.replace(/[&<>"]/g, (found) => ESCAPES[found] as string);
  return escaped.replace(/\[([^\]]+)\]\(([^)\s]+(?:\(\d+\)[^)\s]*)?)\)/g, '<a href="$2">$1</a>');
}

const ESCAPES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};
