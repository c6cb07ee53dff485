// All schemas in one tree that follows the protobuf package names, and by full name.
import type { Schema } from './codec/schema.ts';
import * as internal from './generated/kaon-internal.ts';
import * as v1 from './generated/mesos-v1.ts';
import * as agent from './generated/mesos-v1-agent.ts';
import * as allocator from './generated/mesos-v1-allocator.ts';
import * as executor from './generated/mesos-v1-executor.ts';
import * as maintenance from './generated/mesos-v1-maintenance.ts';
import * as master from './generated/mesos-v1-master.ts';
import * as quota from './generated/mesos-v1-quota.ts';
import * as resourceProvider from './generated/mesos-v1-resource-provider.ts';
import * as scheduler from './generated/mesos-v1-scheduler.ts';

/**
 * Every schema, as `schemas.mesos.v1.TaskInfo` or `schemas.mesos.v1.scheduler.Call`. The same values
 * are exported flat under the name of their type: `TaskInfo`, `schedulerV1.Call`.
 */
export const schemas = {
  mesos: {
    v1: {
      ...v1,
      agent,
      allocator,
      executor,
      maintenance,
      master,
      quota,
      resourceProvider,
      scheduler,
    },
  },
  kaon: { internal },
} as const;

/** Every message schema by its full name, `mesos.v1.TaskInfo`. */
export const schemasByName: ReadonlyMap<string, Schema<unknown>> = new Map(
  [
    v1,
    agent,
    allocator,
    executor,
    maintenance,
    master,
    quota,
    resourceProvider,
    scheduler,
    internal,
  ]
    .flatMap((module) => Object.values(module))
    .filter((schema) => schema.kind === 'message')
    .map((schema) => [schema.name, schema]),
);
