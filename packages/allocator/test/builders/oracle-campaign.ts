// One random cluster: a kernel and the plain rules go through the same history, and must give the same
// grants in every pass; what must hold whatever the rules are is checked from the books.
import type {
  AllocateRequest,
  GrantBatch,
  InspectRequest,
  KernelCommands,
  KernelOptions,
} from '@kaon/allocator';
import { isUnobstructed, same } from './cluster-books.ts';
import { LiteralKernel } from './literal-kernel.ts';
import { roleShare } from './literal-line.ts';
import { isAtOrBelow, isPlain, isShared, topOf } from './literal-parcels.ts';
import type { LiteralGrant } from './literal-pass.ts';
import { RandomCluster } from './random-cluster.ts';
import { type RandomWorld, randomOptions } from './random-world.ts';

/** What is compared with the plain rules. */
export interface Subject extends KernelCommands {
  allocate(request: AllocateRequest): GrantBatch;
  /** Asked now and then: it must change nothing. */
  inspect?(request: InspectRequest): unknown;
}

const PASSES = 4;
const STEPS_PER_PASS = 6;
/** On average. */
const STEPS_PER_INSPECTION = 8;

/**
 * Runs the cluster of `seed`. `fired` counts how often each rule decided something, over all clusters
 * it is given to. Throws at the first difference; the message names pass, grant and both sides.
 */
export function runCluster(
  seed: number,
  makeSubject: (options: KernelOptions) => Subject,
  fired: Map<string, number>,
): void {
  const options = randomOptions(seed);
  const subject = makeSubject(options);
  const oracle = new LiteralKernel(options, fired);
  const cluster = new RandomCluster(seed, [subject, oracle]);
  cluster.populate();
  for (let pass = 0; pass < PASSES; pass += 1) {
    for (let step = 0; step < STEPS_PER_PASS; step += 1) {
      cluster.step();
      if (cluster.random.nextInt(STEPS_PER_INSPECTION) === 0) inspectAll(cluster.world, subject);
    }
    try {
      comparePass(cluster, subject, oracle, seed * PASSES + pass);
    } catch (error) {
      throw new Error(`pass ${pass}: ${error instanceof Error ? error.message : error}`);
    }
    cluster.answerOffers();
  }
}

/** Asks about every client, which judges every agent, and in turn about one agent more closely. */
function inspectAll({ books, frameworks, nowMs }: RandomWorld, subject: Subject): void {
  const agents = [...books.agents.keys()];
  let asked = 0;
  for (const [framework, { clients }] of frameworks) {
    for (const role of clients.keys()) {
      const agent = agents[asked % agents.length];
      asked += 1;
      subject.inspect?.({ framework, role, nowMs, ...(agent !== undefined && { agent }) });
    }
  }
}

function comparePass(
  cluster: RandomCluster,
  subject: Subject,
  oracle: LiteralKernel,
  seed: number,
): void {
  const { books, nowMs, random } = cluster.world;
  const { kinds, partitions } = oracle.options;
  const isPartial = random.nextInt(4) === 0;
  // Unknown and repeated agents are ignored.
  const agents = isPartial ? Int32Array.of(3, 0, 3, 99) : undefined;
  const before = books.quotaFigures();
  const asked = oracle.agentsAskedAbout({ nowMs, seed, agents });
  const wanted = oracle.allocate({ nowMs, seed, agents });
  const batch = subject.allocate({ nowMs, seed, agents });

  same(grantsOf(batch, kinds), wanted.map(comparable), 'grants');
  same(batch.candidates, asked.length, 'candidates');
  checkFigures(batch, oracle, wanted);
  noteSharedTwice(cluster, batch, oracle);
  cluster.book(batch);
  books.checkConservation();
  const after = books.quotaFigures();
  books.checkLimits(before, after);
  // One of several partitions answers for its part of the guarantees only.
  if (partitions !== 1) return;
  books.checkHeadroom(before, after);
  if (!isPartial) checkGuarantees(cluster.world, oracle, nowMs);
}

