// What an operator can have changed in the cluster, and how that is answered.
import type {
  AgentId,
  DrainConfig,
  MachineID,
  maintenanceV1,
  quotaV1,
  TimeInfo,
  WeightInfo,
} from '@kaon/protocol';

/** Weights of some roles, as they were given. */
interface UpdateWeights {
  readonly kind: 'updateWeights';
  readonly weights: readonly WeightInfo[];
}

/** Quotas of some roles, all or none. */
interface UpdateQuotas {
  readonly kind: 'updateQuotas';
  readonly configs: readonly quotaV1.QuotaConfig[];
  readonly force: boolean;
}

/** The deprecated way: a first quota of one role, whose guarantee is its limit. */
interface SetQuota {
  readonly kind: 'setQuota';
  readonly request: quotaV1.QuotaRequest;
}

/** No quota of a role any more; `path` is that of the request when it named the role. */
interface RemoveQuota {
  readonly kind: 'removeQuota';
  readonly role: string;
  readonly path?: string | undefined;
}

interface UpdateSchedule {
  readonly kind: 'updateSchedule';
  readonly schedule: maintenanceV1.Schedule;
}

/** Brings machines down, or up again. */
interface ChangeMachines {
  readonly kind: 'startMaintenance' | 'stopMaintenance';
  readonly machines: readonly MachineID[];
}

interface DrainAgent {
  readonly kind: 'drainAgent';
  readonly agentId: AgentId;
  readonly config: DrainConfig;
}

interface ChangeAgent {
  readonly kind: 'deactivateAgent' | 'reactivateAgent' | 'markAgentGone';
  readonly agentId: AgentId;
}

/** A change that an operator asks for. */
export type OperatorChange =
  | UpdateWeights
  | UpdateQuotas
  | SetQuota
  | RemoveQuota
  | UpdateSchedule
  | ChangeMachines
  | DrainAgent
  | ChangeAgent;

/** A change that the registry has, or has refused. */
export type DurableChange =
  | UpdateWeights
  | UpdateQuotas
  | RemoveQuota
  | UpdateSchedule
  | ChangeMachines
  | DrainAgent
  | { readonly kind: 'deactivateAgent' | 'reactivateAgent'; readonly agentId: AgentId }
  | { readonly kind: 'agentDrained'; readonly agentId: AgentId }
  | { readonly kind: 'agentGone'; readonly agentId: AgentId; readonly since: TimeInfo };

/** How a change is answered: an HTTP status, and a text when it is refused. */
export interface OperatorOutcome {
  readonly status: number;
  readonly text?: string | undefined;
}

/** Which open question is answered; the shell knows whose it is. */
export type ReplyId = number;
