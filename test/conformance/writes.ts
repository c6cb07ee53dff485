// What operators changed while the recordings were made, in the order they did: the names of recorded calls, and
// between them the few that were made but are not among the recordings.
import type { Json } from './v1-scheduler.ts';

/** A recorded exchange by its name, a call that was made as well, or a wait for what was so by then. */
export type Write = string | { readonly unrecorded: Json } | 'all is offered' | 'nothing runs';

const AGENT = { value: '24873d79-a49d-4f48-89dd-27ac022a6f7a-S1' };
const RESERVED = [{ type: 'DYNAMIC', role: 'opres' }];
const CPUS = { name: 'cpus', type: 'SCALAR', scalar: { value: 0.25 }, reservations: RESERVED };
const DISK = { name: 'disk', type: 'SCALAR', scalar: { value: 64 }, reservations: RESERVED };

/** Everything while there was a framework. */
export const WRITES: readonly Write[] = [
  'master/api_v1/UPDATE_WEIGHTS',
  'master/api_v1/GET_WEIGHTS.after',
  'master/get/weights.after',
  'master/api_v1/UPDATE_WEIGHTS.zero',
  'master/api_v1/UPDATE_WEIGHTS.noweight',
  'master/api_v1/UPDATE_WEIGHTS.bad-role',

  'master/api_v1/UPDATE_QUOTA',
  'master/api_v1/GET_QUOTA.after',
  'all is offered',
  'master/api_v1/GET_ROLES.after',
  'master/api_v1/UPDATE_QUOTA.over-capacity',
  'master/api_v1/UPDATE_QUOTA.guarantee-over-limit',
  'master/api_v1/UPDATE_QUOTA.norole',
  {
    unrecorded: {
      type: 'UPDATE_QUOTA',
      update_quota: {
        quota_configs: [{ role: 'quotarole' }, { role: '*', limits: { cpus: { value: 2 } } }],
      },
    },
  },
  'master/get/quota.after',
  'master/get/roles.after',
  {
    unrecorded: {
      type: 'SET_QUOTA',
      set_quota: {
        quota_request: {
          role: 'oldquota',
          guarantee: [{ name: 'cpus', type: 'SCALAR', scalar: { value: 0.5 } }],
        },
      },
    },
  },
  'master/api_v1/GET_QUOTA.after-set',
  'master/api_v1/SET_QUOTA.again',
  'master/api_v1/REMOVE_QUOTA',
  'master/api_v1/REMOVE_QUOTA.absent',

  {
    unrecorded: {
      type: 'RESERVE_RESOURCES',
      reserve_resources: { agent_id: AGENT, resources: [CPUS, DISK] },
    },
  },
  'master/api_v1/RESERVE_RESOURCES.too-much',
  'master/api_v1/RESERVE_RESOURCES.bad-agent',
  'master/api_v1/RESERVE_RESOURCES.unreserved',
  'master/api_v1/RESERVE_RESOURCES.principal',
  'master/api_v1/CREATE_VOLUMES',
  'master/api_v1/CREATE_VOLUMES.duplicate',
  'all is offered',
  'master/api_v1/GET_AGENTS.with-volume',
  'master/get/slaves.with-volume',
  'master/get/state.with-volume',
  'master/api_v1/GROW_VOLUME',
  'master/api_v1/SHRINK_VOLUME',
  'all is offered',
  'master/api_v1/UNRESERVE_RESOURCES.in-use',
  'master/api_v1/DESTROY_VOLUMES',
  'master/api_v1/DESTROY_VOLUMES.absent',
  'master/api_v1/UNRESERVE_RESOURCES',

  'master/api_v1/UPDATE_MAINTENANCE_SCHEDULE.ghost',
  'master/api_v1/GET_MAINTENANCE_STATUS.ghost',
  'master/api_v1/START_MAINTENANCE',
  'master/api_v1/START_MAINTENANCE.again',
  'master/api_v1/START_MAINTENANCE.empty',
  'master/api_v1/GET_MAINTENANCE_STATUS.down',
  'master/api_v1/UPDATE_MAINTENANCE_SCHEDULE.drop-down',
  'master/api_v1/STOP_MAINTENANCE',
  'master/api_v1/STOP_MAINTENANCE.not-down',
  'master/api_v1/START_MAINTENANCE.unscheduled',
  'master/api_v1/UPDATE_MAINTENANCE_SCHEDULE.bad-machine',
  'master/api_v1/UPDATE_MAINTENANCE_SCHEDULE.negative',
  'master/api_v1/UPDATE_MAINTENANCE_SCHEDULE.no-machines',

  'master/api_v1/DEACTIVATE_AGENT',
  'all is offered',
  'master/api_v1/GET_AGENTS.deactivated',
  'master/api_v1/REACTIVATE_AGENT',
  'master/api_v1/MARK_AGENT_GONE.unknown',

  'master/post/reserve',
  'master/post/reserve.old-format',
  'master/post/reserve.bad-agent',
  'master/post/reserve.bad-json',
  'master/post/reserve.no-resources',
  'master/post/unreserve.old-format',
  {
    unrecorded: {
      type: 'UNRESERVE_RESOURCES',
      unreserve_resources: {
        agent_id: AGENT,
        resources: [{ ...CPUS, reservations: [{ type: 'DYNAMIC', role: 'v0' }] }],
      },
    },
  },
  'master/post/create-volumes.empty',
  'master/post/destroy-volumes.empty',
  'master/post/teardown.empty',
  'master/post/teardown.unknown',
  'master/post/quota.set',
  'master/post/quota.bad',
  'master/post/quota.delete',
  'master/post/quota.delete-again',
  'master/post/weights.put',
  'master/post/maintenance-schedule.bad',
  'master/post/machine-down',
  'master/post/machine-up',
  'errors/master/SET_LOGGING_LEVEL.too-low',
];

/** The end of the framework of the recordings. */
export const TEARDOWN: Write = 'master/api_v1/TEARDOWN';

/** What is told of frameworks when none is left. */
export const AFTER_TEARDOWN: readonly Write[] = [
  'master/api_v1/GET_FRAMEWORKS.after-teardown',
  'master/api_v1/GET_TASKS.after-teardown',
  'master/get/frameworks.after-teardown',
  'master/get/state.after-teardown',
  'master/get/tasks.after-teardown',
  'nothing runs',
  'agent/get/state.after-teardown',
];
