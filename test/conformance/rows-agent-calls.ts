// Rows about the calls of operators to an agent.
import { differs, equal, TEST_FILES as F, type Row, replay, rows, test } from './row.ts';

/** In the order of `names.ts`. */
export const AGENT_CALL_ROWS: readonly Row[] = [
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
      replay('agent/api_v1/GET_OPERATIONS', 'agent/api_v1/GET_OPERATIONS.with-pending-ack'),
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
