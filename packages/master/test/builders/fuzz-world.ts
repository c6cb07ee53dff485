// A master with agents that oblige and a scheduler that never leaves, to throw calls at.
import { createActorSystem } from '@kaon/actor';
import { type RunningMaster, startMaster } from '@kaon/master';
import { fromUtf8, type Random, seededRandom, utf8 } from '@kaon/primitives';
import { jsonText } from '@kaon/protocol';
import { memoryStorage } from '@kaon/registry';
import {
  type Draft,
  type RouteAnswer,
  Routes,
  type TestResponseStream,
  VirtualClock,
} from '@kaon/testkit';
import type { Test } from 'tap';
import { GreedyAllocator } from './greedy-allocator.ts';
import { obligingAgent } from './obliging-agent.ts';

const ADDRESS = '127.0.0.1:5050';
const AGENT_RESOURCES = 'cpus:8;mem:8192;disk:16384;cpus(web):2;mem(web):512;ports:[31000-32000]';
const AGENTS = 2;
const JSON_TYPE = { 'content-type': 'application/json', accept: 'application/json' };

/** What is offered to the scheduler and runs for it, as it has heard. */
export interface Heard {
  readonly offers: Draft[];
  readonly statuses: Draft[];
  readonly inverseOffers: Draft[];
}

interface AgentView {
  readonly id: string;
  readonly resources: { readonly cpus: number };
  readonly used_resources?: { readonly cpus: number };
  readonly offered_resources: { readonly cpus: number };
}

