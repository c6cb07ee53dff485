// Random messages to the books with a kernel beside them: every quantity stays in exactly one place.
import {
  type AddFramework,
  type AgentRow,
  AllocatorKernel,
  applyBatch,
  Books,
  KindIndex,
  PARCEL_WHOLE,
  type QuotaUpdate,
  snapshotOf,
} from '@kaon/allocator';
import { type Random, seededRandom } from '@kaon/primitives';
import type { MessageInit, Resource } from '@kaon/protocol';
import { Resources } from '@kaon/resources';
import fc from 'fast-check';
import t from 'tap';
import {
  agent,
  agentId,
  allocated,
  framework,
  frameworkId,
  resources,
} from './builders/records.ts';

const ROLES = ['web', 'db', 'db/main', '*'];

function disk(more: Partial<MessageInit<Resource>>): Resources {
  const plain = { name: 'disk', type: 'SCALAR', scalar: { value: 50 }, reservations: [] };
  return Resources.of([{ ...plain, ...more } as unknown as Resource]);
}

const pathDisk = (root: string): Resources =>
  disk({ disk: { source: { type: 'PATH', path: { root } } } });
const mountDisk = (root: string): Resources =>
  disk({ disk: { source: { type: 'MOUNT', mount: { root } } } });
const sharedVolume = disk({
  reservations: [{ type: 'DYNAMIC', role: 'db' }],
  disk: { persistence: { id: 'v1' } },
  shared: {},
});
const spare = Resources.of([
  {
    name: 'cpus',
    type: 'SCALAR',
    scalar: { value: 3 },
    reservations: [],
    revocable: {},
  } as Resource,
]);

const TOTALS = [
  resources('cpus:4;mem:512;ports:[1-100]'),
  resources('cpus:2;mem:256;cpus(db):2;disk(db):100;gpus:1'),
  resources('cpus:8;mem:64;licences:{a,b,c};cpus(db/main):1'),
  resources('mem:32'),
  Resources.sum([resources('cpus:2;mem:64'), pathDisk('/1'), pathDisk('/2'), mountDisk('/3')]),
  Resources.sum([resources('cpus:2'), mountDisk('/1'), mountDisk('/2'), sharedVolume, spare]),
];
const CAPABILITIES = ['GPU_RESOURCES', 'SHARED_RESOURCES', 'REVOCABLE_RESOURCES'] as const;
const QUANTITIES: readonly (readonly [string, number])[] = [
  ['cpus', 1500],
  ['mem', 100_000],
  ['disk', 60_000],
];

function randomQuota(random: Random): QuotaUpdate {
  const some = (): Map<string, number> => new Map(QUANTITIES.filter(() => random.nextInt(3) === 0));
  return {
    role: pick(random, ['web', 'db', '*']),
    guarantees: new Map([...some()].map(([name, milli]) => [name, milli / 2])),
    limits: some(),
  };
}

function randomConstraints(role: string): AddFramework['offerConstraints'] {
  const selector = { pseudoattributeType: 'HOSTNAME' } as const;
  const predicate = { textNotMatches: { regex: 'a[12].*' } };
  return {
    roleConstraints: { [role]: { groups: [{ attributeConstraints: [{ selector, predicate }] }] } },
  };
}

function pick<T>(random: Random, items: readonly T[]): T {
  return items[random.nextInt(items.length)] as T;
}

