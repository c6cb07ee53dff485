// The books: who holds which real resources, and what the kernel must be told of it.
import { type CodedError, err, invariant, ok, type Result } from '@kaon/primitives';
import {
  type AgentId,
  type AgentInfo,
  type AgentInfo_Capability,
  agentHasCapability,
  type FrameworkId,
  type FrameworkInfo,
  hasCapability,
  type OfferFilters,
  type Request,
  rolesOf,
  toId,
} from '@kaon/protocol';
import { applyConversions, Resources, toMilli } from '@kaon/resources';
import {
  FrameworkUnknownError,
  QuantityInvalidError,
  type QuotaInvalidError,
  RoleUnknownError,
  WeightInvalidError,
} from '../errors.ts';
import type { PlannedGrant } from '../explanation.ts';
import type { RequestedResources } from '../host/kernel-host.ts';
import { CAPABILITY } from '../kernel/capabilities.ts';
import { NONE } from '../kernel/columns.ts';
import { type CommandBatch, CommandBuffer } from '../kernel/command-buffer.ts';
import type { AgentFacts, GrantBatch } from '../kernel/kernel-commands.ts';
import type {
  AddAgent,
  AddFramework,
  Allocation,
  FrameworkInverseOffers,
  FrameworkRoles,
  QuotaUpdate,
  RecoverResources,
  RoleWeight,
  Share,
  Unavailability,
  UpdateAgent,
  UpdateAllocation,
  UpdateAvailable,
  UpdateFramework,
  UpdateInverseOffer,
  UpdateQuota,
  UseResources,
} from '../protocol.ts';
import { agentProblem, holdingProblem, minimumsProblem } from './bad-input.ts';
import { Exclusions } from './exclusions.ts';
import { GrantDivider } from './grants.ts';
import { InverseOffers } from './inverse-offers.ts';
import { ITEM, type KindIndex } from './kinds.ts';
import {
  type ConstraintLimits,
  compileOfferConstraints,
  type RoleConstraint,
} from './offer-constraints.ts';
import { type ClusterUse, Quotas } from './quotas.ts';
import { RoleIndex } from './role-index.ts';
import {
  type AgentRow,
  type FrameworkRow,
  freeOf,
  heldBy,
  hold,
  intersection,
  NO_HOLDINGS,
  unhold,
} from './rows.ts';
import { Slots } from './slots.ts';

/** Agents whose changes wait to be told to the kernel, each once. */
const STALE_MAX = 256;

/** What the books are kept by. */
export interface BooksOptions {
  readonly kinds: KindIndex;
  /** Whether agents with GPUs are for frameworks with `GPU_RESOURCES` only. */
  readonly reservesGpuAgents: boolean;
  /** The master's region; agents in another one are for frameworks with `REGION_AWARE` only. */
  readonly region: string | undefined;
  /** Bounds of offer constraints. Default: `CONSTRAINT_LIMITS`. */
  readonly constraintLimits?: ConstraintLimits | undefined;
}

const OK = ok(undefined);

/** Requests for resources kept of one framework. */
const REQUESTS_MAX = 1000;

/**
 * Every resource of every agent: held by a framework in a role, or free.
 *
 * The books and the kernel move in step. Changes are made here at once and recorded as commands;
 * `takeCommands` hands those over for the next pass, and `applyGrants` must bring back what that pass
 * decided before anything else changes. So each quantity is held once or free once, whatever order the
 * messages come in.
 */
