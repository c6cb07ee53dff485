// What a scheduler driver's actor hears: from masters, from its line, and from the driver's own methods.
import { defineProtocol, localMessage, message } from '@kaon/actor';
import {
  type AgentID,
  agentMessages,
  type ExecutorID,
  type Filters,
  type FrameworkInfo,
  type internal,
  type MessageInit,
  type Offer_Operation,
  type OfferID,
  type schedulerV1,
  type TaskStatus,
} from '@kaon/protocol';
import { lineMessages } from '../actor-line.ts';
import type { SchedulerCall, SchedulerSignal } from '../connection.ts';

/** The protocol of a scheduler driver. */
export const driverProtocol = defineProtocol({
  ...lineMessages,

  /** Line → driver: what the subscription tells; `taken` asks for the next. */
  signal: localMessage<{ readonly signal: SchedulerSignal; readonly taken: () => void }>(),
  /** Line → driver: nothing more will come. */
  lineEnded: localMessage<{ readonly problem: string }>(),

  /** `start`. */
  start: localMessage<undefined>(),
  /** `stop` or `abort`. */
  end: localMessage<{ readonly tearsDown: boolean }>(),
  /** A method that is one call of the API. */
  call: localMessage<SchedulerCall>(),
  acceptOffers: localMessage<{
    readonly offerIds: readonly OfferID[];
    readonly operations: readonly MessageInit<Offer_Operation>[];
    readonly filters: Filters | undefined;
  }>(),
  reviveOffers: localMessage<{ readonly roles: readonly string[] }>(),
  suppressOffers: localMessage<{ readonly roles: readonly string[] }>(),
  acknowledge: localMessage<TaskStatus>(),
  sendFrameworkMessage: localMessage<{
    readonly executorId: ExecutorID;
    readonly agentId: AgentID;
    readonly data: Uint8Array;
  }>(),
  updateFramework: localMessage<{
    readonly framework: FrameworkInfo;
    readonly suppressedRoles: readonly string[];
    readonly offerConstraints: schedulerV1.OfferConstraints | undefined;
  }>(),
});

/** The protocol of a scheduler driver, as a type. */
export type DriverProtocol = typeof driverProtocol;

/** What a driver may say to an agent. */
export const agentPeer = defineProtocol({
  frameworkToExecutor: message<internal.FrameworkToExecutorMessage>(
    agentMessages.frameworkToExecutor,
  ),
});
