// Answers how one client stands and why it has not got which agent, by judging every agent anew.
import type { AllocationPass } from './allocation-pass.ts';
import { NONE } from './columns.ts';
import { NODE_KIND, ROOT } from './drf-sorter.ts';
import {
  type AgentVerdict,
  GRANTED,
  type Inspection,
  type InspectRequest,
  type QuotaStanding,
  type Standing,
} from './inspection.ts';
import type { AllocatorKernel } from './kernel.ts';
import { SKIP, SKIP_REASONS } from './skip-reasons.ts';

const NO_QUANTITIES = new Float64Array(0);

/**
 * Judges all agents for one client. A pass keeps no counts of what it skips, so that it costs nothing
 * when nobody asks; whoever asks pays for one look at every agent.
 */
export function inspectClient(
  kernel: AllocatorKernel,
  pass: AllocationPass,
  request: InspectRequest,
): Inspection {
  const { agents, frameworks, quotas, sorter } = kernel;
  sorter.refresh();
  quotas.beginPass(kernel.clients.loosestMinimums(kernel.commonMinimums));
  const client = frameworks.has(request.framework)
    ? frameworks.find(request.framework, request.role)
    : NONE;
  const judge = new ClientJudge(kernel, pass, client, request.nowMs);
  const skipped = new Int32Array(SKIP_REASONS.length);
  const unsuitable = new Int32Array(SKIP_REASONS.length);
  let candidates = 0;
  let granted = 0;
  let suitable = 0;
  const largest = new Float64Array(sorter.kinds);
  for (let agent = 0; agent < agents.rows; agent += 1) {
    if (!agents.has(agent)) continue;
    const obstacle = judge.judgeWhole(agent);
    if (obstacle === NONE) suitable += 1;
    else unsuitable[obstacle]! += 1;
    if (obstacle === NONE || obstacle === SKIP.notAllocatable) judge.raise(largest);
    if (agents.isActive[agent] === 0) continue;
    candidates += 1;
    const reason = judge.judge(agent);
    if (reason === GRANTED) granted += 1;
    else skipped[reason]! += 1;
  }
  return {
    passes: pass.passes,
    candidates,
    granted,
    skipped,
    suitable,
    unsuitable,
    largest,
    minimums: (client === NONE ? kernel.commonMinimums : kernel.minimumsOf(client)).flat,
    standings: client === NONE ? [] : standingsOf(kernel, client),
    held: client === NONE ? NO_QUANTITIES : sorter.allocatedOf(kernel.clients.node[client]!),
    quota: client === NONE ? undefined : quotaOf(kernel, client),
    requiredHeadroom: quotas.required.slice(),
    availableHeadroom: quotas.free.slice(),
    agent:
      request.agent === undefined || !agents.has(request.agent)
        ? undefined
        : judge.verdict(request.agent),
  };
}

/** Judges agents for one client; `NONE` for a framework that is not in the role. */
class ClientJudge {
  readonly #kernel: AllocatorKernel;
  readonly #pass: AllocationPass;
  readonly #client: number;
  readonly #nowMs: number;
  readonly #whole: Float64Array;
  /** The first grant of each agent in its last turn with grants, and who was given some of it. */
  readonly #grantOf = new Map<number, number>();
  readonly #own = new Set<number>();

  constructor(kernel: AllocatorKernel, pass: AllocationPass, client: number, nowMs: number) {
    this.#kernel = kernel;
    this.#pass = pass;
    this.#client = client;
    this.#nowMs = nowMs;
    this.#whole = new Float64Array(kernel.options.kinds);
    const { agents, clients, count } = pass.grants;
    for (let grant = 0; grant < count; grant += 1) {
      const agent = agents[grant]!;
      const isNewTurn = grant === 0 || agents[grant - 1] !== agent;
      if (isNewTurn) this.#grantOf.set(agent, grant);
      if (clients[grant] === client) this.#own.add(agent);
    }
  }

  /** `GRANTED`, or why the client has not got the agent. */
  judge(agent: number): number {
    const { clients, frameworks, refusals } = this.#kernel;
    const client = this.#client;
    if (client === NONE || clients.isSubscribed[client] === 0) return SKIP.inactive;
    if (this.#own.has(agent)) return GRANTED;
    if (frameworks.isActive[clients.framework[client]!] === 0) return SKIP.inactive;
    if (clients.isSuppressed[client] === 1) return SKIP.suppressed;
    const { turn } = this.#pass;
    refusals.partial.length = 0;
    turn.open(agent);
    const reason = turn.judge(client, 2);
    if (reason === NONE) return this.#refusal(agent) === NONE ? SKIP.pending : SKIP.filtered;
    const isTaken = reason === SKIP.nothingLeft || reason === SKIP.notAllocatable;
    const grant = this.#grantOf.get(agent);
    return isTaken && grant !== undefined ? this.#whyAnotherWon(grant) : reason;
  }

  /** Why a grant of the agent at hand went to somebody else. */
  #whyAnotherWon(grant: number): number {
    const { clients, frameworks, sorter } = this.#kernel;
    const { grants } = this.#pass;
    const client = this.#client;
    const obstacle = this.#pass.turn.obstacle(client);
    if (obstacle !== NONE) return obstacle;
    const reservedFor = grants.reservedFor[grant]!;
    const isForOthers =
      reservedFor !== NONE && !sorter.isAtOrAbove(reservedFor, clients.node[client]!);
    if (isForOthers) return SKIP.nothingLeft;
    const capabilities = frameworks.capabilities[clients.framework[client]!]!;
    return (grants.needs[grant]! & ~capabilities) === 0 ? SKIP.lowerShare : SKIP.noCapability;
  }

