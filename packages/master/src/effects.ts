// What a transition wants done. Plain records, run in order by `EffectRunner`; making one does nothing.
import type { BodyOf, Pid } from '@kaon/actor';
import type {
  Allocation,
  AllocatorCommand,
  FrameworkInverseOffers,
  QuotaUpdate,
  RoleWeight,
} from '@kaon/allocator';
import type {
  AgentId,
  AgentInfo,
  AgentInfo_Capability,
  ExecutorInfo,
  FrameworkId,
  FrameworkInfo,
  Offer_Operation_Type,
  OfferId,
  OperationState,
  Resource,
  schedulerV1,
  Task,
  TaskStatus,
  TimeInfo,
  UUID,
} from '@kaon/protocol';
import type { Operation } from '@kaon/registry';
import type { Resources } from '@kaon/resources';
import type { CounterName } from './metrics/counters.ts';
import type { DurableChange, OperatorOutcome, ReplyId } from './operator-change.ts';
import type { AgentProtocol } from './protocol.ts';
import type { Agent } from './state/agent.ts';
import type { Framework } from './state/framework.ts';

/** Tells an agent. */
export interface SendToAgent {
  readonly kind: 'sendToAgent';
  readonly agent: Pid<AgentProtocol>;
  readonly name: keyof AgentProtocol;
  readonly body: unknown;
}

/** Tells the scheduler on a stream; dropped when that stream is closed already. */
export interface SendToScheduler {
  readonly kind: 'sendToScheduler';
  readonly streamId: string;
  readonly event: schedulerV1.Event;
}

/** Ends a stream, after what was sent on it. */
export interface CloseScheduler {
  readonly kind: 'closeScheduler';
  readonly streamId: string;
}

/** Sends heartbeats on a stream from now on, until it is closed. */
export interface StartHeartbeat {
  readonly kind: 'startHeartbeat';
  readonly streamId: string;
}

/**
 * Makes a change durable, then runs `next` as a turn.
 *
 * What depends on the change must be done by `next`, never by effects that follow. When the facts do
 * not allow the change, `next` runs with `isApplied: false`; when the registry fails, the master ends.
 */
export interface Persist {
  readonly kind: 'persist';
  readonly operation: Operation;
  readonly next: Continuation;
}

/** Answers an operator's question; a question is answered once, by whatever turn knows the outcome. */
export interface AnswerOperator {
  readonly kind: 'answerOperator';
  readonly reply: ReplyId;
  readonly outcome: OperatorOutcome;
}

/**
 * Puts quotas in force when the allocator finds that they make sense, then runs a `quotasJudged` turn. What
 * it does not like is nowhere in force.
 */
export interface JudgeQuotas {
  readonly kind: 'judgeQuotas';
  readonly quotas: readonly QuotaUpdate[];
  readonly change: Extract<DurableChange, { readonly kind: 'updateQuotas' }>;
  readonly reply: ReplyId;
}

/** Runs `next` after a while. A timer of the same key is replaced. */
export interface SetTimer {
  readonly kind: 'setTimer';
  readonly key: string;
  readonly delayMs: number;
  readonly next: Continuation;
}

/** Makes sure that a timer does not fire. */
export interface CancelTimer {
  readonly kind: 'cancelTimer';
  readonly key: string;
}

/**
 * Watches an agent from now on: a link for its connection, an observer for its silence. When it is
 * watched already, the link is made anew and the observer goes on with the given PID.
 */
export interface WatchAgent {
  readonly kind: 'watchAgent';
  readonly agentId: AgentId;
  readonly agent: Pid<AgentProtocol>;
}

/** Tells an agent's observer that the link to the agent broke; it says so in its pings. */
export interface MarkAgentDisconnected {
  readonly kind: 'markAgentDisconnected';
  readonly agentId: AgentId;
}

/** Ends link and observer. */
export interface UnwatchAgent {
  readonly kind: 'unwatchAgent';
  readonly agentId: AgentId;
  readonly agent: Pid<AgentProtocol>;
}

/** Tells the allocator. */
export interface TellAllocator {
  readonly kind: 'tellAllocator';
  readonly command: AllocatorCommand;
}

/** Puts weights of roles in force at the allocator. */
export interface SetWeights {
  readonly kind: 'setWeights';
  readonly weights: readonly RoleWeight[];
}

/** Adds to a counter. */
export interface Count {
  readonly kind: 'count';
  readonly counter: CounterName;
  readonly by: number;
}

/** Counts the end of a task by what it was told last. */
export interface CountTaskEnd {
  readonly kind: 'countTaskEnd';
  readonly frameworkId: FrameworkId;
  readonly status: TaskStatus;
}

/** Counts an offer operation that ended. */
export interface CountOperation {
  readonly kind: 'countOperation';
  readonly operation: Offer_Operation_Type;
  readonly state: OperationState;
}

/** Writes a line to the log. */
export interface Log {
  readonly kind: 'log';
  readonly level: 'debug' | 'info' | 'warn';
  readonly sentence: string;
  readonly fields: object;
}

/** All that transitions can want done. Run in order by the effect runner. */
export type Effect =
  | SendToAgent
  | SendToScheduler
  | CloseScheduler
  | StartHeartbeat
  | Persist
  | AnswerOperator
  | JudgeQuotas
  | SetWeights
  | SetTimer
  | CancelTimer
  | WatchAgent
  | MarkAgentDisconnected
  | UnwatchAgent
  | TellAllocator
  | Count
  | CountTaskEnd
  | CountOperation
  | Log;

