// A cluster divided among kernels: the same facts for all, grants that add up, shares that stay global.
import {
  CommandBuffer,
  type HostedGrantBatch,
  inlineHost,
  type KernelHost,
  type Parcel,
  parcelRows,
  partitionedHost,
  piscinaThread,
  workerHost,
} from '@kaon/allocator';
import { seededRandom } from '@kaon/primitives';
import t from 'tap';
import {
  addAgent,
  addFramework,
  FakeThread,
  KINDS,
  OPTIONS,
  runCycles,
  takers,
} from './builders/hosted-cluster.ts';

const REQUEST = { nowMs: 0, seed: 7 };
const nothing = () => new CommandBuffer().take();

function inlinePartitions(partitions: number, kernel = OPTIONS): KernelHost {
  return partitionedHost({ kernel, partitions, makeHost: inlineHost });
}

t.test('one partition is exactly the plain host', async (t) => {
  t.same(await runCycles(inlinePartitions(1), 6), await runCycles(inlineHost(OPTIONS), 6));
});

t.test('each agent is granted once, by the kernel it belongs to', async (t) => {
  const host = inlinePartitions(3);
  const batches = await runCycles(host, 4);
  const agents = batches.flatMap((batch) => [...batch.agents]);
  t.same(
    [...agents].sort((left, right) => left - right),
    [...Array(20).keys()],
  );
  t.equal(new Set(agents).size, 20);
  const single = await runCycles(inlineHost(OPTIONS), 4);
  for (const [cycle, { candidates, held, pool, refusals }] of batches.entries()) {
    t.same(
      { candidates, held, pool, refusals },
      {
        candidates: single[cycle]?.candidates,
        held: single[cycle]?.held,
        pool: single[cycle]?.pool,
        refusals: single[cycle]?.refusals,
      },
    );
  }
});

t.test('a pass over some agents runs where they are; the others hear the commands', async (t) => {
  const threads = [new FakeThread(), new FakeThread()];
  const host = partitionedHost({
    kernel: OPTIONS,
    partitions: 2,
    makeHost: (kernel) => workerHost({ kernel, thread: threads[kernel.partition ?? 0]! }),
  });
  const buffer = new CommandBuffer();
  buffer.addRole(0, 'web');
  addFramework(buffer, 0, [0]);
  for (let agent = 0; agent < 4; agent += 1) addAgent(buffer, agent, { quantities: [1000] });
  const agents = Int32Array.of(1, 3);
  const batch = await host.run({ commands: buffer.take(), request: { ...REQUEST, agents } });
  t.same(takers(batch), ['1:f0@0', '3:f0@0']);
  t.same(threads[0]!.jobs, []);
  const rest = await host.run({ commands: nothing(), request: REQUEST });
  t.same(takers(rest), ['0:f0@0', '2:f0@0']);
  t.equal(rest.held[0], 4000, 'both know what the other has granted');
});

t.test('a grant of one kernel counts in the shares of the other', async (t) => {
  const host = inlinePartitions(2);
  const buffer = new CommandBuffer();
  buffer.addRole(0, 'a');
  buffer.addRole(1, 'b');
  addFramework(buffer, 0, [0]);
  addFramework(buffer, 1, [1]);
  addAgent(buffer, 0, { quantities: [4000] });
  t.same(takers(await host.run({ commands: buffer.take(), request: REQUEST })), ['0:f0@0']);
  addAgent(buffer, 1, { quantities: [4000] });
  t.same(takers(await host.run({ commands: buffer.take(), request: REQUEST })), ['1:f1@1']);
});

t.test('a framework may leave while its grants are told about', async (t) => {
  const host = partitionedHost({
    kernel: OPTIONS,
    partitions: 2,
    makeHost: (kernel) => workerHost({ kernel, thread: new FakeThread() }),
  });
  const cycle = runCycles(host, 1);
  const buffer = new CommandBuffer();
  buffer.removeFramework(0);
  host.tell({ commands: buffer.take() });
  const plan = host.plan({ commands: nothing(), request: REQUEST });
  t.equal((await cycle)[0]?.agents.length, 5);
  t.same((await plan).agents.length, 0);
});

