// Random clusters and random commands: the kernel against the plain rules, conservation, and replay.
import {
  AllocatorKernel,
  applyBatch,
  CommandBuffer,
  type GrantBatch,
  type KernelCommands,
  parcelRows,
  SKIP_ROW_LENGTH,
  snapshotOf,
} from '@kaon/allocator';
import { type Random, seededRandom } from '@kaon/primitives';
import fc from 'fast-check';
import t from 'tap';
import { KINDS, OPTIONS } from './builders/given-kernel.ts';
import { LiteralKernel } from './builders/literal-kernel.ts';

const ROLES = ['a', 'a/b', 'a/b/c', 'a/d', 'e', 'e-f', 'g'];
const WIDTH = KINDS + 1;

/** Drives several receivers of commands through the same random history of a cluster. */
class RandomCluster {
  readonly random: Random;
  readonly receivers: readonly KernelCommands[];
  /** What each agent has free: the truth that `setFree` tells. */
  readonly free = new Map<number, { role: number; bits: number; quantities: number[] }[]>();
  readonly totals = new Map<number, number[]>();
  readonly frameworks = new Set<number>();
  /** Grants not yet given back. */
  readonly held: {
    agent: number;
    framework: number;
    role: number;
    parcels: { role: number; bits: number; quantities: number[] }[];
  }[] = [];

  constructor(seed: number, receivers: readonly KernelCommands[]) {
    this.random = seededRandom(seed);
    this.receivers = receivers;
    this.tell((kernel) => {
      for (const [role, path] of ROLES.entries()) kernel.addRole(role, path);
    });
  }

  tell(command: (kernel: KernelCommands) => void): void {
    for (const kernel of this.receivers) command(kernel);
  }

  rows(parcels: readonly { role: number; bits: number; quantities: number[] }[]): Float64Array {
    return parcelRows(
      KINDS,
      parcels.map(({ role, bits, quantities }) => ({
        role,
        bits,
        quantities: quantities.slice(0, KINDS),
        items: quantities[KINDS] ?? 0,
      })),
    );
  }

  step(): void {
    const { random } = this;
    const agent = random.nextInt(6);
    const framework = random.nextInt(5);
    const role = random.nextInt(ROLES.length);
    const isKnownAgent = this.free.has(agent);
    const isKnownFramework = this.frameworks.has(framework);
    switch (random.nextInt(14)) {
      case 0:
      case 1:
        if (!isKnownAgent) this.addAgent(agent);
        break;
      case 2:
        if (isKnownAgent && random.nextInt(4) === 0) this.removeAgent(agent);
        break;
      case 3:
      case 4:
        if (!isKnownFramework) {
          const capabilities = random.nextInt(64);
          this.frameworks.add(framework);
          this.tell((kernel) => kernel.addFramework(framework, `f${framework}`, capabilities));
          this.tell((kernel) => kernel.activateFramework(framework));
        }
        if (isKnownFramework) this.tell((kernel) => kernel.activateFramework(framework));
        break;
      case 5:
        if (isKnownFramework && random.nextInt(4) === 0) this.removeFramework(framework);
        else if (isKnownFramework) this.tell((kernel) => kernel.deactivateFramework(framework));
        break;
      case 6:
      case 7:
        if (isKnownFramework) this.tell((kernel) => kernel.subscribe(framework, role));
        break;
      case 8:
        if (isKnownFramework) this.tell((kernel) => kernel.unsubscribe(framework, role));
        break;
      case 9:
        if (isKnownFramework) this.tell((kernel) => kernel.suppress(framework, role));
        break;
      case 10:
        if (!isKnownFramework) break;
        if (random.nextInt(2) === 0) this.tell((kernel) => kernel.unsuppress(framework, role));
        else this.tell((kernel) => kernel.revive(framework, role));
        break;
      case 11: {
        const weight = 1 + random.nextInt(3);
        this.tell((kernel) => kernel.setWeight(ROLES[role] ?? 'a', weight));
        break;
      }
      default:
        this.giveBack();
    }
  }

