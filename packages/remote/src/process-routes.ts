// What every libprocess server has beside the routes of its actors: `/logging/toggle` and the profilers.
import { type HttpAnswer, type HttpRequest, type HttpServer, textAnswer } from '@kaon/http';
import { parseDuration } from '@kaon/primitives';
import { addHelp } from './help-book.ts';
import type { LoggingLevel } from './logging-level.ts';

/** Adds the routes. Profiles are taken with Node's own tools, so the profiler says what Mesos says without one. */
export function addProcessRoutes(http: HttpServer, level: LoggingLevel): void {
  http.route('*', '/logging/toggle', (exchange) =>
    exchange.respond(toggle(exchange.request, level)),
  );
  for (const path of ['/profiler/start', '/profiler/stop']) {
    http.route('*', path, (exchange) => exchange.respond(NO_PROFILER));
  }
  addHelp(http, 'logging', [
    {
      name: '/toggle',
      summary: 'Tells how much is logged, or raises it for a while.',
      parameters: {
        level: 'From 0, the usual; everything above logs what developers want.',
        duration: 'How long, as 10secs or 15mins.',
      },
    },
  ]);
}

const NO_PROFILER = textAnswer(
  400,
  'Perftools is disabled. To enable perftools, configure libprocess with --enable-perftools.\n',
);

function toggle({ query }: HttpRequest, current: LoggingLevel): HttpAnswer {
  const level = query.get('level');
  const duration = query.get('duration');
  if (level === null && duration === null) return textAnswer(200, `${current.level}\n`);
  if (duration === null) return textAnswer(400, "Expecting 'duration=value' in query.\n");
  if (level === null) return textAnswer(400, "Expecting 'level=value' in query.\n");
  if (!/^-?\d{1,9}$/.test(level)) {
    return textAnswer(400, `Failed to convert '${level.slice(0, 100)}' to number.\n`);
  }
  if (Number(level) < 0) return textAnswer(400, `Invalid level '${Number(level)}'.\n`);
  const parsed = parseDuration(duration);
  if (!parsed.ok) return textAnswer(400, `${parsed.error.slice(0, 200)}.\n`);
  current.set(Number(level), parsed.value);
  return { status: 200 };
}
