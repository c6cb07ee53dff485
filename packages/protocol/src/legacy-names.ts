// The words Mesos used before "agent". Clients of the older endpoints, environment variables, metrics
// and protobuf names still expect them; this is the only file that spells them.
import type { TaskStatus_Reason, TaskStatus_Source } from './generated/mesos-v1.ts';

/** The name of an agent's actor, as it stands in PIDs and URLs: `slave(1)@127.0.0.1:5051`. */
export const LEGACY_AGENT_ACTOR = 'slave(1)';

/** The name of the actor that pings an agent; a number in parentheses follows. */
export const LEGACY_OBSERVER_ACTOR = 'slave-observer';

/** The prefix of an agent's metrics: `slave/tasks_running`. */
export const LEGACY_AGENT_METRICS = 'slave';

/** The directory of agents below a work directory, and of one agent's `meta`. */
export const LEGACY_AGENTS_DIRECTORY = 'slaves';

/** The virtual path of an agent's log. */
export const LEGACY_AGENT_LOG = '/slave/log';

/** Where the master lists agents. */
export const LEGACY_AGENTS_ENDPOINTS: readonly string[] = ['/slaves', '/master/slaves'];

/** The form field that names an agent: `POST /reserve` and its relatives. */
export const LEGACY_AGENT_ID_FIELD = 'slaveId';

/** Members of the JSON of older endpoints (`/state`, `/slaves`, `/tasks` …). */
export const LEGACY_KEYS = {
  agentId: 'slave_id',
  agentIds: 'slave_ids',
  agents: 'slaves',
  recoveredAgents: 'recovered_slaves',
  activatedAgents: 'activated_slaves',
  deactivatedAgents: 'deactivated_slaves',
  unreachableAgents: 'unreachable_slaves',
} as const;

/** Variables in the environment of executors. */
export const LEGACY_ENVIRONMENT = {
  agentId: 'MESOS_SLAVE_ID',
  agentPid: 'MESOS_SLAVE_PID',
} as const;

/** Names of the master's metrics that count agents or their messages. */
export const LEGACY_MASTER_METRICS = {
  agentsActive: 'master/slaves_active',
  agentsConnected: 'master/slaves_connected',
  agentsDisconnected: 'master/slaves_disconnected',
  agentsInactive: 'master/slaves_inactive',
  agentsUnreachable: 'master/slaves_unreachable',
  agentRegistrations: 'master/slave_registrations',
  agentReregistrations: 'master/slave_reregistrations',
  agentRemovals: 'master/slave_removals',
  agentRemovalsRegistered: 'master/slave_removals/reason_registered',
  agentRemovalsUnhealthy: 'master/slave_removals/reason_unhealthy',
  agentRemovalsUnregistered: 'master/slave_removals/reason_unregistered',
  agentShutdownsScheduled: 'master/slave_shutdowns_scheduled',
  agentShutdownsCompleted: 'master/slave_shutdowns_completed',
  agentShutdownsCanceled: 'master/slave_shutdowns_canceled',
  agentUnreachableScheduled: 'master/slave_unreachable_scheduled',
  agentUnreachableCompleted: 'master/slave_unreachable_completed',
  agentUnreachableCanceled: 'master/slave_unreachable_canceled',
  recoveryAgentRemovals: 'master/recovery_slave_removals',
  messagesRegisterAgent: 'master/messages_register_slave',
  messagesReregisterAgent: 'master/messages_reregister_slave',
  messagesUnregisterAgent: 'master/messages_unregister_slave',
  messagesUpdateAgent: 'master/messages_update_slave',
} as const;

/** A source as older endpoints print it: `SOURCE_SLAVE` for `SOURCE_AGENT`. */
export function legacySource(source: TaskStatus_Source): string {
  return source === 'SOURCE_AGENT' ? 'SOURCE_SLAVE' : source;
}

/** A reason as older endpoints print it: `REASON_SLAVE_REMOVED` for `REASON_AGENT_REMOVED`. */
export function legacyReason(reason: TaskStatus_Reason): string {
  return reason.replace(/^REASON_AGENT_/, 'REASON_SLAVE_');
}