t.test('plans of all kernels make one, and questions about an agent go to its own', async (t) => {
  const host = inlinePartitions(3);
  await runCycles(host, 1);
  const buffer = new CommandBuffer();
  for (let agent = 5; agent < 9; agent += 1) addAgent(buffer, agent, { quantities: [1000] });
  const plan = await host.plan({ commands: buffer.take(), request: REQUEST });
  t.same([...plan.agents].sort(), [5, 6, 7, 8]);
  const batch = await host.run({ commands: nothing(), request: REQUEST });
  t.same(takers(batch), takers(plan));
  const inspection = await host.inspect({ framework: 1, role: 1, agent: 7, nowMs: 0 });
  t.equal(inspection.candidates, 9);
});

t.test('partitions on real threads give what they give inline', async (t) => {
  const host = partitionedHost({
    kernel: OPTIONS,
    partitions: 2,
    makeHost: (kernel) => workerHost({ kernel, thread: piscinaThread(), cyclesPerSnapshot: 3 }),
  });
  t.teardown(() => host.close());
  t.same(await runCycles(host, 6), await runCycles(inlinePartitions(2), 6));
});

t.test('chopped grants keep their amounts when batches are joined', async (t) => {
  const batch = (agent: number, chops: number, chopped: readonly number[]): HostedGrantBatch => ({
    agents: Int32Array.of(agent),
    frameworks: Int32Array.of(0),
    roles: Int32Array.of(0),
    bits: Int32Array.of(0),
    chops: Int32Array.of(chops),
    chopped: Float64Array.from(chopped),
    quantities: Float64Array.of(1000, 0, 0),
    unreserved: new Float64Array(0),
    holdings: {
      frameworks: Int32Array.of(0),
      roles: Int32Array.of(0),
      counts: Int32Array.of(1),
      quantities: Float64Array.of(1000, 0),
      unreserved: Float64Array.of(1000, 0),
    },
    wonAt: Float64Array.of(0),
    candidates: 1,
    pool: Float64Array.of(9000, 0),
    held: Float64Array.of(1000, 0),
    refusals: 0,
    refusalsDropped: 0,
    roleShares: Float64Array.of(0, 0.1),
  });
  const batches = [batch(0, 0, [1000, 0]), batch(1, -1, []), batch(2, 0, [1000, 5])];
  const host = partitionedHost({
    kernel: OPTIONS,
    partitions: 3,
    makeHost: (kernel) => ({
      ...inlineHost(kernel),
      run: () => batches[kernel.partition ?? 0]!,
      tell: () => undefined,
    }),
  });
  const joined = await host.run({ commands: nothing(), request: REQUEST });
  t.same([...joined.chops], [0, -1, 1]);
  t.same([...joined.chopped], [1000, 0, 1000, 5]);
  t.same([...joined.held], [3000, 0]);
});

// --- shares ---------------------------------------------------------------------------------------

interface Cluster {
  readonly weights: readonly number[];
  /** Thousandths that each role holds before the first pass, of agents that are full. */
  readonly before: readonly number[];
  readonly agents: readonly Parcel[];
}

/** Roles of some weights that hold something already, and agents of mixed sizes that are free. */
function randomCluster(seed: number, hasMem: boolean): Cluster {
  const random = seededRandom(seed);
  const roles = 2 + random.nextInt(6);
  const agents = 30 + random.nextInt(120);
  return {
    weights: Array.from({ length: roles }, () => 1 + random.nextInt(3)),
    before: Array.from({ length: roles }, () => 1000 * random.nextInt(200)),
    agents: Array.from({ length: agents }, () => {
      const cpus = 1000 * (1 + random.nextInt(8));
      return { quantities: [cpus, hasMem ? cpus * (1 + random.nextInt(4)) : 0] };
    }),
  };
}

function clusterCommands({ weights, before, agents }: Cluster): CommandBuffer {
  const buffer = new CommandBuffer();
  for (const [role, weight] of weights.entries()) {
    buffer.addRole(role, `r${role}`);
    buffer.setWeight(`r${role}`, weight);
    addFramework(buffer, role, [role]);
  }
  for (const [agent, parcel] of agents.entries()) addAgent(buffer, agent, parcel);
  for (const [role, cpus] of before.entries()) {
    const held = { quantities: [cpus, 0] };
    const total = Float64Array.of(cpus, 0);
    const reserved = new Float64Array(0);
    const facts = { isActive: true, demands: 0, lacks: 0, total, reserved };
    buffer.addAgent(agents.length + role, facts, new Float64Array(0));
    const quantities = Float64Array.from(held.quantities);
    if (cpus > 0) buffer.addAllocated(role, role, quantities, quantities);
  }
  return buffer;
}

