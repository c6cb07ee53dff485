// One pass by the plain rules: who is offered what of which agent, and what quotas leave of it.
import { type AllocateRequest, CAPABILITY, PARCEL_BITS, PARCEL_WHOLE } from '@kaon/allocator';
import { type Random, seededRandom, shuffle } from '@kaon/primitives';
import type { LiteralClient, LiteralKernel } from './literal-kernel.ts';
import { LiteralLine, roleShare } from './literal-line.ts';
import {
  covers,
  isAtOrBelow,
  isEmpty,
  isPlain,
  isShared,
  isWhole,
  type LiteralParcel,
  least,
  minus,
  notNegative,
  sum,
  topOf,
} from './literal-parcels.ts';

export interface LiteralGrant {
  readonly agent: number;
  readonly framework: number;
  readonly role: number;
  readonly bits: number;
  /** Thousandths per kind, then items. */
  readonly quantities: readonly number[];
  /** What is given of the plain parcel per kind; undefined: all of it. */
  readonly chopped: readonly number[] | undefined;
  /** What of it uses up quota, per kind. */
  readonly unreserved: readonly number[];
  /** Share of the top-level role when the agent's turn began. */
  readonly wonAt: number;
}

/** What is offered to one client: the parcels, and how it was put together. */
interface Bundle {
  readonly parcels: readonly LiteralParcel[];
  /** Part of the plain parcel that is given, per kind, and the part of it that a guarantee asks for. */
  readonly plain: readonly number[];
  readonly guaranteed: readonly number[];
  readonly isChopped: boolean;
  readonly hasWhole: boolean;
}

type Stage = 'guarantees' | 'fairShare';

export class LiteralPass {
  readonly #kernel: LiteralKernel;
  readonly #request: AllocateRequest;
  readonly #chance: Random;
  readonly #granted: [LiteralClient, LiteralGrant][] = [];
  /** Consumption of each role with a quota when the pass began. */
  readonly #consumedBefore = new Map<string, readonly number[]>();
  /** What all guarantees together still need, per kind. */
  #required: number[];
  /** Shared parcels offered in this pass, as `agent role bits`. */
  readonly #sharedOffered = new Set<string>();

  constructor(kernel: LiteralKernel, request: AllocateRequest) {
    this.#kernel = kernel;
    this.#request = request;
    this.#chance = seededRandom(request.seed).fork('order');
    for (const top of kernel.quotas.keys()) this.#consumedBefore.set(top, kernel.consumed(top));
    this.#required = sum(
      [...kernel.quotas.keys()].map((top) => this.#unsatisfied(top)),
      kernel.options.kinds,
    );
  }

