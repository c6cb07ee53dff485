// Public surface of `@kaon/protocol`: the records of `mesos.v1` flat, the APIs and the internal
// messages as namespaces. Every message name is both a type and its schema.
export * from './codec/schema.ts';
export * as internal from './generated/kaon-internal.ts';
export * from './generated/mesos-v1.ts';
export * as agentV1 from './generated/mesos-v1-agent.ts';
export * as allocatorV1 from './generated/mesos-v1-allocator.ts';
export * as executorV1 from './generated/mesos-v1-executor.ts';
export * as maintenanceV1 from './generated/mesos-v1-maintenance.ts';
export * as masterV1 from './generated/mesos-v1-master.ts';
export * as quotaV1 from './generated/mesos-v1-quota.ts';
export * as resourceProviderV1 from './generated/mesos-v1-resource-provider.ts';
export * as schedulerV1 from './generated/mesos-v1-scheduler.ts';
export * from './schemas.ts';
