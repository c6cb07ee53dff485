// Public surface of `@kaon/testkit`.
export { ProbeTimeoutError, ProbeUnexpectedError, SettleTimeoutError } from './errors.ts';
export { drawLatencyMs, type Latency } from './latency.ts';
export { type DiskChange, MemoryDisk } from './memory-disk.ts';
export {
  type FilterHandle,
  type FilterMatch,
  MessageFilters,
  type MessageSpy,
} from './message-filters.ts';
export {
  callTypes,
  type Draft,
  type Known,
  makeMessage,
  mutate,
  mutateBytes,
  pick,
  withoutRequired,
} from './message-maker.ts';
export type { LossCause, NetworkCounts, NetworkEvent } from './network-events.ts';
export {
  type Probe,
  type ProbeExit,
  type ProbeMessage,
  type ProbeOptions,
  type ProbeWaitOptions,
  spawnProbe,
} from './probe.ts';
export { type RouteAnswer, type RouteRequest, Routes, TestResponseStream } from './routes.ts';
export type { LineOptions, Reordering } from './sim-line.ts';
export {
  type FaultCount,
  type MessageMatch,
  SimNetwork,
  type SimNetworkOptions,
} from './sim-network.ts';
export { type SimulatedSystemOptions, Simulation, type SimulationOptions } from './simulation.ts';
export { type SettleOptions, TestClock, type TestClockOptions } from './test-clock.ts';
export { Trace, type TracedEvent, type TraceOptions, type WorldEvent } from './trace.ts';
export { VIRTUAL_EPOCH_MS, VirtualClock } from './virtual-clock.ts';
export type { DrivenWorld } from './waiting.ts';
