// Rows about the calls of operators to the master, and the events that they may subscribe to.
import { differs, equal, equalUpTo, TEST_FILES as F, type Row, replay, rows, test } from './row.ts';

/** In the order of `names.ts`. */
export const MASTER_CALL_ROWS: readonly Row[] = [
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
      replay('errors/master/SET_LOGGING_LEVEL.too-low'),
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
      replay(
        'master/api_v1/GET_AGENTS',
        'master/api_v1_protobuf/GET_AGENTS',
        'master/api_v1/GET_AGENTS.with-volume',
        'master/api_v1/GET_AGENTS.deactivated',
      ),
    ),
    GET_FRAMEWORKS: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay(
        'master/api_v1/GET_FRAMEWORKS',
        'master/api_v1_protobuf/GET_FRAMEWORKS',
        'master/api_v1/GET_FRAMEWORKS.after-teardown',
      ),
    ),
    GET_EXECUTORS: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_EXECUTORS'),
    ),
    GET_OPERATIONS: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay(
        'master/api_v1/GET_OPERATIONS',
        'master/api_v1_protobuf/GET_OPERATIONS',
        'master/api_v1/GET_OPERATIONS.with-pending-ack',
      ),
    ),
    GET_TASKS: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_TASKS', 'master/api_v1_protobuf/GET_TASKS'),
    ),
    GET_ROLES: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_ROLES', 'master/api_v1_protobuf/GET_ROLES'),
    ),
    GET_WEIGHTS: equal(
      test(F.masterChanges, 'weights are checked, set and shown'),
      replay('master/api_v1/GET_WEIGHTS.after'),
    ),
    UPDATE_WEIGHTS: equal(
      test(F.masterChanges, 'weights are checked, set and shown'),
      replay(
        'master/api_v1/UPDATE_WEIGHTS',
        'master/api_v1/UPDATE_WEIGHTS.zero',
        'master/api_v1/UPDATE_WEIGHTS.noweight',
        'master/api_v1/UPDATE_WEIGHTS.bad-role',
      ),
    ),
    GET_MASTER: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GET_MASTER', 'master/api_v1_protobuf/GET_MASTER'),
    ),
    SUBSCRIBE: equalUpTo(
      'who leaves so much unread that 16 MB of events are kept gets a new `SUBSCRIBED`; Mesos lets it grow',
      test(F.writes, 'operators who have subscribed see what was recorded'),
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
      test(
        F.eventSockets,
        'who does not read is dropped to a snapshot, and the others lose nothing',
      ),
    ),
    RESERVE_RESOURCES: equal(
      test(
        F.masterResources,
        'calls answer 202 when it is done, and in Mesos words when it cannot be',
      ),
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay(
        'master/api_v1/RESERVE_RESOURCES.too-much',
        'master/api_v1/RESERVE_RESOURCES.bad-agent',
        'master/api_v1/RESERVE_RESOURCES.unreserved',
        'master/api_v1/RESERVE_RESOURCES.principal',
        'master/api_v1/RESERVE_RESOURCES.rescinding',
      ),
    ),
    UNRESERVE_RESOURCES: equal(
      test(
        F.masterResources,
        'calls answer 202 when it is done, and in Mesos words when it cannot be',
      ),
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay(
        'master/api_v1/UNRESERVE_RESOURCES.in-use',
        'master/api_v1/UNRESERVE_RESOURCES',
        'master/api_v1/UNRESERVE_RESOURCES.after-rescind',
      ),
    ),
    CREATE_VOLUMES: equal(
      test(
        F.masterResources,
        'calls answer 202 when it is done, and in Mesos words when it cannot be',
      ),
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/CREATE_VOLUMES', 'master/api_v1/CREATE_VOLUMES.duplicate'),
    ),
    DESTROY_VOLUMES: equal(
      test(
        F.masterResources,
        'calls answer 202 when it is done, and in Mesos words when it cannot be',
      ),
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/DESTROY_VOLUMES', 'master/api_v1/DESTROY_VOLUMES.absent'),
    ),
    GROW_VOLUME: equal(
      test(
        F.masterResources,
        'calls answer 202 when it is done, and in Mesos words when it cannot be',
      ),
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/GROW_VOLUME'),
    ),
    SHRINK_VOLUME: equal(
      test(
        F.masterResources,
        'calls answer 202 when it is done, and in Mesos words when it cannot be',
      ),
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      replay('master/api_v1/SHRINK_VOLUME'),
    ),
    GET_MAINTENANCE_STATUS: equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
      replay(
        'master/api_v1/GET_MAINTENANCE_STATUS.ghost',
        'master/api_v1/GET_MAINTENANCE_STATUS.down',
        'master/api_v1/GET_MAINTENANCE_STATUS.accepted',
        'master/api_v1/GET_MAINTENANCE_STATUS.declined',
      ),
    ),
    GET_MAINTENANCE_SCHEDULE: equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
      replay('master/api_v1/GET_MAINTENANCE_SCHEDULE'),
    ),
    UPDATE_MAINTENANCE_SCHEDULE: equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
      replay(
        'master/api_v1/UPDATE_MAINTENANCE_SCHEDULE.ghost',
        'master/api_v1/UPDATE_MAINTENANCE_SCHEDULE.drop-down',
        'master/api_v1/UPDATE_MAINTENANCE_SCHEDULE.bad-machine',
        'master/api_v1/UPDATE_MAINTENANCE_SCHEDULE.negative',
        'master/api_v1/UPDATE_MAINTENANCE_SCHEDULE.no-machines',
        'master/api_v1/UPDATE_MAINTENANCE_SCHEDULE',
        'master/api_v1/UPDATE_MAINTENANCE_SCHEDULE.empty',
      ),
    ),
    START_MAINTENANCE: equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
      replay(
        'master/api_v1/START_MAINTENANCE.unscheduled',
        'master/api_v1/START_MAINTENANCE',
        'master/api_v1/START_MAINTENANCE.again',
        'master/api_v1/START_MAINTENANCE.empty',
      ),
    ),
    STOP_MAINTENANCE: equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
      replay('master/api_v1/STOP_MAINTENANCE', 'master/api_v1/STOP_MAINTENANCE.not-down'),
    ),
    DRAIN_AGENT: equal(
      test(F.masterChanges, 'agents are deactivated, reactivated, drained and marked gone'),
    ),
    DEACTIVATE_AGENT: equal(
      test(F.masterChanges, 'agents are deactivated, reactivated, drained and marked gone'),
      replay('master/api_v1/DEACTIVATE_AGENT'),
    ),
    REACTIVATE_AGENT: equal(
      test(F.masterChanges, 'agents are deactivated, reactivated, drained and marked gone'),
      replay('master/api_v1/REACTIVATE_AGENT'),
    ),
    GET_QUOTA: equal(
      test(F.masterChanges, 'quotas are checked, set, shown and reset'),
      replay('master/api_v1/GET_QUOTA.after', 'master/api_v1/GET_QUOTA.after-set'),
    ),
    UPDATE_QUOTA: equal(
      test(F.masterChanges, 'quotas are checked, set, shown and reset'),
      replay(
        'master/api_v1/UPDATE_QUOTA',
        'master/api_v1/UPDATE_QUOTA.over-capacity',
        'master/api_v1/UPDATE_QUOTA.guarantee-over-limit',
        'master/api_v1/UPDATE_QUOTA.norole',
      ),
    ),
    SET_QUOTA: equal(
      test(F.masterChanges, 'the deprecated ways to set and remove a quota answer as recorded'),
      replay('master/api_v1/SET_QUOTA.again'),
    ),
    REMOVE_QUOTA: equal(
      test(F.masterChanges, 'the deprecated ways to set and remove a quota answer as recorded'),
      replay('master/api_v1/REMOVE_QUOTA'),
    ),
    TEARDOWN: equal(
      test(F.encodings, 'calls of operators to the master mean the same in each encoding'),
      test(F.errors, 'the operator API of the master answers bad requests as Mesos does'),
      replay('master/api_v1/TEARDOWN'),
    ),
    MARK_AGENT_GONE: equal(
      test(F.masterChanges, 'agents are deactivated, reactivated, drained and marked gone'),
      replay('master/api_v1/MARK_AGENT_GONE.unknown'),
    ),
  }),
  ...rows('master events', {
    SUBSCRIBED: equal(
      test(F.writes, 'operators who have subscribed see what was recorded'),
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    TASK_ADDED: equal(
      test(F.writes, 'operators who have subscribed see what was recorded'),
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    TASK_UPDATED: equal(
      test(F.writes, 'operators who have subscribed see what was recorded'),
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    AGENT_ADDED: equalUpTo(
      'an agent that left the cluster comes back as a new one, under another id',
      test(F.writes, 'operators who have subscribed see what was recorded'),
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    AGENT_REMOVED: equal(
      test(F.writes, 'operators who have subscribed see what was recorded'),
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    FRAMEWORK_ADDED: equal(
      test(F.writes, 'operators who have subscribed see what was recorded'),
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    FRAMEWORK_UPDATED: equal(
      test(F.writes, 'operators who have subscribed see what was recorded'),
      test(F.masterEvents, 'events of a turn come in order, a framework once, as it is at its end'),
    ),
    FRAMEWORK_REMOVED: equal(
      test(F.writes, 'operators who have subscribed see what was recorded'),
      test(F.masterEvents, 'a snapshot and all that follows equal a fresh snapshot'),
    ),
    HEARTBEAT: equal(
      test(F.writes, 'operators who have subscribed see what was recorded'),
      test(F.masterEvents, 'events of a turn come in order, a framework once, as it is at its end'),
    ),
  }),
];
