// The master: what it hears, and the transition that each of it is.
import {
  type ActorContext,
  type ActorDefinition,
  defineActor,
  type Later,
  type Pid,
} from '@kaon/actor';
import type { FrameworkInverseOffers } from '@kaon/allocator';
import { type Result, unreachable, uuidBytes } from '@kaon/primitives';
import { type MasterInfo, toId } from '@kaon/protocol';
import type { RegistryView } from '@kaon/registry';
import { ActorSchedulers, type Following } from './actor-schedulers.ts';
import { EffectRunner, type MasterPorts } from './effect-runner.ts';
import type { Continuation, Effect } from './effects.ts';
import type { Env } from './env.ts';
import { AllocatorLostError } from './errors.ts';
import type { OperatorChange, OperatorOutcome } from './operator-change.ts';
import {
  type CallOutcome,
  type MasterProtocol,
  masterProtocol,
  type OperateOutcome,
  type OperateQuestion,
  type SchedulerQuestion,
  type SubscribeQuestion,
  type TeardownQuestion,
} from './protocol.ts';
import { MasterState } from './state/master-state.ts';
import { admitAgent } from './transitions/admit-agent.ts';
import { agentReregisterTimedOut, disconnectAgent } from './transitions/disconnect-agent.ts';
import {
  disconnectFramework,
  frameworkFailoverTimedOut,
} from './transitions/disconnect-framework.ts';
import { executorExited } from './transitions/executor-exited.ts';
import { executorToFramework } from './transitions/framework-message.ts';
import { makeAllOffers } from './transitions/make-offers.ts';
import {
  agentFellSilent,
  agentMarkedUnreachable,
  recoveredAgentsTimedOut,
} from './transitions/mark-agent-unreachable.ts';
import { operateOnAgent } from './transitions/operate-on-agent.ts';
import { agentsMaybeDrained } from './transitions/operator/drain-agent.ts';
import { askToFree } from './transitions/operator/inverse-offers.ts';
import {
  beginOperatorChange,
  operatorChangeDurable,
} from './transitions/operator/operator-change.ts';
import { quotasJudged } from './transitions/operator/update-quotas.ts';
import { pruneDue, registryPruned } from './transitions/prune-registry.ts';
import { agentReadmitted } from './transitions/readmit-agent.ts';
import { recoverAgents } from './transitions/recover-agents.ts';
import { registerAgent } from './transitions/register-agent.ts';
import { agentRemoved, unregisterAgent } from './transitions/remove-agent.ts';
import { teardownFramework } from './transitions/remove-framework.ts';
import { reregisterAgent } from './transitions/reregister-agent.ts';
import { rescindForOperation } from './transitions/rescind-for-operation.ts';
import { offerTimedOut } from './transitions/rescind-offers.ts';
import { schedulerCall } from './transitions/scheduler-call.ts';
import { statusUpdate } from './transitions/status-update.ts';
import { subscribeFramework } from './transitions/subscribe-framework.ts';
import { updateAgent } from './transitions/update-agent.ts';
import { updateOperationStatus } from './transitions/update-operation-status.ts';
import { checkOperate, conflict, type GrantedOperation } from './validation/operations/operate.ts';
import { checkSchedulerCall, checkTeardown, NOT_READY } from './validation/scheduler-standing.ts';
import { answerView } from './views/answer-view.ts';
import type { ViewContext } from './views/view.ts';

/** What a master's actor is given. */
export interface MasterOptions {
  readonly info: MasterInfo;
  /** When this process started, milliseconds since 1970. */
  readonly startedMs: number;
  /** Makes what the master reaches out with. The callbacks may be called at any time. */
  readonly createPorts: (
    ctx: ActorContext<MasterProtocol>,
    onAllocated: (allocations: AllocatedBody) => void,
    onInverseOffers: (asked: readonly FrameworkInverseOffers[]) => void,
  ) => MasterPorts;
  /** Resolves when this master leads. */
  readonly elected: () => Promise<void>;
  /** Who leads instead of this master; undefined when this one does. */
  readonly following: () => Following | undefined;
  /** Reads the registry, once this master leads; it serves when that is done. */
  readonly recover: () => Promise<RegistryView>;
  /** Told once of the state, for those who read it and follow its changes. They must not change it. */
  readonly onState: (state: MasterState) => void;
  /** Told once when the master serves. */
  readonly onReady: () => void;
  /** What views show beside the state. */
  readonly viewContext: ViewContext;
}

