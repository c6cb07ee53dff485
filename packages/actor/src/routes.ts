// HTTP routes of an actor: what a request and an answer look like to it. No sockets here; whoever
// serves HTTP (`@kaon/remote`) hands requests in by `ActorSystem.request`.
import {
  type Decoder,
  decodeInteger,
  decodeOptional,
  decodeRecord,
  decodeString,
  decodeTable,
  decodeUnknown,
} from '@kaon/primitives';
import type { Later } from './later.ts';

/** A request, as plain data: it reaches actors in other threads as well. */
export interface RouteRequest {
  /** In upper case. */
  readonly method: string;
  /** Decoded; a name that is given twice has its last value. */
  readonly query: Readonly<Record<string, string>>;
  /** By lower-case name. Only those that handlers of actors need: see who serves HTTP. */
  readonly headers: Readonly<Record<string, string>>;
  /** Empty when there is none. */
  readonly body: Uint8Array;
}

/** An answer, as plain data. */
export interface RouteAnswer {
  /** Default: 200. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text goes out as UTF-8; anything but text and bytes as JSON. Default: empty. */
  readonly body?: unknown;
}

/** One route of an actor. */
export interface ActorRoute {
  /** What it is for, in one sentence: shown under `/help`. */
  readonly help: string;
  /** Methods that are served; others are answered with 405. Default: `GET` alone. */
  readonly methods?: readonly string[];
  /** Runs as a turn of the actor, like a message. */
  readonly handle: (request: RouteRequest) => RouteAnswer | Later<RouteAnswer>;
}

/** Routes by their path below `/<id>/`, without slashes at the ends; `''` is `/<id>` itself. */
export type ActorRoutes = Readonly<Record<string, ActorRoute>>;

/** What is told of a route. */
export interface RouteInfo {
  readonly path: string;
  readonly methods: readonly string[];
  readonly help: string;
}

const GET_ALONE = ['GET'];

/** Names of asks that stand for routes start with a slash; no message of a protocol can be sent so. */
export const ROUTE_PREFIX = '/';

/** The routes of one actor, for help. */
export function routeInfos(routes: ActorRoutes | undefined): readonly RouteInfo[] {
  return Object.entries(routes ?? {}).map(([path, { methods = GET_ALONE, help }]) => ({
    path,
    methods,
    help,
  }));
}

/** Answers `request` to the route called `path`: 404 and 405 included. */
export function runRoute(
  routes: ActorRoutes | undefined,
  path: string,
  request: RouteRequest,
): RouteAnswer | Later<RouteAnswer> {
  const route = routes && Object.hasOwn(routes, path) ? routes[path] : undefined;
  if (route === undefined) return { status: 404, body: '404 Not Found.' };
  const methods = route.methods ?? GET_ALONE;
  if (methods.includes(request.method)) return route.handle(request);
  const allow = methods.join(', ');
  return {
    status: 405,
    headers: { Allow: allow },
    body: `405 Method Not Allowed. Allowed: ${allow}.`,
  };
}

/** Checks an answer that a handler gave: it may have come from another thread, or from plain JavaScript. */
export const decodeRouteAnswer: Decoder<RouteAnswer> = decodeRecord({
  status: decodeOptional(decodeInteger),
  headers: decodeOptional(decodeTable(decodeString)),
  body: decodeOptional(decodeUnknown),
});
