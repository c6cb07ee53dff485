// Whether what a policy wants to give may be given, and what exactly that is.
import { CAPABILITY, PARCEL_BITS, PARCEL_WHOLE } from '../kernel/capabilities.ts';
import { UNRESERVED } from '../kernel/parcels.ts';
import {
  type ClusterMirror,
  type MirrorClient,
  type MirrorFramework,
  type MirrorParcel,
  type MirrorRefusal,
  topOf,
} from './cluster-mirror.ts';

/** A grant that may be made. */
export interface CheckedGrant {
  readonly agent: number;
  readonly framework: number;
  readonly role: number;
  /** Thousandths per kind at most of the plain parcel; undefined: all. */
  readonly plain: Float64Array | undefined;
  /** Bits of the parcels that go with it. */
  readonly bits: number;
  /** Those parcels. */
  readonly parcels: readonly MirrorParcel[];
  readonly client: MirrorClient;
}

/** Names the bits of `CAPABILITY` in `bits`. */
export function capabilityNames(bits: number): string[] {
  return Object.entries(CAPABILITY).flatMap(([name, bit]) => ((bits & bit) !== 0 ? [name] : []));
}

/** Checks grants one after another, against what those before have left. */
export class GrantCheck {
  readonly #mirror: ClusterMirror;
  readonly #kinds: readonly string[];
  readonly #candidates: ReadonlySet<number>;
  readonly #frameworks = new Map<string, MirrorFramework>();
  readonly #roles = new Map<string, number>();
  /** Shared parcels given in this pass: at most once per agent. */
  readonly #shared = new Set<MirrorParcel>();
  readonly #consumedBefore = new Map<string, Float64Array>();

  /** `kinds` are the names of the kinds that have one; `candidates` the agents the pass is about. */
  constructor(mirror: ClusterMirror, kinds: readonly string[], candidates: ReadonlySet<number>) {
    this.#mirror = mirror;
    this.#kinds = kinds;
    this.#candidates = candidates;
    for (const framework of mirror.frameworks.values()) {
      this.#frameworks.set(framework.name, framework);
    }
    for (const [role, path] of mirror.roles) this.#roles.set(path, role);
  }

  /** The grant as it may be made, or the sentence that says why it must not be. */
  check(
    agent: unknown,
    framework: unknown,
    role: unknown,
    amounts: unknown,
  ): CheckedGrant | string {
    if (typeof agent !== 'number' || !this.#candidates.has(agent)) {
      return `agent ${shown(agent)} is unknown, or not for this pass`;
    }
    const row = typeof framework === 'string' ? this.#frameworks.get(framework) : undefined;
    if (row === undefined) return `framework ${shown(framework)} is unknown`;
    const index = typeof role === 'string' ? this.#roles.get(role) : undefined;
    if (typeof role !== 'string' || index === undefined) return `role ${shown(role)} is unknown`;
    const client = row.clients.get(index);
    if (client === undefined || !client.isSubscribed) {
      return `framework ${row.name} is not in role ${role}`;
    }
    if (!row.isActive) return `framework ${row.name} is not active`;
    if (client.isSuppressed) return `framework ${row.name} wants no offers in role ${role}`;
    const obstacle = this.#obstacle(agent, row, client, role);
    if (obstacle !== undefined) return obstacle;
    const parcels = this.#eligible(agent, row, role);
    const plain = this.#plainOf(parcels, amounts);
    if (typeof plain === 'string') return `of agent ${agent}, ${plain}`;
    return this.#withinQuota(agent, row, index, role, plain, parcels, client);
  }

