// Rows about the calls of operators to master and agent.
import { differs, equal, TEST_FILES as F, type Row, replay, rows, test } from './row.ts';

/** In the order of `names.ts`. */
export const OPERATOR_ROWS: readonly Row[] = [
  ...rows('master calls', {
    GET_HEALTH: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_HEALTH', 'master/api_v1_protobuf/GET_HEALTH'),
    ),
    GET_FLAGS: differs(
      'the registry is LMDB, and there are no flags of folders that do not exist',
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
    ),
    GET_VERSION: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_VERSION', 'master/api_v1_protobuf/GET_VERSION'),
    ),
    GET_METRICS: differs(
      'figures of parts that are not built are left out, see metrics',
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
    ),
    GET_LOGGING_LEVEL: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_LOGGING_LEVEL', 'master/api_v1_protobuf/GET_LOGGING_LEVEL'),
    ),
    SET_LOGGING_LEVEL: equal(
      test(F.loggingLevel, 'an operator raises the level of the log for a while'),
    ),
    LIST_FILES: differs(
      'only the file that --log_dir names; without it there is none',
      test(F.masterLog, 'calls read the log, too'),
    ),
    READ_FILE: differs(
      'only the file that --log_dir names; without it there is none',
      test(F.masterLog, 'calls read the log, too'),
    ),
    GET_STATE: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_STATE', 'master/api_v1_protobuf/GET_STATE'),
    ),
    GET_AGENTS: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_AGENTS', 'master/api_v1_protobuf/GET_AGENTS'),
    ),
    GET_FRAMEWORKS: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_FRAMEWORKS', 'master/api_v1_protobuf/GET_FRAMEWORKS'),
    ),
    GET_EXECUTORS: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_EXECUTORS'),
    ),
    GET_OPERATIONS: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_OPERATIONS', 'master/api_v1_protobuf/GET_OPERATIONS'),
    ),
    GET_TASKS: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_TASKS', 'master/api_v1_protobuf/GET_TASKS'),
    ),
    GET_ROLES: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_ROLES', 'master/api_v1_protobuf/GET_ROLES'),
    ),
    GET_WEIGHTS: equal(test(F.masterChanges, 'weights are checked, set and shown')),
    UPDATE_WEIGHTS: equal(test(F.masterChanges, 'weights are checked, set and shown')),
    GET_MASTER: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_MASTER', 'master/api_v1_protobuf/GET_MASTER'),
    ),
    SUBSCRIBE: equal(
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    RESERVE_RESOURCES: equal(
      test(
        F.masterResources,
        'calls answer 202 when it is done, and in Mesos words when it cannot be',
      ),
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
    ),
    UNRESERVE_RESOURCES: equal(
      test(
        F.masterResources,
        'calls answer 202 when it is done, and in Mesos words when it cannot be',
      ),
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
    ),
    CREATE_VOLUMES: equal(
      test(
        F.masterResources,
        'calls answer 202 when it is done, and in Mesos words when it cannot be',
      ),
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
    ),
    DESTROY_VOLUMES: equal(
      test(
        F.masterResources,
        'calls answer 202 when it is done, and in Mesos words when it cannot be',
      ),
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
    ),
    GROW_VOLUME: equal(
      test(
        F.masterResources,
        'calls answer 202 when it is done, and in Mesos words when it cannot be',
      ),
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
    ),
    SHRINK_VOLUME: equal(
      test(
        F.masterResources,
        'calls answer 202 when it is done, and in Mesos words when it cannot be',
      ),
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
    ),
    GET_MAINTENANCE_STATUS: equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
    ),
    GET_MAINTENANCE_SCHEDULE: equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
    ),
    UPDATE_MAINTENANCE_SCHEDULE: equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
    ),
    START_MAINTENANCE: equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
    ),
    STOP_MAINTENANCE: equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
    ),
    DRAIN_AGENT: equal(
      test(F.masterChanges, 'agents are deactivated, reactivated, drained and marked gone'),
    ),
    DEACTIVATE_AGENT: equal(
      test(F.masterChanges, 'agents are deactivated, reactivated, drained and marked gone'),
    ),
    REACTIVATE_AGENT: equal(
      test(F.masterChanges, 'agents are deactivated, reactivated, drained and marked gone'),
    ),
    GET_QUOTA: equal(test(F.masterChanges, 'quotas are checked, set, shown and reset')),
    UPDATE_QUOTA: equal(test(F.masterChanges, 'quotas are checked, set, shown and reset')),
    SET_QUOTA: equal(
      test(F.masterChanges, 'the deprecated ways to set and remove a quota answer as recorded'),
    ),
    REMOVE_QUOTA: equal(
      test(F.masterChanges, 'the deprecated ways to set and remove a quota answer as recorded'),
    ),
    TEARDOWN: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      test(F.errors, 'the operator API of the master answers bad requests as Mesos does'),
    ),
    MARK_AGENT_GONE: equal(
      test(F.masterChanges, 'agents are deactivated, reactivated, drained and marked gone'),
    ),
  }),
  ...rows('master events', {
    SUBSCRIBED: equal(
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    TASK_ADDED: equal(
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    TASK_UPDATED: equal(
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    AGENT_ADDED: equal(
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    AGENT_REMOVED: equal(
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    FRAMEWORK_ADDED: equal(
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    FRAMEWORK_UPDATED: equal(
      test(F.masterEvents, 'events of a turn come in order, a framework once, as it is at its end'),
    ),
    FRAMEWORK_REMOVED: equal(
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    HEARTBEAT: equal(
      test(F.masterEvents, 'events of a turn come in order, a framework once, as it is at its end'),
    ),
  }),
  ...rows('agent calls', {
    GET_HEALTH: equal(
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1/GET_HEALTH', 'agent/api_v1_protobuf/GET_HEALTH'),
    ),
    GET_FLAGS: differs(
      'there is no folder of programs',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/get/slave(1)_flags'),
    ),
    GET_VERSION: equal(
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1/GET_VERSION', 'agent/api_v1_protobuf/GET_VERSION'),
    ),
    GET_METRICS: differs(
      'figures of parts that are not built are left out, see metrics',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
    ),
    GET_LOGGING_LEVEL: equal(
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1/GET_LOGGING_LEVEL'),
    ),
    SET_LOGGING_LEVEL: equal(
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
    ),
    LIST_FILES: differs(
      'sandboxes only: no log file is attached',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1/LIST_FILES'),
    ),
    READ_FILE: differs(
      'sandboxes only: no log file is attached',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1/READ_FILE'),
    ),
    GET_STATE: differs(
      'command tasks have no executor program: the command shown is the one of the task',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1/GET_STATE'),
    ),
    GET_CONTAINERS: equal(
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1/GET_CONTAINERS', 'agent/api_v1_protobuf/GET_CONTAINERS'),
    ),
    GET_FRAMEWORKS: equal(
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1_protobuf/GET_FRAMEWORKS'),
    ),
    GET_EXECUTORS: differs(
      'command tasks have no executor program: the command shown is the one of the task',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
    ),
    GET_OPERATIONS: equal(
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1/GET_OPERATIONS'),
    ),
    GET_TASKS: equal(
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1/GET_TASKS', 'agent/api_v1_protobuf/GET_TASKS'),
    ),
    GET_AGENT: equal(
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1/GET_AGENT', 'agent/api_v1_protobuf/GET_AGENT'),
    ),
    GET_RESOURCE_PROVIDERS: equal(
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1/GET_RESOURCE_PROVIDERS'),
    ),
    LAUNCH_NESTED_CONTAINER: differs(
      'nested and standalone containers are refused with 400; what is wrong with a call is told as recorded',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/containers/09-LAUNCH_NESTED_CONTAINER'),
    ),
    WAIT_NESTED_CONTAINER: differs(
      'nested and standalone containers are refused with 400; what is wrong with a call is told as recorded',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/containers/12-WAIT_NESTED_CONTAINER'),
    ),
    KILL_NESTED_CONTAINER: differs(
      'nested and standalone containers are refused with 400; what is wrong with a call is told as recorded',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/containers/11-KILL_NESTED_CONTAINER'),
    ),
    REMOVE_NESTED_CONTAINER: differs(
      'nested and standalone containers are refused with 400; what is wrong with a call is told as recorded',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/containers/13-REMOVE_NESTED_CONTAINER'),
    ),
    LAUNCH_NESTED_CONTAINER_SESSION: differs(
      'nested and standalone containers are refused with 400; what is wrong with a call is told as recorded',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
    ),
    ATTACH_CONTAINER_INPUT: differs(
      'nested and standalone containers are refused with 400; what is wrong with a call is told as recorded',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
    ),
    ATTACH_CONTAINER_OUTPUT: differs(
      'nested and standalone containers are refused with 400; what is wrong with a call is told as recorded',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
    ),
    LAUNCH_CONTAINER: differs(
      'nested and standalone containers are refused with 400; what is wrong with a call is told as recorded',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/containers/01-LAUNCH_CONTAINER'),
    ),
    WAIT_CONTAINER: differs(
      'nested and standalone containers are refused with 400; what is wrong with a call is told as recorded',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/containers/32-WAIT_CONTAINER'),
    ),
    KILL_CONTAINER: differs(
      'nested and standalone containers are refused with 400; what is wrong with a call is told as recorded',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
    ),
    REMOVE_CONTAINER: differs(
      'nested and standalone containers are refused with 400; what is wrong with a call is told as recorded',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/containers/14-REMOVE_CONTAINER.running'),
    ),
    ADD_RESOURCE_PROVIDER_CONFIG: differs(
      'there are no resource providers: what would be a good one is refused with 400',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
    ),
    UPDATE_RESOURCE_PROVIDER_CONFIG: differs(
      'there are no resource providers: refused with 400',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
    ),
    REMOVE_RESOURCE_PROVIDER_CONFIG: differs(
      'there are no resource providers: refused with 400',
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
    ),
    MARK_RESOURCE_PROVIDER_GONE: equal(
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
    ),
    PRUNE_IMAGES: equal(
      test(F.encodings, 'calls of operators to the agent mean the same in each encoding'),
      replay('agent/api_v1/PRUNE_IMAGES'),
    ),
  }),
];