function grantsOf({ chops, chopped, ...batch }: GrantBatch, kinds: number): unknown[] {
  return [...batch.agents].map((agent, grant) => {
    const chop = chops[grant] ?? -1;
    return {
      agent,
      framework: batch.frameworks[grant],
      role: batch.roles[grant],
      bits: batch.bits[grant],
      quantities: [...batch.quantities.subarray(grant * (kinds + 1), (grant + 1) * (kinds + 1))],
      chopped: chop === -1 ? undefined : [...chopped.subarray(chop * kinds, (chop + 1) * kinds)],
    };
  });
}

function comparable({ wonAt: _, unreserved: __, ...grant }: LiteralGrant): unknown {
  return grant;
}

/** The numbers beside the grants. */
function checkFigures(
  batch: GrantBatch,
  oracle: LiteralKernel,
  grants: readonly LiteralGrant[],
): void {
  const { kinds } = oracle.options;
  const held = oracle.clients().map((client) => client.held);
  same([...batch.pool], oracle.pool(), 'pool');
  same(
    [...batch.held],
    Array.from({ length: kinds }, (_, kind) =>
      held.reduce((total, row) => total + (row[kind] ?? 0), 0),
    ),
    'held',
  );
  same(
    [...batch.wonAt],
    grants.map(({ wonAt }) => wonAt),
    'shares when won',
  );
  // Told for the kernels of other partitions only.
  const unreserved =
    oracle.options.partitions === 1 ? [] : grants.flatMap((grant) => grant.unreserved);
  same([...batch.unreserved], unreserved, 'what uses up quota');
  for (let index = 0; index < batch.roleShares.length; index += 2) {
    const path = oracle.roles.get(batch.roleShares[index] ?? -1) ?? '';
    same(batch.roleShares[index + 1], roleShare(oracle, path), `share of ${path}`);
  }
}

/** Counts shared parcels that are granted while somebody holds them. */
function noteSharedTwice(
  { books }: RandomCluster,
  { agents, roles, bits }: GrantBatch,
  oracle: LiteralKernel,
): void {
  for (const { agent, parcels } of books.holdings) {
    for (const parcel of parcels.filter(isShared)) {
      const isGranted = agents.some(
        (other, grant) =>
          other === agent &&
          (parcel.bits & ~(bits[grant] ?? 0)) === 0 &&
          isAtOrBelow(books.pathOf(roles[grant] ?? -1), books.pathOf(parcel.role)),
      );
      if (isGranted) oracle.note('sharedReoffered');
    }
  }
}

/**
 * Guarantees are not starved: after a pass over all agents, a client that nothing stands in the way of
 * has left nothing plain that the guarantee of its role still needs.
 */
function checkGuarantees(
  { books, frameworks, exclusions, refusals }: RandomWorld,
  oracle: LiteralKernel,
  nowMs: number,
): void {
  const { minAllocatable } = oracle.options;
  for (const [framework, { isActive, capabilities, clients }] of frameworks) {
    for (const [role, { isSuppressed, minimums, exclusionList }] of clients) {
      const hasMinimums = (minimums ?? minAllocatable).length > 0;
      if (!isActive || isSuppressed || hasMinimums) continue;
      const path = books.pathOf(role);
      const needed = books.unsatisfiedKinds(topOf(path));
      for (const [agent, row] of books.agents) {
        const isHidden =
          !row.isActive ||
          exclusions.get(exclusionList)?.has(agent) ||
          (refusals.get(`${framework} ${role} ${agent}`) ?? 0) > nowMs ||
          !isUnobstructed(row, path, capabilities);
        if (isHidden || needed.length === 0) continue;
        oracle.note('guaranteeChecked');
        const plain = row.free.find(isPlain)?.quantities ?? [];
        const starved = needed.filter((kind) => (plain[kind] ?? 0) > 0);
        if (starved.length > 0) {
          throw new Error(`agent ${agent} has kinds ${starved} that ${path} is guaranteed`);
        }
      }
    }
  }
}