/** What a returning agent reported, kept while the registry is written. */
export interface AgentReport {
  readonly info: AgentInfo;
  readonly pid: Pid<AgentProtocol>;
  readonly version: string;
  readonly capabilities: readonly AgentInfo_Capability[];
  readonly resourceVersionUuid: UUID | undefined;
  readonly tasks: readonly Task[];
  readonly executors: readonly ExecutorInfo[];
  readonly frameworks: readonly FrameworkInfo[];
  readonly checkpointedResources: readonly Resource[];
}

/** Why an agent is taken off the books. */
export interface AgentLoss {
  readonly agentId: AgentId;
  readonly reason: string;
  readonly counter: CounterName | undefined;
}

/**
 * What happens later: after a registry write, when a timer fires, when a stream ends, when the allocator
 * has decided. Each runs as a turn of the master that nothing can crowd out; its transition reads the
 * state anew.
 */
export type Continuation =
  | { readonly kind: 'admitAgent'; readonly report: AgentReport }
  | { readonly kind: 'agentReadmitted'; readonly report: AgentReport }
  | { readonly kind: 'agentMarkedUnreachable'; readonly loss: AgentLoss; readonly since: TimeInfo }
  | {
      readonly kind: 'agentRemoved';
      readonly loss: AgentLoss;
      readonly successor: AgentReport | undefined;
    }
  | {
      readonly kind: 'agentReregisterTimedOut';
      readonly agentId: AgentId;
      readonly disconnections: number;
    }
  | { readonly kind: 'recoveredAgentsTimedOut' }
  | { readonly kind: 'pruneDue' }
  | { readonly kind: 'registryPruned'; readonly beforeMs: number }
  | { readonly kind: 'agentFellSilent'; readonly agentId: AgentId }
  | { readonly kind: 'schedulerGone'; readonly streamId: string }
  | { readonly kind: 'allocated'; readonly allocations: readonly Allocation[] }
  | {
      readonly kind: 'frameworkFailoverTimedOut';
      readonly frameworkId: FrameworkId;
      readonly subscribedMs: number;
    }
  | { readonly kind: 'offerTimedOut'; readonly offerId: OfferId }
  | { readonly kind: 'askedToFree'; readonly asked: readonly FrameworkInverseOffers[] }
  | {
      readonly kind: 'quotasJudged';
      readonly change: Extract<DurableChange, { readonly kind: 'updateQuotas' }>;
      readonly reply: ReplyId;
      /** What the allocator finds wrong; undefined: nothing, they are in force. */
      readonly problem: string | undefined;
    }
  | {
      readonly kind: 'operatorChangeDurable';
      readonly change: DurableChange;
      /** Undefined: nobody waits for it. */
      readonly reply: ReplyId | undefined;
    };

/** A message to an agent, connected or not. */
export function toAgent<K extends keyof AgentProtocol & string>(
  agent: Pid<AgentProtocol>,
  name: K,
  body: BodyOf<AgentProtocol, K>,
): SendToAgent {
  return { kind: 'sendToAgent', agent, name, body };
}

/** An event to a framework's scheduler; nothing when it is not connected. */
export function toScheduler(framework: Framework, event: schedulerV1.Event): readonly Effect[] {
  const { streamId } = framework;
  return streamId === undefined ? [] : [{ kind: 'sendToScheduler', streamId, event }];
}

/** Gives resources back to the allocator; nothing when there are none. */
export function recover(
  holder: { readonly frameworkId: FrameworkId; readonly agentId: AgentId },
  resources: Resources,
  refuseMs = 0,
): readonly Effect[] {
  if (resources.isEmpty) return [];
  const { frameworkId, agentId } = holder;
  return [tellAllocator({ kind: 'recoverResources', frameworkId, agentId, resources, refuseMs })];
}

/** The answer to an operator's question; nothing when nobody waits for it. */
export function answer(
  reply: ReplyId | undefined,
  status: number,
  text?: string,
): readonly Effect[] {
  return reply === undefined ? [] : [{ kind: 'answerOperator', reply, outcome: { status, text } }];
}

/** Makes a change of an operator's durable; the turn after answers it. */
export function persistChange(
  operation: Operation,
  change: DurableChange,
  reply: ReplyId | undefined,
): Persist {
  return { kind: 'persist', operation, next: { kind: 'operatorChangeDurable', change, reply } };
}

/** The effect that tells the allocator `command`. */
export function tellAllocator(command: AllocatorCommand): TellAllocator {
  return { kind: 'tellAllocator', command };
}

/** The effect that adds `by` to a counter. */
export function count(counter: CounterName, by = 1): Count {
  return { kind: 'count', counter, by };
}

/** The effect that writes a line to the log. */
export function log(level: Log['level'], sentence: string, fields: object = {}): Log {
  return { kind: 'log', level, sentence, fields };
}

/** Key of the timer that removes a disconnected framework. */
export function failoverTimer(framework: Framework): string {
  return `failover:${framework.id}`;
}

/** Key of the timer that gives a disconnected agent up. */
export function reregisterTimer(agent: Pick<Agent, 'id'>): string {
  return `reregister:${agent.id}`;
}

/** Key of the timer that withdraws an offer. */
export function offerTimer(offerId: OfferId): string {
  return `offer:${offerId}`;
}
