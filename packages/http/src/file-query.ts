// What a request asks of `/files/*`, with Mesos' sentences when it makes no sense. Agents and masters share it.
import { err, ok, type Result } from '@kaon/primitives';
import { type HttpAnswer, textAnswer } from './answer.ts';
import type { HttpRequest } from './exchange.ts';

/** The `path` of the query; 400 without one. */
export function queryPath({ query }: Pick<HttpRequest, 'query'>): Result<string, HttpAnswer> {
  const path = query.get('path');
  return path ? ok(path) : err(textAnswer(400, "Expecting 'path=value' in query.\n"));
}

/** A whole number of the query; -1 when it is not given, 400 when it is none or less than -1. */
export function queryNumber(
  { query }: Pick<HttpRequest, 'query'>,
  name: string,
): Result<number, HttpAnswer> {
  const text = query.get(name);
  if (text === null) return ok(-1);
  const value = /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value)) {
    const problem = `Failed to parse ${name}: Failed to convert '${text.slice(0, 100)}' to number.\n`;
    return err(textAnswer(400, problem));
  }
  if (value >= -1) return ok(value);
  return err(textAnswer(400, `Negative ${name} provided: ${value}.\n`));
}
