// What the reading endpoints share: whole answers, JSON for scripts, query parameters.
import {
  type HttpAnswer,
  type HttpHandler,
  type HttpRequest,
  jsonAnswer,
  textAnswer,
} from '@kaon/http';
import { err, errorText, ok, type Result } from '@kaon/primitives';
import { type JsonValue, jsonText } from '@kaon/protocol';

/** Makes the whole answer to a request. */
export type Answer = (request: HttpRequest) => Promise<HttpAnswer> | HttpAnswer;

/** Runs a handler that makes whole answers; the master not answering is 503. */
export function handle(answer: Answer): HttpHandler {
  return async (exchange) => {
    try {
      const made = await answer(exchange.request);
      if (exchange.isOpen) exchange.respond(made);
    } catch (error) {
      const text = `The master does not answer: ${errorText(error)}`;
      if (exchange.isOpen) exchange.respond(textAnswer(503, text));
    }
  };
}

/** JSON, or a script that hands it to a function when `jsonp` names one. */
export function json(request: HttpRequest, value: JsonValue): HttpAnswer {
  const text = jsonText(value);
  const callback = jsonpOf(request);
  if (!callback.ok) return callback.error;
  if (callback.value === undefined) return jsonAnswer(200, text);
  return {
    status: 200,
    headers: { 'Content-Type': 'text/javascript' },
    body: `${callback.value}(${text})`,
  };
}

/** The function that `jsonp` names, if any. 400 for what is no name. */
export function jsonpOf({ query }: HttpRequest): Result<string | undefined, HttpAnswer> {
  const callback = query.get('jsonp');
  if (callback === null) return ok(undefined);
  // Anything but a name would let a link run a script of its maker's in this origin.
  if (/^[\w$.]{1,100}$/.test(callback)) return ok(callback);
  return err(textAnswer(400, "Invalid 'jsonp' callback"));
}

/** A whole number; whatever is none counts as not given, as in Mesos. */
export function countOf(text: string | null, otherwise: number): number {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : otherwise;
}

/** A query parameter; an empty one counts as not given. */
export function nonEmpty(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}
