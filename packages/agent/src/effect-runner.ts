// Does what transitions decided, in order. No decisions here.
import { type ActorContext, type Pid, pidOf } from '@kaon/actor';
import { errorText, invariant, unreachable } from '@kaon/primitives';
import type { DurableWriter } from './checkpoint/durable-writer.ts';
import type { Continuation, Effect } from './effects.ts';
import { type ExecutorHost, SHUTDOWN_EVENT } from './executors/executor-host.ts';
import { type AgentProtocol, type MasterPeer, masterPeer, observerPeer } from './protocol.ts';
import type { AgentState, StopReason } from './state/agent-state.ts';

/** Where effects go. */
export interface EffectPorts {
  readonly state: AgentState;
  readonly writer: DurableWriter;
  readonly executors: ExecutorHost;
  /** Told once, when the agent has stopped by itself. */
  readonly onStopped: (reason: StopReason) => void;
}

/** A function that does effects on behalf of the agent whose context this is. */
export function createEffectRunner(
  ctx: ActorContext<AgentProtocol>,
  { state, writer, executors, onStopped }: EffectPorts,
): (effects: readonly Effect[]) => void {
  const proceed = ({ name, body }: Continuation): void => {
    ctx.send(ctx.self, name, body as never);
  };

  const perform = (effect: Effect): void => {
    switch (effect.kind) {
      case 'sendToMaster':
        if (state.master !== undefined) {
          ctx.send(masterAt(state.master), effect.name, effect.body as never);
        }
        return;
      case 'pong': {
        const observer = pidOf(observerPeer, effect.to.toString());
        if (observer.ok) ctx.send(observer.value, 'pong', {});
        return;
      }
      case 'linkMaster':
        return ctx.link(masterAt(effect.pid));
      case 'unlinkMaster':
        return ctx.unlink(masterAt(effect.pid));
      case 'setTimer':
        return ctx.timers.once(effect.key, effect.delayMs, () => proceed(effect.next));
      case 'cancelTimer':
        return ctx.timers.cancel(effect.key);
      case 'persist': {
        const { key, after = [], writes, next, otherwise } = effect;
        const isRetried = otherwise === undefined;
        return ctx.defer(
          writer.write({ key, after, writes, isRetried }),
          () => next && proceed(next),
          (error) => otherwise && proceed(otherwise(errorText(error))),
        );
      }
      case 'launchCommand':
        return executors.launch(effect.launch);
      case 'launchExecutor':
        return executors.launchCustom(effect.launch);
      case 'launchGroup':
        return executors.launchGroup(effect.launch);
      case 'attachExecutor':
        return executors.attach(effect.container, effect.connection);
      case 'tellExecutor':
        return executors.tell(effect.container, effect.event);
      case 'turnAway':
        effect.connection.send(SHUTDOWN_EVENT);
        return effect.connection.close();
      case 'killTask':
        return executors.kill(effect.container, effect.taskId, effect);
      case 'acknowledgeToExecutor':
        return executors.acknowledge(effect.container, effect.taskId, effect.uuid);
      case 'shutdownExecutor':
        return executors.shutdown(effect.container, effect.graceMs);
      case 'destroyContainer':
        return executors.destroy(effect.container);
      case 'destroyOrphan':
        return executors.destroyOrphan(effect.containerId);
      case 'log':
        return ctx.logger[effect.level](effect.fields, effect.sentence);
      case 'stop': {
        const stop = (): void => {
          onStopped(effect.reason);
          ctx.stop();
        };
        return ctx.defer(writer.drain(), stop, stop);
      }
      default:
        return unreachable(effect);
    }
  };

  return (effects) => {
    for (const effect of effects) perform(effect);
  };
}

function masterAt(pid: string): Pid<MasterPeer> {
  const parsed = pidOf(masterPeer, pid);
  invariant(parsed.ok, 'the PID of a master was checked when it was detected');
  return parsed.value;
}