/** The world; what calls destroy is there again before the next case. */
export class FuzzWorld {
  readonly random: Random;
  readonly routes = new Routes();
  readonly heard: Heard = { offers: [], statuses: [], inverseOffers: [] };
  readonly agentIds = new Set<string>();
  readonly fatal: unknown[] = [];
  readonly #clock = new VirtualClock();
  readonly #system = createActorSystem({
    address: ADDRESS,
    random: seededRandom(3),
    clock: this.#clock,
  });
  readonly #master: RunningMaster;
  #allocator: GreedyAllocator | undefined;
  #agents = 0;
  #stream: TestResponseStream | undefined;
  #read = 0;
  frameworkId = '';
  streamId = '';

  constructor(seed: number) {
    this.random = seededRandom(seed);
    const { server } = this.routes;
    this.#master = startMaster({
      system: this.#system,
      http: server,
      storage: memoryStorage(),
      // What has ended is shown in every picture, and only the last of it matters.
      settings: { completedFrameworksMax: 2, completedTasksPerFrameworkMax: 3 },
      createAllocator: (onAllocated) => {
        this.#allocator = new GreedyAllocator(onAllocated);
        return this.#allocator;
      },
      onFatal: (error) => this.fatal.push(error),
    });
  }

  async close(): Promise<void> {
    await this.#master.close();
    await this.#system.shutdown();
  }

  /** Brings back what is missing: agents, the subscription, offers. False when nothing was. */
  async repair(): Promise<boolean> {
    this.#hear();
    const isWhole =
      this.agentIds.size >= AGENTS && this.#stream?.isOpen === true && this.heard.offers.length > 0;
    if (isWhole) return false;
    await this.#master.ready;
    while (this.agentIds.size < AGENTS) {
      const before = this.agentIds.size;
      this.#agents += 1;
      let agentId = '';
      this.#system.spawn(
        obligingAgent,
        {
          master: this.#master.pid,
          hostname: `host-${this.#agents}`,
          resources: AGENT_RESOURCES,
          onRegistered: (id) => {
            agentId = id;
            this.agentIds.add(id);
          },
          onShutdown: () => void this.agentIds.delete(agentId),
        },
        { id: `slave(${this.#agents})` },
      );
      await this.settle();
      if (this.agentIds.size === before) throw new Error('an agent was not admitted');
    }
    if (this.#stream?.isOpen !== true) await this.#subscribe();
    this.#hear();
    if (this.heard.offers.length === 0) {
      await this.call({ type: 'REVIVE' });
    }
    await this.settle();
    this.#hear();
    return true;
  }

  /** A scheduler's call with the id and stream of the subscription. */
  call(call: Draft): Promise<RouteAnswer> {
    return this.routes.send({
      path: '/api/v1/scheduler',
      headers: { ...JSON_TYPE, 'mesos-stream-id': this.streamId },
      body: utf8(JSON.stringify({ framework_id: { value: this.frameworkId }, ...call })),
    });
  }

  /** All that was sent has been handled. */
  async settle(): Promise<void> {
    for (let round = 0; round < 6; round += 1) {
      await new Promise<void>((resolve) => setImmediate(resolve));
    }
  }

  /** Time passes: frameworks that nobody came back for end, agents are pinged. */
  async pass(durationMs: number): Promise<void> {
    const untilMs = this.#clock.monotonicMs() + durationMs;
    while (this.#clock.step(untilMs)) await this.settle();
    this.#clock.jump(untilMs);
  }

  /** What a client can see of the master, as one text. */
  async picture(): Promise<string> {
    const answer = await this.#system.ask(this.#master.pid, 'view', { kind: 'state' });
    if (answer.kind !== 'json') throw new Error('no view of the state');
    return jsonText(answer.json);
  }

  /** The picture once nothing moves any more. */
  async stillPicture(): Promise<string> {
    let last = '';
    for (;;) {
      const picture = await this.picture();
      if (picture === last) return picture;
      last = picture;
      await this.settle();
    }
  }

  /** What is wrong with the books: every processor is free, offered or used, and exactly once. */
  problems(picture: string): readonly string[] {
    const problems = this.fatal.map((error) => `the master ended: ${String(error)}`);
    const { slaves: agents } = JSON.parse(picture) as { readonly slaves: readonly AgentView[] };
    for (const agent of agents) {
      const free = this.#allocator?.free.get(agent.id as never)?.scalarMilli('cpus') ?? Number.NaN;
      const used = agent.used_resources?.cpus ?? 0;
      const milli = free + Math.round((used + agent.offered_resources.cpus) * 1000);
      const total = Math.round(agent.resources.cpus * 1000);
      if (milli !== total)
        problems.push(`${agent.id} has ${total} thousandths of cpus, ${milli} are accounted for`);
    }
    return problems;
  }

  async #subscribe(): Promise<void> {
    const framework_info = {
      user: 'root',
      name: 'fuzz',
      roles: ['web', 'web/app'],
      failover_timeout: 1000,
      checkpoint: true,
      capabilities: [
        'MULTI_ROLE',
        'RESERVATION_REFINEMENT',
        'PARTITION_AWARE',
        'SHARED_RESOURCES',
        'REVOCABLE_RESOURCES',
      ].map((type) => ({ type })),
    };
    const answer = await this.routes.send({
      path: '/api/v1/scheduler',
      headers: JSON_TYPE,
      body: utf8(JSON.stringify({ type: 'SUBSCRIBE', subscribe: { framework_info } })),
    });
    if (answer.stream === undefined) throw new Error(`refused: ${fromUtf8(answer.body)}`);
    this.#stream = answer.stream;
    this.#read = 0;
    this.streamId = answer.headers['Mesos-Stream-Id'] ?? '';
    for (const list of Object.values(this.heard) as Draft[][]) list.length = 0;
    await this.settle();
    this.#hear();
  }

  #hear(): void {
    const chunks = this.#stream?.chunks ?? [];
    for (; this.#read < chunks.length; this.#read += 1) {
      const record = fromUtf8(chunks[this.#read] as Uint8Array).replace(/^\d+\n/, '');
      this.#take(JSON.parse(record) as Draft);
    }
  }

  #take(event: Draft): void {
    const {
      subscribed,
      offers,
      rescind,
      update,
      inverse_offers: inverse,
    } = event as Record<string, never>;
    if (subscribed !== undefined) {
      this.frameworkId = (subscribed as { framework_id: { value: string } }).framework_id.value;
    }
    if (offers !== undefined) this.heard.offers.push(...(offers as { offers: Draft[] }).offers);
    if (inverse !== undefined) {
      this.heard.inverseOffers.push(...(inverse as { inverse_offers: Draft[] }).inverse_offers);
    }
    if (update !== undefined) {
      this.heard.statuses.push((update as { status: Draft }).status);
      if (this.heard.statuses.length > 50) this.heard.statuses.shift();
    }
    if (rescind !== undefined) {
      const { value } = (rescind as { offer_id: { value: string } }).offer_id;
      const left = this.heard.offers.filter(({ id }) => (id as { value: string }).value !== value);
      this.heard.offers.splice(0, this.heard.offers.length, ...left);
    }
  }
}

/** A world that ends with the test. */
export async function givenFuzzWorld(t: Test, seed: number): Promise<FuzzWorld> {
  const world = new FuzzWorld(seed);
  t.teardown(() => world.close());
  await world.repair();
  return world;
}