/** One random message; `nowMs` is when. */
function step(books: Books, random: Random, nowMs: number): void {
  const id = `a${random.nextInt(4)}`;
  const name = `f${random.nextInt(4)}`;
  const ids = { agentId: agentId(id), frameworkId: frameworkId(name) };
  const role = pick(random, ROLES);
  const row = books.agent(ids.agentId);
  switch (random.nextInt(14)) {
    case 0:
    case 1:
      books.addAgent(agent(id, pick(random, TOTALS)));
      break;
    case 2:
      books.updateAgent(agent(id, pick(random, TOTALS)));
      break;
    case 3:
      if (random.nextInt(3) === 0) books.removeAgent(ids.agentId);
      else books.setAgentActive(ids.agentId, random.nextInt(3) > 0);
      break;
    case 4:
    case 5: {
      const roles = ROLES.filter(() => random.nextInt(2) === 0);
      const suppressedRoles = roles.filter(() => random.nextInt(4) === 0);
      const capabilities = CAPABILITIES.filter(() => random.nextInt(4) > 0);
      const [constrained] = roles;
      const isConstrained = constrained !== undefined && random.nextInt(3) === 0;
      const body = {
        ...framework(name, roles, capabilities),
        suppressedRoles,
        offerConstraints: isConstrained ? randomConstraints(constrained) : undefined,
      };
      if (random.nextInt(2) === 0) books.addFramework(body);
      else books.updateFramework(body);
      break;
    }
    case 6:
      if (random.nextInt(3) === 0) books.removeFramework(ids.frameworkId);
      else books.setFrameworkActive(ids.frameworkId, random.nextInt(3) > 0);
      break;
    case 7:
      if (random.nextInt(2) === 0) books.reviveOffers({ ...ids, roles: [role] });
      else books.suppressOffers({ ...ids, roles: [] });
      break;
    case 8:
      books.useResources({ ...ids, resources: allocated('cpus:0.5;ports:[90-120]', role) });
      break;
    case 9:
      books.recoverResources(
        { ...ids, resources: allocated('cpus:1.5;mem:48;ports:[50-95]', role), refuseMs: 0 },
        random.nextInt(2) === 0 ? nowMs + random.nextInt(50) : undefined,
      );
      break;
    case 10:
      books.updateQuota({ quotas: [randomQuota(random)], force: random.nextInt(2) === 0 });
      break;
    case 11:
      books.setWhitelist(random.nextInt(2) === 0 ? undefined : ['a0.example', 'a3.example']);
      break;
    default:
      if (row !== undefined) giveBackOrConvert(books, row, random, nowMs);
  }
}

function giveBackOrConvert(books: Books, row: AgentRow, random: Random, nowMs: number): void {
  const [holding] = row.held;
  if (holding === undefined) return;
  const { role, resources: held } = holding;
  const ids = { agentId: row.agentId, frameworkId: holding.framework.frameworkId };
  const expiresMs = random.nextInt(2) === 0 ? nowMs + random.nextInt(50) : undefined;
  const part = held.filter(() => random.nextInt(2) === 0);
  if (role !== '*' && random.nextInt(3) === 0) {
    const consumed = part.filter(({ reservations }) => reservations.length === 0);
    const converted = consumed.pushReservation({ type: 'DYNAMIC', role });
    if (!consumed.isEmpty) books.updateAllocation({ ...ids, consumed, converted });
  } else {
    books.recoverResources({ ...ids, resources: part, refuseMs: 0 }, expiresMs);
  }
}

function fail(sentence: string): never {
  throw new Error(sentence);
}

/** What is held on an agent and what is free are all there is, unless more is held than there is. */
function checkBooks(books: Books): void {
  for (const { agentId, free, held, total } of books.agents()) {
    // Shared volumes are free whoever holds them.
    const parts = held
      .map(({ resources }) => resources.unallocate().nonShared())
      .filter((part) => !part.isEmpty);
    const sum = Resources.sum(parts);
    const left = parts.reduce((rest, part) => rest.minus(part), total);
    if (!free.equals(left)) fail(`${agentId} has ${free} free of ${total} without ${sum}`);
    if (held.some(({ resources }) => resources.isEmpty)) fail(`${agentId} is held for nothing`);
    if (total.contains(sum) && !free.plus(sum).equals(total)) fail(`${agentId} lost something`);
  }
}

/** The kernel believes what the books say. */
function checkKernel(books: Books, kernel: AllocatorKernel, kinds: KindIndex): void {
  const held = new Float64Array(kinds.kindsMax);
  for (const row of books.agents()) {
    for (const { resources } of row.held) {
      kinds.scalarsOf(resources).forEach((quantity, kind) => {
        held[kind] = (held[kind] ?? 0) + quantity;
      });
    }
    const free = new Float64Array(kinds.kindsMax);
    const rows = kernel.agents.freeRows(row.index);
    for (let start = 0; start < rows.length; start += kinds.kindsMax + 3) {
      for (let kind = 0; kind < kinds.kindsMax; kind += 1) {
        free[kind] = (free[kind] ?? 0) + (rows[start + 2 + kind] ?? 0);
      }
    }
    if (free.join() !== kinds.scalarsOf(row.free).join()) fail(`kernel: ${free}, ${row.free}`);
  }
  checkConsumption(books, kernel, kinds);
  if (kernel.sorter.allocatedOf(0).subarray(0, kinds.kindsMax).join() !== held.join())
    fail('kernel holds something else');
}

