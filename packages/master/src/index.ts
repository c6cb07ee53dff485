// Public surface of `@kaon/master`.
export type { Allocation, AllocatorCommand, Share } from '@kaon/allocator';
export type { AllocatorPort } from './allocator-port.ts';
export * from './errors.ts';
export { Counters } from './metrics/counters.ts';
export { mirrorThread } from './node/mirror-thread.ts';
export type { OperatorChange, OperatorOutcome } from './operator-change.ts';
export { DEFAULT_SETTINGS, type MasterLimits, type MasterSettings } from './options.ts';
export {
  type CallOutcome,
  type CallRefusal,
  type MasterPid,
  type MasterProtocol,
  masterProtocol,
  type SchedulerQuestion,
  type SubscribeQuestion,
  type TeardownQuestion,
} from './protocol.ts';
export { inlineMirror } from './reads/inline-mirror.ts';
export type {
  MakeMirrorHost,
  MirrorHost,
  MirrorHostEvents,
  MirrorNews,
  MirrorOrder,
} from './reads/mirror-orders.ts';
export type { SchedulerConnection } from './scheduler-connection.ts';
export {
  MASTER_ACTOR_ID,
  type OnAllocated,
  type OnInverseOffers,
  type RunningMaster,
  type StartMasterOptions,
  startMaster,
} from './start-master.ts';
export type { ViewAnswer, ViewQuestion } from './views/view.ts';
