// Rows about the older endpoints of master and agent.
import {
  differs,
  equal,
  equalUpTo,
  TEST_FILES as F,
  missing,
  type Row,
  replay,
  rows,
  test,
} from './row.ts';

/** In the order of `names.ts`. */
export const ENDPOINT_ROWS: readonly Row[] = [
  ...rows('master endpoints', {
    '/api/v1': equal(
      test(F.errors, 'the operator API of the master answers bad requests as Mesos does'),
      replay(
        'master/methods/DELETE_master_api_v1',
        'master/methods/HEAD_master_api_v1',
        'master/methods/OPTIONS_master_api_v1',
        'master/methods/PATCH_master_api_v1',
        'master/methods/POST_master_api_v1',
        'master/methods/PUT_master_api_v1',
        'master/methods/TRACE_master_api_v1',
      ),
    ),
    '/api/v1/scheduler': equal(
      test(F.errors, 'the scheduler API answers bad requests as Mesos does'),
    ),
    '/state': differs(
      'the flags tell of LMDB, and not of folders that do not exist',
      replay(
        'master/get/state',
        'master/get/alias_state',
        'master/get/other_master_state~jsonp=cb',
        'master/get/state.gzip',
        'master/get/state.with-volume',
        'master/get/state.after-teardown',
      ),
    ),
    '/state-summary': equal(replay('master/get/state-summary')),
    '/slaves': equal(
      replay(
        'master/get/slaves',
        'master/get/alias_slaves',
        'master/get/other_master_slaves~slave_id=nope',
        'master/get/slaves.with-volume',
      ),
    ),
    '/frameworks': equal(
      replay(
        'master/get/frameworks',
        'master/get/alias_frameworks',
        'master/get/other_master_frameworks~framework_id=nope',
      ),
    ),
    '/tasks': equal(
      replay(
        'master/get/alias_tasks',
        'master/get/other_master_tasks~framework_id=nope',
        'master/get/other_master_tasks~limit=2',
        'master/get/other_master_tasks~limit=2~offset=1~order=asc',
        'master/get/other_master_tasks~limit=abc',
        'master/get/other_master_tasks~order=des',
      ),
    ),
    '/roles': equal(replay('master/get/roles', 'master/get/roles.after')),
    '/flags': differs(
      'the registry is LMDB, and there are no flags of folders that do not exist',
      replay('master/get/flags', 'master/get/alias_flags'),
    ),
    '/health': equal(
      replay(
        'master/get/health',
        'master/get/alias_health',
        'master/get/other_master_health~jsonp=cb',
        'master/methods/DELETE_master_health',
        'master/methods/HEAD_master_health',
        'master/methods/OPTIONS_master_health',
        'master/methods/PATCH_master_health',
        'master/methods/POST_master_health',
        'master/methods/PUT_master_health',
        'master/methods/TRACE_master_health',
      ),
    ),
    '/redirect': equal(replay('master/get/redirect', 'master/get/alias_redirect')),
    '/teardown': equal(
      test(F.masterHttp, 'an operator tears a framework down by form or by call'),
      replay('master/post/teardown.empty', 'master/post/teardown.unknown'),
    ),
    '/reserve': equal(
      test(F.masterResources, 'the older endpoints take forms'),
      replay(
        'master/post/reserve',
        'master/post/reserve.old-format',
        'master/post/reserve.bad-agent',
        'master/post/reserve.bad-json',
        'master/post/reserve.no-resources',
      ),
    ),
    '/unreserve': equal(
      test(F.masterResources, 'the older endpoints take forms'),
      replay('master/post/unreserve.old-format'),
    ),
    '/create-volumes': equal(
      test(F.masterResources, 'the older endpoints take forms'),
      replay('master/post/create-volumes.empty'),
    ),
    '/destroy-volumes': equal(
      test(F.masterResources, 'the older endpoints take forms'),
      replay('master/post/destroy-volumes.empty'),
    ),
    '/quota': equal(
      test(F.masterChanges, 'the deprecated ways to set and remove a quota answer as recorded'),
      replay(
        'master/get/quota.after',
        'master/post/quota.set',
        'master/post/quota.bad',
        'master/post/quota.delete',
        'master/post/quota.delete-again',
      ),
    ),
    '/weights': equal(
      test(F.masterChanges, 'weights are checked, set and shown'),
      replay('master/get/weights.after', 'master/post/weights.put'),
    ),
    '/allocator/offer_constraints_debug': missing(
      'what an agent is skipped for is told by /allocator/explain',
    ),
    '/maintenance/schedule': equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
      replay('master/get/maintenance_schedule', 'master/post/maintenance-schedule.bad'),
    ),
    '/maintenance/status': equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
      replay('master/get/maintenance_status', 'master/get/maintenance_status.declined'),
    ),
    '/machine/down': equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
      replay('master/post/machine-down'),
    ),
    '/machine/up': equal(
      test(F.masterChanges, 'maintenance is planned and done, word for word'),
      replay('master/post/machine-up'),
    ),
  }),
  ...rows('agent endpoints', {
    '/api/v1': equal(
      replay(
        'agent/get/api_v1',
        'errors/agent/accept-q0',
        'errors/agent/accept-recordio',
        'errors/agent/accept-text',
        'errors/agent/bad-gzip-body',
        'errors/agent/bad-protobuf',
        'errors/agent/content-type-charset',
        'errors/agent/content-type-recordio',
        'errors/agent/content-type-text',
        'errors/agent/empty-body',
        'errors/agent/empty-object',
        'errors/agent/get',
        'errors/agent/gzip-body',
        'errors/agent/json-not-object',
        'errors/agent/json-string',
        'errors/agent/malformed-json',
        'errors/agent/put',
        'errors/agent/trailing-garbage',
        'errors/agent/type-UNKNOWN',
        'errors/agent/type-null',
        'errors/agent/type-number',
        'errors/agent/unknown-field',
        'errors/agent/wrong-field-type',
      ),
    ),
    '/api/v1/executor': equal(
      test(F.executors, 'an executor of its own runs tasks, hears messages and is shut down'),
      replay(
        'errors/executor/accept-q0',
        'errors/executor/accept-recordio',
        'errors/executor/bad-gzip-body',
        'errors/executor/content-type-charset',
        'errors/executor/content-type-recordio',
        'errors/executor/content-type-text',
        'errors/executor/empty-body',
        'errors/executor/get',
        'errors/executor/gzip-body',
        'errors/executor/heartbeat',
        'errors/executor/json-not-object',
        'errors/executor/json-string',
        'errors/executor/malformed-json',
        'errors/executor/message-no-body',
        'errors/executor/nan',
        'errors/executor/no-content-type',
        'errors/executor/no-executor-id',
        'errors/executor/no-framework-id',
        'errors/executor/put',
        'errors/executor/trailing-garbage',
        'errors/executor/type-UNKNOWN',
        'errors/executor/type-lowercase',
        'errors/executor/type-null',
        'errors/executor/type-number',
        'errors/executor/unknown-executor',
        'errors/executor/unknown-field',
        'errors/executor/unknown-framework',
        'errors/executor/unknown-type',
        'errors/executor/update-no-body',
        'errors/executor/update-no-uuid',
        'errors/executor/update-short-uuid',
        'errors/executor/update-staging',
        'errors/executor/wrong-field-type',
      ),
    ),
    '/api/v1/resource_provider': missing('there are no resource providers yet'),
    '/state': differs(
      'the address of the master is not looked up by name; flags of folders that do not exist are left out',
      replay('agent/get/state', 'agent/get/slave(1)_state'),
    ),
    '/flags': differs('there is no folder of programs', replay('agent/get/slave(1)_flags')),
    '/health': equal(replay('agent/get/health', 'agent/get/slave(1)_health')),
    '/monitor/statistics': equal(
      replay(
        'agent/get/monitor_statistics',
        'agent/get/slave(1)_monitor_statistics',
        'agent/get/monitor_statistics.json',
      ),
    ),
    '/containers': equal(
      replay('agent/get/containers', 'agent/get/containers~show_nested=true~show_standalone=true'),
    ),
    '/containerizer/debug': equal(
      replay('agent/get/containerizer_debug', 'agent/get/slave(1)_containerizer_debug'),
    ),
  }),
  ...rows('shared endpoints', {
    '/metrics/snapshot': differs(
      'figures of parts that are not built are left out, see metrics',
      test(F.metrics, 'every key of Mesos is served or left out for a reason'),
    ),
    '/files/browse': differs(
      'no log file is attached',
      replay(
        'master/get/other_files_browse~path=_master_log',
        'master/get/other_files_browse',
        'master/get/other_files_browse~path=_nope',
        'agent/files/browse',
        'agent/files/browse-virtual',
      ),
    ),
    '/files/read': differs(
      'no log file is attached',
      replay(
        'master/get/other_files_read~path=_master_log',
        'master/get/other_files_read',
        'agent/files/read-offset',
        'agent/files/read-size',
        'agent/files/read-stdout',
        'agent/files/read-virtual',
      ),
    ),
    '/files/download': differs(
      'no log file is attached',
      replay(
        'master/get/other_files_download~path=_master_log',
        'master/get/other_files_download~path=_nope',
        'agent/files/download-stdout',
      ),
    ),
    '/files/debug': differs(
      'no log file is attached',
      replay('master/get/other_files_debug', 'agent/get/files_debug'),
    ),
    '/logging/toggle': equal(
      replay(
        'master/get/other_logging_toggle',
        'master/get/other_logging_toggle~level=2~duration=1secs',
        'agent/get/logging_toggle',
      ),
    ),
    '/system/stats.json': equal(replay('agent/get/system_stats.json')),
    '/version': equal(
      replay(
        'master/get/other_version',
        'master/get/other_version~jsonp=cb',
        'agent/get/version',
        'master/methods/DELETE_version',
        'master/methods/HEAD_version',
        'master/methods/OPTIONS_version',
        'master/methods/PATCH_version',
        'master/methods/POST_version',
        'master/methods/PUT_version',
        'master/methods/TRACE_version',
      ),
    ),
    '/__processes__': differs(
      'the actors are others, and each tells more of itself',
      replay('master/get/other___processes__', 'agent/get/__processes__'),
    ),
    '/help, /help/<process>/<endpoint>': equalUpTo(
      'up to the prose',
      replay(
        'master/get/other_help',
        'master/get/other_help_master',
        'master/get/other_help_master_state',
        'master/get/other_help_master_state~format=json',
        'agent/get/help',
        'agent/get/help_slave(1)',
        'agent/get/help_slave(1)_state',
      ),
    ),
    '/profiler/start, /profiler/stop': equalUpTo(
      'as in a build without a profiler',
      replay('master/get/other_profiler_start', 'agent/get/profiler_start'),
    ),
    '/memory-profiler/{start,stop,download/raw,download/text,download/graph,statistics,state}':
      equalUpTo(
        '404 as in a build without memory profiling',
        replay(
          'master/get/other_memory-profiler_state',
          'master/get/other_memory-profiler_statistics',
          'agent/get/memory-profiler_state',
        ),
      ),
    '/ (master)': missing('there is no web page at the root yet', replay('master/get/other_')),
    '/<process>/<route>': equal(
      test(F.actorRoutes, 'what is not there, not allowed, not possible or not in time is said'),
      replay(
        'master/get/other_master_nope',
        'master/get/other_allocator(1)_',
        'agent/get/slave(1)_nope',
        'agent/get/slave(1)',
      ),
    ),
  }),
];
