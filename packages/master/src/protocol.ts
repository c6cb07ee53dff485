// What the master hears, and what it takes agents to understand.
import { defineProtocol, localAsk, messages, type Pid } from '@kaon/actor';
import {
  type AgentId,
  agentMessages,
  agentOperationMessages,
  type FrameworkId,
  type internal,
  masterMessages,
  masterOperationMessages,
  type Offer_Operation,
  schedulerCallMessages,
  type schedulerV1,
} from '@kaon/protocol';
import type { OperatorChange, OperatorOutcome } from './operator-change.ts';
import type { SchedulerConnection } from './scheduler-connection.ts';
import type { ViewAnswer, ViewQuestion } from './views/view.ts';

/** The messages masters send to agents. */
export const agentProtocol = defineProtocol({
  ...messages(agentMessages),
  ...messages(agentOperationMessages),
});

/**
 * An operation for an agent, as it is sent.
 *
 * NOTE: a use of `internal` in this file lets the compiler name the message types in its declarations.
 */
export type ApplyOperationMessage = internal.ApplyOperationMessage;

/** What an agent's PID speaks. */
export type AgentProtocol = typeof agentProtocol;

/** A scheduler that wants to subscribe. */
export interface SubscribeQuestion {
  readonly frameworkId: FrameworkId | undefined;
  readonly subscribe: schedulerV1.Call_Subscribe;
  /** Used when the call is accepted, even if only to send an `ERROR` event on it. */
  readonly connection: SchedulerConnection;
}

/** Any other call of a scheduler. */
export interface SchedulerQuestion {
  readonly call: schedulerV1.Call;
  /** Stream id the caller gave; undefined when it gave none. */
  readonly streamId: string | undefined;
}

/** Which framework an operator wants to end. */
export interface TeardownQuestion {
  readonly frameworkId: FrameworkId;
}

/** An operator's operation on the resources of an agent. */
export interface OperateQuestion {
  readonly agentId: AgentId;
  /** One of RESERVE, UNRESERVE, CREATE, DESTROY, GROW_VOLUME and SHRINK_VOLUME, in any wire form. */
  readonly operation: Offer_Operation;
  /** Who asks; undefined when nobody had to say. */
  readonly principal: string | undefined;
}

/** What becomes of an operator's operation. */
export type OperateOutcome =
  /** The agent is being told; the master shows it as done. */
  | { readonly kind: 'accepted' }
  | {
      readonly kind: 'refused';
      /** `conflict`: the resources are in use, or not there. */
      readonly why: 'notReady' | 'invalid' | 'conflict';
      readonly text: string;
    };

/** What becomes of a scheduler's call. */
export type CallOutcome =
  | { readonly kind: 'accepted' }
  /** `UPDATE_FRAMEWORK` is done when it is answered. */
  | { readonly kind: 'done' }
  | {
      readonly kind: 'refused';
      readonly why: CallRefusal;
      readonly text: string;
    };

/** Why a call is refused, for the edge to put into an answer. */
export type CallRefusal = 'notReady' | 'notSubscribed' | 'invalid' | 'unsupported';

/** All that a master hears: from agents and schedulers over the network, the rest from its own process. */
export const masterProtocol = defineProtocol({
  ...messages(masterMessages),
  ...messages(masterOperationMessages),
  ...messages(schedulerCallMessages),

  /** A scheduler subscribes. */
  subscribe: localAsk<SubscribeQuestion, CallOutcome>(),
  /** A subscribed scheduler calls. */
  call: localAsk<SchedulerQuestion, CallOutcome>(),
  /** An operator tears a framework down. */
  teardown: localAsk<TeardownQuestion, CallOutcome>(),
  /** An operator wants something changed; answered when it is durable, or refused. */
  change: localAsk<OperatorChange, OperatorOutcome>(),
  /** An operator reserves, makes volumes, resizes them, or the opposite. */
  operate: localAsk<OperateQuestion, OperateOutcome>(),
  /** Somebody wants to see. */
  view: localAsk<ViewQuestion, ViewAnswer>(),
});

/** The protocol of a master, as a type. */
export type MasterProtocol = typeof masterProtocol;

/** The PID of a master. */
export type MasterPid = Pid<MasterProtocol>;
