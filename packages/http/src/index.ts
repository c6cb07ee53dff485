// Public surface of `@kaon/http`.
export * from './answer.ts';
export { type Chunk, chunk } from './chunk.ts';
export * from './client/http-client.ts';
export { compress } from './compression.ts';
export * from './conditional.ts';
export type { DriverName } from './driver.ts';
export { isUwsAvailable } from './drivers/uws-driver.ts';
export * from './errors.ts';
export type { HttpExchange, HttpRequest, StreamHead } from './exchange.ts';
export * from './negotiation.ts';
export { type HttpClientOptions, httpClient } from './node/node-http-client.ts';
export * from './record-io.ts';
export type { ResponseStream } from './response-stream.ts';
export type { RouteParams } from './router.ts';
export * from './server.ts';
export type { HttpStats, StatusClass } from './stats.ts';
export type { PeerCertificate, Pem, ServerTlsOptions } from './tls.ts';
export type { ServerWebSocket, WebSocketHandlers, WebSocketOptions } from './web-socket.ts';
