// A master in a simulated world, with probes for agents and connections in memory for schedulers.
import type { ActorSystem } from '@kaon/actor';
import { defineProtocol, messages } from '@kaon/actor';
import {
  type MasterSettings,
  type masterProtocol,
  type RunningMaster,
  type SchedulerConnection,
  startMaster,
} from '@kaon/master';
import {
  agentMessages,
  agentOperationMessages,
  type FrameworkInfo,
  type internal,
  type schedulerV1,
  toId,
} from '@kaon/protocol';
import { memoryStorage, type Storage } from '@kaon/registry';
import { type Probe, Simulation, spawnProbe } from '@kaon/testkit';
import type { Test } from 'tap';
import { GreedyAllocator } from './greedy-allocator.ts';
import { frameworkInfo, registration } from './records.ts';

export const agentProtocol = defineProtocol({
  ...messages(agentMessages),
  ...messages(agentOperationMessages),
});
export type AgentProbe = Probe<typeof agentProtocol>;

export const MASTER_ADDRESS = '127.0.0.1:5050';

/** A scheduler's end of a stream. */
export class MemoryConnection implements SchedulerConnection {
  readonly streamId: string;
  readonly events: schedulerV1.Event[] = [];
  isOpen = true;
  readonly #listeners: (() => void)[] = [];

  constructor(streamId: string) {
    this.streamId = streamId;
  }

  send(event: schedulerV1.Event): boolean {
    if (this.isOpen) this.events.push(event);
    return this.isOpen;
  }

  close(): void {
    if (!this.isOpen) return;
    this.isOpen = false;
    for (const listener of this.#listeners) listener();
  }

  onClosed(listener: () => void): void {
    if (this.isOpen) this.#listeners.push(listener);
    else listener();
  }

  /** Removes and returns the events of a type. */
  take(type: schedulerV1.Event_Type): readonly schedulerV1.Event[] {
    const taken = this.events.filter((event) => event.type === type);
    const kept = this.events.filter((event) => event.type !== type);
    this.events.splice(0, this.events.length, ...kept);
    return taken;
  }

  /** The types of all events so far, in order. */
  get types(): readonly string[] {
    return this.events.map(({ type }) => type ?? '');
  }
}

export interface Scheduler {
  readonly connection: MemoryConnection;
  readonly frameworkId: string;
  /** Makes a call and returns how it was answered. */
  call(call: Partial<schedulerV1.Call>): Promise<string>;
}

export interface ClusterOptions {
  readonly settings?: Partial<MasterSettings>;
  readonly storage?: Storage;
  readonly seed?: number;
}

/** A world with one master that serves. */
export class Cluster {
  readonly sim: Simulation;
  readonly storage: Storage;
  readonly system: ActorSystem;
  readonly master: RunningMaster;
  readonly fatal: unknown[] = [];
  allocator!: GreedyAllocator;
  #streams = 0;

  constructor(options: ClusterOptions = {}) {
    this.sim = new Simulation({ seed: options.seed ?? 1 });
    this.storage = options.storage ?? memoryStorage();
    this.system = this.sim.createSystem(MASTER_ADDRESS);
    this.master = startMaster({
      system: this.system,
      storage: this.storage,
      settings: options.settings,
      createAllocator: (onAllocated, onInverseOffers) => {
        this.allocator = new GreedyAllocator(onAllocated, onInverseOffers);
        return this.allocator;
      },
      onFatal: (error) => this.fatal.push(error),
    });
  }

  /** A probe in a system of its own that registers as an agent; its id, once it is admitted. */
  async agent(hostname: string, text?: string): Promise<RegisteredAgent> {
    const system = this.sim.createSystem(`${hostname}:5051`);
    const probe = spawnProbe(system, agentProtocol, { id: 'slave(1)' });
    const agent = new RegisteredAgent(this, system, probe, hostname);
    agent.send('registerAgent', registration(hostname, text));
    await this.sim.settle();
    const { body } = probe.take('agentRegistered');
    agent.id = (body as internal.AgentRegisteredMessage).agentId.value;
    return agent;
  }

  /** A probe that has an id of before and speaks for itself. */
  returning(hostname: string, id: string): RegisteredAgent {
    const system = this.sim.createSystem(`${hostname}:5051`);
    const agent = new RegisteredAgent(this, system, this.probeAt(system), hostname);
    agent.id = id;
    return agent;
  }

  /** A probe that hears what an agent in `system` hears. */
  probeAt(system: ActorSystem): AgentProbe {
    return spawnProbe(system, agentProtocol, { id: 'slave(1)' });
  }

  /** Subscribes a scheduler and waits until the world is at rest. */
  async scheduler(info: FrameworkInfo = frameworkInfo()): Promise<Scheduler> {
    this.#streams += 1;
    const connection = new MemoryConnection(`stream-${this.#streams}`);
    const subscribe = { frameworkInfo: info, suppressedRoles: [] };
    const given = info.id && toId<never>(info.id.value);
    await this.ask('subscribe', { frameworkId: given, subscribe, connection });
    const subscribed = connection.events[0]?.subscribed;
    const frameworkId = subscribed?.frameworkId.value ?? '';
    const call = async (body: Partial<schedulerV1.Call>): Promise<string> => {
      const full = { frameworkId: { value: frameworkId }, ...body };
      const question = { call: full, streamId: connection.streamId };
      const outcome = await this.ask('call', question);
      await this.sim.settle();
      return outcome.kind;
    };
    return { connection, frameworkId, call };
  }

  /** Asks the master while the world moves. */
  async ask<K extends 'subscribe' | 'call' | 'change' | 'operate' | 'teardown' | 'view'>(
    name: K,
    question: Parameters<typeof this.system.ask<typeof masterProtocol, K>>[2],
  ) {
    const answer = this.system.ask(this.master.pid, name, question);
    await this.sim.settle();
    return answer;
  }

  /** Master metrics by key. */
  async metrics(): Promise<ReadonlyMap<string, number>> {
    const answer = await this.ask('view', { kind: 'metrics' });
    if (answer.kind !== 'metrics') throw new Error('no metrics');
    return answer.metrics;
  }
}

/** A probe that has registered. */
export class RegisteredAgent {
  readonly cluster: Cluster;
  readonly system: ActorSystem;
  readonly probe: AgentProbe;
  readonly hostname: string;
  id = '';

  constructor(cluster: Cluster, system: ActorSystem, probe: AgentProbe, hostname: string) {
    this.cluster = cluster;
    this.system = system;
    this.probe = probe;
    this.hostname = hostname;
  }

  /** Sends to the master as the agent. */
  send<K extends keyof typeof masterProtocol & string>(name: K, body: unknown): void {
    this.probe.send(this.cluster.master.pid, name as never, body as never);
  }

  /** Answers all pings heard so far. */
  pong(): void {
    for (;;) {
      const ping = this.probe.messages.find(({ name }) => name === 'ping');
      if (ping === undefined) return;
      this.probe.take('ping');
      this.probe.send(ping.from as never, 'pong' as never, {} as never);
    }
  }
}

/** A cluster whose master serves; it ends with the test. */
export async function givenCluster(t: Test, options: ClusterOptions = {}): Promise<Cluster> {
  const cluster = new Cluster(options);
  t.teardown(() => cluster.sim.close());
  await cluster.sim.settle();
  return cluster;
}