  addAgent(agent: number): void {
    const { random } = this;
    const reserved = random.nextInt(3) === 0 ? random.nextInt(ROLES.length) : undefined;
    const quantities = (): number[] => [
      random.nextInt(4) * 1000,
      random.nextInt(4) * 32_000,
      random.nextInt(2),
      random.nextInt(3),
    ];
    const parcels = [{ role: -1, bits: 0, quantities: quantities() }];
    if (reserved !== undefined) parcels.push({ role: reserved, bits: 0, quantities: quantities() });
    if (random.nextInt(3) === 0) {
      parcels.push({ role: -1, bits: 1 + random.nextInt(7), quantities: quantities() });
    }
    const total = sum(parcels.map((parcel) => parcel.quantities));
    const demands = random.nextInt(4) === 0 ? 8 << random.nextInt(2) : 0;
    const lacks = random.nextInt(4) === 0 ? 32 << random.nextInt(2) : 0;
    const facts = {
      isActive: random.nextInt(5) !== 0,
      demands,
      lacks,
      total: Float64Array.from(total.slice(0, KINDS)),
    };
    this.free.set(agent, parcels);
    this.totals.set(agent, total);
    this.tell((kernel) => kernel.addAgent(agent, facts, this.rows(parcels)));
  }

  removeAgent(agent: number): void {
    this.free.delete(agent);
    this.totals.delete(agent);
    for (let index = this.held.length - 1; index >= 0; index -= 1) {
      if (this.held[index]?.agent === agent) this.#recover(index);
    }
    this.tell((kernel) => kernel.removeAgent(agent));
  }

  removeFramework(framework: number): void {
    this.frameworks.delete(framework);
    for (let index = this.held.length - 1; index >= 0; index -= 1) {
      if (this.held[index]?.framework === framework) this.#recover(index);
    }
    this.tell((kernel) => kernel.removeFramework(framework));
  }

  giveBack(): void {
    if (this.held.length === 0) return;
    const { random } = this;
    const grant = this.#recover(random.nextInt(this.held.length));
    if (grant === undefined || random.nextInt(2) === 0) return;
    const expiresMs = random.nextInt(100);
    const { framework, role, agent } = grant;
    this.tell((kernel) =>
      kernel.refuse(framework, role, agent, expiresMs, this.rows(grant.parcels)),
    );
  }

  #recover(index: number) {
    const [grant] = this.held.splice(index, 1);
    if (grant === undefined) return undefined;
    const { agent, framework, role, parcels } = grant;
    const quantities = Float64Array.from(
      sum(parcels.map((parcel) => parcel.quantities)).slice(0, KINDS),
    );
    this.tell((kernel) => kernel.recover(framework, role, quantities));
    const free = this.free.get(agent);
    if (free !== undefined) {
      for (const parcel of parcels) {
        const same = free.find(({ role, bits }) => role === parcel.role && bits === parcel.bits);
        if (same) same.quantities = sum([same.quantities, parcel.quantities]);
        else free.push({ ...parcel });
      }
      this.tell((kernel) => kernel.setFree(agent, this.rows(free)));
    }
    return grant;
  }

  /** Takes a batch into the books as a caller would, and checks that it can be. */
  book(batch: GrantBatch): void {
    for (const [index, agent] of batch.agents.entries()) {
      const role = batch.roles[index] ?? -1;
      const bits = batch.bits[index] ?? 0;
      const free = this.free.get(agent);
      if (free === undefined) throw new Error('granted an agent that is gone');
      const path = ROLES[role] ?? '';
      const isTaken = (parcel: { role: number; bits: number }): boolean => {
        const reservation = ROLES[parcel.role] ?? '';
        const isFor =
          parcel.role === -1 || path === reservation || path.startsWith(`${reservation}/`);
        return isFor && (parcel.bits & ~bits) === 0;
      };
      const parcels = free.filter((parcel) => isTaken(parcel) && parcel.quantities.some(Boolean));
      const granted = [...batch.quantities.subarray(index * WIDTH, (index + 1) * WIDTH)];
      same(sum(parcels.map(({ quantities }) => quantities)), granted);
      this.free.set(
        agent,
        free.filter((parcel) => !isTaken(parcel)),
      );
      this.held.push({ agent, framework: batch.frameworks[index] ?? -1, role, parcels });
    }
  }

  /** Free and held together are all there is. */
  checkConservation(): void {
    for (const [agent, total] of this.totals) {
      const held = this.held.filter((grant) => grant.agent === agent);
      const everything = [
        ...(this.free.get(agent) ?? []),
        ...held.flatMap(({ parcels }) => parcels),
      ].map(({ quantities }) => quantities);
      same(sum(everything), total);
    }
  }
}

/** Thousands of checks: one that fails throws, those that hold are silent. */
function same(found: readonly unknown[], wanted: readonly unknown[]): void {
  if (found.join() !== wanted.join()) throw new Error(`found ${found}, wanted ${wanted}`);
}

