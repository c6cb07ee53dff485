// Public surface of `@kaon/remote`.
export { type ActorRouteOptions, addActorRoutes } from './actor-routes.ts';
export type { OnCongested } from './connection.ts';
export { HandshakeError, type HandshakeProblem } from './errors.ts';
export { PROTOCOL_VERSION } from './handshake.ts';
export { addHelp, type EndpointHelp } from './help-book.ts';
export type { Dial, LinkSocket, LinkSocketEvents } from './link-socket.ts';
export { LoggingLevel, loggingLevelOf } from './logging-level.ts';
export { type KaonNode, type NodeOptions, startNode } from './node/start-node.ts';
export { webSocketDial } from './node/web-socket-dial.ts';
export type { RemoteOptions } from './options.ts';
export type { RemoteStats } from './stats.ts';
export { ThreadError, type ThreadProblem } from './threads/errors.ts';
export type { ThreadLogLevel } from './threads/log-line.ts';
export type {
  ThreadCongestion,
  ThreadResources,
  ThreadRestarts,
  ThreadsOptions,
} from './threads/options.ts';
export {
  type PoolCloseOptions,
  type PoolStats,
  startThreads,
  ThreadPool,
  type ThreadProcessInfo,
  type ThreadSpawnOptions,
} from './threads/pool.ts';
export type { ThreadStats } from './threads/thread.ts';
export {
  type AnyModule,
  type DefinitionName,
  type OptionsIn,
  type ProtocolIn,
  type ThreadModule,
  threadModule,
} from './threads/thread-module.ts';
export { type Transferable, transferring } from './threads/transferring.ts';
export type { RemoteTlsOptions } from './tls.ts';
export { createRemote, type Remote } from './transport.ts';
