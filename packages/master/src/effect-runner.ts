// Does what transitions want done, one effect after another. The only place of the master that sends.
import type { ActorContext, Later, Pid } from '@kaon/actor';
import { errorText } from '@kaon/primitives';
import type { AgentId } from '@kaon/protocol';
import {
  type FrameworkId,
  LEGACY_OBSERVER_ACTOR,
  type schedulerV1,
  type TaskState,
} from '@kaon/protocol';
import type { Operation, OperationOutcome } from '@kaon/registry';
import { agentObserver, type ObserverProtocol } from './agent-observer.ts';
import type { AllocatorPort } from './allocator-port.ts';
import { HEARTBEAT_INTERVAL_MS, OPERATOR_CHANGES_MAX } from './constants.ts';
import type { Continuation, Effect, JudgeQuotas, SendToAgent } from './effects.ts';
import type { Counters } from './metrics/counters.ts';
import type { OperatorOutcome, ReplyId } from './operator-change.ts';
import type { MasterSettings } from './options.ts';
import type { AgentProtocol, MasterProtocol } from './protocol.ts';
import type { SchedulerConnection } from './scheduler-connection.ts';

/** What the master reaches beyond its actor system. */
export interface MasterPorts {
  /** Makes a change of the registry durable. A rejection ends the master. */
  readonly registry: { apply(operation: Operation): Promise<OperationOutcome> };
  readonly allocator: Pick<
    AllocatorPort,
    'pid' | 'setWeights' | 'tell' | 'updateAvailable' | 'updateQuota'
  >;
  readonly counters: Counters;
  readonly settings: MasterSettings;
  /** Told once when the master cannot go on. */
  readonly onFatal: (error: unknown) => void;
}

/** Runs a continuation; `isApplied` is false when the registry refused the change it waited for. */
export type ContinueTurn = (continuation: Continuation, isApplied: boolean) => void;

/** Told what happened to frameworks, for their own counts. */
export interface FrameworkObserver {
  readonly onEvent: (streamId: string, event: schedulerV1.Event) => void;
  readonly onTaskEnd: (frameworkId: FrameworkId, state: TaskState) => void;
}

/** The hands of one master. */
export class EffectRunner {
  readonly #ctx: ActorContext<MasterProtocol>;
  readonly #ports: MasterPorts;
  readonly #continueTurn: ContinueTurn;
  readonly #observer: FrameworkObserver;
  readonly #connections = new Map<string, SchedulerConnection>();
  readonly #observers = new Map<AgentId, Pid<ObserverProtocol>>();
  readonly #replies = new Map<ReplyId, Later<OperatorOutcome>>();
  #observerCount = 0;
  #replyCount = 0;

  constructor(
    ctx: ActorContext<MasterProtocol>,
    ports: MasterPorts,
    continueTurn: ContinueTurn,
    observer: FrameworkObserver,
  ) {
    this.#ctx = ctx;
    this.#ports = ports;
    this.#continueTurn = continueTurn;
    this.#observer = observer;
  }

  /** Streams that are open. */
  get connectionCount(): number {
    return this.#connections.size;
  }

  /** Makes a stream known, so that effects can name it. */
  connect(connection: SchedulerConnection): void {
    const { streamId } = connection;
    this.#connections.set(streamId, connection);
    connection.onClosed(() => {
      this.#forget(streamId);
      this.#ctx.defer(() => this.#continueTurn({ kind: 'schedulerGone', streamId }, true));
    });
  }

  /** Opens a question of an operator, to be answered by an effect; undefined: too many are open. */
  openReply(): { readonly reply: ReplyId; readonly later: Later<OperatorOutcome> } | undefined {
    if (this.#replies.size >= OPERATOR_CHANGES_MAX) {
      this.#ports.counters.add('operatorChangesRefused');
      return undefined;
    }
    this.#replyCount += 1;
    const reply = this.#replyCount;
    const later = this.#ctx.later<OperatorOutcome>();
    this.#replies.set(reply, later);
    return { reply, later };
  }

  run(effects: readonly Effect[]): void {
    for (const effect of effects) this.#do(effect);
  }

  /** Ends all streams. */
  stop(): void {
    for (const connection of [...this.#connections.values()]) connection.close();
    this.#connections.clear();
  }

  #do(effect: Effect): void {
    switch (effect.kind) {
      case 'sendToAgent':
        return this.#sendToAgent(effect);
      case 'sendToScheduler':
        return this.#sendToScheduler(effect.streamId, effect.event);
      case 'closeScheduler':
        return this.#close(effect.streamId);
      case 'startHeartbeat':
        return this.#startHeartbeat(effect.streamId);
      case 'persist':
        return this.#persist(effect.operation, effect.next);
      case 'answerOperator':
        return this.#answer(effect.reply, effect.outcome);
      case 'judgeQuotas':
        return this.#judgeQuotas(effect);
      case 'setWeights':
        return this.#ports.allocator.setWeights?.(effect.weights);
      case 'setTimer':
        return this.#ctx.timers.once(effect.key, effect.delayMs, () =>
          this.#continueTurn(effect.next, true),
        );
      case 'cancelTimer':
        return this.#ctx.timers.cancel(effect.key);
      case 'watchAgent':
        return this.#watch(effect.agentId, effect.agent);
      case 'markAgentDisconnected':
        return this.#tellObserver(effect.agentId);
      case 'unwatchAgent':
        return this.#unwatch(effect.agentId, effect.agent);
      case 'tellAllocator':
        return this.#ports.allocator.tell(effect.command);
      case 'count':
        return this.#ports.counters.add(effect.counter, effect.by);
      case 'countTaskEnd':
        this.#observer.onTaskEnd(effect.frameworkId, effect.status.state);
        return this.#ports.counters.addTaskEnd(effect.status);
      case 'countOperation':
        return this.#ports.counters.addOperationEnd(effect.operation, effect.state);
      case 'log':
        return this.#ctx.logger[effect.level](effect.fields, effect.sentence);
    }
  }

