// One well-formed call of each type of each API, as JSON. Ids are of things that do not exist, so that a
// call can be sent again and again. Tests of encodings send them; whoever mutates calls starts from them.
import type { AGENT_CALLS, EXECUTOR_CALLS, MASTER_CALLS, SCHEDULER_CALLS } from './names.ts';
import type { Json } from './v1-scheduler.ts';

/** The body of a call by its type, without the type. */
export type Samples<Names extends readonly string[]> = Readonly<Record<Names[number], Json>>;

const id = (value: string): Json => ({ value });
const agent_id = id('no-agent');
const framework_id = id('no-framework');
const container_id = id('no-container');
const nested_id = { value: 'nested', parent: container_id };
const machines = [{ hostname: 'no-machine', ip: '192.0.2.1' }];
const duration = { nanoseconds: 1_000_000_000 };
const uuid = 'AFIVpPp4R2+0b9z24IMqbw==';
const disk = {
  name: 'disk',
  type: 'SCALAR',
  scalar: { value: 64 },
  reservations: [{ type: 'DYNAMIC', role: 'golden' }],
};
const volume = {
  ...disk,
  disk: { persistence: { id: 'v' }, volume: { container_path: 'v', mode: 'RW' } },
};

/** Of operators to the master. */
export const MASTER_SAMPLES: Samples<typeof MASTER_CALLS> = {
  GET_HEALTH: {},
  GET_FLAGS: {},
  GET_VERSION: {},
  GET_METRICS: { get_metrics: { timeout: duration } },
  GET_LOGGING_LEVEL: {},
  SET_LOGGING_LEVEL: { set_logging_level: { level: 0, duration } },
  LIST_FILES: { list_files: { path: '/nothing' } },
  READ_FILE: { read_file: { path: '/nothing', offset: 0 } },
  GET_STATE: {},
  GET_AGENTS: {},
  GET_FRAMEWORKS: {},
  GET_EXECUTORS: {},
  GET_OPERATIONS: {},
  GET_TASKS: {},
  GET_ROLES: {},
  GET_WEIGHTS: {},
  UPDATE_WEIGHTS: { update_weights: { weight_infos: [{ role: 'golden', weight: 1 }] } },
  GET_MASTER: {},
  SUBSCRIBE: {},
  RESERVE_RESOURCES: { reserve_resources: { agent_id, resources: [disk] } },
  UNRESERVE_RESOURCES: { unreserve_resources: { agent_id, resources: [disk] } },
  CREATE_VOLUMES: { create_volumes: { agent_id, volumes: [volume] } },
  DESTROY_VOLUMES: { destroy_volumes: { agent_id, volumes: [volume] } },
  GROW_VOLUME: { grow_volume: { agent_id, volume, addition: disk } },
  SHRINK_VOLUME: { shrink_volume: { agent_id, volume, subtract: { value: 1 } } },
  GET_MAINTENANCE_STATUS: {},
  GET_MAINTENANCE_SCHEDULE: {},
  UPDATE_MAINTENANCE_SCHEDULE: { update_maintenance_schedule: { schedule: { windows: [] } } },
  START_MAINTENANCE: { start_maintenance: { machines } },
  STOP_MAINTENANCE: { stop_maintenance: { machines } },
  DRAIN_AGENT: { drain_agent: { agent_id } },
  DEACTIVATE_AGENT: { deactivate_agent: { agent_id } },
  REACTIVATE_AGENT: { reactivate_agent: { agent_id } },
  GET_QUOTA: {},
  UPDATE_QUOTA: { update_quota: { quota_configs: [{ role: 'golden' }] } },
  SET_QUOTA: { set_quota: { quota_request: { role: 'a/b' } } },
  REMOVE_QUOTA: { remove_quota: { role: 'no-role' } },
  TEARDOWN: { teardown: { framework_id } },
  MARK_AGENT_GONE: { mark_agent_gone: { agent_id } },
};

