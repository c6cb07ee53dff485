// Servers for tests, on every driver that loads here.

import {
  createHttpServer,
  type DriverName,
  type HttpServer,
  type HttpServerOptions,
  isUwsAvailable,
} from '@kaon/http';
import type { Test } from 'tap';

/** The drivers to run a suite on. */
export const DRIVERS: readonly DriverName[] = isUwsAvailable() ? ['node', 'uws'] : ['node'];

/** Starts a server on a free port and closes it with the test. */
export async function serve(
  t: Test,
  options: HttpServerOptions,
  addRoutes: (server: HttpServer) => void,
): Promise<{ readonly server: HttpServer; readonly port: number }> {
  const server = createHttpServer(options);
  addRoutes(server);
  t.teardown(() => server.close());
  const { port } = await server.listen({ host: '127.0.0.1', port: 0 });
  return { server, port };
}