function sum(rows: readonly (readonly number[])[]): number[] {
  return Array.from({ length: WIDTH }, (_, column) =>
    rows.reduce((total, row) => total + (row[column] ?? 0), 0),
  );
}

function grantsOf(batch: GrantBatch): unknown[] {
  return [...batch.agents].map((agent, index) => ({
    agent,
    framework: batch.frameworks[index],
    role: batch.roles[index],
    quantities: [...batch.quantities.subarray(index * WIDTH, (index + 1) * WIDTH)],
  }));
}

function checkSkips({ candidates, skips }: GrantBatch): void {
  for (let start = 0; start < skips.length; start += SKIP_ROW_LENGTH) {
    const counts = skips.subarray(start + 2, start + SKIP_ROW_LENGTH);
    same([counts.reduce((total, count) => total + count, 0)], [candidates]);
    same([counts.some((count) => count < 0)], [false]);
  }
}

t.test(
  'the kernel decides as the plain rules do, and nothing is lost or offered twice',
  async (t) => {
    let grants = 0;
    fc.assert(
      fc.property(fc.integer(), (seed) => {
        const kernel = new AllocatorKernel({ ...OPTIONS, excludedKinds: [2] });
        const literal = new LiteralKernel({ ...OPTIONS, excludedKinds: [2] });
        const cluster = new RandomCluster(seed, [kernel, literal]);
        for (let pass = 0; pass < 12; pass += 1) {
          for (let step = 0; step < 12; step += 1) cluster.step();
          const nowMs = pass * 10;
          const agents = pass % 3 === 2 ? Int32Array.of(0, 2, 4, 99) : undefined;
          const plain = literal.allocate(nowMs, pass, agents);
          const batch = kernel.allocate({ nowMs, seed: pass, agents });
          if (JSON.stringify(grantsOf(batch)) !== JSON.stringify(plain)) {
            t.same(grantsOf(batch), plain);
            return false;
          }
          grants += plain.length;
          cluster.book(batch);
          cluster.checkConservation();
          checkSkips(batch);
        }
        return true;
      }),
      { numRuns: 150, seed: 20 },
    );
    t.ok(grants > 1000, `${grants} grants were compared`);
  },
);

t.test('a kernel rebuilt from a snapshot goes on as the first would have', async (t) => {
  let passes = 0;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const first = new AllocatorKernel(OPTIONS);
      const buffer = new CommandBuffer();
      const cluster = new RandomCluster(seed, [first, buffer]);
      let second = new AllocatorKernel(OPTIONS);
      for (let pass = 0; pass < 10; pass += 1) {
        for (let step = 0; step < 12; step += 1) cluster.step();
        applyBatch(second, buffer.take());
        const rebuilt = new AllocatorKernel(OPTIONS);
        applyBatch(rebuilt, snapshotOf(second));
        second = rebuilt;
        const request = { nowMs: pass * 10, seed: pass };
        const batch = first.allocate(request);
        const other = second.allocate(request);
        if (JSON.stringify(grantsOf(batch)) !== JSON.stringify(grantsOf(other))) return false;
        same(skipRows(other), skipRows(batch));
        cluster.book(batch);
        passes += 1;
      }
      return true;
    }),
    { numRuns: 60, seed: 21 },
  );
  t.equal(passes, 600);
});

t.test('the same seed gives the same batch, another seed another order', async (t) => {
  const build = (): AllocatorKernel => {
    const kernel = new AllocatorKernel(OPTIONS);
    const cluster = new RandomCluster(4, [kernel]);
    for (let agent = 0; agent < 20; agent += 1) cluster.addAgent(agent);
    kernel.addFramework(0, 'f', 63);
    kernel.subscribe(0, 0);
    kernel.activateFramework(0);
    return kernel;
  };
  const batch = build().allocate({ nowMs: 0, seed: 7 });
  t.same(build().allocate({ nowMs: 0, seed: 7 }), batch);
  t.not(build().allocate({ nowMs: 0, seed: 8 }).agents.join(), batch.agents.join());
});

/** Rows of the skip table in an order that does not depend on how clients were numbered. */
function skipRows({ skips, shares }: GrantBatch): string[] {
  const rows: string[] = [];
  for (let start = 0; start < skips.length; start += SKIP_ROW_LENGTH) {
    const row = start / SKIP_ROW_LENGTH;
    rows.push(
      [
        ...skips.subarray(start, start + SKIP_ROW_LENGTH),
        shares[row * 2],
        shares[row * 2 + 1],
      ].join(),
    );
  }
  return rows.sort();
}
