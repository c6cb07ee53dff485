// Public surface of `@kaon/testkit`.
export { type DiskChange, MemoryDisk } from './memory-disk.ts';
export { type Probe, type ProbeMessage, type ProbeOptions, spawnProbe } from './probe.ts';
export {
  type FaultCount,
  type MessageMatch,
  SimNetwork,
  type SimNetworkOptions,
} from './sim-network.ts';
export { Simulation, type SimulationOptions } from './simulation.ts';
export { Trace } from './trace.ts';
export { VIRTUAL_EPOCH_MS, VirtualClock } from './virtual-clock.ts';
