// What the reading endpoints share: whole answers, JSON for scripts, query parameters.
import {
  type HttpAnswer,
  type HttpHandler,
  type HttpRequest,
  jsonAnswer,
  textAnswer,
} from '@kaon/http';
import { errorText } from '@kaon/primitives';
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
  const callback = request.query.get('jsonp');
  if (callback === null) return jsonAnswer(200, text);
  // Anything but a name would let a link run a script of its maker's in this origin.
  if (!/^[\w$.]{1,100}$/.test(callback)) return textAnswer(400, "Invalid 'jsonp' callback");
  return {
    status: 200,
    headers: { 'Content-Type': 'text/javascript' },
    body: `${callback}(${text})`,
  };
}

/** A whole number; whatever is none counts as not given, as in Mesos. */
export function countOf(text: string | null, otherwise: number): number {
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : otherwise;
}

/** A query parameter; an empty one counts as not given. */
export function nonEmpty(query: URLSearchParams, name: string): string | undefined {
  return query.get(name) || undefined;
}
