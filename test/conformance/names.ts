// The names of every call, event and endpoint of Mesos 1.12: what the table must have a row for.

/** Of schedulers to the master. */
export const SCHEDULER_CALLS = [
  'SUBSCRIBE',
  'TEARDOWN',
  'ACCEPT',
  'DECLINE',
  'ACCEPT_INVERSE_OFFERS',
  'DECLINE_INVERSE_OFFERS',
  'REVIVE',
  'KILL',
  'SHUTDOWN',
  'ACKNOWLEDGE',
  'ACKNOWLEDGE_OPERATION_STATUS',
  'RECONCILE',
  'RECONCILE_OPERATIONS',
  'MESSAGE',
  'REQUEST',
  'SUPPRESS',
  'UPDATE_FRAMEWORK',
] as const;

/** Of the master to schedulers. */
export const SCHEDULER_EVENTS = [
  'SUBSCRIBED',
  'OFFERS',
  'INVERSE_OFFERS',
  'RESCIND',
  'RESCIND_INVERSE_OFFER',
  'UPDATE',
  'UPDATE_OPERATION_STATUS',
  'MESSAGE',
  'FAILURE',
  'ERROR',
  'HEARTBEAT',
] as const;

/** Of executors to the agent. */
export const EXECUTOR_CALLS = ['SUBSCRIBE', 'UPDATE', 'MESSAGE', 'HEARTBEAT'] as const;

/** Of the agent to executors. */
export const EXECUTOR_EVENTS = [
  'SUBSCRIBED',
  'LAUNCH',
  'LAUNCH_GROUP',
  'KILL',
  'ACKNOWLEDGED',
  'MESSAGE',
  'ERROR',
  'SHUTDOWN',
  'HEARTBEAT',
] as const;

/** Of operators to the master. */
export const MASTER_CALLS = [
  'GET_HEALTH',
  'GET_FLAGS',
  'GET_VERSION',
  'GET_METRICS',
  'GET_LOGGING_LEVEL',
  'SET_LOGGING_LEVEL',
  'LIST_FILES',
  'READ_FILE',
  'GET_STATE',
  'GET_AGENTS',
  'GET_FRAMEWORKS',
  'GET_EXECUTORS',
  'GET_OPERATIONS',
  'GET_TASKS',
  'GET_ROLES',
  'GET_WEIGHTS',
  'UPDATE_WEIGHTS',
  'GET_MASTER',
  'SUBSCRIBE',
  'RESERVE_RESOURCES',
  'UNRESERVE_RESOURCES',
  'CREATE_VOLUMES',
  'DESTROY_VOLUMES',
  'GROW_VOLUME',
  'SHRINK_VOLUME',
  'GET_MAINTENANCE_STATUS',
  'GET_MAINTENANCE_SCHEDULE',
  'UPDATE_MAINTENANCE_SCHEDULE',
  'START_MAINTENANCE',
  'STOP_MAINTENANCE',
  'DRAIN_AGENT',
  'DEACTIVATE_AGENT',
  'REACTIVATE_AGENT',
  'GET_QUOTA',
  'UPDATE_QUOTA',
  'SET_QUOTA',
  'REMOVE_QUOTA',
  'TEARDOWN',
  'MARK_AGENT_GONE',
] as const;

/** Of the master to operators. */
export const MASTER_EVENTS = [
  'SUBSCRIBED',
  'TASK_ADDED',
  'TASK_UPDATED',
  'AGENT_ADDED',
  'AGENT_REMOVED',
  'FRAMEWORK_ADDED',
  'FRAMEWORK_UPDATED',
  'FRAMEWORK_REMOVED',
  'HEARTBEAT',
] as const;

/** Of operators to the agent. */
export const AGENT_CALLS = [
  'GET_HEALTH',
  'GET_FLAGS',
  'GET_VERSION',
  'GET_METRICS',
  'GET_LOGGING_LEVEL',
  'SET_LOGGING_LEVEL',
  'LIST_FILES',
  'READ_FILE',
  'GET_STATE',
  'GET_CONTAINERS',
  'GET_FRAMEWORKS',
  'GET_EXECUTORS',
  'GET_OPERATIONS',
  'GET_TASKS',
  'GET_AGENT',
  'GET_RESOURCE_PROVIDERS',
  'LAUNCH_NESTED_CONTAINER',
  'WAIT_NESTED_CONTAINER',
  'KILL_NESTED_CONTAINER',
  'REMOVE_NESTED_CONTAINER',
  'LAUNCH_NESTED_CONTAINER_SESSION',
  'ATTACH_CONTAINER_INPUT',
  'ATTACH_CONTAINER_OUTPUT',
  'LAUNCH_CONTAINER',
  'WAIT_CONTAINER',
  'KILL_CONTAINER',
  'REMOVE_CONTAINER',
  'ADD_RESOURCE_PROVIDER_CONFIG',
  'UPDATE_RESOURCE_PROVIDER_CONFIG',
  'REMOVE_RESOURCE_PROVIDER_CONFIG',
  'MARK_RESOURCE_PROVIDER_GONE',
  'PRUNE_IMAGES',
] as const;

/** Of resource providers to the agent. */
export const PROVIDER_CALLS = [
  'SUBSCRIBE',
  'UPDATE_OPERATION_STATUS',
  'UPDATE_STATE',
  'UPDATE_PUBLISH_RESOURCES_STATUS',
] as const;

/** Of the agent to resource providers. */
export const PROVIDER_EVENTS = [
  'SUBSCRIBED',
  'APPLY_OPERATION',
  'PUBLISH_RESOURCES',
  'ACKNOWLEDGE_OPERATION_STATUS',
  'RECONCILE_OPERATIONS',
  'TEARDOWN',
] as const;

/** Of the master, by path. */
export const MASTER_ENDPOINTS = [
  '/api/v1',
  '/api/v1/scheduler',
  '/state',
  '/state-summary',
  '/slaves',
  '/frameworks',
  '/tasks',
  '/roles',
  '/flags',
  '/health',
  '/redirect',
  '/teardown',
  '/reserve',
  '/unreserve',
  '/create-volumes',
  '/destroy-volumes',
  '/quota',
  '/weights',
  '/allocator/offer_constraints_debug',
  '/maintenance/schedule',
  '/maintenance/status',
  '/machine/down',
  '/machine/up',
] as const;

/** Of the agent, by path. */
export const AGENT_ENDPOINTS = [
  '/api/v1',
  '/api/v1/executor',
  '/api/v1/resource_provider',
  '/state',
  '/flags',
  '/health',
  '/monitor/statistics',
  '/containers',
  '/containerizer/debug',
] as const;

/** Of both, by path. */
export const SHARED_ENDPOINTS = [
  '/metrics/snapshot',
  '/files/browse',
  '/files/read',
  '/files/download',
  '/files/debug',
  '/logging/toggle',
  '/system/stats.json',
  '/version',
  '/__processes__',
  '/help, /help/<process>/<endpoint>',
  '/profiler/start, /profiler/stop',
  '/memory-profiler/{start,stop,download/raw,download/text,download/graph,statistics,state}',
  '/ (master)',
  '/<process>/<route>',
] as const;
