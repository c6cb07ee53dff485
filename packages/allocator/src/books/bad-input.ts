// What may not be counted: amounts that would spoil every sum they are part of.
import type { AgentInfo } from '@kaon/protocol';
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
