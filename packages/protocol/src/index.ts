// Public surface of `@kaon/protocol`: the records of `mesos.v1` flat, the APIs and the internal
// messages as namespaces. Every message name is both a type and its schema.
export * from './codec/create-message.ts';
export * from './codec/json-decode.ts';
export * from './codec/json-encode.ts';
export * from './codec/json-number.ts';
export * from './codec/json-parse.ts';
export * from './codec/proto-decode.ts';
export * from './codec/proto-encode.ts';
export * from './codec/record-decoder.ts';
export * from './codec/schema.ts';
export * from './errors.ts';
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
export * from './operator-lists.ts';
export * from './schemas.ts';
