// Public surface of `@kaon/local`.

export { CONSTRAINT_LIMITS } from '@kaon/allocator';
export * from './errors.ts';
export { type HostAgent, type HostAgentOptions, startHostAgent } from './host-agent.ts';
export {
  type HostAllocatorOptions,
  type HostMaster,
  type HostMasterOptions,
  startHostMaster,
} from './host-master.ts';
export { ensureWorkDirectory } from './node/work-directory.ts';
export {
  runSample,
  type SampleOptions,
  type SampleTask,
} from './sample-framework.ts';
export {
  type LocalCluster,
  type LocalClusterOptions,
  startLocalCluster,
} from './start-local-cluster.ts';
