// Public surface of `@kaon/scheduler`.
export { type ActorConnectionOptions, ActorSchedulerConnection } from './actor-connection.ts';
export type {
  SchedulerCall,
  SchedulerConnection,
  SchedulerSignal,
  Subscription,
} from './connection.ts';
export type { SchedulerDriverStats } from './driver/driver-actor.ts';
export type { DriverProtocol } from './driver/driver-protocol.ts';
export type { CallbackResult, Scheduler } from './driver/driver-scheduler.ts';
export {
  MesosSchedulerDriver,
  type SchedulerDriverOptions,
  type SchedulerTransport,
} from './driver/mesos-scheduler-driver.ts';
export type { SchedulerDriver } from './driver/scheduler-driver.ts';
export type { CallEncoding } from './encoding.ts';
export * from './errors.ts';
export { FAILOVER_TIMEOUT_MS, type FrameworkOptions, frameworkInfo } from './framework-info.ts';
export { type HttpConnectionOptions, HttpSchedulerConnection } from './http-connection.ts';
export { parseMasters } from './master-address.ts';
export { lmdbStore } from './node/lmdb-store.ts';
export { type ConnectOptions, connectScheduler } from './sdk/connect-scheduler.ts';
export type { OpenOffer } from './sdk/offer-feed.ts';
export type { AttributeWishes, Spread } from './sdk/placement.ts';
export type { TaskRequest } from './sdk/task-request.ts';
export { type SchedulerStats, TaskScheduler } from './sdk/task-scheduler.ts';
export type { LaunchedTask, TaskAgent } from './sdk/tracked-task.ts';
export type { TaskUpdate } from './sdk/update-feed.ts';
export { type FileStoreOptions, fileStore } from './store/file-store.ts';
export type { SchedulerStore, StoreChanges } from './store/scheduler-store.ts';
export { type TaskExit, taskExit } from './task-exit.ts';