  run(): LiteralGrant[] {
    const random = seededRandom(this.#request.seed);
    const candidates = this.#kernel
      .agentsAskedAbout(this.#request)
      .filter((agent) => this.#free(agent).length > 0);
    const hasGuarantees = [...this.#kernel.quotas.values()].some(({ guarantees }) =>
      guarantees.some((guarantee) => guarantee > 0),
    );
    if (hasGuarantees) {
      for (const agent of shuffle(candidates, random)) this.#turn(agent, 'guarantees');
    }
    for (const agent of shuffle(candidates, random)) this.#turn(agent, 'fairShare');
    // With several partitions each grant has stood for those of all; now it stands for itself.
    for (const [client, { quantities }] of this.#granted) {
      client.held = minus(client.held, times(quantities, this.#partitions - 1));
    }
    return this.#granted.map(([, grant]) => grant);
  }

  /** Everybody in line is asked; shares and counts move when the agent has been gone through. */
  #turn(agent: number, stage: Stage): void {
    const granted: [LiteralClient, LiteralGrant][] = [];
    const line = new LiteralLine(this.#kernel, this.#chance, () => this.#isAnythingLeft(agent));
    for (const client of line.clients()) {
      if (!this.#isAnythingLeft(agent)) break;
      const grant = this.#offer(agent, client, stage);
      if (grant !== undefined) granted.push([client, grant]);
    }
    if (granted.length > 1) this.#kernel.note('agentSplit');
    for (const [client, grant] of granted) {
      this.#kernel.countAllocation(client, times(grant.quantities, this.#partitions));
      this.#granted.push([client, grant]);
    }
  }

  #offer(agent: number, client: LiteralClient, stage: Stage): LiteralGrant | undefined {
    const top = topOf(client.path);
    if (stage === 'guarantees' && this.#unsatisfied(top).every((quantity) => quantity === 0))
      return;
    const eligible = this.#eligible(agent, client);
    if (this.#hasObstacle(agent, client, eligible)) return;
    const usable = eligible.filter(
      ({ bits }) => (bits & PARCEL_BITS & ~client.framework.capabilities) === 0,
    );
    if (usable.length < eligible.length) this.#kernel.note('stripped');
    const bundle = this.#bundle(client, usable, stage);
    if (bundle === undefined || bundle.parcels.length === 0) return;
    if (!this.#isAllocatable(client, bundle.parcels)) {
      this.#kernel.note('notAllocatable');
      return;
    }
    if (this.#isRefused(agent, client, bundle.parcels)) {
      if (bundle.isChopped) this.#kernel.note('refusedChopped');
      return;
    }
    return this.#grant(agent, client, bundle, stage);
  }

  /** Parcels left that are unreserved, or reserved for the role of the client or one above it. */
  #eligible(agent: number, { path }: LiteralClient): LiteralParcel[] {
    return this.#free(agent).filter((parcel) => {
      const reservation = this.#kernel.roles.get(parcel.role);
      const isFor = reservation === undefined || isAtOrBelow(path, reservation);
      if (isFor && reservation !== undefined && reservation !== path) {
        this.#kernel.note('reservedAbove');
      }
      const isOffered = this.#isOffered(agent, parcel);
      if (isFor && isOffered) this.#kernel.note('sharedOffered');
      return isFor && !isOffered;
    });
  }

  /** Whether the client may not be offered the agent at all. */
  #hasObstacle(agent: number, client: LiteralClient, eligible: readonly LiteralParcel[]): boolean {
    const kernel = this.#kernel;
    const { capabilities } = client.framework;
    const { lacks, demands } = kernel.agent(agent).facts;
    const stop = (rule: string): true => {
      kernel.note(rule);
      return true;
    };
    if (kernel.exclusions.get(client.exclusionList)?.has(agent)) return stop('excluded');
    if (eligible.length === 0) return stop('nothingLeft');
    if (!this.#isAllocatable(client, eligible)) return stop('crumbs');
    if ((capabilities & lacks & CAPABILITY.multiRole) !== 0) return stop('agentNotMultiRole');
    if (client.path.includes('/') && (lacks & CAPABILITY.hierarchicalRole) !== 0) {
      return stop('agentNotHierarchicalRole');
    }
    const missing = demands & ~capabilities;
    if ((missing & CAPABILITY.gpuResources) !== 0) return stop('gpuAgent');
    return (missing & CAPABILITY.regionAware) !== 0 ? stop('remoteRegion') : false;
  }

  /** What quotas leave of the usable parcels; undefined when it would help no guarantee. */
  #bundle(
    client: LiteralClient,
    usable: readonly LiteralParcel[],
    stage: Stage,
  ): Bundle | undefined {
    const { kinds } = this.#kernel.options;
    const top = topOf(client.path);
    const plain = usable.find(isPlain);
    const whole = usable.find(isWhole);
    const scalars = sum(plain ? [plain.quantities] : [], kinds);
    const nothing = sum([], kinds);

    const limitLeft = this.#limitLeft(top);
    const surplus = this.#surplus();
    const promised = least(this.#unsatisfied(top), limitLeft);
    const guaranteed = stage === 'guarantees' ? least(scalars, promised) : nothing;
    if (stage === 'guarantees' && guaranteed.every((quantity) => quantity === 0)) {
      this.#kernel.note('helpsNoGuarantee');
      return undefined;
    }
    const wanted = minus(scalars, guaranteed);
    const withinLimit = least(wanted, notNegative(minus(limitLeft, guaranteed)));
    const additional = least(withinLimit, notNegative(surplus));
    const given = sum([guaranteed, additional], kinds);
    if (isLess(withinLimit, wanted)) this.#kernel.note('choppedByLimit');
    if (isLess(additional, withinLimit)) this.#kernel.note('choppedByHeadroom');

    const limitAfter = minus(limitLeft, given);
    const surplusAfter = minus(surplus, additional);
    const hasWhole =
      whole !== undefined &&
      limitAfter.every((left, kind) => {
        const quantity = whole.quantities[kind] ?? 0;
        return quantity === 0 || (quantity <= left && quantity <= (surplusAfter[kind] ?? 0));
      });
    if (whole !== undefined) this.#kernel.note(hasWhole ? 'wholeFits' : 'wholeLeftOut');

    const items = plain?.quantities[kinds] ?? 0;
    const parcels = [
      ...(plain ? [{ ...plain, quantities: [...given, items] }] : []),
      ...usable.filter((parcel) => parcel !== plain && (parcel !== whole || hasWhole)),
    ].filter((parcel) => !isEmpty(parcel));
    return { parcels, plain: given, guaranteed, isChopped: isLess(given, scalars), hasWhole };
  }

  #isAllocatable({ minimums }: LiteralClient, parcels: readonly LiteralParcel[]): boolean {
    const { kinds, minAllocatable } = this.#kernel.options;
    const sets = minimums ?? minAllocatable;
    const scalars = sum(
      parcels.map(({ quantities }) => quantities),
      kinds,
    );
    const isMet = (set: readonly number[]): boolean =>
      scalars.every((quantity, kind) => quantity >= (set[kind] ?? 0));
    const isEnough = sets.length === 0 || sets.some(isMet);
    const isEnoughForOthers = minAllocatable.length === 0 || minAllocatable.some(isMet);
    if (isEnough !== isEnoughForOthers) this.#kernel.note('ownMinimums');
    return isEnough;
  }

  #isRefused(
    agent: number,
    { refusals }: LiteralClient,
    bundle: readonly LiteralParcel[],
  ): boolean {
    const about = refusals.filter((refusal) => refusal.agent === agent);
    const covering = about.filter(({ refused }) => covers(refused, bundle));
    const isRefused = covering.some(({ expiresMs }) => expiresMs > this.#request.nowMs);
    if (isRefused) this.#kernel.note('refused');
    else if (covering.length > 0) this.#kernel.note('refusalExpired');
    else if (about.length > 0) this.#kernel.note('refusalTooSmall');
    return isRefused;
  }

  #grant(agent: number, client: LiteralClient, bundle: Bundle, stage: Stage): LiteralGrant {
    const kernel = this.#kernel;
    const { kinds } = kernel.options;
    const { parcels, plain, isChopped, hasWhole } = bundle;
    const whole = this.#free(agent).find(isWhole);
    const unreserved = sum([plain, ...(whole && hasWhole ? [whole.quantities] : [])], kinds);
    client.unreserved = sum([client.unreserved, unreserved], kinds);
    this.#required = notNegative(minus(this.#required, bundle.guaranteed));

    kernel.agent(agent).free = this.#free(agent)
      .map((parcel) => {
        const taken = parcels.find(
          ({ role, bits }) => role === parcel.role && bits === parcel.bits,
        );
        if (taken === undefined || isShared(parcel)) return parcel;
        return { ...parcel, quantities: minus(parcel.quantities, taken.quantities) };
      })
      .filter((parcel) => !isEmpty(parcel));
    for (const parcel of parcels.filter(isShared)) {
      this.#sharedOffered.add(sharedKey(agent, parcel));
      kernel.note('sharedGranted');
    }

    kernel.note(`grantIn:${stage}`);
    if (hasWhole) kernel.note('wholeGranted');
    if (isChopped) kernel.note('grantChopped');
    if (
      isChopped &&
      parcels.some((parcel) => isPlain(parcel) && (parcel.quantities[kinds] ?? 0) > 0)
    ) {
      kernel.note('itemsUnchopped');
    }
    return {
      agent,
      framework: client.framework.index,
      role: client.role,
      bits: (client.framework.capabilities & PARCEL_BITS) | (hasWhole ? PARCEL_WHOLE : 0),
      quantities: sum(
        parcels.map(({ quantities }) => quantities),
        kinds + 1,
      ),
      chopped: isChopped ? plain : undefined,
      unreserved,
      wonAt: roleShare(kernel, topOf(client.path)),
    };
  }

  // --- what quotas leave: the amounts of the beginning, divided among the partitions, less the grants

  /** What the guarantee of `top` still needs of this kernel, per kind. */
  #unsatisfied(top: string): number[] {
    const { kinds } = this.#kernel.options;
    const guarantees = this.#kernel.quotas.get(top)?.guarantees ?? sum([], kinds);
    const before = notNegative(minus(guarantees, this.#consumedBefore.get(top) ?? []));
    const part = before.map((quantity) => Math.ceil(quantity / this.#partitions));
    return notNegative(minus(part, this.#consumedSince(top)));
  }

  /** What the limit of `top` lets this kernel still give, per kind; `Infinity` without a limit. */
  #limitLeft(top: string): number[] {
    const { kinds } = this.#kernel.options;
    const limits = this.#kernel.quotas.get(top)?.limits ?? new Array<number>(kinds).fill(Infinity);
    const before = notNegative(minus(limits, this.#consumedBefore.get(top) ?? []));
    const part = before.map((quantity) => Math.floor(quantity / this.#partitions));
    return notNegative(minus(part, this.#consumedSince(top)));
  }

  #consumedSince(top: string): number[] {
    const before = this.#consumedBefore.get(top);
    return before === undefined ? [] : minus(this.#kernel.consumed(top), before);
  }

  /** What may be given without starving a guarantee; negative when there is not even enough for those. */
  #surplus(): number[] {
    const { kinds } = this.#kernel.options;
    if (this.#required.every((quantity) => quantity === 0)) {
      return new Array<number>(kinds).fill(Infinity);
    }
    return minus(this.#kernel.available(), this.#required);
  }

  get #partitions(): number {
    return this.#kernel.options.partitions ?? 1;
  }

  #free(agent: number): readonly LiteralParcel[] {
    return this.#kernel.agent(agent).free;
  }

  /** Whether the agent has something that could still be offered in this turn. */
  #isAnythingLeft(agent: number): boolean {
    return this.#free(agent).some((parcel) => !this.#isOffered(agent, parcel));
  }

  /** Whether it is a shared parcel that was offered in this pass. */
  #isOffered(agent: number, parcel: LiteralParcel): boolean {
    return isShared(parcel) && this.#sharedOffered.has(sharedKey(agent, parcel));
  }
}

function sharedKey(agent: number, { role, bits }: LiteralParcel): string {
  return `${agent} ${role} ${bits}`;
}

function times(row: readonly number[], factor: number): number[] {
  return row.map((quantity) => quantity * factor);
}

function isLess(left: readonly number[], right: readonly number[]): boolean {
  return left.some((quantity, kind) => quantity < (right[kind] ?? 0));
}