type AllocatedBody = Extract<Continuation, { readonly kind: 'allocated' }>['allocations'];

const TOO_MANY_CHANGES: OperatorOutcome = {
  status: 503,
  text: 'Too many changes wait for the registry; ask again later',
};
const ALLOCATOR_SILENT = 'The allocator does not answer';

/** The master as an actor. Its id is `master`. */
export const masterActor: ActorDefinition<MasterProtocol, MasterOptions> = defineActor(
  masterProtocol,
  (ctx, options) => {
    const ports = options.createPorts(
      ctx,
      (allocations) => ctx.defer(() => continueTurn({ kind: 'allocated', allocations }, true)),
      (asked) => ctx.defer(() => continueTurn({ kind: 'askedToFree', asked }, true)),
    );
    const { settings } = ports;
    const state = new MasterState(options.info, settings, options.startedMs);
    options.onState(state);
    const runner = new EffectRunner(
      ctx,
      ports,
      (continuation, isApplied) => continueTurn(continuation, isApplied),
      {
        onEvent: (streamId, event) => state.frameworkOnStream(streamId)?.tally.countEvent(event),
        onTaskEnd: (frameworkId, ended) => state.frameworks.get(frameworkId)?.tally.countEnd(ended),
      },
    );
    const newUuid = (): Uint8Array => uuidBytes(ctx.random);
    const env = (): Env => ({ nowMs: ctx.clock.nowMs(), settings, newUuid });

    /** One transition, and what it wants done. */
    function run<I>(
      transition: (state: MasterState, input: I, env: Env) => readonly Effect[],
      input: I,
    ): void {
      runner.run(transition(state, input, env()));
      const maybeDrained = state.standings.takeMaybeEmpty();
      if (maybeDrained.length > 0) runner.run(agentsMaybeDrained(state, maybeDrained, env()));
    }

    function continueTurn(next: Continuation, isApplied: boolean): void {
      switch (next.kind) {
        case 'admitAgent':
          return run(admitAgent, { ...next, isApplied });
        case 'agentReadmitted':
          return run(agentReadmitted, { ...next, isApplied });
        case 'agentMarkedUnreachable':
          return run(agentMarkedUnreachable, { ...next, isApplied });
        case 'agentRemoved':
          return run(agentRemoved, { ...next, isApplied });
        case 'agentReregisterTimedOut':
          return run(agentReregisterTimedOut, next);
        case 'recoveredAgentsTimedOut':
          return run(recoveredAgentsTimedOut, undefined);
        case 'pruneDue':
          return run(pruneDue, undefined);
        case 'registryPruned':
          return run(registryPruned, { ...next, isApplied });
        case 'agentFellSilent':
          return run(agentFellSilent, next);
        case 'frameworkFailoverTimedOut':
          return run(frameworkFailoverTimedOut, next);
        case 'schedulerGone':
          return run(disconnectFramework, next);
        case 'offerTimedOut':
          return run(offerTimedOut, next);
        case 'allocated':
          return run(makeAllOffers, next.allocations);
        case 'askedToFree':
          return run(askToFree, next.asked);
        case 'quotasJudged':
          return run(quotasJudged, next);
        case 'operatorChangeDurable':
          return run(operatorChangeDurable, { ...next, isApplied });
        default:
          return unreachable(next);
      }
    }

    function subscribe(question: SubscribeQuestion): CallOutcome {
      if (!state.isReady) return NOT_READY;
      const { connection, ...subscription } = question;
      runner.connect(connection);
      const { streamId } = connection;
      run(subscribeFramework, { ...subscription, streamId });
      state.frameworkOnStream(streamId)?.tally.countCall({ type: 'SUBSCRIBE' });
      return { kind: 'accepted' };
    }

    function call(question: SchedulerQuestion): CallOutcome {
      const standing = checkSchedulerCall(state, question, ports.settings);
      if (standing.kind !== 'granted') return standing;
      const { framework } = standing;
      const named = question.call.accept?.offerIds ?? question.call.decline?.offerIds ?? [];
      const standingOffers = named.filter(({ value }) => framework.offers.has(toId(value)));
      framework.tally.countCall(question.call, standingOffers.length);
      run(schedulerCall, { framework, call: question.call });
      return standing.outcome;
    }

    function teardown(question: TeardownQuestion): CallOutcome {
      const standing = checkTeardown(state, question);
      if (standing.kind === 'done') run(teardownFramework, question);
      return standing;
    }

    function answerOperator(change: OperatorChange): OperatorOutcome | Later<OperatorOutcome> {
      const opened = runner.openReply();
      if (opened === undefined) return TOO_MANY_CHANGES;
      run(beginOperatorChange, { change, reply: opened.reply });
      return opened.later;
    }

    /** The allocator knows what nobody holds, so it is asked before the agent is told. */
    function operate(question: OperateQuestion): OperateOutcome | Later<OperateOutcome> {
      const granted = checkOperate(state, question);
      if (granted.kind !== 'granted') return granted;
      const { agent, conversions } = granted;
      run(rescindForOperation, granted);
      const later = ctx.later<OperateOutcome>();
      ctx.defer(
        ports.allocator.updateAvailable({ agentId: agent.id, conversions }),
        (converted) => later.resolve(operated(granted, converted)),
        () => later.resolve({ kind: 'refused', why: 'notReady', text: ALLOCATOR_SILENT }),
      );
      return later;
    }

    function operated(granted: GrantedOperation, converted: Result<void, string>): OperateOutcome {
      if (!converted.ok) return conflict(converted.error);
      const { outcome, effects } = operateOnAgent(state, granted, env());
      runner.run(effects);
      return outcome;
    }

    const schedulers = new ActorSchedulers(
      ctx,
      { following: options.following, subscribe, call },
      ports.counters,
    );

    function exited(pid: Pid): void {
      if (schedulers.exited(pid)) return;
      if (pid.toString() === ports.allocator.pid?.toString()) runner.fail(new AllocatorLostError());
      else run(disconnectAgent, { pid });
    }

    if (ports.allocator.pid !== undefined) ctx.link(ports.allocator.pid);
    const failed = (error: unknown): void => runner.fail(error);
    const recovered = (facts: RegistryView): void => {
      run(recoverAgents, facts);
      options.onReady();
    };
    ctx.defer(
      options.elected(),
      () => {
        state.elect(ctx.clock.nowMs());
        ctx.defer(options.recover(), recovered, failed);
      },
      failed,
    );

    return {
      receive: {
        registerAgent: (message, from) => run(registerAgent, { message, from }),
        reregisterAgent: (message, from) => run(reregisterAgent, { message, from }),
        unregisterAgent: (message, from) => run(unregisterAgent, { message, from }),
        statusUpdate: (message, from) => run(statusUpdate, { message, from }),
        exitedExecutor: (message, from) => run(executorExited, { message, from }),
        executorToFramework: (message, from) => run(executorToFramework, { message, from }),
        updateAgent: (message, from) => run(updateAgent, { message, from }),
        schedulerCall: (message, from) => schedulers.hear(message, from),
        updateOperationStatus: (message, from) => run(updateOperationStatus, { message, from }),
        subscribe: (question) => subscribe(question),
        call: (question) => call(question),
        teardown: (question) => teardown(question),
        change: (change) => answerOperator(change),
        operate: (question) => operate(question),
        view: (question) => answerView(state, question, options.viewContext),
      },
      exited: (pid) => exited(pid),
      stopping: () => runner.stop(),
    };
  },
);