  /** Takes a grant that was checked, and made, off what is left. */
  take({ agent, role, plain, parcels }: CheckedGrant): void {
    const given = new Set(parcels);
    const path = this.#mirror.roles.get(role) ?? '';
    const row = this.#mirror.agents.get(agent);
    if (row === undefined) return;
    for (const parcel of parcels) {
      if (isPlain(parcel)) {
        const taken = plain ?? parcel.quantities;
        this.#mirror.consume(path, taken);
        parcel.quantities = parcel.quantities.map((quantity, kind) => quantity - taken[kind]!);
        parcel.items = 0;
        if (parcel.quantities.some((quantity) => quantity > 0)) given.delete(parcel);
      } else if ((parcel.bits & CAPABILITY.sharedResources) !== 0) {
        this.#shared.add(parcel);
        given.delete(parcel);
      } else if (parcel.bits === PARCEL_WHOLE) {
        this.#mirror.consume(path, parcel.quantities);
      }
    }
    row.free = row.free.filter((parcel) => !given.has(parcel));
  }

  /** Whether all of the agent that the framework may have could be granted and is worth offering. */
  canOffer(agent: number, framework: string, role: string, nowMs: number): boolean {
    if (this.#mirror.agents.get(agent)?.free.length === 0) return false;
    const checked = this.check(agent, framework, role, undefined);
    if (typeof checked === 'string') return false;
    const { client, parcels } = checked;
    if (!this.#isWorth(client, parcels)) return false;
    const refusals = client.refusals.get(agent) ?? [];
    return !refusals.some((refusal) => refusal.expiresMs > nowMs && covers(refusal, parcels));
  }

  #obstacle(
    agent: number,
    framework: MirrorFramework,
    client: MirrorClient,
    role: string,
  ): string | undefined {
    const { demands, lacks } = this.#mirror.agents.get(agent)!.facts;
    if (this.#mirror.exclusions.get(client.exclusionList)?.has(agent) === true) {
      return `agent ${agent} does not meet the constraints of framework ${framework.name}`;
    }
    const needs =
      (framework.capabilities & CAPABILITY.multiRole) |
      (role.includes('/') ? CAPABILITY.hierarchicalRole : 0);
    if ((needs & lacks) !== 0) {
      return `agent ${agent} lacks ${capabilityNames(needs & lacks).join(' and ')}`;
    }
    const missing = demands & ~framework.capabilities;
    if (missing === 0) return undefined;
    return `framework ${framework.name} lacks ${capabilityNames(missing).join(' and ')}`;
  }

  /** Free parcels that are unreserved, or reserved for the role or one above, and that it can handle. */
  #eligible(agent: number, { capabilities }: MirrorFramework, role: string): MirrorParcel[] {
    const able = (capabilities & PARCEL_BITS) | PARCEL_WHOLE;
    return this.#mirror.agents.get(agent)!.free.filter((parcel) => {
      if ((parcel.bits & ~able) !== 0 || this.#shared.has(parcel)) return false;
      if (parcel.role === UNRESERVED) return true;
      const reserved = this.#mirror.roles.get(parcel.role);
      return reserved !== undefined && (role === reserved || role.startsWith(`${reserved}/`));
    });
  }

  #plainOf(parcels: readonly MirrorParcel[], amounts: unknown): Float64Array | string | undefined {
    if (amounts === undefined) return undefined;
    if (typeof amounts !== 'object' || amounts === null) return 'the amounts are no record';
    const plain = new Float64Array(this.#mirror.options.kinds);
    const free = parcels.find(isPlain)?.quantities;
    for (const [name, amount] of Object.entries(amounts)) {
      const kind = this.#kinds.indexOf(name);
      if (kind === -1) return `there is no resource called ${shown(name)}`;
      if (typeof amount !== 'number' || !Number.isFinite(amount) || amount < 0) {
        return `${shown(amount)} is no amount of ${name}`;
      }
      plain[kind] = Math.round(amount * 1000);
      const most = free?.[kind] ?? 0;
      if (plain[kind] > most) return `${amount} ${name} is more than the ${most / 1000} free`;
    }
    return plain;
  }

  #withinQuota(
    agent: number,
    framework: MirrorFramework,
    role: number,
    path: string,
    plain: Float64Array | undefined,
    eligible: readonly MirrorParcel[],
    client: MirrorClient,
  ): CheckedGrant | string {
    const top = topOf(path);
    const left = this.#limitLeft(top);
    for (const parcel of eligible) {
      if (!isPlain(parcel)) continue;
      const wanted = plain ?? parcel.quantities;
      const over = wanted.findIndex((quantity, kind) => quantity > 0 && quantity > left[kind]!);
      if (over !== -1) {
        const name = this.#kinds[over] ?? `kind ${over}`;
        return `${wanted[over]! / 1000} ${name} is over the limit of role ${top}, which leaves ${left[over]! / 1000}`;
      }
      for (let kind = 0; kind < left.length; kind += 1) left[kind]! -= wanted[kind]!;
    }
    const isWholeFitting = eligible.every(
      ({ bits, quantities }) =>
        bits !== PARCEL_WHOLE ||
        quantities.every((quantity, kind) => quantity === 0 || quantity <= left[kind]!),
    );
    const able = framework.capabilities & PARCEL_BITS;
    const bits = isWholeFitting ? able | PARCEL_WHOLE : able;
    const parcels = eligible.filter((parcel) => (parcel.bits & ~bits) === 0);
    const isSomething = parcels.some(
      (parcel) =>
        parcel.items > 0 ||
        (isPlain(parcel) && plain ? plain : parcel.quantities).some((quantity) => quantity > 0),
    );
    if (!isSomething) {
      return `agent ${agent} has nothing free for framework ${framework.name} in role ${path}`;
    }
    return { agent, framework: framework.index, role, plain, bits, parcels, client };
  }

  /** What the limit of a top-level role leaves; what it left when the pass began is divided among partitions. */
  #limitLeft(top: string): Float64Array {
    const { kinds, partitions = 1 } = this.#mirror.options;
    const limits = this.#mirror.quotas.get(top)?.limits;
    if (limits === undefined) return new Float64Array(kinds).fill(Number.POSITIVE_INFINITY);
    const consumed = this.#mirror.consumed.get(top) ?? new Float64Array(kinds);
    const before = this.#consumedBefore.get(top) ?? consumed.slice();
    this.#consumedBefore.set(top, before);
    return limits.map((limit, kind) => {
      const share = Math.floor(Math.max(0, limit - before[kind]!) / partitions);
      return Math.max(0, share - (consumed[kind]! - before[kind]!));
    });
  }

  #isWorth({ minimums }: MirrorClient, parcels: readonly MirrorParcel[]): boolean {
    const { kinds, minAllocatable } = this.#mirror.options;
    const sum = new Float64Array(kinds);
    for (const { quantities } of parcels) {
      for (let kind = 0; kind < kinds; kind += 1) sum[kind]! += quantities[kind]!;
    }
    const sets = minimums === undefined ? minAllocatable : setsOf(minimums, kinds);
    return (
      sets.length === 0 ||
      sets.some((minimum) => minimum.every((least, kind) => sum[kind]! >= least))
    );
  }
}

/** Whether a parcel is the divisible, unreserved, irrevocable one. */
export function isPlain({ role, bits }: MirrorParcel): boolean {
  return role === UNRESERVED && bits === 0;
}

function setsOf(minimums: Float64Array, kinds: number): readonly (readonly number[])[] {
  return Array.from({ length: minimums.length / kinds }, (_, set) => [
    ...minimums.subarray(set * kinds, (set + 1) * kinds),
  ]);
}

function covers({ parcels: refused }: MirrorRefusal, parcels: readonly MirrorParcel[]): boolean {
  return parcels.every((parcel) =>
    refused.some(
      (other) =>
        other.role === parcel.role &&
        other.bits === parcel.bits &&
        other.items >= parcel.items &&
        parcel.quantities.every((quantity, kind) => quantity <= other.quantities[kind]!),
    ),
  );
}

/** What a policy wrote, short enough for a message. */
function shown(value: unknown): string {
  return String(value).slice(0, 100);
}