/** What roles consume of their quota is their reservations and what they hold unreserved. */
function checkConsumption(books: Books, kernel: AllocatorKernel, kinds: KindIndex): void {
  const consumed = new Map<string, Float64Array>();
  const add = (role: string, part: Resources): void => {
    const top = role.split('/')[0] ?? '';
    const sum = consumed.get(top) ?? new Float64Array(kinds.kindsMax);
    consumed.set(top, sum);
    kinds.scalarsOf(part).forEach((milli, kind) => {
      sum[kind] = (sum[kind] ?? 0) + milli;
    });
  };
  for (const { held, total } of books.agents()) {
    for (const [role, part] of total.reservations()) add(role, part);
    for (const { role, resources } of held) add(role, resources.unreserved().nonRevocable());
  }
  for (const { role } of books.quotas()) {
    const node = kernel.sorter.findRole(role);
    const slot = kernel.quotas.slotOfNode[node] ?? -1;
    const wanted = consumed.get(role) ?? new Float64Array(kinds.kindsMax);
    const found = wanted.map((_, kind) => kernel.quotas.consumed(slot, kind));
    if (found.join() !== wanted.join())
      fail(`${role} consumes ${wanted}, the kernel says ${found}`);
  }
}

t.test('whatever comes, nothing is lost, offered twice or unknown to the kernel', async (t) => {
  let grants = 0;
  let chopped = 0;
  let whole = 0;
  fc.assert(
    fc.property(fc.integer(), (seed) => {
      const random = seededRandom(seed);
      const kinds = new KindIndex(6);
      const books = new Books({ kinds, reservesGpuAgents: true, region: undefined });
      const kernel = new AllocatorKernel({
        kinds: 6,
        minAllocatable: [[10], [0, 32_000]],
        excludedKinds: [],
        refusalsMax: 1000,
      });
      for (let pass = 0; pass < 15; pass += 1) {
        const nowMs = pass * 10;
        for (let count = 0; count < 10; count += 1) step(books, random, nowMs);
        applyBatch(kernel, books.takeCommands());
        checkBooks(books);
        checkKernel(books, kernel, kinds);
        const batch = kernel.allocate({ nowMs, seed: pass });
        const half = batch.agents.length >> 1;
        books.applyGrants(batch, 0, half);
        books.applyGrants(batch, half);
        grants += batch.agents.length;
        chopped += batch.chops.filter((chop) => chop >= 0).length;
        whole += batch.bits.filter((bits) => (bits & PARCEL_WHOLE) !== 0).length;
        checkBooks(books);
        checkKernel(books, kernel, kinds);
      }
      return true;
    }),
    { numRuns: 60, seed: 30 },
  );
  t.ok(grants > 250, `${grants} grants`);
  t.ok(chopped > 20 && whole > 20, `${chopped} of them cut, ${whole} with whole disks`);
});

t.test('roles that come and go do not pile up', async (t) => {
  const kinds = new KindIndex(4);
  const books = new Books({ kinds, reservesGpuAgents: true, region: undefined });
  const options = { kinds: 4, minAllocatable: [], excludedKinds: [], refusalsMax: 10 };
  const kernel = new AllocatorKernel(options);
  books.addAgent(agent('a1', 'cpus:1;cpus(kept):1'));
  for (let index = 0; index < 5000; index += 1) {
    books.addFramework(framework('f1', [`role-${index}`]));
    applyBatch(kernel, books.takeCommands());
    books.applyGrants(kernel.allocate({ nowMs: index, seed: index }));
  }
  t.ok(books.roleCount <= 1024, `${books.roleCount} roles are known`);
  t.ok(snapshotOf(kernel).names.length < 3000);
  const [row] = books.agents();
  t.ok(row?.free.equals(Resources.empty) === false, 'the reservation is still there');
});

t.test('scalar names beyond the limit are offered but do not count', async (t) => {
  const kinds = new KindIndex(4);
  const books = new Books({ kinds, reservesGpuAgents: true, region: undefined });
  const options = { kinds: 4, minAllocatable: [], excludedKinds: [], refusalsMax: 10 };
  const kernel = new AllocatorKernel(options);
  books.addAgent(agent('a1', 'tokens:7'));
  books.addFramework(framework('f1', ['web']));
  applyBatch(kernel, books.takeCommands());
  const [allocation] = books.applyGrants(kernel.allocate({ nowMs: 0, seed: 0 }));
  t.equal(String(allocation?.shares[0]?.resources), 'tokens(allocated: web):7');
  t.equal(kinds.uncountedKinds, 1);
});