  /** `toAgent` made sure that name and body belong together. */
  #sendToAgent({ agent, name, body }: SendToAgent): void {
    this.#ctx.send(agent, name, body as never);
  }

  #sendToScheduler(streamId: string, event: schedulerV1.Event): void {
    const isSent = this.#connections.get(streamId)?.send(event) ?? false;
    if (isSent) this.#observer.onEvent(streamId, event);
    else this.#ports.counters.add('schedulerEventsDropped');
  }

  #close(streamId: string): void {
    const connection = this.#connections.get(streamId);
    this.#forget(streamId);
    connection?.close();
  }

  #forget(streamId: string): void {
    this.#connections.delete(streamId);
    this.#ctx.timers.cancel(heartbeatTimer(streamId));
  }

  #startHeartbeat(streamId: string): void {
    const beat = (): void => this.#sendToScheduler(streamId, { type: 'HEARTBEAT' });
    beat();
    if (!this.#connections.has(streamId)) return;
    this.#ctx.timers.every(heartbeatTimer(streamId), HEARTBEAT_INTERVAL_MS, beat);
  }

  #persist(operation: Operation, next: Continuation): void {
    this.#ctx.defer(
      this.#ports.registry.apply(operation),
      (outcome) => {
        if (!outcome.ok) {
          const fields = { operation: operation.name, err: outcome.error };
          this.#ctx.logger.warn(fields, 'the registry refused a change');
        }
        this.#continueTurn(next, outcome.ok);
      },
      (error) => this.fail(error),
    );
  }

  #answer(reply: ReplyId, outcome: OperatorOutcome): void {
    this.#replies.get(reply)?.resolve(outcome);
    this.#replies.delete(reply);
  }

  #judgeQuotas({ quotas, change, reply }: JudgeQuotas): void {
    const judged = (problem: string | undefined): void =>
      this.#continueTurn({ kind: 'quotasJudged', change, reply, problem }, true);
    // The master has looked at the cluster: the allocator judges the quotas themselves.
    const asked = this.#ports.allocator.updateQuota?.({ quotas, force: true });
    if (asked === undefined) return judged(undefined);
    this.#ctx.defer(
      asked,
      (result) => judged(result.ok ? undefined : result.error.message),
      (error) => this.#answer(reply, { status: 503, text: errorText(error) }),
    );
  }

  /** Ends the master: it cannot know what is durable any more. */
  fail(error: unknown): void {
    this.#ctx.logger.error({ err: error }, 'the master cannot go on');
    this.#ports.onFatal(error);
    this.#ctx.stop();
  }

  #watch(agentId: AgentId, agent: Pid<AgentProtocol>): void {
    this.#ctx.unlink(agent);
    this.#ctx.link(agent);
    const observer = this.#observers.get(agentId);
    if (observer !== undefined) {
      this.#ctx.send(observer, 'agentConnected', { agent });
      return;
    }
    this.#observerCount += 1;
    const { agentPingTimeoutMs, agentPingsMissedMax } = this.#ports.settings;
    const options = {
      agent,
      agentId,
      pingTimeoutMs: agentPingTimeoutMs,
      missedPingsMax: agentPingsMissedMax,
      onUnreachable: () => this.#fellSilent(agentId),
    };
    const id = `${LEGACY_OBSERVER_ACTOR}(${this.#observerCount})`;
    this.#observers.set(agentId, this.#ctx.spawn(agentObserver, options, { id }));
  }

  #fellSilent(agentId: AgentId): undefined {
    this.#observers.delete(agentId);
    this.#ctx.defer(() => this.#continueTurn({ kind: 'agentFellSilent', agentId }, true));
  }

  #tellObserver(agentId: AgentId): void {
    const observer = this.#observers.get(agentId);
    if (observer !== undefined) this.#ctx.send(observer, 'agentDisconnected', undefined);
  }

  #unwatch(agentId: AgentId, agent: Pid<AgentProtocol>): void {
    this.#ctx.unlink(agent);
    const observer = this.#observers.get(agentId);
    if (observer === undefined) return;
    this.#observers.delete(agentId);
    this.#ctx.stop(observer);
  }
}

function heartbeatTimer(streamId: string): string {
  return `heartbeat:${streamId}`;
}
