// Who leads, as far as requests are concerned: a master that does not sends its clients to the one that does.
import type { HttpAnswer, HttpHandler, HttpRequest } from '@kaon/http';
import { textAnswer } from '@kaon/http';
import type { Routes } from './endpoint-context.ts';

/** Where a leader is reached. */
export interface LeaderAddress {
  readonly hostname: string;
  readonly port: number;
}

/** Whether this master leads. */
export type Leadership =
  | {
      readonly kind: 'leading';
      /** Whether it has read the registry. */
      readonly isRecovered: boolean;
      readonly self: LeaderAddress;
    }
  /** Another one leads, or nobody as far as is known. */
  | { readonly kind: 'following'; readonly leader: LeaderAddress | undefined };

/** Tells who leads, as of now. */
export type LeadershipPort = () => Leadership;

const NO_LEADER = textAnswer(503, 'No leader elected');
const NOT_RECOVERED = textAnswer(503, 'Master has not finished recovery');

/** Routes that are answered by the leader only: others redirect, or answer 503 when they know none. */
export function leaderRoutes(routes: Routes, leadership: LeadershipPort): Routes {
  return {
    route: (methods, path, handler, options) =>
      routes.route(methods, path, leaderOnly(handler, leadership), options),
  };
}

/** As `leaderRoutes`; a leader that still reads the registry answers 503 before it looks at the request. */
export function recoveredRoutes(routes: Routes, leadership: LeadershipPort): Routes {
  const leaders = leaderRoutes(routes, leadership);
  return {
    route: (methods, path, handler, options) => {
      const whenRecovered: HttpHandler = (exchange) => {
        const now = leadership();
        if (now.kind === 'leading' && !now.isRecovered) return exchange.respond(NOT_RECOVERED);
        return handler(exchange);
      };
      leaders.route(methods, path, whenRecovered, options);
    },
  };
}

/** `/redirect`: to the leader, whoever asks. */
export function redirectAnswer(leadership: LeadershipPort): HttpAnswer {
  const now = leadership();
  return redirect(now.kind === 'leading' ? now.self : now.leader, '');
}

function leaderOnly(handler: HttpHandler, leadership: LeadershipPort): HttpHandler {
  return (exchange) => {
    const now = leadership();
    if (now.kind === 'leading') return handler(exchange);
    return exchange.respond(redirect(now.leader, pathBelowMaster(exchange.request)));
  };
}

/** Without a scheme, so that the client keeps the one it came with. */
function redirect(leader: LeaderAddress | undefined, path: string): HttpAnswer {
  if (leader === undefined) return NO_LEADER;
  return { status: 307, headers: { Location: `//${leader.hostname}:${leader.port}${path}` } };
}

function pathBelowMaster({ path, queryText }: HttpRequest): string {
  const isBelow = path === '/master' || path.startsWith('/master/');
  const query = queryText === '' ? '' : `?${queryText}`;
  return `${isBelow ? '' : '/master'}${path}${query}`;
}