/** Of operators to the agent. */
export const AGENT_SAMPLES: Samples<typeof AGENT_CALLS> = {
  GET_HEALTH: {},
  GET_FLAGS: {},
  GET_VERSION: {},
  GET_METRICS: { get_metrics: { timeout: duration } },
  GET_LOGGING_LEVEL: {},
  SET_LOGGING_LEVEL: { set_logging_level: { level: 0, duration } },
  LIST_FILES: { list_files: { path: '/nothing' } },
  READ_FILE: { read_file: { path: '/nothing', offset: 0 } },
  GET_STATE: {},
  GET_CONTAINERS: { get_containers: { show_nested: true } },
  GET_FRAMEWORKS: {},
  GET_EXECUTORS: {},
  GET_OPERATIONS: {},
  GET_TASKS: {},
  GET_AGENT: {},
  GET_RESOURCE_PROVIDERS: {},
  LAUNCH_NESTED_CONTAINER: { launch_nested_container: { container_id: nested_id } },
  WAIT_NESTED_CONTAINER: { wait_nested_container: { container_id: nested_id } },
  KILL_NESTED_CONTAINER: { kill_nested_container: { container_id: nested_id } },
  REMOVE_NESTED_CONTAINER: { remove_nested_container: { container_id: nested_id } },
  LAUNCH_NESTED_CONTAINER_SESSION: {
    launch_nested_container_session: { container_id: nested_id },
  },
  ATTACH_CONTAINER_INPUT: { attach_container_input: { type: 'CONTAINER_ID', container_id } },
  ATTACH_CONTAINER_OUTPUT: { attach_container_output: { container_id } },
  LAUNCH_CONTAINER: { launch_container: { container_id: nested_id } },
  WAIT_CONTAINER: { wait_container: { container_id } },
  KILL_CONTAINER: { kill_container: { container_id } },
  REMOVE_CONTAINER: { remove_container: { container_id } },
  ADD_RESOURCE_PROVIDER_CONFIG: {
    add_resource_provider_config: { info: { type: 'no.type', name: 'no-name' } },
  },
  UPDATE_RESOURCE_PROVIDER_CONFIG: {
    update_resource_provider_config: { info: { type: 'no.type', name: 'no-name' } },
  },
  REMOVE_RESOURCE_PROVIDER_CONFIG: {
    remove_resource_provider_config: { type: 'no.type', name: 'no-name' },
  },
  MARK_RESOURCE_PROVIDER_GONE: {
    mark_resource_provider_gone: { resource_provider_id: id('no-provider') },
  },
  PRUNE_IMAGES: {},
};

/** Of schedulers; what a subscribed framework may send. */
export const SCHEDULER_SAMPLES: Samples<typeof SCHEDULER_CALLS> = {
  SUBSCRIBE: { subscribe: { framework_info: { user: 'root', name: 'sample', roles: ['golden'] } } },
  TEARDOWN: {},
  ACCEPT: { accept: { offer_ids: [id('no-offer')], operations: [] } },
  DECLINE: { decline: { offer_ids: [id('no-offer')] } },
  ACCEPT_INVERSE_OFFERS: { accept_inverse_offers: { inverse_offer_ids: [id('no-offer')] } },
  DECLINE_INVERSE_OFFERS: { decline_inverse_offers: { inverse_offer_ids: [id('no-offer')] } },
  REVIVE: { revive: { roles: ['golden'] } },
  KILL: { kill: { task_id: id('no-task') } },
  SHUTDOWN: { shutdown: { executor_id: id('no-executor'), agent_id } },
  ACKNOWLEDGE: { acknowledge: { agent_id, task_id: id('no-task'), uuid } },
  ACKNOWLEDGE_OPERATION_STATUS: {
    acknowledge_operation_status: { agent_id, operation_id: id('no-operation'), uuid },
  },
  RECONCILE: { reconcile: { tasks: [{ task_id: id('no-task') }] } },
  RECONCILE_OPERATIONS: {
    reconcile_operations: { operations: [{ operation_id: id('no-operation') }] },
  },
  MESSAGE: { message: { agent_id, executor_id: id('no-executor'), data: 'eA==' } },
  REQUEST: { request: { requests: [] } },
  SUPPRESS: { suppress: { roles: ['golden'] } },
  UPDATE_FRAMEWORK: {},
};

/** Of executors. */
export const EXECUTOR_SAMPLES: Samples<typeof EXECUTOR_CALLS> = {
  SUBSCRIBE: { subscribe: {} },
  UPDATE: {
    update: {
      status: { task_id: id('no-task'), state: 'TASK_RUNNING', uuid, source: 'SOURCE_EXECUTOR' },
    },
  },
  MESSAGE: { message: { data: 'eA==' } },
  HEARTBEAT: {},
};