/** What roles hold over several passes, and who holds which agent. */
class Holdings {
  readonly #cluster: Cluster;
  readonly #host: KernelHost;
  readonly #held: number[][];
  /** Who was given how much of an agent. */
  readonly #takers = new Map<number, { readonly role: number; readonly taken: Float64Array }[]>();

  constructor(cluster: Cluster, host: KernelHost) {
    this.#cluster = cluster;
    this.#host = host;
    this.#held = cluster.before.map((cpus) => [cpus, 0]);
  }

  async pass(commands: CommandBuffer, seed: number): Promise<void> {
    const batch = await this.#host.run({ commands: commands.take(), request: { nowMs: 0, seed } });
    for (const [grant, agent] of batch.agents.entries()) {
      const role = batch.roles[grant]!;
      const start = grant * (KINDS + 1);
      const taken = batch.quantities.slice(start, start + KINDS);
      const takers = this.#takers.get(agent) ?? [];
      this.#takers.set(agent, [...takers, { role, taken }]);
      this.#add(role, taken, 1);
    }
  }

  /** Commands that free these agents, whoever holds them. */
  free(agents: readonly number[]): CommandBuffer {
    const buffer = new CommandBuffer();
    for (const agent of agents) {
      for (const { role, taken } of this.#takers.get(agent) ?? []) {
        buffer.recover(role, role, taken, taken);
        this.#add(role, taken, -1);
      }
      this.#takers.delete(agent);
      buffer.setFree(agent, parcelRows(KINDS, [this.#cluster.agents[agent]!]));
    }
    return buffer;
  }

  isHeld(agent: number): boolean {
    return (this.#takers.get(agent)?.length ?? 0) > 0;
  }

  shares(pool: readonly number[]): number[] {
    return this.#held.map((held) =>
      Math.max(...held.map((quantity, kind) => (pool[kind] ? quantity / pool[kind] : 0))),
    );
  }

  #add(role: number, quantities: Float64Array, sign: number): void {
    for (const [kind, quantity] of quantities.entries()) {
      this.#held[role]![kind]! += sign * quantity;
    }
  }
}

function poolOf({ before, agents }: Cluster): number[] {
  const pool = [before.reduce((sum, cpus) => sum + cpus, 0), 0];
  for (const { quantities } of agents) {
    for (const [kind, quantity] of quantities.entries()) pool[kind]! += quantity;
  }
  return pool;
}

/** The bound that `partitionedHost` promises when `free` agents are granted. */
function boundOf(cluster: Cluster, partitions: number, free: readonly number[]): number {
  const pool = poolOf(cluster);
  const fraction = (quantities: readonly number[]): number =>
    Math.max(...quantities.map((quantity, kind) => (pool[kind] ? quantity / pool[kind] : 0)));
  const largest = Math.max(...cluster.agents.map(({ quantities }) => fraction(quantities)));
  const ratio = Math.max(...cluster.weights) / Math.min(...cluster.weights);
  const parts = Array.from({ length: partitions }, () => [0, 0]);
  const whole = [0, 0];
  for (const agent of free) {
    for (const [kind, quantity] of cluster.agents[agent]!.quantities.entries()) {
      parts[agent % partitions]![kind]! += quantity;
      whole[kind]! += quantity;
    }
  }
  const uneven = parts.map((part) =>
    fraction(part.map((quantity, kind) => Math.abs(partitions * quantity - whole[kind]!))),
  );
  const mean = uneven.reduce((sum, one) => sum + one, 0) / partitions;
  return (partitions + 1) * ratio * largest + mean;
}

for (const hasMem of [false, true]) {
  const kinds = hasMem ? 'two kinds' : 'one kind';
  t.test(`${kinds}: after a pass shares differ from one kernel's within the bound`, async (t) => {
    let worst = 0;
    for (let seed = 0; seed < 100; seed += 1) {
      const cluster = randomCluster(seed, hasMem);
      const partitions = 2 + (seed % 3);
      const single = new Holdings(cluster, inlineHost(OPTIONS));
      const divided = new Holdings(cluster, inlinePartitions(partitions));
      for (const holdings of [single, divided]) await holdings.pass(clusterCommands(cluster), seed);
      const pool = poolOf(cluster);
      const shares = single.shares(pool);
      const bound = boundOf(cluster, partitions, [...cluster.agents.keys()]);
      for (const [role, share] of divided.shares(pool).entries()) {
        const deviation = Math.abs(share - shares[role]!);
        worst = Math.max(worst, deviation / bound);
        if (deviation > bound) t.fail(`seed ${seed} role ${role}: ${deviation} > ${bound}`);
      }
    }
    t.ok(worst <= 1, `worst deviation is ${worst.toFixed(2)} of the bound`);
    t.ok(worst > 0, 'and there is one');
  });

  t.test(`${kinds}: over many passes with churn they do not drift apart`, async (t) => {
    for (let seed = 0; seed < 20; seed += 1) {
      const cluster = randomCluster(seed, hasMem);
      const partitions = 2 + (seed % 3);
      const single = new Holdings(cluster, inlineHost(OPTIONS));
      const divided = new Holdings(cluster, inlinePartitions(partitions));
      const random = seededRandom(seed).fork('churn');
      const pool = poolOf(cluster);
      const all = [...cluster.agents.keys()];
      for (const holdings of [single, divided]) await holdings.pass(clusterCommands(cluster), seed);
      const bound = boundOf(cluster, partitions, all);
      for (let round = 1; round <= 30; round += 1) {
        const freed = all.filter(() => random.next() < 0.3);
        for (const holdings of [single, divided]) {
          await holdings.pass(holdings.free(freed), seed + round);
        }
        const shares = single.shares(pool);
        for (const [role, share] of divided.shares(pool).entries()) {
          const deviation = Math.abs(share - shares[role]!);
          if (deviation > bound) t.fail(`seed ${seed} round ${round}: ${deviation} > ${bound}`);
        }
      }
    }
    t.pass('600 rounds stayed within the bound of a single pass');
  });
}

// --- quotas ---------------------------------------------------------------------------------------

t.test(
  'kernels that grant at the same time never exceed a limit, nor starve a guarantee',
  async (t) => {
    let isEverExhausted = false;
    for (let seed = 0; seed < 40; seed += 1) {
      const cluster = randomCluster(seed, false);
      const partitions = 2 + (seed % 3);
      const random = seededRandom(seed).fork('quotas');
      const [pool = 0] = poolOf(cluster);
      const none = Number.POSITIVE_INFINITY;
      const commands = clusterCommands(cluster);
      const limits = cluster.weights.map((_, role) => {
        if (role % 2 === 1) return none;
        // Some are below what the role holds already: then it gets nothing more.
        const limit = 1000 * random.nextInt(pool / 1000);
        commands.setQuota(`r${role}`, Float64Array.of(0, 0), Float64Array.of(limit, none));
        return limit;
      });
      const guarantee = Math.floor(pool / 20);
      commands.setQuota('r1', Float64Array.of(guarantee, 0), Float64Array.of(none, none));
      const divided = new Holdings(cluster, inlinePartitions(partitions));
      const all = [...cluster.agents.keys()];
      await divided.pass(commands, seed);
      for (let round = 1; round <= 10; round += 1) {
        for (const [role, share] of divided.shares([pool, 0]).entries()) {
          const most = Math.max(limits[role]!, cluster.before[role]!);
          const held = Math.round(share * pool);
          if (held > most)
            t.fail(`seed ${seed} round ${round}: role ${role} holds ${held} > ${most}`);
          if (held === most) isEverExhausted = true;
        }
        const freed = all.filter((agent) => divided.isHeld(agent) && random.next() < 0.3);
        await divided.pass(divided.free(freed), seed + round);
      }
      t.ok(Math.round(divided.shares([pool, 0])[1]! * pool) >= guarantee, `seed ${seed}`);
    }
    t.ok(isEverExhausted, 'some limit was reached exactly');
  },
);