  /** Why the client could not be given the agent even if it were empty, or `NONE`. */
  judgeWhole(agent: number): number {
    const { clients, exclusions } = this.#kernel;
    const client = this.#client;
    if (client === NONE) return SKIP.inactive;
    const list = clients.exclusionList[client]!;
    if (list !== NONE && exclusions.has(list, agent)) return SKIP.constraint;
    const { turn } = this.#pass;
    turn.open(agent);
    const obstacle = turn.obstacle(client);
    if (obstacle !== NONE) return obstacle;
    this.#findWhole(agent);
    const minimums = this.#kernel.minimumsOf(client);
    return minimums.isMet(this.#whole) ? NONE : SKIP.notAllocatable;
  }

  /** Raises each kind of `largest` to what the agent judged as a whole last could give. */
  raise(largest: Float64Array): void {
    for (let kind = 0; kind < largest.length; kind += 1) {
      largest[kind] = Math.max(largest[kind]!, this.#whole[kind]!);
    }
  }

  verdict(agent: number): AgentVerdict {
    const { clients, parcels, refusals } = this.#kernel;
    const client = this.#client;
    const { grants, turn } = this.#pass;
    turn.open(agent);
    const reason = this.judge(agent);
    const refusal = client === NONE ? NONE : this.#refusal(agent);
    if (client !== NONE) this.#findWhole(agent);
    const grant = this.#grantOf.get(agent);
    const winner = grant === undefined ? NONE : grants.clients[grant]!;
    const isWinnerKnown = winner !== NONE && clients.framework[winner] !== NONE;
    return {
      reason,
      free: turn.plain.slice(),
      offerable: turn.sum.slice(),
      whole: this.#whole.slice(),
      missing: client === NONE ? 0 : turn.missing(client),
      exclusionList: client === NONE ? NONE : clients.exclusionList[client]!,
      limitLeft: this.#limitLeft(),
      refusal:
        refusal === NONE
          ? undefined
          : {
              id: refusal,
              expiresMs: refusals.expiryOf(refusal),
              refused: parcels.rows(refusals.parcelsOf(refusal)),
            },
      winner: isWinnerKnown
        ? {
            framework: clients.framework[winner]!,
            role: clients.role[winner]!,
            share: grants.wonAt[grant ?? 0]!,
          }
        : undefined,
    };
  }

  #limitLeft(): Float64Array {
    const { clients, quotas } = this.#kernel;
    const slot = this.#client === NONE ? NONE : quotas.slotOfNode[clients.top[this.#client]!]!;
    const { kinds } = quotas;
    if (slot === NONE) return new Float64Array(kinds).fill(Number.POSITIVE_INFINITY);
    return quotas.left.slice(slot * kinds, (slot + 1) * kinds);
  }

  /** The living refusal that covers the bundle judged last, or `NONE`. */
  #refusal(agent: number): number {
    const { refusals } = this.#kernel;
    for (const group of refusals.groupsOf(agent, this.#nowMs)) {
      if (!refusals.includes(group, this.#client)) continue;
      if (this.#pass.turn.isCoveredBy(group)) return group;
    }
    return NONE;
  }

  /** What the empty agent would have for the client's role: its total without reservations of others. */
  #findWhole(agent: number): void {
    const { agents, clients, options, sorter } = this.#kernel;
    const { kinds } = options;
    const whole = this.#whole;
    whole.set(agents.total.subarray(agent * kinds, (agent + 1) * kinds));
    const reserved = agents.reserved.get(agent);
    if (reserved === undefined) return;
    const node = clients.node[this.#client]!;
    for (let row = 0; row < reserved.length; row += kinds + 3) {
      if (sorter.isAtOrAbove(this.#kernel.role(reserved[row]!).node, node)) continue;
      for (let kind = 0; kind < kinds; kind += 1) whole[kind]! -= reserved[row + 2 + kind]!;
    }
  }
}

function standingsOf({ clients, frameworks, sorter }: AllocatorKernel, client: number): Standing[] {
  const standings: Standing[] = [];
  const nodes: number[] = [];
  for (let at = clients.node[client]!; at !== ROOT; at = sorter.parent(at)) nodes.unshift(at);
  let path = '';
  for (const node of nodes) {
    const isClient = sorter.clientOf(node) !== NONE;
    const name = isClient ? frameworks.names[clients.framework[client]!]! : sorter.name(node);
    const list = sorter.lists[sorter.parent(node)];
    const isLeaf = sorter.kind(node) === NODE_KIND.leaf;
    // A role without sub-roles has nobody its own frameworks compete with as one.
    if (isLeaf && (list?.length ?? 0) < 2) continue;
    const before = sorter.isListed(node) ? (list?.indexOf(node) ?? 0) : 0;
    const first = list === undefined || list.length === 0 ? node : list.items[list.start]!;
    if (!isClient) path = path === '' ? name : `${path}/${name}`;
    standings.push({
      path: isClient ? name : path,
      share: sorter.share(node),
      weight: sorter.weight(node),
      allocations: sorter.allocationsOf(node),
      before,
      firstShare: sorter.share(first),
    });
  }
  return standings;
}

function quotaOf({ clients, quotas }: AllocatorKernel, client: number): QuotaStanding | undefined {
  const slot = quotas.slotOfNode[clients.top[client]!] ?? NONE;
  if (slot === NONE) return undefined;
  const { kinds } = quotas;
  const column = (values: Float64Array): Float64Array =>
    values.slice(slot * kinds, (slot + 1) * kinds);
  return {
    path: quotas.paths[slot] ?? '',
    guarantees: column(quotas.guarantees),
    limits: column(quotas.limits),
    consumed: Float64Array.from({ length: kinds }, (_, kind) => quotas.consumed(slot, kind)),
  };
}