export class Books {
  readonly #options: BooksOptions;
  readonly #commands = new CommandBuffer();
  readonly #roles = new RoleIndex(
    (role, path) => this.#commands.addRole(role, path),
    (role) => this.#commands.removeRole(role),
  );
  readonly #agents = new Map<AgentId, AgentRow>();
  readonly #agentSlots = new Slots<AgentRow>();
  readonly #frameworks = new Map<FrameworkId, FrameworkRow>();
  readonly #frameworkSlots = new Slots<FrameworkRow>();
  readonly #stale = new Set<AgentRow>();
  readonly #grants: GrantDivider;
  readonly #quotas: Quotas;
  readonly #exclusions = new Exclusions(this.#commands);
  /** Maintenance windows, and who was asked about them. */
  readonly inverseOffers = new InverseOffers();
  /** Thousandths per kind of all agents. */
  readonly #pool: Float64Array;
  #whitelist: ReadonlySet<string> | undefined;
  readonly #indexOfRole = (role: string): number => this.#roles.indexOf(role);
  /** Resources given back or converted that their framework did not hold, in messages. */
  unheldResources = 0;

  constructor(options: BooksOptions) {
    this.#options = options;
    this.#grants = new GrantDivider(options.kinds);
    this.#quotas = new Quotas(options.kinds, this.#commands);
    this.#pool = new Float64Array(options.kinds.kindsMax);
  }

  get agentCount(): number {
    return this.#agents.size;
  }

  get frameworkCount(): number {
    return this.#frameworks.size;
  }

  get roleCount(): number {
    return this.#roles.size;
  }

  get quotaCount(): number {
    return this.#quotas.size;
  }

  get exclusionListCount(): number {
    return this.#exclusions.size;
  }

  /** The row of a framework, for explanations. */
  framework(frameworkId: FrameworkId): FrameworkRow | undefined {
    return this.#frameworks.get(frameworkId);
  }

  /** The row of an agent. */
  agent(agentId: AgentId): AgentRow | undefined {
    return this.#agents.get(agentId);
  }

  /** Every agent, for checks. */
  agents(): Iterable<AgentRow> {
    return this.#agents.values();
  }

  /** The id of a framework the kernel mentions; undefined when it is gone. */
  frameworkIdAt(framework: number): FrameworkId | undefined {
    return this.#frameworkSlots.get(framework)?.frameworkId;
  }

  /** The id of a framework the kernel mentions. */
  frameworkIdOf(index: number): FrameworkId | undefined {
    return this.#frameworkSlots.get(index)?.frameworkId;
  }

  /** The index of a role the kernel knows. */
  knownRole(role: string): number | undefined {
    return this.#roles.find(role);
  }

  /** Whether the agent can be offered to anybody. */
  isOfferable(agent: AgentRow): boolean {
    return agent.isActive && agent.isWhitelisted;
  }

  /** Which offer constraint of the framework hides the agent, in words. */
  constraintText(framework: FrameworkRow, role: string, agent: AgentRow): string | undefined {
    return framework.exclusions.get(role)?.constraint.failing(agent.info);
  }

  /** The name of a role the kernel mentions. */
  roleName(role: number): string | undefined {
    return this.#roles.nameOf(role);
  }

  // --- frameworks -------------------------------------------------------------------------------

  addFramework({ isActive, ...framework }: AddFramework): Result<void, CodedError> {
    const constraints = this.#constraintsOf(framework);
    if (!constraints.ok) return constraints;
    this.#frameworkRow(framework.frameworkId);
    const updated = this.updateFramework(framework);
    this.setFrameworkActive(framework.frameworkId, isActive);
    return updated;
  }

  updateFramework({
    frameworkId,
    info,
    suppressedRoles,
    offerConstraints,
  }: UpdateFramework): Result<void, CodedError> {
    const framework = this.#frameworks.get(frameworkId);
    if (!framework) return OK;
    const constraints = this.#constraintsOf({ frameworkId, info, offerConstraints });
    if (!constraints.ok) return constraints;
    const capabilities = capabilityBits(info);
    if (framework.capabilities !== capabilities) {
      framework.capabilities = capabilities;
      this.#commands.updateFramework(framework.index, capabilities);
    }
    const roles = new Set(rolesOf(info));
    for (const role of framework.roles) if (!roles.has(role)) this.#leave(framework, role);
    for (const role of roles) {
      if (framework.roles.has(role)) continue;
      this.#commands.subscribe(framework.index, this.#roles.indexOf(role));
    }
    const suppressed = new Set(suppressedRoles.filter((role) => roles.has(role)));
    for (const role of roles) {
      const wasSuppressed = framework.roles.has(role) && framework.suppressed.has(role);
      if (suppressed.has(role) !== wasSuppressed) {
        const index = this.#roles.indexOf(role);
        if (suppressed.has(role)) this.#commands.suppress(framework.index, index);
        else this.#commands.unsuppress(framework.index, index);
      }
      this.#exclude(framework, role, constraints.value.get(role));
      this.#setMinimums(framework, role, info.offerFilters[role]);
    }
    framework.roles = roles;
    framework.suppressed = suppressed;
    return OK;
  }

  /** Returns whether the framework is known. */
  setFrameworkActive(frameworkId: FrameworkId, isActive: boolean): boolean {
    const framework = this.#frameworks.get(frameworkId);
    if (!framework) return false;
    framework.isActive = isActive;
    if (isActive) this.#commands.activateFramework(framework.index);
    else {
      this.#commands.deactivateFramework(framework.index);
      this.inverseOffers.forgetFramework(framework);
    }
    return true;
  }

  removeFramework(frameworkId: FrameworkId): void {
    const framework = this.#frameworks.get(frameworkId);
    if (!framework) return;
    for (const agent of [...framework.agents]) {
      const held = agent.held.filter((holding) => holding.framework === framework);
      for (const { role, resources } of held) this.#release(agent, framework, role, resources);
    }
    for (const list of framework.exclusions.values()) this.#exclusions.drop(list);
    this.inverseOffers.forgetFramework(framework);
    this.#commands.removeFramework(framework.index);
    this.#frameworks.delete(frameworkId);
    this.#frameworkSlots.free(framework.index);
  }

  suppressOffers(named: FrameworkRoles): Result<void, CodedError> {
    const found = this.#subscribed(named);
    if (!found.ok) return found;
    const { framework, roles } = found.value;
    for (const role of roles) {
      framework.suppressed.add(role);
      this.#commands.suppress(framework.index, this.#roles.indexOf(role));
    }
    return OK;
  }

  reviveOffers(named: FrameworkRoles): Result<void, CodedError> {
    const found = this.#subscribed(named);
    if (!found.ok) return found;
    const { framework, roles } = found.value;
    for (const role of roles) {
      framework.suppressed.delete(role);
      this.#commands.revive(framework.index, this.#roles.indexOf(role));
    }
    return OK;
  }

  requestResources(
    frameworkId: FrameworkId,
    requests: readonly Request[],
  ): Result<void, CodedError> {
    const framework = this.#frameworks.get(frameworkId);
    if (!framework) return err(new FrameworkUnknownError(frameworkId));
    framework.requests = requests.slice(0, REQUESTS_MAX);
    return OK;
  }

  /** What frameworks wish for, as policies see it. Wishes that name an agent that is not there are left out. */
  requested(): readonly RequestedResources[] {
    return [...this.#frameworks.values()].flatMap((framework) =>
      framework.requests.flatMap(({ agentId, resources }) => {
        const agent = agentId && this.#agents.get(toId<AgentId>(agentId.value));
        if (agentId && !agent) return [];
        const quantities = this.#options.kinds.wishedFor(resources);
        return [{ framework: framework.index, agent: agent?.index, quantities }];
      }),
    );
  }

  /** All of them, or none when one is no weight. */
  setWeights(weights: readonly RoleWeight[]): Result<void, WeightInvalidError> {
    const wrong = weights.find(({ weight }) => !(weight > 0 && Number.isFinite(weight)));
    if (wrong !== undefined) return err(new WeightInvalidError(wrong.role, wrong.weight));
    for (const { role, weight } of weights) this.#commands.setWeight(role, weight);
    return OK;
  }

  // --- quotas -----------------------------------------------------------------------------------

  /** Replaces quotas if all of them make sense and, unless forced, the cluster has room for them. */
  updateQuota({ quotas, force = false }: UpdateQuota): Result<void, QuotaInvalidError> {
    const valid = this.#quotas.check(quotas, force ? undefined : this.#use(quotas));
    if (valid.ok) this.#quotas.set(quotas);
    return valid;
  }

  quotas(): Iterable<QuotaUpdate> {
    return this.#quotas.entries();
  }

  // --- agents -----------------------------------------------------------------------------------

  /** Returns the index of the agent in the kernel. An agent known already starts over. */
  addAgent({ agentId, info, capabilities, used }: AddAgent): Result<number, QuantityInvalidError> {
    const total = Resources.of(info.resources).unallocate();
    const former = this.#agents.get(agentId)?.total ?? Resources.empty;
    const problem =
      agentProblem(info, agentId) ??
      this.#usedProblem(used, agentId) ??
      this.#poolProblem(total, former, agentId);
    if (problem !== undefined) return err(problem);
    if (this.#agents.has(agentId)) this.removeAgent(agentId);
    this.#countPool(total, 1);
    const agent = this.#agentSlots.add(
      (index): AgentRow => ({
        index,
        agentId,
        info,
        isActive: true,
        isWhitelisted: this.#whitelist?.has(info.hostname) ?? true,
        demands: 0,
        lacks: 0,
        total,
        free: Resources.empty,
        held: NO_HOLDINGS,
        staleness: 'new',
      }),
    );
    this.#agents.set(agentId, agent);
    this.#judge(agent, capabilities);
    for (const [frameworkId, resources] of used) {
      this.useResources({ agentId, frameworkId, resources });
    }
    agent.free = freeOf(agent);
    const free = this.#parcelsOf(agent.free);
    this.#commands.addAgent(agent.index, this.#factsOf(agent), free);
    agent.staleness = 'none';
    this.#exclusions.place(agent, true);
    return ok(agent.index);
  }

  /** Returns the index of the agent, or undefined when nothing about it has changed. */
  updateAgent({
    agentId,
    info,
    capabilities,
  }: UpdateAgent): Result<number | undefined, QuantityInvalidError> {
    const agent = this.#agents.get(agentId);
    if (!agent) return OK;
    const total = Resources.of(info.resources).unallocate();
    const problem = agentProblem(info, agentId) ?? this.#poolProblem(total, agent.total, agentId);
    if (problem !== undefined) return err(problem);
    const { demands, lacks } = agent;
    const isSameInfo = sameApartFromResources(agent.info, info);
    const isSameTotal = agent.total.equals(total);
    agent.info = info;
    this.#setTotal(agent, total);
    this.#judge(agent, capabilities);
    const isSameNature = agent.demands === demands && agent.lacks === lacks;
    if (isSameInfo && isSameTotal && isSameNature) return OK;
    if (!isSameInfo) {
      this.#commands.clearRefusals(agent.index);
      this.#exclusions.place(agent, false);
      agent.isWhitelisted = this.#whitelist?.has(info.hostname) ?? true;
    }
    this.#markStale(agent, 'facts');
    return ok(agent.index);
  }

  setAgentActive(agentId: AgentId, isActive: boolean): void {
    const agent = this.#agents.get(agentId);
    if (!agent) return;
    agent.isActive = isActive;
    this.#tellActivity(agent);
  }

  /** Agents on hosts that are not among these are not offered; undefined: all hosts are good. */
  setWhitelist(hostnames: readonly string[] | undefined): void {
    this.#whitelist = hostnames && new Set(hostnames);
    for (const agent of this.#agents.values()) {
      const isWhitelisted = this.#whitelist?.has(agent.info.hostname) ?? true;
      if (isWhitelisted === agent.isWhitelisted) continue;
      agent.isWhitelisted = isWhitelisted;
      this.#tellActivity(agent);
    }
  }

  /** Returns the index of the agent, if it is known. */
  setUnavailability(
    agentId: AgentId,
    unavailability: Unavailability | undefined,
  ): number | undefined {
    const agent = this.#agents.get(agentId);
    if (agent) this.inverseOffers.setUnavailability(agent, unavailability);
    return agent?.index;
  }

  /** `mayAskAgainMs` ends a filter; undefined: there is none. */
  updateInverseOffer(
    { frameworkId, agentId, answer }: UpdateInverseOffer,
    atMs: number,
    mayAskAgainMs: number | undefined,
  ): void {
    const agent = this.#agents.get(agentId);
    const framework = this.#frameworks.get(frameworkId);
    if (agent && framework) {
      this.inverseOffers.end(agent, framework, answer, atMs, mayAskAgainMs);
    }
  }

  removeAgent(agentId: AgentId): void {
    const agent = this.#agents.get(agentId);
    if (!agent) return;
    for (const { framework, role, resources } of [...agent.held]) {
      this.#release(agent, framework, role, resources);
    }
    this.#stale.delete(agent);
    this.#exclusions.remove(agent);
    this.inverseOffers.forgetAgent(agent);
    this.#countPool(agent.total, -1);
    this.#commands.removeAgent(agent.index);
    this.#agents.delete(agentId);
    this.#agentSlots.free(agent.index);
  }

  // --- resources --------------------------------------------------------------------------------

  /** `expiresMs` ends the refusal; undefined: the framework does not mind being offered them again. */
  recoverResources(
    { frameworkId, agentId, resources }: RecoverResources,
    expiresMs: number | undefined,
  ): Result<void, QuantityInvalidError> {
    const agent = this.#agents.get(agentId);
    const framework = this.#frameworks.get(frameworkId);
    if (!agent || !framework) {
      if (!resources.isEmpty) this.unheldResources += 1;
      return OK;
    }
    let isAllHeld = true;
    const allocations = resources.allocations();
    for (const [role, named] of allocations) {
      if (!heldBy(agent, framework, role).contains(named)) isAllHeld = false;
    }
    // What is held can be counted, or it would not be held.
    const problem = isAllHeld
      ? undefined
      : holdingProblem(resources, frameworkId, this.#options.kinds);
    if (problem !== undefined) return err(problem);
    for (const [role, named] of allocations) {
      const taken = isAllHeld ? named : intersection(heldBy(agent, framework, role), named);
      if (!taken.isEmpty) this.#release(agent, framework, role, taken);
      if (expiresMs === undefined || !framework.roles.has(role)) continue;
      const refused = this.#parcelsOf(named);
      const roleIndex = this.#roles.indexOf(role);
      this.#commands.refuse(framework.index, roleIndex, agent.index, expiresMs, refused);
    }
    const isAllocated = allocations.size > 0 || resources.isEmpty;
    if (!isAllHeld || !isAllocated) this.unheldResources += 1;
    return OK;
  }

  useResources({
    frameworkId,
    agentId,
    resources,
  }: UseResources): Result<void, QuantityInvalidError> {
    const agent = this.#agents.get(agentId);
    if (!agent) return OK;
    const problem = holdingProblem(resources, frameworkId, this.#options.kinds);
    if (problem !== undefined) return err(problem);
    const framework = this.#frameworkRow(frameworkId);
    for (const [role, used] of resources.allocations()) {
      hold(agent, framework, role, used);
      const { scalars, unreserved } = this.#options.kinds.quantitiesOf(used);
      this.#commands.addAllocated(framework.index, this.#roles.indexOf(role), scalars, unreserved);
    }
    this.#markStale(agent, 'free');
    return OK;
  }

  updateAllocation({ frameworkId, agentId, consumed, converted }: UpdateAllocation): void {
    const agent = this.#agents.get(agentId);
    const framework = this.#frameworks.get(frameworkId);
    const [role, ...more] = consumed.allocations().keys();
    const isOneRole = role !== undefined && more.length === 0;
    const isHeld =
      agent && framework && isOneRole && heldBy(agent, framework, role).contains(consumed);
    if (!isHeld) {
      this.unheldResources += 1;
      return;
    }
    unhold(agent, framework, role, consumed);
    hold(agent, framework, role, converted.unallocate().allocate(role));
    const total = agent.total.minus(consumed.unallocate()).plus(converted.unallocate());
    this.#setTotal(agent, total);
    this.#correctShare(framework, role, consumed, converted);
    this.#markStale(agent, 'facts');
  }

  updateAvailable({ agentId, conversions }: UpdateAvailable): Result<void, string> {
    const agent = this.#agents.get(agentId);
    if (!agent) return err('the agent is not known');
    const available = applyConversions(freeOf(agent), conversions);
    if (!available.ok) return available;
    const total = applyConversions(agent.total, conversions);
    if (!total.ok) return total;
    this.#setTotal(agent, total.value);
    this.#markStale(agent, 'facts');
    return OK;
  }

  // --- passes -----------------------------------------------------------------------------------

  /** Every command since the last call, ending with what has become free. */
  takeCommands(): CommandBatch {
    this.#tellStale();
    if (this.#roles.isSweepDue) this.#roles.sweep(this.#usedRoles());
    return this.#commands.take();
  }

  /**
   * Moves what a pass has granted from free to held, and says it in real resources. Large batches may be
   * applied in slices, `from` (at first 0) to `to` (exclusive), in order.
   */
  applyGrants(batch: GrantBatch, from = 0, to = batch.agents.length): readonly Allocation[] {
    if (from === 0) this.#grants.beginPass();
    const sharesOf = new Map<FrameworkRow, Share[]>();
    for (let grant = from; grant < to; grant += 1) {
      const agent = this.#agentSlots.get(batch.agents[grant]!);
      const framework = this.#frameworkSlots.get(batch.frameworks[grant]!);
      const role = this.#roles.nameOf(batch.roles[grant]!);
      invariant(agent && framework && role !== undefined, 'a grant names what the books know');
      const granted = this.#grants.divide(agent, role, batch, grant);
      hold(agent, framework, role, granted);
      let shares = sharesOf.get(framework);
      if (shares === undefined) {
        shares = [];
        sharesOf.set(framework, shares);
      }
      shares.push({ agentId: agent.agentId, role, resources: granted });
    }
    return [...sharesOf].map(([{ frameworkId }, shares]) => ({ frameworkId, shares }));
  }

  /** What a batch would grant, in the kernel's numbers; nothing changes. What is gone is left out. */
  describe({ agents, frameworks, roles, quantities }: GrantBatch): readonly PlannedGrant[] {
    const { kinds } = this.#options;
    const width = kinds.kindsMax + 1;
    const planned: PlannedGrant[] = [];
    for (let grant = 0; grant < agents.length; grant += 1) {
      const agent = this.#agentSlots.get(agents[grant]!);
      const framework = this.#frameworkSlots.get(frameworks[grant]!);
      const role = this.#roles.nameOf(roles[grant]!);
      if (agent === undefined || framework === undefined || role === undefined) continue;
      planned.push({
        frameworkId: framework.frameworkId,
        role,
        agentId: agent.agentId,
        quantities: kinds.byName(quantities.subarray(grant * width, grant * width + width - 1)),
      });
    }
    return planned;
  }

  /** Asks for resources on agents that will be away; `agents` are those the last pass went over. */
  askInverseOffers(
    agents: Int32Array | undefined,
    nowMs: number,
  ): readonly FrameworkInverseOffers[] {
    if (this.inverseOffers.size === 0) return [];
    return this.inverseOffers.ask(agents && new Set(agents), nowMs);
  }

  // --- inside -----------------------------------------------------------------------------------

  /** The offer constraints of a framework that can be taken in as a whole. */
  #constraintsOf({
    frameworkId,
    info,
    offerConstraints,
  }: Omit<UpdateFramework, 'suppressedRoles'>): Result<
    ReadonlyMap<string, RoleConstraint>,
    CodedError
  > {
    const problem = minimumsProblem(info, frameworkId);
    if (problem !== undefined) return err(problem);
    if (offerConstraints === undefined) return ok(new Map());
    return compileOfferConstraints(offerConstraints, this.#options.constraintLimits);
  }

  #subscribed({
    frameworkId,
    roles,
  }: FrameworkRoles): Result<{ framework: FrameworkRow; roles: Iterable<string> }, CodedError> {
    const framework = this.#frameworks.get(frameworkId);
    if (!framework) return err(new FrameworkUnknownError(frameworkId));
    const foreign = roles.find((role) => !framework.roles.has(role));
    if (foreign !== undefined) return err(new RoleUnknownError(frameworkId, foreign));
    return ok({ framework, roles: roles.length === 0 ? [...framework.roles] : roles });
  }

  /** The kernel forgets suppression, exclusions, minimums and refusals with the subscription. */
  #leave(framework: FrameworkRow, role: string): void {
    this.#commands.unsubscribe(framework.index, this.#roles.indexOf(role));
    const list = framework.exclusions.get(role);
    framework.exclusions.delete(role);
    framework.minimums.delete(role);
    if (list !== undefined) this.#exclusions.drop(list);
  }

  #exclude(framework: FrameworkRow, role: string, constraint: RoleConstraint | undefined): void {
    const former = framework.exclusions.get(role);
    if (former?.constraint.text === constraint?.text) return;
    const list = constraint && this.#exclusions.use(constraint);
    const index = list?.index ?? NONE;
    this.#commands.setExclusionList(framework.index, this.#roles.indexOf(role), index);
    if (list === undefined) framework.exclusions.delete(role);
    else framework.exclusions.set(role, list);
    if (former !== undefined) this.#exclusions.drop(former);
  }

  /** Minimums in names that are no kind cannot be compared and are left out. */
  #setMinimums(framework: FrameworkRow, role: string, filters: OfferFilters | undefined): void {
    const sets = filters?.minAllocatableResources?.quantities;
    const text = sets && JSON.stringify(sets);
    if (framework.minimums.get(role) === text) return;
    const index = this.#roles.indexOf(role);
    if (sets === undefined || text === undefined) {
      framework.minimums.delete(role);
      this.#commands.clearMinimums(framework.index, index);
      return;
    }
    framework.minimums.set(role, text);
    const rows = sets.map(({ quantities }) =>
      this.#options.kinds.ofQuantities(
        new Map(Object.entries(quantities).map(([name, { value }]) => [name, toMilli(value)])),
      ),
    );
    this.#commands.setMinimums(framework.index, index, Float64Array.from(rows.flat()));
  }

  /** The cluster with `total` instead of `former` must still add up exactly. */
  #poolProblem(
    total: Resources,
    former: Resources,
    agentId: string,
  ): QuantityInvalidError | undefined {
    const { kinds } = this.#options;
    const before = kinds.scalarsOf(former);
    const { scalars } = kinds.quantitiesOf(total);
    const isTooMuch = scalars.some(
      (milli, kind) => this.#pool[kind]! - before[kind]! + milli > Number.MAX_SAFE_INTEGER,
    );
    return isTooMuch
      ? new QuantityInvalidError(agentId, 'the cluster would no longer add up exactly')
      : undefined;
  }

  #setTotal(agent: AgentRow, total: Resources): void {
    this.#countPool(agent.total, -1);
    this.#countPool(total, 1);
    agent.total = total;
  }

  #countPool(resources: Resources, sign: 1 | -1): void {
    const { scalars } = this.#options.kinds.quantitiesOf(resources);
    for (let kind = 0; kind < scalars.length; kind += 1) {
      this.#pool[kind] = this.#pool[kind]! + sign * scalars[kind]!;
    }
  }

  #usedProblem(used: AddAgent['used'], agentId: string): QuantityInvalidError | undefined {
    for (const resources of used.values()) {
      const problem = holdingProblem(resources, agentId, this.#options.kinds);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  /**
   * What the roles of `quotas` consume. Gone through at each change of quotas, which are rare. What a pass
   * under way will grant is not among it: the kernel keeps to the limit all the same.
   */
  #use(quotas: readonly QuotaUpdate[]): ClusterUse {
    const { kindsMax, classify } = this.#options.kinds;
    const consumed = new Map(quotas.map(({ role }) => [role, new Float64Array(kindsMax)]));
    const add = (role: string, kind: number, milli: number): void => {
      const sum = consumed.get(topLevelOf(role));
      if (sum !== undefined && kind !== ITEM) sum[kind] = sum[kind]! + milli;
    };
    for (const { held, total } of this.#agents.values()) {
      total.forEachEntry(classify, ({ kind, reservedFor }, milli) => {
        if (reservedFor !== undefined) add(reservedFor, kind, milli);
      });
      for (const { role, resources } of held) {
        resources.forEachEntry(classify, ({ kind, isUnreserved }, milli) => {
          if (isUnreserved) add(role, kind, milli);
        });
      }
    }
    return { total: this.#pool, consumed };
  }

  #tellActivity(agent: AgentRow): void {
    if (agent.isActive && agent.isWhitelisted) this.#commands.activateAgent(agent.index);
    else this.#commands.deactivateAgent(agent.index);
  }

  #release(agent: AgentRow, framework: FrameworkRow, role: string, taken: Resources): void {
    unhold(agent, framework, role, taken);
    const { scalars, unreserved } = this.#options.kinds.quantitiesOf(taken);
    this.#commands.recover(framework.index, this.#roles.indexOf(role), scalars, unreserved);
    this.#markStale(agent, 'free');
  }

  /** Counts the difference that a conversion makes, so that a mere reservation is no new allocation. */
  #correctShare(
    framework: FrameworkRow,
    role: string,
    consumed: Resources,
    converted: Resources,
  ): void {
    const { kinds } = this.#options;
    const { scalars, unreserved } = kinds.quantitiesOf(converted);
    const [more, moreUnreserved] = [scalars.slice(), unreserved.slice()];
    const before = kinds.quantitiesOf(consumed);
    for (let kind = 0; kind < kinds.kindsMax; kind += 1) {
      more[kind] = more[kind]! - before.scalars[kind]!;
      moreUnreserved[kind] = moreUnreserved[kind]! - before.unreserved[kind]!;
    }
    const roleIndex = this.#roles.indexOf(role);
    this.#commands.adjustAllocated(framework.index, roleIndex, more, moreUnreserved);
  }

  /** The row of a framework; one that is not known yet is inactive and in no role. */
  #frameworkRow(frameworkId: FrameworkId): FrameworkRow {
    const present = this.#frameworks.get(frameworkId);
    if (present) return present;
    const framework = this.#frameworkSlots.add(
      (index): FrameworkRow => ({
        index,
        frameworkId,
        isActive: false,
        roles: new Set(),
        suppressed: new Set(),
        capabilities: 0,
        exclusions: new Map(),
        minimums: new Map(),
        requests: [],
        agents: new Set(),
      }),
    );
    this.#frameworks.set(frameworkId, framework);
    this.#commands.addFramework(framework.index, frameworkId, 0);
    return framework;
  }

  #judge(agent: AgentRow, capabilities: readonly AgentInfo_Capability[]): void {
    const { reservesGpuAgents, region } = this.#options;
    const hasGpus = agent.total.scalarMilli('gpus') > 0;
    const agentRegion = agent.info.domain?.faultDomain?.region.name;
    const isRemote = region !== undefined && agentRegion !== undefined && agentRegion !== region;
    agent.demands =
      (reservesGpuAgents && hasGpus ? CAPABILITY.gpuResources : 0) |
      (isRemote ? CAPABILITY.regionAware : 0);
    agent.lacks =
      (agentHasCapability(capabilities, 'MULTI_ROLE') ? 0 : CAPABILITY.multiRole) |
      (agentHasCapability(capabilities, 'HIERARCHICAL_ROLE') ? 0 : CAPABILITY.hierarchicalRole);
  }

  #factsOf({ isActive, isWhitelisted, demands, lacks, total }: AgentRow): AgentFacts {
    const { kinds } = this.#options;
    return {
      isActive: isActive && isWhitelisted,
      demands,
      lacks,
      total: kinds.quantitiesOf(total).scalars,
      reserved: kinds.reservationsOf(total, this.#indexOfRole),
    };
  }

  #parcelsOf(resources: Resources): Float64Array {
    return this.#options.kinds.parcelsOf(resources, this.#indexOfRole);
  }

  /** Records what has become free, or changed, of the agents that were touched. */
  #tellStale(): void {
    for (const agent of this.#stale) {
      agent.free = freeOf(agent);
      const free = this.#parcelsOf(agent.free);
      if (agent.staleness === 'free') this.#commands.setFree(agent.index, free);
      else this.#commands.updateAgent(agent.index, this.#factsOf(agent), free);
      agent.staleness = 'none';
    }
    this.#stale.clear();
  }

  #markStale(agent: AgentRow, staleness: 'free' | 'facts'): void {
    if (agent.staleness === 'new') return;
    if (agent.staleness !== 'facts') agent.staleness = staleness;
    this.#stale.add(agent);
    // A few at a time, so that no pass begins with a long turn.
    if (this.#stale.size >= STALE_MAX) this.#tellStale();
  }

  #usedRoles(): ReadonlySet<string> {
    const used = new Set<string>();
    for (const { roles } of this.#frameworks.values()) for (const role of roles) used.add(role);
    const keepReserved = (resources: Resources): void =>
      resources.forEachEntry(this.#options.kinds.classify, ({ reservedFor }) => {
        if (reservedFor !== undefined) used.add(reservedFor);
      });
    for (const { free, held, total } of this.#agents.values()) {
      for (const { role } of held) used.add(role);
      // The kernel counts the reservations of the whole agent, and of more when it has shrunk.
      keepReserved(total);
      keepReserved(free);
    }
    return used;
  }
}

function capabilityBits(info: FrameworkInfo): number {
  return (
    (hasCapability(info, 'REVOCABLE_RESOURCES') ? CAPABILITY.revocableResources : 0) |
    (hasCapability(info, 'SHARED_RESOURCES') ? CAPABILITY.sharedResources : 0) |
    (hasCapability(info, 'RESERVATION_REFINEMENT') ? CAPABILITY.reservationRefinement : 0) |
    (hasCapability(info, 'GPU_RESOURCES') ? CAPABILITY.gpuResources : 0) |
    (hasCapability(info, 'REGION_AWARE') ? CAPABILITY.regionAware : 0) |
    (hasCapability(info, 'MULTI_ROLE') ? CAPABILITY.multiRole : 0)
  );
}

function topLevelOf(role: string): string {
  const slash = role.indexOf('/');
  return slash === -1 ? role : role.slice(0, slash);
}

/** Whether two infos say the same of an agent, its resources apart: those are compared as such. */
function sameApartFromResources(left: AgentInfo, right: AgentInfo): boolean {
  const strip = (info: AgentInfo): string => JSON.stringify({ ...info, resources: [] });
  return strip(left) === strip(right);
}
