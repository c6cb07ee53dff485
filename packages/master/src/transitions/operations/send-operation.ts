// An operation goes to its agent, and the master goes on as if it were done.
import { err, ok, type Result } from '@kaon/primitives';
import { type FrameworkId, idRecord, type Offer_Operation } from '@kaon/protocol';
import { type ResourceConversion, unallocatedConversion } from '@kaon/resources';
import { OPERATIONS_MAX } from '../../constants.ts';
import { type Effect, toAgent } from '../../effects.ts';
import type { Env } from '../../env.ts';
import type { Agent } from '../../state/agent.ts';
import type { MasterState } from '../../state/master-state.ts';
import { OperationRecord } from '../../state/operation-record.ts';

/** An operation that was found good. */
export interface GoodOperation {
  /** Undefined: an operator's. */
  readonly frameworkId: FrameworkId | undefined;
  readonly info: Offer_Operation;
  readonly conversions: readonly ResourceConversion[];
}

/**
 * Records the operation, changes what the agent is believed to have, and tells it. The error: the agent
 * does not have what is to be converted, or the master has too many operations to remember. Then nothing
 * was changed.
 *
 * An agent that does not speak of its resources' versions gets its new reservations and volumes as a whole
 * and does not answer.
 */
export function sendOperation(
  state: MasterState,
  agent: Agent,
  { frameworkId, info, conversions }: GoodOperation,
  env: Env,
): Result<readonly Effect[], string> {
  if (state.operations.isFull) {
    return err(`The master remembers ${OPERATIONS_MAX} operations already`);
  }
  const assumed = conversions.map(unallocatedConversion);
  const converted = agent.assume(assumed);
  if (!converted.ok) return converted;
  const version = agent.resourceVersionUuid;
  if (version === undefined) {
    agent.settle(assumed);
    const resources = agent.checkpointedResources.toRecords();
    return ok([toAgent(agent.pid, 'checkpointResources', { resources })]);
  }
  const uuid = { value: env.newUuid() };
  const record = new OperationRecord({ uuid, agentId: agent.id, frameworkId, info });
  record.assumed = assumed;
  state.operations.add(record);
  return ok([
    toAgent(agent.pid, 'applyOperation', {
      frameworkId: frameworkId === undefined ? undefined : idRecord(frameworkId),
      operationInfo: info,
      operationUuid: uuid,
      resourceVersionUuid: { uuid: version },
    }),
  ]);
}
