// Which agents a driver can speak to without the master: their PIDs came with offers.
import { type ActorContext, type Pid, pidOf } from '@kaon/actor';
import { BoundedMap } from '@kaon/primitives';
import { type AgentID, FRAMEWORK_MESSAGE_BYTES_MAX, type Offer } from '@kaon/protocol';
import { agentPeer } from './driver-protocol.ts';

/** Agents remembered; of more, those seen first are forgotten and reached by the master. */
const AGENTS_MAX = 100_000;

interface KnownAgent {
  readonly pid: Pid<typeof agentPeer>;
  isLinked: boolean;
  /** False once a link to it has ended: until the next subscription the master passes messages on. */
  isReachable: boolean;
}

/** The agents of one subscription. */
export class AgentBook {
  readonly #ctx: ActorContext;
  readonly #agents = new BoundedMap<string, KnownAgent>(AGENTS_MAX);
  /** Agents by the text of their PID, as long as they are linked. */
  readonly #linked = new Map<string, KnownAgent>();

  constructor(ctx: ActorContext) {
    this.#ctx = ctx;
  }

  /** Learns where the agent of an offer lives. */
  learn({ agentId, url }: Offer): void {
    if (url === undefined || this.#agents.has(agentId.value)) return;
    const { address, path } = url;
    const host = address.ip ?? address.hostname;
    const pid = pidOf(agentPeer, `${(path ?? '').replace(/^\//, '')}@${host}:${address.port}`);
    if (!pid.ok) return;
    const agent = { pid: pid.value, isLinked: false, isReachable: true };
    const forgotten = this.#agents.set(agentId.value, agent);
    if (forgotten !== undefined) this.#unlink(forgotten);
  }

  /**
   * The agent's PID, when a message of this size may go straight there. From the first one on the agent is
   * linked, so that it is noticed when it cannot be reached.
   */
  reach({ value }: AgentID, bytes: number): Pid<typeof agentPeer> | undefined {
    const agent = this.#agents.get(value);
    if (agent === undefined || !agent.isReachable) return undefined;
    if (bytes > FRAMEWORK_MESSAGE_BYTES_MAX) return undefined;
    if (!agent.isLinked) {
      agent.isLinked = true;
      this.#linked.set(agent.pid.toString(), agent);
      this.#ctx.link(agent.pid);
    }
    return agent.pid;
  }

  /** A linked actor ended, maybe one of these. */
  exited(pid: Pid): void {
    const agent = this.#linked.get(pid.toString());
    if (agent === undefined) return;
    this.#linked.delete(pid.toString());
    agent.isLinked = false;
    agent.isReachable = false;
  }

  /** An agent is gone. */
  forget({ value }: AgentID): void {
    const agent = this.#agents.get(value);
    if (agent === undefined) return;
    this.#agents.delete(value);
    this.#unlink(agent);
  }

  /** The subscription ended: so did what its offers told. */
  clear(): void {
    for (const value of [...this.#agents.keys()]) this.forget({ value });
  }

  #unlink(agent: KnownAgent): void {
    if (!agent.isLinked) return;
    this.#linked.delete(agent.pid.toString());
    agent.isLinked = false;
    this.#ctx.unlink(agent.pid);
  }
}
