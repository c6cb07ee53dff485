// What may not be counted: amounts that would spoil every sum they are part of.
import type { AgentInfo, FrameworkInfo } from '@kaon/protocol';
import { type Resources, validateResources } from '@kaon/resources';
import { QuantityInvalidError } from '../errors.ts';
import type { KindIndex } from './kinds.ts';

/** Thousandths of one entry that may be held: a thousand of them still add up exactly. */
const ENTRY_MILLI_MAX = 2 ** 43;

/** Why the resources an agent says it has cannot be counted. */
export function agentProblem(info: AgentInfo, agentId: string): QuantityInvalidError | undefined {
  const valid = validateResources(info.resources);
  return valid.ok ? undefined : new QuantityInvalidError(agentId, valid.error);
}

/** Why resources that `owner` is said to hold cannot be counted. */
export function holdingProblem(
  resources: Resources,
  owner: string,
  kinds: KindIndex,
): QuantityInvalidError | undefined {
  let problem: number | undefined;
  resources.forEachEntry(kinds.classify, (_, milli) => {
    // NOTE: not a number fails every comparison, so this is said as what must hold.
    if (!(milli >= 0 && milli <= ENTRY_MILLI_MAX)) problem ??= milli;
  });
  return problem === undefined
    ? undefined
    : new QuantityInvalidError(owner, `${problem} thousandths cannot be counted`);
}

/** Why the minimal offers a framework asks for cannot be compared with anything. */
export function minimumsProblem(
  { offerFilters }: FrameworkInfo,
  frameworkId: string,
): QuantityInvalidError | undefined {
  for (const { minAllocatableResources } of Object.values(offerFilters)) {
    for (const { quantities } of minAllocatableResources?.quantities ?? []) {
      for (const [name, { value }] of Object.entries(quantities)) {
        if (value >= 0 && Number.isFinite(value)) continue;
        return new QuantityInvalidError(frameworkId, `minimum of ${value} ${name}`);
      }
    }
  }
  return undefined;
}
