// Pings one agent for the master and notices when it falls silent.
import {
  type ActorDefinition,
  ask,
  defineActor,
  defineProtocol,
  localMessage,
  message,
  type Pid,
} from '@kaon/actor';
import { decodeInteger, decodeNothing, decodeRecord } from '@kaon/primitives';
import { type AgentId, type internal, observerMessages } from '@kaon/protocol';
import type { AgentProtocol } from './protocol.ts';

/** What an observer hears. */
export const observerProtocol = defineProtocol({
  /** Agent → observer: still here. */
  pong: message<internal.PongAgentMessage>(observerMessages.pong),
  /** Master → observer: the agent is back, perhaps at another PID. */
  agentConnected: localMessage<{ readonly agent: Pid<AgentProtocol> }>(),
  /** Master → observer: the link to the agent broke; pings say so from now on. */
  agentDisconnected: localMessage<undefined>(),
  /** Anyone → observer: how many pings in a row went unanswered? */
  countMissedPings: ask(decodeNothing, decodeRecord({ missedPings: decodeInteger })),
});

/** The protocol of an observer, as a type. */
export type ObserverProtocol = typeof observerProtocol;

/** Whom an observer watches, and how patiently. */
export interface AgentObserverOptions {
  readonly agent: Pid<AgentProtocol>;
  readonly agentId: AgentId;
  /** How long to wait for each pong, in milliseconds. */
  readonly pingTimeoutMs: number;
  /** Consecutive unanswered pings after which the agent counts as unreachable. */
  readonly missedPingsMax: number;
  /** Told once, just before this actor stops. */
  readonly onUnreachable: (agentId: AgentId) => undefined;
}

/** Pings one agent for the master and reports it when it falls silent. */
export const agentObserver: ActorDefinition<ObserverProtocol, AgentObserverOptions> = defineActor(
  observerProtocol,
  (ctx, options) => {
    let { agent } = options;
    let isConnected = true;
    let missedPings = 0;
    let awaitingPong = false;

    const ping = (): undefined => {
      if (awaitingPong) missedPings += 1;
      if (missedPings >= options.missedPingsMax) {
        options.onUnreachable(options.agentId);
        return ctx.stop();
      }
      awaitingPong = true;
      return ctx.send(agent, 'ping', { connected: isConnected });
    };

    const heard = (): void => {
      missedPings = 0;
      awaitingPong = false;
    };

    // The first one at once: the agent's own patience is counted from it.
    ctx.defer(ping);
    ctx.timers.every('ping', options.pingTimeoutMs, ping);

    return {
      receive: {
        pong: heard,
        agentConnected: (body) => {
          agent = body.agent;
          isConnected = true;
          heard();
        },
        agentDisconnected: () => {
          isConnected = false;
        },
        countMissedPings: () => ({ missedPings }),
      },
    };
  },
);
