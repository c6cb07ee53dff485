// Addresses of masters: what users write, and what a redirect says.
import { err, ok, type Result } from '@kaon/primitives';

const DEFAULT_PORT = 5050;
const ADDRESSES_MAX = 32;

/**
 * Base URLs, one per master, from `host:port`, `http://host:port` or several of them with commas.
 *
 * The port defaults to 5050 where no scheme is given. The error is a sentence about what is wrong.
 */
export function parseMasters(text: string): Result<readonly string[], string> {
  const parts = text.split(',').map((part) => part.trim());
  if (parts.length > ADDRESSES_MAX) return err(`more than ${ADDRESSES_MAX} addresses`);
  const urls: string[] = [];
  for (const part of parts) {
    const parsed = parseMaster(part);
    if (!parsed.ok) return parsed;
    urls.push(parsed.value);
  }
  return ok(urls);
}

function parseMaster(text: string): Result<string, string> {
  const expected = 'write HOST:PORT, for example 127.0.0.1:5050';
  if (text === '') return err(`it is empty; ${expected}`);
  const scheme = /^([a-z]+):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme !== undefined && scheme !== 'http' && scheme !== 'https') {
    return err(`${scheme}:// is not supported here; ${expected}`);
  }
  const hasBarePort = scheme === undefined && !/:\d+$/.test(text.replace(/\/$/, ''));
  const url = parseUrl(scheme === undefined ? `http://${text}` : text);
  if (url === undefined || url.hostname === '' || url.pathname.length > 1 || url.search !== '') {
    return err(expected);
  }
  if (url.username !== '' || url.password !== '') {
    return err('it contains credentials; give them as an option of their own');
  }
  if (hasBarePort) url.port = String(DEFAULT_PORT);
  return ok(`${url.protocol}//${url.host}`);
}

function parseUrl(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

/** The base URL of the leader named by a `Location` header (`//host:port/path` as Mesos writes it). */
export function redirectBase(location: string, from: string): string | undefined {
  try {
    const url = new URL(location, from);
    return url.protocol === 'http:' || url.protocol === 'https:'
      ? `${url.protocol}//${url.host}`
      : undefined;
  } catch {
    return undefined;
  }
}
