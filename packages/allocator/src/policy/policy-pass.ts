// One pass as a policy decides it, on the thread of the kernel.
import { invariant } from '@kaon/primitives';
import type { RequestedResources } from '../host/kernel-host.ts';
import { applyBatch } from '../kernel/command-buffer.ts';
import type { AllocatorKernel } from '../kernel/kernel.ts';
import type { AllocateRequest, GrantBatch } from '../kernel/kernel-commands.ts';
import type { KernelPolicy, SiblingView } from '../kernel/kernel-policy.ts';
import { snapshotOf } from '../kernel/snapshot.ts';
import { ClusterMirror } from './cluster-mirror.ts';
import { amountsOf, candidatesOf, clusterView } from './cluster-view.ts';
import { GrantCheck } from './grant-check.ts';
import type { AllocatorPolicy, CompareContext, NodeView, PolicyGrant } from './policy.ts';
import {
  failureOf,
  PolicyAnswerError,
  PolicyGrantError,
  PolicyNotLoadedError,
  PolicyThrewError,
} from './policy-errors.ts';
import type { PolicyFailure } from './policy-stats.ts';

/** Grants a policy may name in one pass. */
const GRANTS_MAX = 1_000_000;

/** What came of asking a policy. */
export interface PolicyOutcome {
  /** Why it did not decide the pass; undefined: it did. */
  readonly failure: PolicyFailure | undefined;
  readonly refusedGrants: number;
  /** The first of them. */
  readonly refusedGrant: PolicyFailure | undefined;
}

/** The policy that a module exports; `module` names it in errors. */
export function policyOf(exported: unknown, module: string): AllocatorPolicy {
  const problem = (sentence: string): never => {
    throw new PolicyNotLoadedError(module, sentence);
  };
  if (typeof exported !== 'object' || exported === null) {
    return problem('its default export is no object');
  }
  const { name, compare, allocate } = exported as Partial<AllocatorPolicy>;
  if (typeof name !== 'string' || name === '') return problem('its default export has no name');
  if (compare === undefined && allocate === undefined) {
    return problem('its default export has neither compare nor allocate');
  }
  for (const [key, value] of Object.entries({ compare, allocate })) {
    if (value !== undefined && typeof value !== 'function') return problem(`${key} is no function`);
  }
  return exported as AllocatorPolicy;
}

/** What the policy wants to give, or how it failed; nothing has been given yet. */
function decided(
  policy: AllocatorPolicy,
  view: Parameters<NonNullable<AllocatorPolicy['allocate']>>[0],
  { nowMs, seed }: AllocateRequest,
): Wanted[] | PolicyThrewError | PolicyAnswerError {
  const grants: Wanted[] = [];
  try {
    const answer: unknown = policy.allocate?.(view, { nowMs, seed });
    if (!isIterable(answer)) {
      return new PolicyAnswerError(policy.name, 'allocate must return a list of grants, at once');
    }
    for (const grant of answer) {
      if (grants.length === GRANTS_MAX) {
        return new PolicyAnswerError(policy.name, `allocate names more than ${GRANTS_MAX} grants`);
      }
      grants.push(copied(grant));
    }
  } catch (error) {
    return new PolicyThrewError(policy.name, error);
  }
  return grants;
}

/**
 * Runs a pass as `policy.allocate` decides. Grants that must not be are left out; the others are taken
 * from the kernel as those of a pass of its own are. Without a batch the policy has failed, by a throw or
 * an answer that is none, and the kernel is as it was.
 */
export function allocateByPolicy(
  kernel: AllocatorKernel,
  policy: AllocatorPolicy,
  request: AllocateRequest,
  requested: readonly RequestedResources[],
  kinds: readonly string[],
): { readonly batch: GrantBatch | undefined; readonly outcome: PolicyOutcome } {
  const mirror = new ClusterMirror(kernel.options);
  applyBatch(mirror, snapshotOf(kernel));
  const candidates = candidatesOf(mirror, request);
  const check = new GrantCheck(mirror, kinds, new Set(candidates));
  const view = clusterView(mirror, check, kinds, candidates, request, requested);
  const grants = decided(policy, view, request);
  if (!Array.isArray(grants)) {
    const failure = failureOf(grants);
    return { batch: undefined, outcome: { failure, refusedGrants: 0, refusedGrant: undefined } };
  }

  let refusedGrants = 0;
  let refusedGrant: PolicyFailure | undefined;
  kernel.beginGrants(request);
  for (const wanted of grants) {
    const checked = check.check(wanted.agent, wanted.framework, wanted.role, wanted.amounts);
    if (typeof checked === 'string') {
      refusedGrants += 1;
      refusedGrant ??= failureOf(new PolicyGrantError(policy.name, checked));
      continue;
    }
    const { plain, bits } = checked;
    const isGiven = kernel.grant(checked.agent, checked.framework, checked.role, plain, bits);
    invariant(isGiven, 'a grant that was checked can be made');
    check.take(checked);
  }
  const batch = kernel.finishGrants();
  return {
    batch: { ...batch, candidates: candidates.length },
    outcome: { failure: undefined, refusedGrants, refusedGrant },
  };
}

/** The order of `policy.compare` for the kernel. `caught` holds what it threw, which ends a pass. */
export class PolicyOrder implements KernelPolicy {
  readonly #policy: AllocatorPolicy;
  #context: CompareContext;
  /** Why a comparison failed; undefined: none has. */
  failure: PolicyFailure | undefined;

  constructor(policy: AllocatorPolicy, kinds: readonly string[]) {
    this.#policy = policy;
    this.#context = { kinds };
  }

  /** Names of the kinds as of the pass that begins. */
  setKinds(kinds: readonly string[]): void {
    this.#context = { kinds };
  }

  readonly compareSiblings = (left: SiblingView, right: SiblingView): number => {
    const { kinds } = this.#context;
    let answer: unknown;
    try {
      answer = this.#policy.compare?.(nodeView(left, kinds), nodeView(right, kinds), this.#context);
    } catch (error) {
      throw this.#failed(new PolicyThrewError(this.#policy.name, error));
    }
    if (typeof answer !== 'number' || Number.isNaN(answer)) {
      throw this.#failed(new PolicyAnswerError(this.#policy.name, 'compare must return a number'));
    }
    return answer !== 0 ? answer : builtInOrder(left, right);
  };

  #failed(error: PolicyThrewError | PolicyAnswerError): Error {
    this.failure = failureOf(error);
    return error;
  }
}

/** What a policy wrote where a grant should be. */
type Wanted = { readonly [K in keyof PolicyGrant]?: unknown };

/** A copy, so that nothing of the policy's runs any more while its grants are made. */
function copied(grant: unknown): Wanted {
  if (typeof grant !== 'object' || grant === null) return {};
  const { agent, framework, role, amounts } = grant as Wanted;
  const isRecord = typeof amounts === 'object' && amounts !== null;
  return { agent, framework, role, amounts: isRecord ? { ...amounts } : amounts };
}

function builtInOrder(left: SiblingView, right: SiblingView): number {
  return (
    left.share - right.share ||
    left.allocations - right.allocations ||
    (left.name < right.name ? -1 : 1)
  );
}

/** Amounts are rarely looked at and dear to make. */
function nodeView(
  { name, path, kind, share, weight, allocations, allocated }: SiblingView,
  kinds: readonly string[],
): NodeView {
  return {
    name,
    path,
    kind,
    share,
    weight,
    allocations,
    get held() {
      return amountsOf(allocated, kinds);
    },
  };
}

function isIterable(value: unknown): value is Iterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
