// One node in one call: an HTTP server, an actor system and the transport between it and others.
import {
  type ActorSystem,
  type ActorSystemOptions,
  createActorSystem,
  type DeadLetter,
} from '@kaon/actor';
import { createHttpServer, type HttpServer, type HttpServerOptions } from '@kaon/http';
import { type Clock, type Logger, type Random, systemClock } from '@kaon/primitives';
import { addActorRoutes } from '../actor-routes.ts';
import { adoptLoggingLevel, LoggingLevel } from '../logging-level.ts';
import type { RemoteOptions } from '../options.ts';
import { addProcessRoutes } from '../process-routes.ts';
import type { RemoteTlsOptions } from '../tls.ts';
import { createRemote, type Remote } from '../transport.ts';

/** Settings of a node. */
export interface NodeOptions {
  /** Default: `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Default: 0, a free port. */
  readonly port?: number | undefined;
  /** Host under which others reach this node, when it is not `host`: needed for `0.0.0.0`. */
  readonly advertiseHost?: string | undefined;
  /** Port under which others reach this node, when it is not the one listened on. */
  readonly advertisePort?: number | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: Random | undefined;
  readonly logger?: Logger | undefined;
  /** Shared by all nodes, 16 characters or more; both sides prove that they know it. Default: none. */
  readonly secret?: string | undefined;
  /** Certificates with which nodes know each other; the server speaks HTTPS then. Default: plain. */
  readonly tls?: RemoteTlsOptions | undefined;
  readonly remote?: RemoteOptions | undefined;
  readonly http?: HttpServerOptions | undefined;
  /** Adds routes before the server listens. */
  readonly addRoutes?: ((server: HttpServer) => void) | undefined;
  readonly onDeadLetter?: ((letter: DeadLetter) => void) | undefined;
  /**
   * Whether HTTP requests reach the routes of actors, `/help` and `/__processes__`. Default: yes.
   * NOTE: whoever reaches the port may use them. Without any route uWebSockets.js can serve the node.
   */
  readonly actorRoutes?: boolean | undefined;
  /** More settings of the actor system: tracing, latency, filters for tests. */
  readonly system?: Pick<
    ActorSystemOptions,
    'tracing' | 'latency' | 'filter' | 'trace' | 'pendingAsksMax'
  >;
}

/** A running node. */
export interface KaonNode {
  readonly system: ActorSystem;
  /** `host:port` under which others reach it. */
  readonly address: string;
  readonly http: HttpServer;
  readonly remote: Remote;
  /** Stops all actors, says goodbye to other nodes, closes the server after at most `graceMs` (1 s). */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

/**
 * Starts a node.
 *
 * @throws {PortInUseError} KAON_PORT_IN_USE
 * @throws {ListenFailedError} KAON_LISTEN_FAILED
 * @throws {DriverUnavailableError} KAON_HTTP_DRIVER_UNAVAILABLE, also for `tls` with the driver `uws`
 */
export async function startNode(options: NodeOptions = {}): Promise<KaonNode> {
  const { host = '127.0.0.1', clock, random, onDeadLetter } = options;
  const level = new LoggingLevel(() => clock ?? systemClock());
  const logger = options.logger && level.apply(options.logger);
  const { secret, tls } = options;
  const remote = createRemote({ secret, tls, ...options.remote });
  const onTlsRefused = (detail: string, peer: string): void => remote.tlsRefused(detail, peer);
  const http = createHttpServer({ clock, logger, tls, onTlsRefused, ...options.http });
  remote.addTo(http);
  options.addRoutes?.(http);
  let started: ActorSystem | undefined;
  if (options.actorRoutes ?? true) {
    addActorRoutes(http, () => started);
    addProcessRoutes(http, level);
  }
  const { port } = await http.listen({ host, port: options.port ?? 0 });
  const advertisedHost = options.advertiseHost ?? host;
  const address = `${advertisedHost}:${options.advertisePort ?? port}`;
  const systemOptions: ActorSystemOptions = {
    ...options.system,
    address,
    transport: remote.transport,
    ...(clock && { clock }),
    ...(random && { random }),
    ...(logger && { logger }),
    ...(onDeadLetter && { onDeadLetter }),
  };
  const system = createActorSystem(systemOptions);
  started = system;
  adoptLoggingLevel(system, level);
  return {
    system,
    address,
    http,
    remote,
    async close({ graceMs = 1000 } = {}) {
      level.close();
      await system.shutdown();
      await http.close({ graceMs });
    },
  };
}
